# The source of _sync.py, which tools/print_sync.py prints from it.
"""One psycopg connection under core's contract.

Statements of the application go through one cursor, which is used again and again; those of the session
itself go beside it, as plain messages. The driver is in autocommit mode throughout.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import ConnStatus, ExecStatus

from sqlspec.plugin import AsyncConnection, Outcome, RawResult, TransactionStatus
from sqlspec.plugin.network import watch_socket
from sqlspec.plugin.postgresql import TAKES_COPY, insert_into, refuse_copy
from sqlspec_psycopg.bulk_load._async import async_copy_rows, async_copy_text
from sqlspec_psycopg.cancellation import async_finish_if_idle, request_cancel
from sqlspec_psycopg.deadlines import async_run
from sqlspec_psycopg.errors import having_values, interruption, is_stale, map_error
from sqlspec_psycopg.messages import check_results, column_names, send_query
from sqlspec_psycopg.raw._async import AsyncBoundedConnection, AsyncSingleStatementCursor
from sqlspec_psycopg.server_cursor._async import AsyncDeclaredCursor
from sqlspec_psycopg.transaction_control._async import AsyncTransactionControl
from sqlspec_psycopg.type_cache._async import AsyncTypeCache
from sqlspec_psycopg.values import has_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import AsyncCursor, CopyData, Parameters, TransactionOptions
    from sqlspec.plugin.postgresql import SchemaChanges
    from sqlspec_psycopg.config import PostgreSQLConfig
    from sqlspec_psycopg.reset import Resets

__all__ = ("AsyncPsycopgConnection",)

PREPARE, REDEFINES = b"PREPARE", (b"ALTER", b"DROP")
FORGETS_PREPARED = frozenset({b"DEALLOCATE ALL", b"DISCARD ALL"})
ROWS, GOOD = ExecStatus.TUPLES_OK, ConnStatus.OK
IDLE, ACTIVE = TransactionStatus.IDLE, TransactionStatus.ACTIVE  # slow to look up before Python 3.12
# By libpq's numbers: idle, busy, in a transaction, in a failed one, closed. What a close left open is undone.
STATUS = (IDLE, TransactionStatus.UNKNOWN, ACTIVE, TransactionStatus.ABORTED, IDLE)
COMMITTED_AND_RESET = Outcome(committed=True, reset_ok=True)
CLEAN_UP_TIMEOUT = 2.0
ASK_FOR_COPY = TAKES_COPY.format(name="%s")


class AsyncPsycopgConnection(AsyncConnection[AsyncBoundedConnection]):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    load_batch = 20_000  # a COPY costs as much as a thousand rows

    def __init__(self, raw: AsyncBoundedConnection, config: PostgreSQLConfig, changes: SchemaChanges) -> None:
        super().__init__(raw)
        self._pgconn = raw.pgconn
        self._behind_pgbouncer = config.pgbouncer
        self._prepare_threshold = 5 if config.cached_statements and not config.pgbouncer else None
        self._prepared_max = config.cached_statements
        self._control = AsyncTransactionControl(raw.pgconn)
        self._types = AsyncTypeCache(raw, config.cached_statements, changes)
        self._cursor: Any = None
        self._is_readable = watch_socket(raw.pgconn.socket)
        self._streams = 0

    async def set_up(self, resets: Resets, deadline: float) -> None:
        """Finish the connect: our own settings of the driver, and what this server's reset consists of."""
        await self._restore_driver()
        await self._control.detect_reset(resets, deadline)

    # --- statements -----------------------------------------------------------------------------

    async def execute(
        self,
        statement: str,
        parameters: Parameters,
        deadline: float | None,
        *,
        prepare: bool | None = None,
    ) -> RawResult:
        """Run one statement and fetch all it returns."""
        if deadline is not None:
            return await self._execute_until(statement, parameters, deadline)
        self._control.is_used = True
        cursor = self._cursor or self._new_cursor()
        if parameters is not None and has_list(parameters):
            parameters = await self._types.adapt_lists(statement, parameters)
        try:
            await cursor.execute(statement, parameters, prepare=prepare)
        except psycopg.Error as exc:
            if parameters:
                having_values(exc)
            if not self._types.forget_refuted(statement, exc):
                raise
            await cursor.execute(statement, parameters, prepare=prepare)
        result: Any = cursor.pgresult
        if result.status == ROWS:
            rows = await (self._load_rows([result]) if self.raw.unknown_types else cursor.fetchall())
            return RawResult(column_names(result), rows, len(rows))
        self._note_prepared(result.command_status)
        return RawResult((), (), cursor.rowcount)

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """BEGIN and the first statement."""
        await self._control.begin(options, deadline)
        try:
            return await self.execute(statement, parameters, deadline)
        except psycopg.Error as exc:
            if not is_stale(exc):
                raise
        # Nothing has happened in this transaction, and the statement was refused before it ran.
        await self._control.rollback(deadline)
        await self._control.begin(options, deadline)
        return await self.execute(statement, parameters, deadline)

    def _new_cursor(self) -> Any:
        # Any: the driver's types want texts that are literal.
        self._cursor = cursor = AsyncSingleStatementCursor(self.raw)
        return cursor

    async def _load_rows(self, results: Sequence[PGresult]) -> Sequence[tuple[Any, ...]]:
        self._cursor = None  # it would not use the types that are registered now
        return await self._types.load_rows(results)

    def _note_prepared(self, command: bytes | None) -> None:
        """Notice SQL's own commands that prepare statements, or drop those of psycopg."""
        if command == PREPARE:
            self._control.has_prepared = True
        elif command in FORGETS_PREPARED:  # psycopg itself notices it from 3.3.6 on
            self.raw.forget_prepared()

    async def _execute_until(self, statement: str, parameters: Parameters, deadline: float) -> RawResult:
        self.raw.deadline = deadline
        try:
            return await self.execute(statement, parameters, None)
        finally:
            self.raw.deadline = None

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row, in a pipeline."""
        if not rows:
            return RawResult(rowcount=0)
        refuse_copy(statement.encode())
        self._control.is_used = True
        cursor = self._cursor or self._new_cursor()
        self.raw.deadline = deadline
        try:
            await self.raw.flush_prepared()
            rows = [await self._types.adapt_lists(statement, row) for row in rows]
            await cursor.executemany(statement, rows)
        except psycopg.Error as exc:
            having_values(exc)
            self._types.forget_refuted(statement, exc)
            raise
        finally:
            self.raw.deadline = None
            returned, cursor.returned = cursor.returned, []
        if not returned:
            return RawResult(rowcount=cursor.rowcount)
        return RawResult(column_names(returned[0]), await self._load_rows(returned), cursor.rowcount)

    async def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements: in a transaction many in one message, else each on its own."""
        self._control.is_used = True
        for is_text, group in groupby(statements, lambda one: isinstance(one, str)):
            some: list[Any] = list(group)
            if not is_text:
                for copying in some:
                    await async_copy_text(self.raw, copying, deadline)
            elif self.transaction_status is ACTIVE:
                await self._execute_message(some, deadline)
            else:
                await super().execute_script(some, deadline)

    async def _execute_message(self, statements: list[str], deadline: float | None) -> None:
        for statement in statements:
            refuse_copy(statement.encode())
        message = "\n;".join(statements).encode(self.raw.info.encoding)
        results = await self._query(message, deadline)
        for result in results:
            self._note_prepared(result.command_status)
            if result.command_status and result.command_status.startswith(REDEFINES):
                self.raw.forget_prepared()
        check_results(results)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """A cursor on the server, or all rows at once where it makes none of the statement.

        Outside of a transaction the server keeps the result until the cursor is closed.
        """
        hold = "" if self.transaction_status is ACTIVE else "WITH HOLD "
        self._streams += 1
        name = f"sqlspec_stream_{self._streams}"
        declaration = f"DECLARE {name} NO SCROLL CURSOR {hold}FOR {statement}"
        parameters = await self._types.adapt_lists(statement, parameters)
        if not await self._is_accepted(declaration, parameters, deadline):
            return await super().stream(statement, parameters, batch_size, deadline)
        if hold and self._behind_pgbouncer:
            raise self.unsupported("stream behind PgBouncer outside of a transaction")
        await self.execute(declaration, parameters, deadline, prepare=False)
        return AsyncDeclaredCursor(self, name, batch_size)

    async def _is_accepted(self, statement: str, parameters: Parameters, deadline: float | None) -> bool:
        self.raw.deadline = deadline
        try:
            return await self._types.is_accepted(statement, parameters)
        finally:
            self.raw.deadline = None

    async def load(
        self,
        table: tuple[str, ...],
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        deadline: float | None,
    ) -> int:
        """Insert rows by COPY, or by INSERT where the table does not take it."""
        path = self.quote_path(table)
        target = f"{path} ({', '.join(map(self.quote, columns))})"
        takes_copy = (await self.execute(ASK_FOR_COPY, (path,), deadline)).rows
        if takes_copy and not takes_copy[0][0]:
            insert = insert_into(target.replace("%", "%%"), self.placeholders(len(columns)))
            await self.execute_many(insert, rows, deadline)
        else:
            await async_copy_rows(self.raw, target, columns, rows, deadline)
        return len(rows)

    async def _query(self, message: bytes, deadline: float | None) -> list[PGresult]:
        """Run statements in one message, and return every result."""
        results: list[PGresult] = []
        await async_run(send_query(self._pgconn, message, results), self._pgconn, deadline)
        return results

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with its options."""
        await self._control.begin(options, deadline)

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        if options.read_only:
            if self._behind_pgbouncer:
                raise self.unsupported("be read-only in autocommit mode behind PgBouncer")
            await self._control.set_read_only(deadline)

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        await self._control.run(b"COMMIT", deadline)

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        await self._control.rollback(deadline)

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set a savepoint."""
        await self._control.run(f"SAVEPOINT {name}".encode(), deadline)

    async def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what happened since the savepoint and forget it."""
        await self._control.run(f"RELEASE {name}".encode(), deadline)

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what happened since the savepoint and forget it, in one message."""
        await self._control.run(f"ROLLBACK TO {name};RELEASE {name}".encode(), deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """As libpq has it from each answer of the server."""
        return STATUS[self._pgconn.transaction_status]

    # --- the end --------------------------------------------------------------------------------

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT and the reset in one message, whose results are looked at one by one."""
        if not commit:
            return await super().finish(commit, reset, deadline)
        results: list[PGresult] = []
        error: SQLSpecError | None = None
        try:
            await self._control.send_commit(results, deadline, reset=reset)
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
        outcome = self._control.outcome(results, error)
        if outcome.committed:
            is_clean = error is None and (not reset or await self._note_reset(results))
            return COMMITTED_AND_RESET if is_clean else Outcome(committed=True, reset_ok=False)
        if outcome.committed is None:
            return outcome
        is_clean = await self._is_cleaned(reset, time.monotonic() + CLEAN_UP_TIMEOUT)
        return Outcome(committed=False, reset_ok=is_clean, error=outcome.error)

    async def _note_reset(self, results: list[PGresult]) -> bool:
        return self._control.note_reset(results) and (not self.is_raw_lent or await self._restore_driver())

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """ROLLBACK, if there is something to undo, and the reset, in one message."""
        is_clean = await self._control.clean_up(deadline, reset=reset)
        return is_clean and (not self.is_raw_lent or await self._restore_driver())

    async def reset(self, deadline: float | None) -> bool:
        """Undo what an owner changed besides data."""
        return await self.clean_up(True, deadline)  # noqa: FBT003 - the contract's

    async def _restore_driver(self) -> bool:
        if not await self.raw.restore():
            return False
        self.raw.prepare_threshold, self.raw.prepared_max = self._prepare_threshold, self._prepared_max
        self._cursor, self.is_raw_lent = None, False
        return True

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """Ask the server to answer."""
        check_results(await self._query(b"SELECT 1", deadline))

    def is_pristine(self) -> bool:
        """Nothing was run since the last reset."""
        return not (self._control.is_used or self.is_raw_lent)

    async def lend_raw(self, deadline: float | None) -> AsyncBoundedConnection:
        """From now on the application may change the driver's settings and register types."""
        self._control.has_prepared = True
        self._cursor = None
        return await super().lend_raw(deadline)

    def interrupt(self, *, for_good: bool) -> None:
        """Ask the server to stop the running statement, or shut the socket down; returns at once."""
        if for_good:
            self.raw.shutdown_socket()
            async_finish_if_idle(self.raw)
        elif not self._control.is_sending:
            request_cancel(self._pgconn)

    @property
    def fileno(self) -> int | None:
        """Our duplicate of the socket."""
        return self.raw.socket_fileno

    def is_usable(self) -> bool:
        """Not closed, nothing came in while it was idle, and the driver's settings are ours."""
        if not self._types.is_current:
            self._types.catch_up()
        if self._pgconn.status != GOOD or self._is_readable():
            return False
        return not self.is_raw_lent or self.raw.is_unchanged

    async def close(self) -> None:
        """Send the close message (Terminate); the server does not answer it."""
        self.raw.finish()

    def placeholders(self, count: int) -> list[str]:
        """As psycopg writes them."""
        return ["%s"] * count

    @staticmethod
    def interruption(exc: BaseException) -> BaseException | None:
        """Also where psycopg cut its traceback off."""
        return interruption(exc)

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLSTATE."""
        return map_error(exc)
