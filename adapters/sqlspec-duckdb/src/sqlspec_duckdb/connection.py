"""One cursor of a DuckDB database under core's contract.

A cursor is a connection of its own to DuckDB, and cheap: what a borrower changed on it goes with it.
Nothing but `interrupt` may be called on it while a call is under way: 2.x refuses, and 1.x waits for ever.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

import duckdb

from sqlspec.errors import (
    DeadlineExceeded,
    DisconnectedError,
    SQLSpecError,
)
from sqlspec.plugin import Outcome, RawResult, TransactionStatus

from . import bulk
from .errors import is_interrupt
from .held import HeldCursor
from .kinds import check_single, is_query
from .results import DuckDBCursor, DuckDBResult
from .signals import passing_signals
from .values import encode

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlspec.plugin import Parameters, Row, TransactionOptions

    from .config import DuckDBConfig
    from .parents import Parent

__all__ = ("DuckDBConnection",)

# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, ABORTED = TransactionStatus.ACTIVE, TransactionStatus.ABORTED
IDLE, UNKNOWN = TransactionStatus.IDLE, TransactionStatus.UNKNOWN

BEGIN_READ_ONLY = "BEGIN TRANSACTION READ ONLY"
TXID = "SELECT txid_current()"
ANSWERS = ("Count", "Success")
"""How DuckDB names the one column of what a statement without rows answers."""


class DuckDBConnection(HeldCursor):
    """See `sqlspec.plugin.Connection` for the contract."""

    load_batch = bulk.LOAD_BATCH

    def __init__(self, parent: Parent, config: DuckDBConfig) -> None:
        super().__init__(parent)
        # With reset="rollback" nobody may come by between two autocommit sessions.
        self._settles_at_once = config.reset == "rollback"
        self._is_used = False
        self._txid: int | None = None
        """Our transaction's, where the application may have ended it on the driver's object."""
        self._is_guarded = False
        """Each statement of an autocommit session is run in a read-only transaction."""

    # --- statements -----------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement; a query's rows stay with DuckDB until they are read."""
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
        """Before every call: the connection is ours, and free."""
        if self._parent.is_inherited:
            self._parent.check()
        if self._open is not None or self._was_left:
            self._settle_quietly()
        if self._late is not None:
            self._tell_late()
        self._is_used = True

    @passing_signals
    def _run(self, statement: str, values: Any) -> RawResult:
        raw: Any = self.raw  # whose stubs know no None
        self._may_interrupt = self._is_in_doubt = True
        raw.execute(statement, values)
        described = raw.description
        if described is None or (len(described) == 1 and described[0][0] in ANSWERS):
            return self._answer(statement, described)
        result = DuckDBResult(self, described)
        if self._settles_at_once and not self._begun:
            result.fill(raw)
        else:
            self._open = ref(result)
        self._is_in_doubt = False
        return cast("RawResult", result)  # a Struct's fields can not be properties

    def _answer(self, statement: str, described: Any) -> RawResult:
        """What may be no query: INSERT and its kin answer with a count, others with nothing."""
        raw: Any = self.raw
        column = described[0][0] if described else None
        rows: list[Any] = raw.fetchall() if described else []
        if column is not None and is_query(raw, statement):
            result = RawResult((column,), rows)
        else:
            result = RawResult(rowcount=int(rows[0][0]) if rows and column == "Count" else -1)
        self._is_in_doubt = False
        return result

    def _guarded(self, statement: str, values: Any, deadline: float | None) -> RawResult:
        self.raw.execute(BEGIN_READ_ONLY)
        try:
            with self._timed(deadline):
                result = self._run(statement, values)
                self.settle(as_table=False)
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
    ) -> DuckDBCursor:
        """Open a result that is read in batches; another statement in between fetches the rest at once."""
        result = self.execute(statement, parameters, deadline)
        described = [(name, None) for name in result.columns]
        cursor = DuckDBCursor(self, described, batch_size)
        if self._open is None:
            cursor.hold(result.rows)
        else:
            self._open = ref(cursor)
        return cursor

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
        self._parent.check()
        if self._open is not None or self._was_left:
            self._settle_quietly()
        self._may_interrupt = False
        with suppress(duckdb.TransactionException):  # none is open
            self.raw.rollback()
        self._late = None
        self._forget_transaction()

    def _forget_transaction(self) -> None:
        self._begun = self._is_in_doubt = False
        self._txid = None

    @property
    def transaction_status(self) -> TransactionStatus:
        """Our own book-keeping, and DuckDB's word where that is in doubt."""
        if not self._begun:
            return UNKNOWN if self.is_raw_lent else IDLE
        if self._is_closed or self._parent.is_inherited:
            return ABORTED
        if self._open is not None or self._was_left:
            self._settle_quietly()
        if self._late is not None:
            return ABORTED
        if self._is_in_doubt or self._txid is not None:
            return self._probe()
        return ACTIVE

    def _probe(self) -> TransactionStatus:
        """Ask DuckDB: an aborted transaction takes no query, and outside of one each has its own number."""
        try:
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
        except Exception as exc:
            if self.is_foreign(exc):
                raise
            clean = False  # a connection in doubt is discarded; the caller's result stands
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
        if self._open is not None or self._was_left:
            self._settle_quietly()
        self.raw.close()  # first: the new one then takes its memory, at a fifth of the price
        self.raw = self._parent.cursor()
        self._late = None
        self._is_used = self.is_raw_lent = False
        self._forget_transaction()
        return True

    def lend_raw(self, deadline: float | None) -> duckdb.DuckDBPyConnection:
        """The application may end our transaction, or begin one: look at it from now on."""
        if self._open is not None or self._was_left:
            self._settle_quietly()
        self._parent.check()
        if self._begun and self._txid is None and self._late is None:
            self._txid = self._current_txid()
        return super().lend_raw(deadline)
