"""One sqlite3 connection under core's contract.

The usual calls go straight to sqlite3; those that find the database busy are repeated by `BusyRetry`.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from operator import itemgetter, length_hint
from typing import TYPE_CHECKING, Any
from weakref import ref

from sqlspec.plugin import Connection, Cursor, Outcome, RawResult, TransactionStatus
from sqlspec.plugin.places import with_place

from .busy_retry import BusyRetry, is_busy, is_stale_snapshot, is_unknown
from .errors import map_error, outside_only
from .statement_kind import CHANGES_STATE, INSERTS, NUMBERED, OUTSIDE, UNCOUNTED, kinds, returns_nothing
from .values import AS_IT_IS, check_rows, encode, encode_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import Parameters, TransactionOptions

    from .config import SQLiteConfig
    from .watched_connection import WatchedConnection

__all__ = ("SQLiteConnection",)

MANY = "sqlspec_many"
# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, IDLE = TransactionStatus.ACTIVE, TransactionStatus.IDLE
_FIRST = itemgetter(0)
ENDED_WELL = Outcome(committed=True, reset_ok=True)


def _columns(description: Any) -> tuple[str, ...]:
    return tuple(map(_FIRST, description)) if description else ()


class SQLiteCursor(Cursor):
    """An open result."""

    def __init__(self, cursor: sqlite3.Cursor, batch_size: int) -> None:
        self.columns = _columns(cursor.description)
        self._cursor, self._batch_size = cursor, batch_size

    def fetch(self) -> Sequence[tuple[Any, ...]]:
        """The next batch of rows. Never tried again: after an error sqlite3 has lost its place."""
        return self._cursor.fetchmany(self._batch_size)

    def close(self) -> None:
        """Let SQLite reset the statement."""
        self._cursor.close()


class SQLiteConnection(Connection[sqlite3.Connection]):
    """See `sqlspec.plugin.Connection` for the contract."""

    def __init__(self, raw: WatchedConnection, config: SQLiteConfig) -> None:
        super().__init__(raw)
        self._retry = BusyRetry(raw, config)
        self._begin = "BEGIN" if config.read_only else f"BEGIN {config.transaction_mode.upper()}"
        self._is_config_read_only = config.read_only
        self._is_read_only = False
        """The session is, and the config is not: `query_only` is set."""
        self._watched = raw
        # Our own cursors: their statements are not watched, and one for all is cheaper than one for each.
        self._cursor, self._control = sqlite3.Cursor(raw), sqlite3.Cursor(raw)
        self._opened: list[ref[sqlite3.Cursor]] = []  # of streams
        self.note_set_up()

    def is_usable(self) -> bool:
        """What core knows is all there is to know: SQLite has no server that could have gone."""
        return self.guard.ended is None

    def note_set_up(self) -> None:
        """What is registered, attached and set by now is for all owners."""
        self._watched.is_changed = False
        self._set_up = self._watched.attributes()

    # --- statements -----------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        if parameters is None:
            values: Any = ()
        elif type(parameters) is tuple and AS_IT_IS.issuperset(map(type, parameters)):
            values = parameters
        else:
            values = encode(parameters)
        cursor, kind = self._cursor, kinds[statement]
        if kind:
            values = self._values_for(kind, values)
        self._retry.may_interrupt = True
        if deadline is None:
            try:
                rows = cursor.execute(statement, values).fetchall()
            except sqlite3.OperationalError as exc:
                if is_unknown(exc):
                    self._retry.wait_for_schema(deadline)
                elif not is_busy(exc) and not is_stale_snapshot(exc):
                    self._end_statement(exc)
                    raise
                rows = self._retry.run(lambda: self._fetch_all(statement, values), deadline)
        else:
            rows = self._retry.run(lambda: self._fetch_all(statement, values), deadline)
        description, rowcount, lastrowid = cursor.description, cursor.rowcount, None
        columns = next(zip(*description)) if description else ()  # noqa: B905 - the names come first
        if kind:
            rowcount = self._count(kind)
            # The cursor remembers the rowid of another statement's INSERT.
            lastrowid = cursor.lastrowid if kind & INSERTS and rowcount else None
        return RawResult(columns, rows, rowcount, lastrowid)

    def _fetch_all(self, statement: str, values: Any) -> list[Any]:
        try:
            return self._cursor.execute(statement, values).fetchall()
        except sqlite3.OperationalError as exc:
            self._end_statement(exc)
            raise

    def _end_statement(self, exc: sqlite3.OperationalError) -> None:
        """After an error of Python itself, about a value: a statement that stays open keeps COMMIT out."""
        if getattr(exc, "sqlite_errorcode", None) is None:
            self._cursor.execute("SELECT 1").fetchall()

    def _count(self, kind: int) -> int:
        """How many rows the last statement of this *kind* changed; -1 for one that changes none."""
        if kind & UNCOUNTED:
            count: int = self._control.execute("SELECT changes()").fetchall()[0][0]
            return count
        return self._cursor.rowcount

    def _values_for(self, kind: int, values: Any) -> Any:
        """The parameters as this *kind* of statement needs them; notes that it may change the connection.

        Raises `StatementError` for what no transaction may change.
        """
        if kind & OUTSIDE and self.raw.in_transaction:
            raise outside_only()
        if kind & CHANGES_STATE:
            self._watched.is_changed = True
        if kind & NUMBERED and type(values) is tuple:
            # For Python 3.12 and later ?1 is a name.
            return {str(number): value for number, value in enumerate(values, 1)}
        return values

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """BEGIN and the first statement, whose parameters are checked before."""
        is_plain = type(parameters) is tuple and AS_IT_IS.issuperset(map(type, parameters))
        if parameters is not None and not is_plain:
            parameters = encode(parameters)
        self.begin(options, deadline)
        return self.execute(statement, parameters, deadline)

    def execute_many(self, statement: str, rows: Sequence[Parameters], deadline: float | None) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        kind, values = kinds[statement], encode_many(rows)
        self._values_for(kind, ())
        if kind & NUMBERED:
            values = [self._values_for(kind, row) for row in values]
        self._retry.may_interrupt = True
        try:
            return self._retry.run(lambda: self._all_or_none(statement, values, kind), deadline)
        except (OverflowError, UnicodeEncodeError):
            check_rows(values)
            raise

    def _all_or_none(self, statement: str, values: Sequence[Any], kind: int) -> RawResult:
        # Rows that went in before one that found the database busy must not go in again.
        self._retry.may_interrupt = False
        self._control.execute(f"SAVEPOINT {MANY}")
        try:
            self._retry.may_interrupt = True
            result = self._run_each(statement, values, kind)
        except BaseException:
            self._retry.may_interrupt = False
            if self.transaction_status is TransactionStatus.ACTIVE:  # else the error has rolled it back
                self._control.execute(f"ROLLBACK TO {MANY}")
                self._control.execute(f"RELEASE {MANY}")
            raise
        self._retry.may_interrupt = False
        self._control.execute(f"RELEASE {MANY}")
        return result

    def _run_each(self, statement: str, values: Sequence[Any], kind: int) -> RawResult:
        """By sqlite3's `executemany`, which is faster, if no rows are returned: it would drop them."""
        cursor = self._cursor
        if not values or returns_nothing[statement]:
            remaining = iter(values)
            try:
                cursor.executemany(statement, remaining)
            except Exception as exc:
                done = len(values) - length_hint(remaining) - 1
                if done >= 0:  # else the statement itself is wrong
                    with_place(exc, done)
                raise
            return RawResult(rowcount=cursor.rowcount)
        rows: list[Any] = []
        count = 0
        for place, row in enumerate(values):
            try:
                rows += self._fetch_all(statement, row)
            except Exception as exc:
                # What is wrong with the statement itself is found with the first row.
                if place or getattr(exc, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
                    with_place(exc, place)
                raise
            count += max(self._count(kind), 0)
        return RawResult(_columns(cursor.description), rows, count)

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> SQLiteCursor:
        """Open a result that is read in batches."""
        values = self._values_for(kinds[statement], encode(parameters))
        self._retry.may_interrupt = True
        cursor = sqlite3.Cursor(self.raw)
        self._opened = [ref(cursor), *(each for each in self._opened if each() is not None)]
        try:
            self._retry.run(lambda: cursor.execute(statement, values), deadline)
        except sqlite3.OperationalError as exc:
            if not is_unknown(exc):
                raise
            self._retry.wait_for_schema(deadline)
            self._retry.run(lambda: cursor.execute(statement, values), deadline)
        return SQLiteCursor(cursor, batch_size)

    # --- transactions ---------------------------------------------------------------------------

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Begin: immediate unless the config or the session says otherwise."""
        self._retry.may_interrupt = False
        statement = self._begin
        if options.read_only and not self._is_config_read_only:
            self._set_read_only(on=True)
            statement = "BEGIN"
        try:
            self._control.execute(statement)
        except sqlite3.OperationalError as exc:
            if not is_busy(exc):
                raise
            self._retry.run(lambda: self._control.execute(statement), deadline)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Make an autocommit session read-only."""
        if options.read_only and not self._is_config_read_only:
            self._set_read_only(on=True)

    def _set_read_only(self, *, on: bool) -> None:
        """Have SQLite refuse writes, or allow them; not counted as a change of the owner's."""
        self._control.execute(f"PRAGMA query_only={int(on)}")
        self._is_read_only = on

    def commit(self, deadline: float | None) -> None:
        """COMMIT. One that finds the database busy leaves the transaction open, and is tried again."""
        self._retry.may_interrupt = False
        try:
            self._control.execute("COMMIT")
        except sqlite3.OperationalError as exc:
            if not is_busy(exc):
                raise
            self._retry.run(lambda: self._control.execute("COMMIT"), deadline, is_ending=True)

    def rollback(self, deadline: float | None) -> None:  # noqa: ARG002 - it never waits
        """ROLLBACK, if there is something to undo."""
        self._retry.may_interrupt = False
        if self.raw.in_transaction:
            self._control.execute("ROLLBACK")

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001 - the contract's
        """The usual end in one step: a COMMIT that succeeds, on a connection whose state was not changed."""
        if commit and not self._is_read_only and (not reset or self.is_pristine()):
            self._retry.may_interrupt = False
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
        """As SQLite has it; it has no aborted transactions."""
        try:
            return ACTIVE if self.raw.in_transaction else IDLE
        except sqlite3.ProgrammingError:
            return IDLE  # closed, which has undone what was open

    # --- care -----------------------------------------------------------------------------------

    def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Allow writes again, whether or not the connection is reset."""
        if self._is_read_only:
            self._set_read_only(on=False)
        return super().clean_up(reset, deadline)

    def is_pristine(self) -> bool:
        """No statement has changed the connection's state, and no attribute of it that Python shows."""
        if self._watched.is_changed or self._is_read_only:
            return False
        return not self.is_raw_lent or (self._is_raw_unchanged() and not self._has_open_results())

    def _is_raw_unchanged(self) -> bool:
        return self._watched.attributes() == self._set_up

    def _has_open_results(self) -> bool:
        try:
            self._watched.refuse_open_results()
        except sqlite3.Error as exc:
            if self.is_foreign(exc):
                raise
            return isinstance(exc, sqlite3.OperationalError)  # else the application has closed the connection
        return False

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - it never waits
        """False for anything that was changed: to undo it costs more than a new connection."""
        clean = self.is_pristine()
        if not clean and self.is_raw_lent and self._has_open_results():
            self._watched.close_results()
        self.is_raw_lent = False
        return clean

    def interrupt(self, *, for_good: bool) -> None:
        """Stop the owner's statement, or the wait for a lock before it."""
        self._retry.is_cancelled = True
        self._retry.is_dropped |= for_good
        if self._retry.may_interrupt:
            with suppress(sqlite3.ProgrammingError):  # closed meanwhile
                self.raw.interrupt()

    def close(self) -> None:
        """Close; the file's last connection also tidies up its WAL."""
        # A cursor keeps its last statement, and SQLite the file with all its locks as long as there is one.
        for cursor in (self._cursor, self._control, *(each() for each in self._opened)):
            if cursor is not None:
                with suppress(sqlite3.ProgrammingError):  # closed before
                    cursor.close()
        self.raw.close()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLite's extended result codes."""
        return map_error(exc)
