# Printed from _async.py by tools/print_sync.py; do not edit.
"""The connection that an adapter writes, in two steps: what a pool lends, and what speaks SQL on top."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlspec.concurrency.forks import watch
from sqlspec.concurrency.guard import guard
from sqlspec.concurrency.interruptions import interruption_of
from sqlspec.errors import DeadlineExceeded, DisconnectedError, NotSupportedError, SQLSpecError

from .contract import CLEAN_UP_TIMEOUT, Outcome, RawResult, TransactionStatus
from .places import with_place
from .results import fetch_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlspec.lending import PoolLike
    from sqlspec.sql import CopyData

    from .contract import Parameters, Row, StopRequest, TransactionOptions
    from .results import LazyResult

__all__ = ("Connection", "Cursor", "PooledConnection")

RawT = TypeVar("RawT")
# Asked at the end of each use, and slow to look up before Python 3.12.
IDLE = TransactionStatus.IDLE


class Cursor:
    """An open result, read in batches. The default serves one that is in memory already."""

    def __init__(self, result: RawResult | LazyResult, batch_size: int) -> None:
        self.columns = result.columns
        self._rows, self._at, self._batch_size = result.rows, 0, batch_size

    def fetch(self) -> Sequence[Row]:
        """The next batch of rows; empty at the end."""
        batch = self._rows[self._at : self._at + self._batch_size]
        self._at += len(batch)
        return batch

    def close(self) -> None:
        """Let the database drop what it holds for this result. May be called twice.

        What the statement writes is done to its end; where it can not be, this raises.
        """
        self._rows = ()

    def discard(self) -> None:
        """`close` at a session's end by an error: what the statement has not done yet need not be done."""
        self.close()


