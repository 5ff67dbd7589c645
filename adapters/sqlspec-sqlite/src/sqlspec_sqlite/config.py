"""How to reach one SQLite database, and how to behave towards it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, ClassVar, Literal

from sqlspec import AsyncSession, DatabaseConfig, Session

if TYPE_CHECKING:
    import sqlite3  # noqa: F401 - named in a string below

__all__ = ("SQLiteConfig",)


class SQLiteConfig(
    DatabaseConfig[Session, AsyncSession, "sqlite3.Connection", "sqlite3.Connection"],
    frozen=True,
    kw_only=True,
):
    """One SQLite database: a file, or memory that lives as long as the config is registered.

    URLs: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` for memory.
    """

    adapter: ClassVar[str] = "sqlite"
    url_fields: ClassVar[Mapping[str, str]] = {"database": "database"}

    database: str = ":memory:"
    """A file's path, a `file:` URI, or `:memory:`: one database for all the config's connections."""
    transaction_mode: Literal["immediate", "deferred", "exclusive"] = "immediate"
    """How sessions begin. Immediate waits for its turn to write; deferred reads, and may then not write."""
    busy_timeout: float = 5.0
    """Seconds to wait for somebody else's lock."""
    foreign_keys: bool = True
    """Enforce foreign keys, which SQLite does not by itself."""
    journal_mode: Literal["wal", "delete", "truncate", "persist"] = "wal"
    """How files keep their journal. With WAL readers and the one writer do not wait for each other."""
    synchronous: Literal["normal", "full", "extra"] = "full"
    """How much a COMMIT waits for the disk. With WAL, `normal` may lose the last commits on power loss."""
    cached_statements: int = 128
    """How many compiled statements each connection keeps."""

    def check(self) -> None:
        """Ranges."""
        super().check()
        if not self.database:
            raise self.invalid("database", "is a file's path or ':memory:'")
        if not 0 <= self.busy_timeout < float("inf"):
            raise self.invalid("busy_timeout", "is a number of seconds, 0 or more")
        if self.cached_statements < 0:
            raise self.invalid("cached_statements", "is 0 or more")

    @property
    def is_memory(self) -> bool:
        """Whether the database is in memory only."""
        return self.database == ":memory:"
