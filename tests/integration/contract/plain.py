"""The least that an adapter can be: over sqlite3, with core's defaults for everything else."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, ClassVar

from sqlspec import AsyncSession, DatabaseConfig, Session
from sqlspec.errors import DatabaseError, IntegrityError, SQLSpecError
from sqlspec.plugin import AdapterInfo, Capability, Connection, RawResult, TransactionStatus, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, TransactionOptions

__all__ = ("PlainConfig", "PlainConnection", "PlainPlugin")


class PlainConfig(
    DatabaseConfig[Session, AsyncSession, sqlite3.Connection, sqlite3.Connection], frozen=True, kw_only=True
):
    """A file."""

    adapter: ClassVar[str] = "plain"
    path: str


class PlainConnection(Connection[sqlite3.Connection]):
    """What an author must write, and nothing more."""

    closed = 0
    """How often it was closed."""

    def close(self) -> None:
        """Close."""
        self.closed += 1
        self.raw.close()

    def interrupt(self, *, for_good: bool) -> None:  # noqa: ARG002 - the one way there is
        """Stop what runs."""
        self.raw.interrupt()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By class."""
        if isinstance(exc, sqlite3.IntegrityError):
            return IntegrityError("a constraint is violated")
        return DatabaseError("SQLite refused it") if isinstance(exc, sqlite3.Error) else None

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:  # noqa: ARG002
        """Run it."""
        cursor = self.raw.execute(statement, parameters or ())
        columns = tuple(column[0] for column in cursor.description or ())
        return RawResult(columns, cursor.fetchall(), cursor.rowcount)

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """BEGIN."""
        self.raw.execute("BEGIN")

    def commit(self, deadline: float | None) -> None:  # noqa: ARG002
        """COMMIT."""
        self.raw.execute("COMMIT")

    def rollback(self, deadline: float | None) -> None:  # noqa: ARG002
        """ROLLBACK."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    @property
    def transaction_status(self) -> TransactionStatus:
        """SQLite's own view."""
        return TransactionStatus.ACTIVE if self.raw.in_transaction else TransactionStatus.IDLE


class PlainPlugin:
    """Makes connections of one kind, and remembers them."""

    def __init__(self, kind: type[PlainConnection] = PlainConnection, *, has_savepoints: bool = True) -> None:
        self._kind = kind
        self.made: list[Any] = []
        capabilities = {Capability.SYNC, Capability.TRANSACTIONS}
        self.ADAPTER = AdapterInfo(
            name="plain",
            config_type=f"{__name__}:PlainConfig",
            driver="sqlite3",
            dialect="sqlite",
            paramstyle="qmark",
            capabilities=frozenset(capabilities | ({Capability.SAVEPOINTS} if has_savepoints else set())),
        )

    @hookimpl
    def sqlspec_create_connection(self, config: PlainConfig) -> PlainConnection:
        """Open the file."""
        raw = sqlite3.connect(config.path, isolation_level=None, check_same_thread=False)
        made = self._kind(raw)
        self.made.append(made)
        return made
