"""What an adapter says about itself, and the small values that pass between it and core.

An adapter is an `AdapterInfo`, a config class, a connection class (`sqlspec.plugin.Connection` or
`AsyncConnection`) and one hook that makes such a connection. Everything else has a default.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.sql import Dialect

__all__ = (
    "API_LEVEL",
    "SUPPORTED_API_LEVELS",
    "AdapterInfo",
    "Capability",
    "Outcome",
    "Parameters",
    "Resources",
    "Row",
    "SessionOptions",
    "TransactionOptions",
    "TransactionStatus",
)

API_LEVEL = 1
"""The adapter API that this core speaks."""

SUPPORTED_API_LEVELS = frozenset({API_LEVEL, API_LEVEL - 1} - {0})
"""Core accepts adapters of its own level and of the one before."""

CLEAN_UP_TIMEOUT = 2.0
"""Seconds for a rollback and a reset: past them the connection is dropped instead."""

Parameters: TypeAlias = "Sequence[Any] | Mapping[str, Any] | None"
"""One statement's parameters in the driver's own shape; None when the statement takes none."""

Row: TypeAlias = "tuple[Any, ...]"

T = TypeVar("T")


class Capability(enum.Enum):
    """What an adapter can do. Read by the runtime, the test kit and the docs; never guessed by `hasattr`."""

    SYNC = "sync"
    ASYNC = "async"
    TRANSACTIONS = "transactions"
    SAVEPOINTS = "savepoints"
    TRANSACTIONAL_DDL = "transactional-ddl"
    READ_ONLY = "read-only"
    ISOLATION = "isolation"
    INTERRUPT = "interrupt"
    STREAM = "stream"
    LASTROWID = "lastrowid"
    ARROW = "arrow"


class AdapterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter's data, the constant `ADAPTER` of its plugin module. Plain: reading it imports no driver."""

    name: str
    """The entry point's name, and a URL scheme."""
    config_type: str
    """Where the config class lives: `"sqlspec_sqlite:SQLiteConfig"`."""
    api: int = API_LEVEL
    """The adapter API level it was written for."""
    dialect: str | Dialect = "standard"
    """Lexical rules of its SQL: one of `sqlspec.sql.DIALECTS` by name, or its own."""
    paramstyle: str = "qmark"
    """What its driver takes: qmark, numeric_dollar, format, pyformat or named."""
    capabilities: frozenset[Capability] = frozenset()
    driver: str = ""
    """The driver's import name, for listings."""
    session_type: str = ""
    """Where a `Session` with methods of the adapter's own lives, as `"module:Name"`; core's when empty."""
    async_session_type: str = ""
    """The same for an `AsyncSession`."""


class TransactionStatus(enum.Enum):
    """The driver's own view of its connection's transaction."""

    IDLE = "idle"
    """No transaction is open."""
    ACTIVE = "active"
    """A transaction is open and takes statements."""
    ABORTED = "aborted"
    """A transaction is open and only a rollback will be accepted."""
    UNKNOWN = "unknown"
    """The driver can not tell an open transaction from an aborted one, or is in doubt."""


class TransactionOptions(msgspec.Struct, frozen=True, cache_hash=True):
    """How a transaction begins."""

    read_only: bool = False
    isolation: str | None = None


class SessionOptions(msgspec.Struct, frozen=True, cache_hash=True):
    """What one `provide_session` call asked for; None where the config decides."""

    autocommit: bool | None = None
    read_only: bool | None = None
    isolation: str | None = None


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """How `finish` ended a connection's use. The three outcomes of a COMMIT are never mixed."""

    committed: bool | None
    """True: acknowledged. False: not committed. None: sent and never answered."""
    reset_ok: bool
    """The connection is provably clean and may be lent again."""
    error: BaseException | None = None
    """Why `committed` is not what was asked for."""


class Resources(Protocol):
    """What an adapter keeps for as long as a database is registered.

    An in-memory database lives here, or the parent of many cursors: recycling and trimming of
    connections never touch it. It is closed when the database is unregistered or replaced, and when
    its registry goes away.
    """

    def get(self, key: str, make: Callable[[], T], close: Callable[[T], object]) -> T:
        """The thing kept under *key*, made by the first caller; *close* ends it, the last made first."""
        ...