class PooledConnection(ABC, Generic[RawT]):
    """One driver connection, as a pool lends it. A database without SQL needs no more than this.

    *Owner*: one at a time. Core holds `guard` around every call, so no method is entered twice, and decides
    from which thread a connection is closed and interrupted, and that none is used in a forked child.
    *Deadlines* are `time.monotonic()` seconds or None; a method that waits raises `DeadlineExceeded` when
    its deadline passes. *Errors*: the driver's own may leave any method; core maps each once.
    """

    raw: RawT
    """The driver's own connection."""
    is_raw_lent: bool = False
    """The application has had `raw` in its hands since the last reset."""
    pool: Callable[[], PoolLike | None] = staticmethod(lambda: None)
    """Returns core's pool that lends the connection: a use that needs a second one acquires it there. None if
    there is no such pool. Set by core, and a weak reference, because the pool holds the connection.
    """

    def __init__(self, raw: RawT) -> None:
        self.raw = raw
        self.guard = guard()
        """Core's own: who is inside a call. An adapter never touches it."""
        watch(self)

    # --- to fill in -----------------------------------------------------------------------------

    @abstractmethod
    def close(self) -> None:
        """Tell the server, if there is one, and free everything. No call is under way. May come twice."""

    @abstractmethod
    def interrupt(self, *, for_good: bool) -> StopRequest | None:
        """Stop the statement that is under way, without waiting; nothing happens if there is none.

        If that takes a message to the server, which could stop the next statement if it came late, return a
        future that is done when the message has arrived. Core begins no other call before.

        *for_good*: the connection is given up, and a call that is under way must fail. An async driver then
        frees everything (as a transport's `abort` does); `close` is not called any more. A sync one's
        `close` is called by core, when no call is under way any more.

        Called from the thread of the event loop, or from any other once that loop is closed; in a sync
        connection from any thread, also while a call is under way.
        """

    @abstractmethod
    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The driver's exception as one of ours, without secrets, parameters or values in its text.

        None for what is not the driver's: it is passed on as it is.
        """

    # --- care -----------------------------------------------------------------------------------

    @property
    def fileno(self) -> int | None:
        """A network driver's socket: core shuts it down where the loop's thread can not be waited for."""
        return None

    @property
    def is_broken(self) -> bool:
        """Whether the server went away during this use: then the pool lends no sibling without a look at it.

        Core learns it from a `DisconnectedError`. An adapter says it here if its sessions raise other errors.
        """
        return False

    def is_usable(self) -> bool:
        """A look without a round trip: False when the connection is known to be dead. Never raises.

        `super().is_usable()` is False for what core has closed or dropped.
        """
        return self.guard.ended is None

    def is_demoted(self, deadline: float | None) -> bool:  # noqa: ARG002 - for those who override it
        """Whether the server takes no writes any more; asked after it refused one, with nothing open.

        True: the connection is not lent again, and its siblings are replaced, for another server may take
        writes now. Not asked after a session that was to be read-only.
        """
        return False

    def note_silence(self) -> None:
        """The server did not answer a statement, nor the request to stop it; or it did not answer a ping.

        For adapters that know several servers: another one may be asked first from now on. Never waits.
        """

    def ping(self, deadline: float | None) -> None:  # noqa: ARG002 - for those who override it
        """Ask the server for a sign of life; raises when there is none."""
        raise self.unsupported("be pinged")

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - for those who override it
        """Undo what an owner changed besides data: settings, temporary objects, locks.

        True: provably as new. False: it can not be told, or costs more than a new connection.
        """
        return True

    def is_pristine(self) -> bool:
        """Known without a round trip to be as `reset` would leave it."""
        return False

    def note_set_up(self) -> None:
        """The connection was made, and what wraps its making is done: see it as it is now as clean.

        A wrapper may have set `raw` up: registered functions, attached databases. Never waits.
        """

    def is_clean(self, *, reset: bool) -> bool:
        """Known without a round trip: nothing is open, and with *reset* nothing is left to reset."""
        return not reset or self.is_pristine()

    def lend_raw(self, deadline: float | None) -> RawT:  # noqa: ARG002 - for those who override it
        """Give `raw` to the application; an adapter may do first what its reset needs then."""
        self.is_raw_lent = True
        return self.raw

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: ARG002
        """End one owner's use. Raises nothing of the driver's."""
        return Outcome(committed=False, reset_ok=self._is_cleaned(reset, deadline))

    def clean_up(self, reset: bool, deadline: float | None) -> bool:
        """What `finish` does after the COMMIT, or instead of one. Returns whether the connection is clean."""
        return self.reset(deadline) if reset else True

    def _is_cleaned(self, reset: bool, deadline: float | None) -> bool:
        try:
            return self.clean_up(reset, deadline)
        except Exception as exc:
            if self.is_foreign(exc):
                raise
            return False  # a connection in doubt is discarded; the caller's result stands

    def abandon(self) -> None:
        """In a forked child: the connection is the parent's. Core refuses its own calls from now on.

        If the application has objects of the driver in its hands, make them fail before they use the socket.
        Close nothing and free nothing.
        """

    # --- core's own -----------------------------------------------------------------------------

    @staticmethod
    def interruption(exc: BaseException) -> BaseException | None:
        """What interrupted the driver, if *exc* is that or came of it; None for the driver's own errors.

        Ctrl-C, a cancellation, or what a signal's handler raised.
        """
        return interruption_of(exc) if isinstance(exc, Exception) else exc

    @classmethod
    def is_foreign(cls, exc: BaseException) -> bool:
        """Whether *exc* interrupted the driver, or came of what did."""
        return cls.interruption(exc) is not None

    def mapped(self, exc: BaseException) -> BaseException:
        """*exc* as the caller shall see it: ours for the driver's, and anything else as it is."""
        if isinstance(exc, SQLSpecError) or not isinstance(exc, Exception):
            return exc
        foreign = self.interruption(exc)
        if foreign is None:
            return self.map_error(exc) or exc
        if foreign is not exc:
            exc.__cause__ = exc.__context__ = None  # else it would be the cause of what it came of
        return foreign

    def error_of(self, exc: Exception) -> SQLSpecError:
        """*exc* as an error of ours; raises what is not the driver's. For adapters that override `finish`."""
        error = self.mapped(exc)
        if not isinstance(error, SQLSpecError):
            raise error
        return error

    def drop(self) -> None:
        """Give the connection up now, from any thread, without waiting. A call that is under way fails."""
        self.guard.drop(self)

    def disconnect(self) -> None:
        """Close it while nobody is inside; if that fails, `drop` it."""
        if self.guard.ended is not None:
            return
        token = object()
        try:
            self.guard.enter(token)
            self.close()
        except BaseException:
            self.guard.leave(token, self)
            raise
        self.guard.close()

    def check(self, deadline: float | None) -> None:
        """`ping` under the guard."""
        token = object()
        try:
            self.guard.enter(token)
            self.ping(deadline)
        finally:
            self.guard.leave(token, self)

    def unsupported(self, what: str) -> NotSupportedError:
        """The error for something this adapter can not do."""
        return NotSupportedError(f"{type(self).__name__} can not {what}")


