"""The small values that pass between an adapter and core."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "Outcome",
    "Parameters",
    "Resources",
    "Row",
    "SessionOptions",
    "TransactionOptions",
    "TransactionStatus",
)

CLEAN_UP_TIMEOUT = 2.0
"""Seconds for a rollback and a reset: past them the connection is dropped instead."""

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any] | None
"""One statement's parameters in the driver's own shape; None when the statement takes none."""

Row: TypeAlias = tuple[Any, ...]

T = TypeVar("T")


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
