"""The tables of the kit, on a real server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import pytest

from sqlspec.errors import AuthenticationError, ConnectError
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit import (
    AdapterContract,
    AdapterTests,
    AsyncConnectionTable,
    AsyncTransactionTable,
    AsyncValueTable,
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
    ender: ClassVar[str] = "INSERT INTO sqlspec_kit (id) VALUES (1)"  # every error does
    deferred: ClassVar[tuple[str, ...]] = ("INSERT INTO kit_child (parent) VALUES (99)",)
    slow: ClassVar[str] = "SELECT pg_sleep(10)"
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

    url: str

    @pytest.fixture(autouse=True)
    def _database(self, url: str) -> None:
        self.url = url

    def make_config(self, tmp_path: Path) -> AsyncpgConfig:  # noqa: ARG002 - a server, no folder
        """A database of each test's own."""
        return AsyncpgConfig(url=self.url)

    def silent_config(self, tmp_path: Path, port: int) -> AsyncpgConfig:  # noqa: ARG002 - no file
        """Somebody listens, and says nothing."""
        return AsyncpgConfig(
            host="127.0.0.1", port=port, username="kit", password="kit", database="kit", connect_timeout=1
        )

    def broken_configs(self, tmp_path: Path) -> Mapping[type[ConnectError], AsyncpgConfig]:  # noqa: ARG002 - no file
        """Nobody listens, or a password is wrong."""
        nobody = AsyncpgConfig(host="127.0.0.1", port=1, username="kit", password="c4n4ry", database="kit")
        refused = AsyncpgConfig(url=re.sub(r"//(\w+):[^@]*@", r"//\1:c4n4ry@", self.url))
        return {ConnectError: nobody, AuthenticationError: refused}


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


class TestConnections(OnServer, AsyncConnectionTable):
    """Connections."""
