"""The tables of the kit, for threads and for tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import pytest

from sqlspec.errors import AuthenticationError, ConnectError
from sqlspec_psycopg import PostgreSQLConfig
from sqlspec_testkit import (
    AdapterContract,
    AdapterTests,
    AsyncConnectionTable,
    AsyncTransactionTable,
    AsyncValueTable,
    ConnectionTable,
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
    setting: ClassVar[tuple[str, ...]] = ("SET work_mem = '7MB'", "SHOW work_mem")
    role: ClassVar[tuple[str, ...]] = ("SET ROLE pg_monitor", "SELECT current_user")
    lock: ClassVar[tuple[str, ...]] = (
        "SELECT pg_advisory_lock(4711)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    )
    connections: ClassVar[str] = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    kill: ClassVar[str] = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    @pytest.fixture(autouse=True)
    def _database(self, postgresql_url: str) -> None:
        self.url = postgresql_url

    def make_config(self, tmp_path: Path) -> PostgreSQLConfig:  # noqa: ARG002 - no file
        """A database of each test's own."""
        return PostgreSQLConfig(url=self.url)

    def silent_config(self, tmp_path: Path, port: int) -> PostgreSQLConfig:  # noqa: ARG002 - no file
        """Somebody listens, and says nothing."""
        return PostgreSQLConfig(
            host="127.0.0.1", port=port, username="kit", password="kit", database="kit", connect_timeout=1
        )

    def broken_configs(self, tmp_path: Path) -> Mapping[type[ConnectError], PostgreSQLConfig]:  # noqa: ARG002 - no file
        """Nobody listens, or a password is wrong."""
        nobody = PostgreSQLConfig(host="127.0.0.1", port=1, username="kit", password="c4n4ry", database="kit")
        refused = PostgreSQLConfig(url=re.sub(r"//(\w+):[^@]*@", r"//\1:c4n4ry@", self.url))
        return {ConnectError: nobody, AuthenticationError: refused}


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


class TestConnections(OnServer, ConnectionTable):
    """Connections, for threads."""


class TestAsyncConnections(OnServer, AsyncConnectionTable):
    """Connections, for tasks."""
