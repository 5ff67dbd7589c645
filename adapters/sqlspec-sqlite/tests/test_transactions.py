"""The tables of the kit, on files and in memory, for threads and for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlspec_sqlite import SQLiteConfig
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
    from pathlib import Path


class OnFile(AdapterTests):
    """What SQLite can do, in a file."""

    create: ClassVar[tuple[str, ...]] = (
        *AdapterTests.create,
        "CREATE TABLE kit_child (parent INTEGER REFERENCES sqlspec_kit (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    drop: ClassVar[tuple[str, ...]] = ("DROP TABLE kit_child", *AdapterTests.drop)
    ender: ClassVar[str] = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"
    deferred: ClassVar[tuple[str, ...]] = ("INSERT INTO kit_child (parent) VALUES (99)",)
    generated_key: ClassVar[str] = "INTEGER PRIMARY KEY"
    setting: ClassVar[tuple[str, ...]] = ("PRAGMA cache_size = 123", "PRAGMA cache_size")
    slow: ClassVar[str] = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000)
        SELECT max(i) FROM n
    """

    def make_config(self, tmp_path: Path) -> SQLiteConfig:
        """A file of each test's own. Only a level of isolation that SQLite does not have waits for a lock."""
        return SQLiteConfig(database=str(tmp_path / "kit.db"), busy_timeout=0.5)


class InMemory(OnFile):
    """In memory."""

    tries: ClassVar[bool] = False  # the file's tests do
    readers_wait: ClassVar[bool] = True  # SQLite's memory databases have one lock for all

    def make_config(self, tmp_path: Path) -> SQLiteConfig:  # noqa: ARG002 - no file
        """One database for each registered config."""
        return SQLiteConfig()


class Deferred(OnFile):
    """With a deferred BEGIN."""

    tries: ClassVar[bool] = False

    def make_config(self, tmp_path: Path) -> SQLiteConfig:
        """The table has one writer at a time, so nothing else changes."""
        return SQLiteConfig(database=str(tmp_path / "kit.db"), transaction_mode="deferred")


class TestContract(OnFile, AdapterContract):
    """The adapter's data."""


class TestFile(OnFile, TransactionTable):
    """Threads, file."""


class TestMemory(InMemory, TransactionTable):
    """Threads, memory."""


class TestDeferred(Deferred, TransactionTable):
    """Threads, file, deferred."""


class TestAsyncFile(OnFile, AsyncTransactionTable):
    """Tasks, file."""


class TestAsyncMemory(InMemory, AsyncTransactionTable):
    """Tasks, memory."""


class TestValues(OnFile, ValueTable):
    """Values, for threads."""


class TestAsyncValues(OnFile, AsyncValueTable):
    """Values, for tasks."""


class TestConnections(OnFile, ConnectionTable):
    """Connections, for threads."""


class TestAsyncConnections(OnFile, AsyncConnectionTable):
    """Connections, for tasks."""
