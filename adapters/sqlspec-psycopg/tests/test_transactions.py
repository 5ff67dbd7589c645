"""The tables of the kit, for threads and for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from sqlspec_psycopg import PostgreSQLConfig
from sqlspec_testkit import (
    AdapterContract,
    AdapterTests,
    AsyncTransactionTable,
    AsyncValueTable,
    TransactionTable,
    ValueTable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class OnServer(AdapterTests):
    """What PostgreSQL can do."""

    create: ClassVar[tuple[str, ...]] = (
        *AdapterTests.create,
        "CREATE TABLE kit_child (parent INTEGER REFERENCES sqlspec_kit (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    drop: ClassVar[tuple[str, ...]] = ("DROP TABLE kit_child", *AdapterTests.drop)
    deferred: ClassVar[tuple[str, ...]] = ("INSERT INTO kit_child (parent) VALUES (99)",)
    ender: ClassVar[str] = "INSERT INTO sqlspec_kit (id) VALUES (1)"
    slow: ClassVar[str] = "SELECT pg_sleep(30)"
    types: ClassVar[Mapping[str, str | None]] = {"bytes": "BYTEA"}

    @pytest.fixture(autouse=True)
    def _database(self, postgresql_url: str) -> None:
        self.url = postgresql_url

    def make_config(self, tmp_path: Path) -> PostgreSQLConfig:  # noqa: ARG002 - no file
        """A database of each test's own."""
        return PostgreSQLConfig(url=self.url)


class TestContract(OnServer, AdapterContract):
    """The adapter's data."""


class TestThreads(OnServer, TransactionTable):
    """For `with`."""


class TestTasks(OnServer, AsyncTransactionTable):
    """For `async with`."""


class TestValues(OnServer, ValueTable):
    """Values, for threads."""


class TestAsyncValues(OnServer, AsyncValueTable):
    """Values, for tasks."""