class Connection(PooledConnection[RawT]):
    """One driver connection that speaks SQL. The driver is in autocommit mode until `begin`."""

    load_batch: int = 5_000
    """Rows that core hands to one `load`, and so has in memory at once."""
    is_spoiled: bool = False
    """Rows of a call that failed may be in the open transaction: core lets nobody commit them."""

    # --- to fill in -----------------------------------------------------------------------------

    @abstractmethod
    def execute(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | LazyResult:
        """Run one statement in the driver's own paramstyle and fetch all it returns."""

    @abstractmethod
    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Begin a transaction."""

    @abstractmethod
    def commit(self, deadline: float | None) -> None:
        """Commit it."""

    @abstractmethod
    def rollback(self, deadline: float | None) -> None:
        """Undo it. Does nothing when none is open."""

    @property
    @abstractmethod
    def transaction_status(self) -> TransactionStatus:
        """The driver's own view, without a round trip."""

    @property
    def abort_error(self) -> SQLSpecError | None:
        """Why the transaction has ended, where the adapter knows more than its status says."""
        return None

    def refresh_status(self) -> None:
        """Bring `transaction_status` up to date after the application has had `raw`. Core's own."""

    # --- statements -----------------------------------------------------------------------------

    def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row of parameters, in a transaction: for all of them, or for none.

        Returns the rows of all of them (RETURNING), in order, and how many rows were changed.
        """
        count = 0
        columns: tuple[str, ...] = ()
        returned: list[Row] = []
        self.is_spoiled = True  # until the last row is in
        for place, row in enumerate(rows):
            try:
                result = _executed(self, statement, row, deadline)
            except Exception as exc:
                with_place(exc, place)
                raise
            count += max(result.rowcount, 0)
            if result.columns:
                columns = result.columns
                returned += result.rows
        self.is_spoiled = False
        return RawResult(columns, returned, count)

    def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements without parameters, one after another, and drop what they return.

        They may be transaction control if no transaction is open. `CopyData` comes for dialects that say so.
        """
        for place, statement in enumerate(statements):
            if not isinstance(statement, str):
                raise self.unsupported("copy the data of a script")
            try:
                _executed(self, statement, None, deadline)
            except Exception as exc:
                with_place(exc, place)
                raise

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> Cursor:
        """Open a result that is read in batches. The default holds all of it in memory."""
        return Cursor(_executed(self, statement, parameters, deadline), batch_size)

    def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> int:
        """Insert *rows* by the driver's fastest path: all of them, or none. Returns how many.

        *table*: its schema and its name, or its name alone, not quoted.
        """
        names = ", ".join(map(self.quote, columns))
        marks = ", ".join(self.placeholders(len(columns)))
        statement = f"INSERT INTO {self.quote_path(table)} ({names}) VALUES ({marks})"  # noqa: S608 - all quoted
        self.execute_many(statement, rows, deadline)
        return len(rows)

    def quote(self, identifier: str) -> str:
        """One identifier, quoted (SQL-92 5.2: double quotes, doubled inside)."""
        return '"' + identifier.replace('"', '""') + '"'

    def quote_path(self, path: Sequence[str]) -> str:
        """The name of a table in its schema, each part quoted."""
        return ".".join(map(self.quote, path))

    def placeholders(self, count: int) -> list[str]:
        """The driver's placeholders for *count* values by position."""
        return ["?"] * count

    # --- transactions ---------------------------------------------------------------------------

    def savepoint(self, name: str, deadline: float | None) -> None:
        """Set a savepoint; core makes the name."""
        _executed(self, f"SAVEPOINT {name}", None, deadline)

    def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what happened since the savepoint and forget it."""
        _executed(self, f"RELEASE SAVEPOINT {name}", None, deadline)

    def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what happened since the savepoint and forget it."""
        _executed(self, f"ROLLBACK TO SAVEPOINT {name}", None, deadline)
        _executed(self, f"RELEASE SAVEPOINT {name}", None, deadline)

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | LazyResult:
        """`begin` and the first statement, where the driver can send both at once."""
        self.begin(options, deadline)
        return self.execute(statement, parameters, deadline)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Set *options* for the statements of an autocommit session; `reset` must undo it."""
        raise self.unsupported("be read-only in autocommit mode")

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:
        """End one owner's use: commit or roll back, then forget the owner's state.

        Raises nothing of the driver's. An error of COMMIT itself is told apart from an error of what follows
        it, and from no answer. What follows a COMMIT has its own two seconds, whatever COMMIT was given.
        An async adapter must not cancel its own task in here, as `asyncio.timeout` does: core would take that
        for the caller's cancellation. A `loop.call_later` that interrupts for good does the same.
        """
        error: BaseException | None = None
        committed: bool | None = False
        try:
            if commit:
                self.commit(deadline)
                committed = True
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
            if isinstance(error, (DisconnectedError, DeadlineExceeded)):
                return Outcome(committed=None, reset_ok=False, error=error)
        if commit:
            latest = time.monotonic() + CLEAN_UP_TIMEOUT
            deadline = latest if deadline is None else min(deadline, latest)
        return Outcome(committed=committed, reset_ok=self._is_cleaned(reset, deadline), error=error)

    def clean_up(self, reset: bool, deadline: float | None) -> bool:
        """What `finish` does after the COMMIT, or instead of one. Returns whether the connection is clean."""
        if self.transaction_status is not IDLE:
            self.rollback(deadline)
        return self.reset(deadline) if reset else True

    # --- care -----------------------------------------------------------------------------------

    def is_clean(self, *, reset: bool) -> bool:
        """Known without a round trip: no transaction is open, and with *reset* nothing is left to reset."""
        return self.transaction_status is IDLE and (not reset or self.is_pristine())

    def ping(self, deadline: float | None) -> None:
        """Ask the server for a sign of life; raises when there is none."""
        _executed(self, "SELECT 1", None, deadline)


def _executed(
    connection: Connection[Any], statement: str, parameters: Parameters, deadline: float | None
) -> RawResult | LazyResult:
    """Run one statement, and leave nothing of its result with the driver."""
    result = connection.execute(statement, parameters, deadline)
    fetch_now(result)
    return result
