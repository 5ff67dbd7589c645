"""One sqlite3 connection under core's contract.

SQLite waits for locks inside one C call, and an interrupt does not end that wait. So it is told to wait
for a slice only, and `_again` repeats what found the database busy, until its time is up, the caller has
gone, or the wait can not end well. Nothing is repeated that had any effect: SQLite undoes the statement
that it gives up.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from sqlspec.errors import (
    DeadlineExceeded,
    DisconnectedError,
    LockTimeoutError,
    QueryCancelledError,
    SerializationError,
    SQLSpecError,
)
from sqlspec.plugin import Connection, Cursor, Outcome, RawResult, TransactionStatus

from .errors import map_error
from .state import CHANGES_STATE, INSERTS, NUMBERED, look
from .values import AS_IT_IS, check_rows, encode, encode_many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlspec.plugin import Parameters, TransactionOptions

    from .config import SQLiteConfig
    from .state import WatchedConnection

__all__ = ("BUSY_SLICE", "SQLiteConnection", "is_busy")

BUSY_SLICE = 0.1
"""Seconds that SQLite waits for a lock in one call."""
PROGRESS_STEPS = 10_000
"""How many instructions of its virtual machine SQLite runs between two looks at the deadline."""
MANY = "sqlspec_many"
# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, IDLE = TransactionStatus.ACTIVE, TransactionStatus.IDLE
_FIRST = itemgetter(0)
ENDED_WELL = Outcome(committed=True, reset_ok=True)

T = TypeVar("T")


def is_busy(exc: sqlite3.Error) -> bool:
    """Somebody else holds the lock, and waiting may help."""
    code = getattr(exc, "sqlite_errorcode", 0)
    # A reader's snapshot that is too old to write on stays too old, however long one waits.
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and not _is_stale(exc)


def _is_stale(exc: sqlite3.Error) -> bool:
    return getattr(exc, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY_SNAPSHOT


def _columns(description: Any) -> tuple[str, ...]:
    return tuple(map(_FIRST, description)) if description else ()


class SQLiteCursor(Cursor):
    """An open result."""

    def __init__(self, owner: SQLiteConnection, cursor: sqlite3.Cursor, batch_size: int) -> None:
        self.columns = _columns(cursor.description)
        self._owner, self._cursor, self._batch_size = owner, cursor, batch_size

    def fetch(self) -> Sequence[tuple[Any, ...]]:
        """The next batch of rows."""
        return self._owner.fetch(self._cursor, self._batch_size)

    def close(self) -> None:
        """Let SQLite reset the statement."""
        self._cursor.close()


class SQLiteConnection(Connection[sqlite3.Connection]):
    """See `sqlspec.plugin.Connection` for the contract."""

    def __init__(self, raw: WatchedConnection, config: SQLiteConfig) -> None:
        super().__init__(raw)
        self._busy_timeout = config.busy_timeout
        self._is_deferred = config.transaction_mode == "deferred" and not config.read_only
        self._begin = "BEGIN" if config.read_only else f"BEGIN {config.transaction_mode.upper()}"
        self._is_read_only = config.read_only
        self._watch = raw
        # What may be interrupted: a statement of the owner's, but not BEGIN, COMMIT or ROLLBACK.
        self._may_interrupt = False
        self._is_unwanted = False
        self._is_given_up = False
        self._is_guarded = False
        # Our own cursors, made once: past what watches the owner's, and cheaper than one for each statement.
        self._cursor, self._control = sqlite3.Cursor(raw), sqlite3.Cursor(raw)
        self._opened: WeakSet[sqlite3.Cursor] = WeakSet()
        raw.is_changed = False

    def is_usable(self) -> bool:
        """What core knows is all there is to know: SQLite has no server that could have gone."""
        return self.guard.ended is None

    # --- statements -----------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        if parameters is None:
            values: Any = ()
        elif type(parameters) is tuple and AS_IT_IS.issuperset(map(type, parameters)):
            values = parameters
        else:
            values = encode(parameters)
        cursor, does = self._cursor, look(statement)
        if does:
            values = self._heed(does, values)
        self._may_interrupt = True
        if deadline is None:
            try:
                rows = cursor.execute(statement, values).fetchall()
            except sqlite3.OperationalError as exc:
                self._check_worth_waiting(exc)
                rows = self.call(lambda: cursor.execute(statement, values).fetchall(), deadline)
        else:
            rows = self.call(lambda: cursor.execute(statement, values).fetchall(), deadline)
        # The cursor remembers the rowid of another statement's INSERT.
        lastrowid = cursor.lastrowid if does & INSERTS else None
        description = cursor.description
        columns = next(zip(*description)) if description else ()  # noqa: B905 - the names come first
        return RawResult(columns, rows, cursor.rowcount, lastrowid)

    def _heed(self, does: int, values: Any) -> Any:
        """What a statement's text asks for besides running it."""
        if does & CHANGES_STATE:
            self._watch.is_changed = True
        if does & NUMBERED and type(values) is tuple:
            # Python 3.12 and later take ?1 for a name.
            return {str(number): value for number, value in enumerate(values, 1)}
        return values

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """BEGIN and the first statement, after a look at its parameters."""
        is_plain = type(parameters) is tuple and AS_IT_IS.issuperset(map(type, parameters))
        if parameters is not None and not is_plain:
            parameters = encode(parameters)
        self.begin(options, deadline)
        return self.execute(statement, parameters, deadline)

    def execute_many(self, statement: str, rows: Sequence[Parameters], deadline: float | None) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        does, values = look(statement), encode_many(rows)
        if does & NUMBERED:
            values = [self._heed(does, row) for row in values]
        try:
            self.call(lambda: self._all_or_none(statement, values), deadline)
        except (OverflowError, UnicodeEncodeError):
            check_rows(values)
            raise
        return RawResult(rowcount=self._cursor.rowcount)

    def _all_or_none(self, statement: str, values: Sequence[Any]) -> None:
        # Rows that went in before one that found the database busy must not go in again.
        self._may_interrupt = False
        self._control.execute(f"SAVEPOINT {MANY}")
        try:
            self._may_interrupt = True
            self._cursor.executemany(statement, values)
        except BaseException:
            self._may_interrupt = False
            if self.transaction_status is TransactionStatus.ACTIVE:  # else the error took it along
                self._control.execute(f"ROLLBACK TO {MANY}")
                self._control.execute(f"RELEASE {MANY}")
            raise
        self._may_interrupt = False
        self._control.execute(f"RELEASE {MANY}")

    def execute_script(self, statements: Sequence[str], deadline: float | None) -> None:
        """Run statements one after another."""
        for statement in statements:
            self.execute(statement, None, deadline)

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> SQLiteCursor:
        """Open a result that is read in batches."""
        values = self._heed(look(statement), encode(parameters))
        self._may_interrupt = True
        cursor = sqlite3.Cursor(self.raw)
        self._opened.add(cursor)
        self.call(lambda: cursor.execute(statement, values), deadline)
        return SQLiteCursor(self, cursor, batch_size)

    def fetch(self, cursor: sqlite3.Cursor, count: int) -> Sequence[tuple[Any, ...]]:
        """The next rows of an open result. Never tried again: after an error sqlite3 has lost its place."""
        return cursor.fetchmany(count)

    # --- transactions ---------------------------------------------------------------------------

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Begin: immediate unless the config or the session says otherwise."""
        self._may_interrupt = False
        statement = self._begin
        if options.read_only and not self._is_read_only:
            self._guard(on=True)
            statement = "BEGIN"
        try:
            self._control.execute(statement)
        except sqlite3.OperationalError as exc:
            if not is_busy(exc):
                raise
            self.call(lambda: self._control.execute(statement), deadline)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Make an autocommit session read-only."""
        if options.read_only and not self._is_read_only:
            self._guard(on=True)

    def _guard(self, *, on: bool) -> None:
        """Switch SQLite's own guard against writes; our doing, so it is no change of the owner's."""
        self._control.execute(f"PRAGMA query_only={int(on)}")
        self._is_guarded = on

    def commit(self, deadline: float | None) -> None:
        """COMMIT. One that finds the database busy leaves the transaction open, and is tried again."""
        self._may_interrupt = False
        try:
            self._control.execute("COMMIT")
        except sqlite3.OperationalError as exc:
            if not is_busy(exc):
                raise
            self.call(lambda: self._control.execute("COMMIT"), deadline, is_ending=True)

    def rollback(self, deadline: float | None) -> None:  # noqa: ARG002 - it waits for nobody
        """ROLLBACK, if there is something to undo."""
        self._may_interrupt = False
        if self.raw.in_transaction:
            self._control.execute("ROLLBACK")

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001 - the contract's
        """The usual end in one step: a COMMIT that succeeds on a connection that nobody changed."""
        if commit and not self._is_guarded and (not reset or self.is_pristine()):
            self._may_interrupt = False
            try:
                self._control.execute("COMMIT")
            except sqlite3.Error as exc:
                if not is_busy(exc):
                    clean = self._is_cleaned(reset, deadline)
                    return Outcome(committed=False, reset_ok=clean, error=self.error_of(exc))
            else:
                return ENDED_WELL
        return super().finish(commit, reset, deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """SQLite knows it, and no transaction of its is ever half broken."""
        try:
            return ACTIVE if self.raw.in_transaction else IDLE
        except sqlite3.ProgrammingError:
            return IDLE  # closed, and what was open is undone

    # --- waiting --------------------------------------------------------------------------------

    def call(self, attempt: Callable[[], T], deadline: float | None, *, is_ending: bool = False) -> T:
        """Try until the database is not busy any more; see the head of this file."""
        self._is_unwanted = False
        limit = time.monotonic() + self._busy_timeout
        until = limit if deadline is None else (deadline if is_ending else min(limit, deadline))
        while True:
            if self._is_given_up:
                msg = "the connection was dropped"
                raise DisconnectedError(msg)
            try:
                return self._timed(attempt, deadline)
            except sqlite3.OperationalError as exc:
                self._check_patience(exc, until, deadline, is_ending=is_ending)
            time.sleep(0.001)  # some locks are refused at once; do not spin on them

    def _check_worth_waiting(self, exc: sqlite3.OperationalError) -> None:
        """Return if another attempt may go better, or raise."""
        if not is_busy(exc) and not _is_stale(exc):
            raise exc

    def _timed(self, attempt: Callable[[], T], deadline: float | None) -> T:
        if deadline is None or not self._may_interrupt:
            return attempt()
        # The class's own method: that of the watched connection would take ours for a change of the owner's.
        watch = sqlite3.Connection.set_progress_handler
        watch(self.raw, lambda: time.monotonic() > deadline, PROGRESS_STEPS)
        try:
            return attempt()
        finally:
            watch(self.raw, None, 0)

    def _check_patience(
        self, exc: sqlite3.OperationalError, until: float, deadline: float | None, *, is_ending: bool
    ) -> None:
        """Return to try again, or raise what the waiting came to."""
        now = time.monotonic()
        if _is_stale(exc) or (is_busy(exc) and self._is_deferred and self.raw.in_transaction and now > until):
            raise self._upgrade_failed() from exc
        if not is_busy(exc):
            if deadline is not None and now > deadline:
                msg = "the statement was stopped at its deadline"
                raise DeadlineExceeded(msg) from exc
            raise exc
        if self._is_unwanted and not is_ending:
            msg = "the wait for another connection's lock was given up"
            raise QueryCancelledError(msg) from exc
        if now > until:
            msg = (
                f"the database is locked: another connection has been writing for more than the "
                f"{self._busy_timeout:g} s of busy_timeout. Shorten its transactions, or raise busy_timeout"
            )
            raise LockTimeoutError(msg, code="SQLITE_BUSY") from exc

    def _upgrade_failed(self) -> SerializationError:
        return SerializationError(
            "this transaction read before it wrote, and another one wrote in between; run it again, or use "
            'transaction_mode="immediate", which waits for its turn instead',
            code="SQLITE_BUSY_SNAPSHOT",
        )

    # --- care -----------------------------------------------------------------------------------

    def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Take our own guard off, whether or not the owner's changes are looked for."""
        if self._is_guarded:
            self._guard(on=False)
        return super().clean_up(reset, deadline)

    def is_pristine(self) -> bool:
        """Nobody changed the connection's state, as far as SQLite compiled it or Python shows it."""
        if self._watch.is_changed or self._is_guarded:
            return False
        return not self.is_raw_lent or self._is_as_made()

    def _is_as_made(self) -> bool:
        raw = self._watch
        if raw.isolation_level is not None:
            return False
        return raw.row_factory is None and raw.text_factory is str

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - it waits for nobody
        """Anything that changed costs more than a new connection."""
        clean = self.is_pristine()
        self.is_raw_lent = False
        return clean

    def interrupt(self, *, for_good: bool) -> None:
        """Stop the owner's statement, or the wait for a lock before it."""
        self._is_unwanted = True
        self._is_given_up |= for_good
        if self._may_interrupt:
            with suppress(sqlite3.ProgrammingError):  # closed meanwhile
                self.raw.interrupt()

    def close(self) -> None:
        """Close; the file's last connection also tidies up its WAL."""
        # A cursor keeps its last statement, and SQLite the file with all its locks as long as there is one.
        for cursor in (self._cursor, self._control, *self._opened):
            with suppress(sqlite3.ProgrammingError):  # closed before
                cursor.close()
        self.raw.close()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLite's extended result codes."""
        return map_error(exc)
