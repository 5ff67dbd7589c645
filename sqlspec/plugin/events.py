"""The events that observers receive: facts without credentials, parameters or rows; and who sends them.

A statement and the end of a transaction have one event each, which all of their hooks are given: facts that
are not known at the start are filled in before the end. Times are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from sqlspec.sql import Dialect, Summary, describe

if TYPE_CHECKING:
    from .contract import RawResult

__all__ = ("ConnectionEvent", "LeaseEvent", "Reporter", "StatementEvent", "TransactionEvent")


class ConnectionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to one connection of a database."""

    name: str
    """The database's name in its registry."""
    adapter: str
    kind: str
    """`opened`, `failed` (it could not be opened), `closed`, `discarded`, `reclaimed`."""
    reason: str | None = None
    """Why, where the kind does not say it: `aged`, `dead`, …; of `failed` the name of the error's type."""
    seconds: float | None = None
    """How long it took to open or to close."""


class LeaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A `provide_session` or `provide_connection` block borrowed a connection, could not, or gave it back."""

    name: str
    """The database's name in its registry."""
    adapter: str
    kind: str
    """`acquired`, `failed` (the block was not entered), `released`."""
    seconds: float
    """How long it waited for the connection, its opening included; of `released`, how long it had it."""
    error: str | None = None
    """The name of the type of what the waiting ended with; None unless it failed."""


class StatementEvent(msgspec.Struct, kw_only=True, eq=False):
    """One statement, from its start to its end. Observers read it; only `notes` is theirs to write."""

    name: str
    """The database's name in its registry."""
    adapter: str
    statement: str
    """The text as the application typed it, literals included; see `masked`. Of `load`, the table's name."""
    operation: str
    """What was called: `execute`, `execute_many`, `execute_script`, `stream`, `load`; or, of an adapter whose
    sessions speak another language than SQL, `command` or `pipeline`."""
    dialect: Dialect | None = None
    """How the text is read; None if it is no SQL."""
    verb: str = ""
    """Its first keyword, in capitals; empty where there is none, as in a script."""
    started: float = 0.0
    """When it started, by `time.monotonic`."""
    batch_size: int | None = None
    """How many rows of parameters, rows of a load, or commands of a pipeline were sent. At the end."""
    seconds: float = 0.0
    """How long its calls took, without pauses. At a pause or the end."""
    rowcount: int | None = None
    """Rows returned or changed, where the driver tells. At the end."""
    returned_rows: int | None = None
    """How many rows it returned; None for a statement that returns none. At the end."""
    columns: tuple[str, ...] = ()
    """What the rows' columns are called. At the end."""
    error: str | None = None
    """The name of the error's type; None when the statement ran well. At the end."""
    sqlstate: str | None = None
    """The SQLSTATE of that error, where the database tells one."""
    code: int | str | None = None
    """The database's own number or name of that error."""
    notes: dict[Any, Any] = msgspec.field(default_factory=dict[Any, Any])
    """What observers keep from one hook to the next, each under a key of its own."""

    @property
    def masked(self) -> str:
        """The text with `?` for each literal, cut after 2048 characters: without the application's data."""
        return self.statement if self.dialect is None else describe(self.statement, self.dialect).masked

    @property
    def summary(self) -> Summary:
        """What the statement does to which tables, as far as its text tells: of low cardinality."""
        if self.dialect is None or self.operation == "load":
            table = self.statement if self.operation == "load" else ""
            return Summary(self.verb, (table,) if table else (), self.statement)
        return describe(self.statement, self.dialect)


class TransactionEvent(msgspec.Struct, kw_only=True, eq=False):
    """The end of one transaction, from COMMIT or ROLLBACK to its outcome."""

    name: str
    """The database's name in its registry."""
    adapter: str
    operation: str
    """What is tried: `COMMIT` or `ROLLBACK`."""
    started: float = 0.0
    """When it was sent, by `time.monotonic`."""
    seconds: float = 0.0
    """How long it took. At the end."""
    outcome: str = ""
    """`committed`, `rolled back`, or `unknown`: COMMIT was sent and not answered. At the end."""
    error: str | None = None
    """The name of the type of the error that the application gets. At the end."""
    notes: dict[Any, Any] = msgspec.field(default_factory=dict[Any, Any])
    """What observers keep from one hook to the next, each under a key of its own."""


class Reporter(Protocol):
    """Whom sessions that are not core's tell what they do, for the observers. Thread-safe, never raises."""

    def start(self, statement: str, operation: str, verb: str = "") -> StatementEvent | None:
        """A call begins; None: nobody wants to hear of it.

        *statement*: without the application's data, as `GET ?`. *operation*: `command`; or `pipeline` for
        several at once, whose number goes into the event's `batch_size`. *verb*: the command's name.
        """
        ...

    def end(
        self,
        event: StatementEvent,
        raw: RawResult | None = None,
        *,
        parameters: object = None,
        error: BaseException | None = None,
    ) -> None:
        """It has ended. *raw*: what it returned, as rows. *error*: sqlspec's own, or a cancellation."""
        ...
