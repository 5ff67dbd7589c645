"""The tables of the kit, on files and in memory, for threads and for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlspec_duckdb import DuckDBConfig
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
    """What DuckDB can do, in a file. It has no deferred constraints."""

    ender: ClassVar[str] = "INSERT INTO sqlspec_kit (id) VALUES (1)"
    setting: ClassVar[tuple[str, ...]] = ("SET VARIABLE kit = 7", "SELECT getvariable('kit')")
    slow: ClassVar[str] = "SELECT count(*) FROM range(100000000000) AS n (i) WHERE i % 7 = 3"

    def make_config(self, tmp_path: Path) -> DuckDBConfig:
        """A file of each test's own."""
        return DuckDBConfig(database=str(tmp_path / "kit.db"))


class InMemory(OnFile):
    """In memory."""

    def make_config(self, tmp_path: Path) -> DuckDBConfig:  # noqa: ARG002 - no file
        """One database for each registered config."""
        return DuckDBConfig()


class Kept(OnFile):
    """With connections that are not reset."""

    def make_config(self, tmp_path: Path) -> DuckDBConfig:
        """Cursors are kept from session to session."""
        return DuckDBConfig(database=str(tmp_path / "kit.db"), reset="rollback")


class TestContract(OnFile, AdapterContract):
    """The adapter's data."""


class TestFile(OnFile, TransactionTable):
    """Threads, file."""


class TestMemory(InMemory, TransactionTable):
    """Threads, memory."""


class TestKept(Kept, TransactionTable):
    """Threads, file, cursors kept."""


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
