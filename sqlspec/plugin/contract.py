"""The small values that pass between an adapter and core."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

__all__ = (
    "Outcome",
    "Parameters",
    "RawResult",
    "Resources",
    "Row",
    "SessionOptions",
    "StopRequest",
    "TransactionOptions",
    "TransactionStatus",
)

CLEAN_UP_TIMEOUT = 2.0
"""Seconds for a rollback and a reset: past them the connection is dropped instead."""

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any] | None
"""One statement's parameters in the driver's own shape; None when the statement takes none."""

Row: TypeAlias = tuple[Any, ...]

PLACE = "_sqlspec_place"
"""The attribute of an error that says of which row or statement it is; see `sqlspec.plugin.places`."""

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
    query_timeout: float | None = None
    reporter: Any = None
    """For a session hook: the `sqlspec.plugin.events.Reporter` of sessions that are not core's.

    None: nobody wants to know what they do.
    """


class RawResult(msgspec.Struct, eq=False, gc=False):  # a Struct, because it is made in C
    """What a driver returned, untouched: column names and rows as tuples, all of them in memory."""

    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    rowcount: int = -1
    """Rows that were changed, or returned where the driver says so; -1 when it does not know (PEP 249)."""
    lastrowid: int | None = None
    """The key that the last INSERT made, where the database has such a thing (PEP 249)."""
    more: Sequence[RawResult] = ()
    """What else the same statement returned, in order: a procedure may return several results."""
    arrow_types: Callable[[], Sequence[Any]] | None = None
    """Called for an Arrow table: for each column the `pyarrow.DataType` that the database declares, or "json"
    for documents. None for a column whose type must be found in its values; no function if none is known."""

    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`, where the driver has a way without Python objects; else None."""
        return None


class StopRequest(Protocol):
    """A request to stop a statement that is on its way to the server: any kind of future."""

    def done(self) -> bool:
        """The server has it, or never will."""
        ...


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
