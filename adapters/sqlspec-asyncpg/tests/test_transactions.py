"""The tables of the kit, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit import AdapterContract, AdapterTests, AsyncTransactionTable, AsyncValueTable

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
    ender: ClassVar[str] = "INSERT INTO sqlspec_kit (id) VALUES (1)"  # every error does
    deferred: ClassVar[tuple[str, ...]] = ("INSERT INTO kit_child (parent) VALUES (99)",)
    slow: ClassVar[str] = "SELECT pg_sleep(10)"
    types: ClassVar[Mapping[str, str | None]] = {"bytes": "BYTEA"}

    url: str

    @pytest.fixture(autouse=True)
    def _database(self, url: str) -> None:
        self.url = url

    def make_config(self, tmp_path: Path) -> AsyncpgConfig:  # noqa: ARG002 - a server, no folder
        """A database of each test's own."""
        return AsyncpgConfig(url=self.url)


class TestContract(OnServer, AdapterContract):
    """The adapter's data."""


class TestSessions(OnServer, AsyncTransactionTable):
    """Tasks."""


class TestWithoutReset(OnServer, AsyncTransactionTable):
    """Tasks, and connections that go from hand to hand as they are."""

    def make_config(self, tmp_path: Path) -> AsyncpgConfig:  # noqa: ARG002 - a server, no folder
        """The same transactions."""
        return AsyncpgConfig(url=self.url, reset="rollback")


class TestWithoutPreparedStatements(OnServer, AsyncTransactionTable):
    """Tasks, as behind PgBouncer."""

    def make_config(self, tmp_path: Path) -> AsyncpgConfig:  # noqa: ARG002 - a server, no folder
        """The same transactions."""
        return AsyncpgConfig(url=self.url, statement_cache_size=0)


class TestValues(OnServer, AsyncValueTable):
    """Values."""
