"""The test kit for other people's adapters: what a class tells it may stand in a class that is mixed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlspec.errors import ConnectError
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


class Plain:
    """Without a base, and without annotations."""

    create = (*AdapterTests.create, "CREATE TABLE child (id INTEGER)")
    drop = ("DROP TABLE child", *AdapterTests.drop)
    ender = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"
    deferred = ("INSERT INTO child (id) VALUES (99)",)
    setting = ("PRAGMA cache_size = 123", "PRAGMA cache_size")
    lock = ("SELECT 1", "SELECT 0")
    role = ("SELECT 1", "SELECT 0")
    types = {"date": None, "bytes": "BYTEA"}  # noqa: RUF012 - as people write it
    quote = "`"
    readers_wait = True
    tries = False
    limit = 30

    def make_config(self, tmp_path: Path) -> SQLiteConfig:
        """A file of each test's own."""
        return SQLiteConfig(database=str(tmp_path / "kit.db"))

    def broken_configs(self, tmp_path: Path) -> dict[type[ConnectError], SQLiteConfig]:
        """There is no such folder."""
        return {ConnectError: SQLiteConfig(database=str(tmp_path / "no" / "kit.db"))}


class Annotated(AdapterTests):
    """With a base, and with annotations."""

    ender: ClassVar[str] = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"
    deferred: ClassVar[tuple[str, ...]] = ()
    types: ClassVar[dict[str, str | None]] = {"date": None}

    def make_config(self, tmp_path: Path) -> SQLiteConfig:
        """A file of each test's own."""
        return SQLiteConfig(database=str(tmp_path / "kit.db"))


class PlainTransactions(Plain, TransactionTable):
    """A class of tests, but for its name."""


class PlainValues(Plain, ValueTable):
    """The same."""


class PlainConnections(Plain, ConnectionTable):
    """The same."""


class PlainContract(Plain, AdapterContract):
    """The same."""


class AnnotatedTransactions(Annotated, AsyncTransactionTable):
    """The same, for tasks."""


class AnnotatedValues(Annotated, AsyncValueTable):
    """The same, for tasks."""


class AnnotatedConnections(Annotated, AsyncConnectionTable):
    """The same, for tasks."""


class Own(TransactionTable):
    """In the class of tests itself."""

    setting = ("PRAGMA cache_size = 123", "PRAGMA cache_size")
    types = {"date": None}  # noqa: RUF012 - as people write it

    def make_config(self, tmp_path: Path) -> SQLiteConfig:
        """A file of each test's own."""
        return SQLiteConfig(database=str(tmp_path / "kit.db"))
