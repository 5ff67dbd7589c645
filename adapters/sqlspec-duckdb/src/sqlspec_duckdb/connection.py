"""One cursor of a DuckDB database under core's contract.

A cursor is a connection of its own to DuckDB, and cheap: what a borrower changed on it goes with it.
Nothing but `interrupt` may be called on it while a call is under way: 2.x refuses, and 1.x waits for ever.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.errors import DeadlineExceeded, DisconnectedError, SQLSpecError
from sqlspec.plugin import Connection, Cursor, Outcome, RawResult, TransactionStatus

from . import bulk
from ._compat import complete, drop
from .errors import is_interrupt, map_error
from .kinds import check_single
from .open_result import DuckDBCursor
from .results import DuckDBResult
from .running import StatementRunner, answer_of, is_answer
from .signals import passing_signals
from .values import encode

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlspec.plugin import Parameters, TransactionOptions

    from .parents import Parent
    from .values import Row

__all__ = ("DuckDBConnection",)

# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, ABORTED = TransactionStatus.ACTIVE, TransactionStatus.ABORTED
IDLE, UNKNOWN = TransactionStatus.IDLE, TransactionStatus.UNKNOWN

BEGIN_READ_ONLY = "BEGIN TRANSACTION READ ONLY"
TXID = "SELECT txid_current()"


class DuckDBConnection(Connection[duckdb.DuckDBPyConnection]):
    """See `sqlspec.plugin.Connection` for the contract."""

    load_batch = bulk.LOAD_BATCH

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent.cursor())
        self._parent, self._runner = parent, StatementRunner(parent)
        self._stream: DuckDBCursor | None = None
        """Who reads the result that is open on the cursor."""
        self._begun = False
        self._is_in_doubt = False
        """A call ended otherwise than well: only DuckDB knows what became of the transaction."""
        self._may_interrupt = False
        """A statement of the owner's is under way, and not BEGIN, COMMIT or ROLLBACK."""
        self._is_closed = False
        self._is_used = False
        self._txid: int | None = None
        """Our transaction's, where the application may have ended it on the driver's object."""
        self._is_guarded = False
        """Each statement of an autocommit session is run in a read-only transaction."""

    # --- statements -----------------------------------------------------------------------------

    def execute(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | DuckDBResult:
        """Run one statement to its end; a query's rows stay with DuckDB until they are read."""
        values = encode(parameters)
        self._enter()
        if "`" in statement:
            check_single(self.raw, statement)
        if self._is_guarded:
            return self._guarded(statement, values, deadline)
        if deadline is None:
            return self._run(statement, values)
        with self._timed(deadline):
            return self._run(statement, values)

    def _enter(self) -> None:
        """Before every call: nothing else is open on the cursor."""
        if self._stream is not None:
            self._fill_stream()
        if self.is_raw_lent:
            complete(self.raw)  # what the application may have left open
            self._runner.doubt_zone()
        self._is_used = True

    @passing_signals
    def _run(self, statement: str, values: Any) -> RawResult | DuckDBResult:
        self._may_interrupt = self._is_in_doubt = True
        result = self._runner.run(self.raw, statement, values)
        if isinstance(result, DuckDBResult) and result.is_open:
            result.on_fetched = self._note_fetched
        else:
            self._is_in_doubt = False
        return result

    def _note_fetched(self) -> None:
        self._is_in_doubt = False

    @passing_signals
    def _guarded(self, statement: str, values: Any, deadline: float | None) -> RawResult | DuckDBResult:
        self.raw.execute(BEGIN_READ_ONLY)
        try:
            with self._timed(deadline):
                result = self._run(statement, values)
                if isinstance(result, DuckDBResult):
                    result.fetch_now(as_table=False)
        except BaseException:
            self.raw.rollback()
            raise
        self.raw.commit()
        return result

    @contextmanager
    def _timed(self, deadline: float | None) -> Generator[None]:
        """Interrupt what runs longer. Core has none for statements: a thread for each would cost too much."""
        if deadline is None:
            yield
            return
        timer = Timer(max(deadline - time.monotonic(), 0), self.interrupt, kwargs={"for_good": False})
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.Error as exc:
            if is_interrupt(exc) and time.monotonic() >= deadline:
                msg = "the statement was stopped at its deadline"
                raise DeadlineExceeded(msg) from exc
            raise
        finally:
            timer.cancel()

    @passing_signals
    def execute_many(self, statement: str, rows: Sequence[Parameters], deadline: float | None) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        many = bulk.Many(statement, rows)
        self._enter()
        check_single(self.raw, statement)
        self._may_interrupt = self._is_in_doubt = True
        try:
            with self._timed(deadline):
                count = many.run(self.raw)
        except BaseException:
            self._spoil()
            raise
        self._is_in_doubt = False
        return RawResult(rowcount=count)

    def _spoil(self) -> None:
        """Rows may have gone in before the one that failed: nobody shall commit them."""
        if self._begun and self._probe() is ACTIVE:
            with suppress(duckdb.Error):
                self.raw.execute("SELECT error('given up')").fetchall()
            self._is_in_doubt = True

    @passing_signals
    def load(self, table: str, columns: Sequence[str], rows: Sequence[Row], deadline: float | None) -> int:
        """Insert rows by the appender, or by Arrow where there is none: all of them, or none."""
        self._enter()
        self._may_interrupt = self._is_in_doubt = True
        path, quoted = self.quote_path(table), [self.quote(column) for column in columns]
        with self._timed(deadline):
            bulk.load(self.raw, path, columns, quoted, rows)
        self._is_in_doubt = False
        return len(rows)

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> Cursor:
        """Open a result that is read in batches; another statement in between fetches the rest at once."""
        if self._is_guarded:  # its transaction ends with the call
            return super().stream(statement, parameters, batch_size, deadline)
        values = encode(parameters)
        self._enter()
        check_single(self.raw, statement)
        with self._timed(deadline):
            return self._open(statement, values, batch_size)

    @passing_signals
    def _open(self, statement: str, values: Any, batch_size: int) -> Cursor:
        self._may_interrupt = self._is_in_doubt = True
        self.raw.execute(statement, values)
        described: Any = self.raw.description
        cursor: Cursor
        if is_answer(described):
            cursor = Cursor(answer_of(self.raw, statement), batch_size)
        else:
            cursor = self._stream = DuckDBCursor(self, described, batch_size)
        self._is_in_doubt = False
        return cursor

    @passing_signals
    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows of the open result."""
        self._may_interrupt = self._is_in_doubt = True
        # Ended, if it breaks: 1.x answers with no rows when asked again.
        stream, self._stream = self._stream, None
        rows = self.raw.fetchmany(count)
        self._is_in_doubt = False
        if rows:
            self._stream = stream
        return rows

    @passing_signals
    def _fill_stream(self) -> None:
        stream, self._stream = self._stream, None
        doubt = self._is_in_doubt  # an earlier call's, which this one does not settle
        self._may_interrupt = self._is_in_doubt = True
        if stream is not None:
            stream.fill(self.raw)
        self._is_in_doubt = doubt

    def leave(self, stream: DuckDBCursor) -> None:
        """*stream* is read no more."""
        if self._stream is stream:
            self._stream = None
            drop(self.raw)

    # --- transactions ---------------------------------------------------------------------------

    @passing_signals
    def begin(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Begin a transaction."""
        self._enter()
        self._may_interrupt = False
        # First, so that an interrupt half-way leaves no transaction that we know nothing of.
        self._begun = self._is_in_doubt = True
        if options.read_only:
            self.raw.execute(BEGIN_READ_ONLY)
        else:
            self.raw.begin()
        self._is_in_doubt = False

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Make an autocommit session read-only."""
        self._is_guarded = options.read_only

    @passing_signals
    def commit(self, deadline: float | None) -> None:  # noqa: ARG002 - it can not be stopped half-way
        """COMMIT; core has asked before whether there is something to commit."""
        self._enter()
        self._may_interrupt = False
        self._is_in_doubt = True
        self.raw.commit()
        self._forget_transaction()

    @passing_signals
    def rollback(self, deadline: float | None) -> None:  # noqa: ARG002 - it waits for nobody
        """ROLLBACK, if there is something to undo."""
        if self._stream is not None:
            with suppress(duckdb.Error):  # its reader learns of it
                self._fill_stream()
        self._may_interrupt = False
        with suppress(duckdb.TransactionException):  # none is open
            self.raw.rollback()
        self._forget_transaction()

    def _forget_transaction(self) -> None:
        self._begun = self._is_in_doubt = False
        self._txid = None

    @property
    def transaction_status(self) -> TransactionStatus:
        """Our own book-keeping, and DuckDB's word where that is in doubt."""
        if not self._begun:
            return UNKNOWN if self.is_raw_lent else IDLE
        if self._is_in_doubt or self._txid is not None:
            return self._probe()
        return ACTIVE

    def _probe(self) -> TransactionStatus:
        """Ask DuckDB: an aborted transaction takes no query, and outside of one each has its own number."""
        try:
            if self._stream is not None:
                self._fill_stream()
            one, two = self._current_txid(), self._current_txid()
        except duckdb.Error:
            return ABORTED
        if one != two:
            return IDLE if self._txid is None else ABORTED
        if self._txid not in {None, one}:
            return ABORTED  # another one, which the application began
        self._is_in_doubt = False
        return ACTIVE

    @passing_signals
    def _current_txid(self) -> int:
        row = self.raw.execute(TXID).fetchall()[0]
        return int(row[0])

    # --- care -----------------------------------------------------------------------------------

    @passing_signals
    def ping(self, deadline: float | None) -> None:
        """DuckDB is here, or gave itself up."""
        self._enter()
        with self._timed(deadline):
            self.raw.execute("SELECT 1").fetchall()

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """The usual end in one step: a COMMIT that succeeds, or none, and another cursor."""
        if commit:
            try:
                self.commit(deadline)
            except Exception as exc:  # noqa: BLE001 - judged by its kind, and carried to the caller
                return self._not_committed(self.error_of(exc), reset, deadline)
        elif self._begun or not reset:
            return super().finish(commit, reset, deadline)
        try:
            self._is_guarded = False
            clean = self.reset(deadline) if reset else True
        except Exception as exc:  # noqa: BLE001 - a connection in doubt is discarded; the caller's result stands
            self.error_of(exc)  # raises what is not the driver's
            clean = False
        return Outcome(committed=commit, reset_ok=clean)

    def _not_committed(self, error: SQLSpecError, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        if isinstance(error, DisconnectedError):  # DuckDB gave itself up: what is in the file, it will say
            return Outcome(committed=None, reset_ok=False, error=error)
        return Outcome(committed=False, reset_ok=self._is_cleaned(reset, deadline), error=error)

    def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Take our own guard off, whether or not the owner's changes are undone."""
        self._is_guarded = False
        clean = super().clean_up(reset, deadline)
        self.is_raw_lent = False
        return clean

    def is_pristine(self) -> bool:
        """Nobody used this cursor."""
        return not (self._is_used or self.is_raw_lent)

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - it waits for nobody
        """Another cursor: settings, variables, temporary tables, registered objects go with the old one."""
        self._stream = None
        self.raw.close()  # first: the new one then takes its memory, at a fifth of the price
        self.raw = self._parent.cursor()
        self._is_used = self.is_raw_lent = False
        self._runner.forget_zone()
        self._forget_transaction()
        return True

    def lend_raw(self, deadline: float | None) -> duckdb.DuckDBPyConnection:
        """The application may end our transaction, or begin one: look at it from now on."""
        if self._stream is not None:
            self._fill_stream()
        if self._begun and self._txid is None:
            self._txid = self._current_txid()
        return super().lend_raw(deadline)

    # --- the end --------------------------------------------------------------------------------

    def interrupt(self, *, for_good: bool) -> None:
        """Stop the owner's statement; for good, whatever DuckDB is at."""
        if self._may_interrupt or for_good:
            with suppress(duckdb.Error):  # closed meanwhile
                self.raw.interrupt()

    def close(self) -> None:
        """Close the cursor, and with the last one the file."""
        if self._is_closed:
            return
        self._is_closed, self._stream = True, None
        try:
            self.raw.close()
        finally:
            self._parent.let_go()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By DuckDB's classes."""
        return map_error(exc)
