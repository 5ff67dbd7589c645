"""One cursor of a DuckDB database under core's contract.

A cursor is a connection of its own to DuckDB, and cheap: what a borrower changed on it goes with it.
Nothing but `interrupt` may be called on it while a call is under way: 2.x refuses, and 1.x waits for ever.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.errors import DisconnectedError, SQLSpecError
from sqlspec.plugin import Connection, Cursor, Outcome, RawResult, TransactionStatus

from ._compat import complete, drop
from .bulk import BulkStatement, name_failed_row
from .deadlines import interrupted_at
from .errors import map_error
from .loading import LOAD_BATCH, load
from .open_result import DuckDBCursor
from .results import DuckDBResult
from .signals import passing_signals
from .statement_kinds import check_single
from .statement_runner import StatementRunner, is_status_result, status_result
from .transaction_probe import TransactionProbe
from .values import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from sqlspec.plugin import CopyData, Parameters, TransactionOptions

    from .instances import DatabaseInstance
    from .values import Row

__all__ = ("DuckDBConnection",)

# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, ABORTED = TransactionStatus.ACTIVE, TransactionStatus.ABORTED
IDLE, UNKNOWN = TransactionStatus.IDLE, TransactionStatus.UNKNOWN

BEGIN_READ_ONLY = "BEGIN TRANSACTION READ ONLY"


class DuckDBConnection(Connection[duckdb.DuckDBPyConnection]):
    """See `sqlspec.plugin.Connection` for the contract."""

    load_batch = LOAD_BATCH

    def __init__(self, instance: DatabaseInstance) -> None:
        self._is_set_up = self._was_read = False
        super().__init__(instance.cursor())
        self._instance, self._runner = instance, StatementRunner(instance)
        self._probe = TransactionProbe()
        self._stream: DuckDBCursor | None = None
        """The reader of the result that is open on the cursor."""
        self._begun = False
        self._is_status_unknown = False
        """A call has failed: only DuckDB knows what became of the transaction."""
        self._may_interrupt = False
        """A statement of the owner's is under way, and not BEGIN, COMMIT or ROLLBACK."""
        self._is_closed = False
        self._is_used = False
        self._is_read_only = False
        """Each statement of an autocommit session is run in a read-only transaction."""

    @property
    def raw(self) -> duckdb.DuckDBPyConnection:
        """The cursor, for others than us."""
        self._was_read = True
        return self._own

    @raw.setter
    def raw(  # pyright: ignore[reportIncompatibleVariableOverride] - else nobody knows who has had it
        self, raw: duckdb.DuckDBPyConnection
    ) -> None:
        self._own = raw

    def note_set_up(self) -> None:
        """A wrapper may have set the cursor up, which another cursor is not: then none takes its place."""
        self._is_set_up = self._was_read

    # --- statements -----------------------------------------------------------------------------

    def execute(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | DuckDBResult:
        """Run one statement to its end; a query's rows stay with DuckDB until they are read."""
        values = encode(parameters)
        self._get_ready()
        if "`" in statement:
            check_single(self._own, statement)
        if self._is_read_only:
            return self._run_read_only(statement, values, deadline)
        if deadline is None:
            return self._run(statement, values)
        with self._until(deadline):
            return self._run(statement, values)

    def _get_ready(self) -> None:
        """Before every call: no other result may be open on the cursor."""
        if self._stream is not None:
            self._fetch_stream()
        if self.is_raw_lent:
            complete(self._own)  # a result that the application may have open
            self._runner.note_zone_change()
        self._is_used = True

    @passing_signals
    def _run(self, statement: str, values: Any) -> RawResult | DuckDBResult:
        self._may_interrupt = self._is_status_unknown = True
        result = self._runner.run(self._own, statement, values)
        if isinstance(result, DuckDBResult) and result.is_open:
            result.on_fetched = self._note_fetched
        else:
            self._is_status_unknown = False
        return result

    def _note_fetched(self) -> None:
        self._is_status_unknown = False

    @passing_signals
    def _run_read_only(self, statement: str, values: Any, deadline: float | None) -> RawResult | DuckDBResult:
        self._own.execute(BEGIN_READ_ONLY)
        try:
            with self._until(deadline):
                result = self._run(statement, values)
                if isinstance(result, DuckDBResult):
                    result.fetch_now(as_table=False)
        except BaseException:
            self._own.rollback()
            raise
        self._own.commit()
        return result

    def _until(self, deadline: float | None) -> AbstractContextManager[None]:
        return interrupted_at(deadline, partial(self.interrupt, for_good=False))

    @passing_signals
    def execute_many(self, statement: str, rows: Sequence[Parameters], deadline: float | None) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        bulk_statement = BulkStatement(statement, rows)
        self._get_ready()
        check_single(self._own, statement)
        self._may_interrupt = self._is_status_unknown = True
        try:
            with self._until(deadline):
                result = bulk_statement.run(self._own)
        except BaseException:
            self._abort_transaction()
            raise
        self._is_status_unknown = False
        return result

    def _abort_transaction(self) -> None:
        """Rows may have gone in before the one that failed: they must not be committed."""
        if self._begun and self._ask_status() is ACTIVE:
            with suppress(duckdb.Error):
                self._own.execute("SELECT error('given up')").fetchall()
            self._is_status_unknown = True

    @passing_signals
    def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements one after another. Outside of a transaction they may begin and end their own."""
        is_alone = not self._begun
        try:
            super().execute_script(statements, deadline)
        finally:
            if is_alone and self._ask_status() is not IDLE:
                self._begun = self._is_status_unknown = True

    @passing_signals
    def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> int:
        """Insert rows by the appender, or by Arrow where there is none: all of them, or none."""
        self._get_ready()
        self._may_interrupt = self._is_status_unknown = True
        path, quoted = self.quote_path(table), [self.quote(column) for column in columns]
        with self._until(deadline):
            try:
                load(self._own, path, columns, quoted, rows)
            except duckdb.Error as exc:
                name_failed_row(exc, rows)
                raise
        self._is_status_unknown = False
        return len(rows)

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> Cursor:
        """Open a result that is read in batches; another statement in between fetches the rest at once."""
        if self._is_read_only:  # its transaction ends with the call
            return super().stream(statement, parameters, batch_size, deadline)
        values = encode(parameters)
        self._get_ready()
        check_single(self._own, statement)
        with self._until(deadline):
            return self._open(statement, values, batch_size)

    @passing_signals
    def _open(self, statement: str, values: Any, batch_size: int) -> Cursor:
        self._may_interrupt = self._is_status_unknown = True
        self._own.execute(statement, values)
        described: Any = self._own.description
        cursor: Cursor
        if is_status_result(described):
            cursor = Cursor(status_result(self._own, statement), batch_size)
        else:
            cursor = self._stream = DuckDBCursor(self, described, batch_size)
        self._is_status_unknown = False
        return cursor

    @passing_signals
    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows of the open result."""
        self._may_interrupt = self._is_status_unknown = True
        # Closed, if this fails: 1.x would return no rows the next time, and no error.
        stream, self._stream = self._stream, None
        rows = self._own.fetchmany(count)
        self._is_status_unknown = False
        if rows:
            self._stream = stream
        return rows

    @passing_signals
    def _fetch_stream(self) -> None:
        stream, self._stream = self._stream, None
        was_unknown = self._is_status_unknown  # since an earlier call, which this one does not decide
        self._may_interrupt = self._is_status_unknown = True
        if stream is not None:
            stream.fetch_remaining(self._own)
        self._is_status_unknown = was_unknown

    def close_result(self, cursor: DuckDBCursor) -> None:
        """The result of *cursor* is read no more."""
        if self._stream is cursor:
            self._stream = None
            drop(self._own)

    # --- transactions ---------------------------------------------------------------------------

    @passing_signals
    def begin(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Begin a transaction."""
        self._get_ready()
        self._may_interrupt = False
        # First, so that an interrupt half-way leaves no transaction that we do not know of.
        self._begun = self._is_status_unknown = True
        if options.read_only:
            self._own.execute(BEGIN_READ_ONLY)
        else:
            self._own.begin()
        self._is_status_unknown = False

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Make an autocommit session read-only."""
        self._is_read_only = options.read_only

    @passing_signals
    def commit(self, deadline: float | None) -> None:  # noqa: ARG002 - it can not be stopped half-way
        """COMMIT; core has asked before whether there is something to commit."""
        self._get_ready()
        self._may_interrupt = False
        self._is_status_unknown = True
        self._own.commit()
        self._forget_transaction()

    @passing_signals
    def rollback(self, deadline: float | None) -> None:  # noqa: ARG002 - it never waits
        """ROLLBACK, if there is something to undo."""
        if self._stream is not None:
            with suppress(duckdb.Error):  # its reader gets the error too
                self._fetch_stream()
        self._may_interrupt = False
        with suppress(duckdb.TransactionException):  # none is open
            self._own.rollback()
        self._forget_transaction()

    def _forget_transaction(self) -> None:
        self._begun = self._is_status_unknown = False
        self._probe.txid = None

    @property
    def transaction_status(self) -> TransactionStatus:
        """Our own view, and DuckDB's where ours may be wrong."""
        if not self._begun:
            return UNKNOWN if self.is_raw_lent else IDLE
        if self._is_status_unknown or self._probe.txid is not None:
            return self._ask_status()
        return ACTIVE

    def _ask_status(self) -> TransactionStatus:
        """DuckDB's own view."""
        try:
            if self._stream is not None:
                self._fetch_stream()
        except duckdb.Error:
            return ABORTED
        status = self._probe.status(self._own)
        if status is ACTIVE:
            self._is_status_unknown = False
        return status

    # --- care -----------------------------------------------------------------------------------

    @passing_signals
    def ping(self, deadline: float | None) -> None:
        """DuckDB runs in this process; it fails only after an error of its own."""
        self._get_ready()
        with self._until(deadline):
            self._own.execute("SELECT 1").fetchall()

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
            self._is_read_only = False
            clean = self.reset(deadline) if reset else True
        except Exception as exc:  # noqa: BLE001 - a connection in doubt is discarded; the caller's result stands
            self.error_of(exc)  # raises what is not the driver's
            clean = False
        return Outcome(committed=commit, reset_ok=clean)

    def _not_committed(self, error: SQLSpecError, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        if isinstance(error, DisconnectedError):  # only the file, opened again, tells what was committed
            return Outcome(committed=None, reset_ok=False, error=error)
        return Outcome(committed=False, reset_ok=self._is_cleaned(reset, deadline), error=error)

    def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Allow writes again, whether or not the owner's changes are undone."""
        self._is_read_only = False
        clean = super().clean_up(reset, deadline)
        self.is_raw_lent = False
        return clean

    def is_pristine(self) -> bool:
        """Nothing was run on the cursor since it was opened."""
        return not (self._is_used or self.is_raw_lent)

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - it never waits
        """Another cursor: settings, variables, temporary tables, registered objects go with the old one.

        False for a cursor that was set up by who wraps the making of connections.
        """
        if self._is_set_up:
            return False
        self._stream = None
        self._own.close()  # first: the new one then gets its memory, which is five times as fast
        self._own = self._instance.cursor()
        self._is_used = self.is_raw_lent = False
        self._runner.reset_zone()
        self._forget_transaction()
        return True

    def lend_raw(self, deadline: float | None) -> duckdb.DuckDBPyConnection:
        """From now on the application may end our transaction, or begin one."""
        if self._stream is not None:
            self._fetch_stream()
        if self._begun:
            self._probe.remember(self._own)
        return super().lend_raw(deadline)

    # --- the end --------------------------------------------------------------------------------

    def interrupt(self, *, for_good: bool) -> None:
        """Stop the owner's statement; for good, whatever DuckDB is doing."""
        if self._may_interrupt or for_good:
            with suppress(duckdb.Error):  # closed meanwhile
                self._own.interrupt()

    def close(self) -> None:
        """Close the cursor, and with the last one the file."""
        if self._is_closed:
            return
        self._is_closed, self._stream = True, None
        try:
            self._own.close()
        finally:
            self._instance.release()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By DuckDB's classes."""
        return map_error(exc)
