# The source of _sync.py, which tools/print_sync.py prints from it.
"""Running statements of the application, through one cursor, which is used again and again."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from operator import length_hint
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import ExecStatus

from sqlspec.errors import SQLSpecError
from sqlspec.plugin import AsyncConnection, RawResult, TransactionStatus
from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql import TAKES_COPY, arrow_types, insert_into, is_commit, refuse_copy
from sqlspec_psycopg.bulk_load._async import async_copy_rows, async_copy_text
from sqlspec_psycopg.deadlines import async_run
from sqlspec_psycopg.errors import having_values, is_stale, unreadable
from sqlspec_psycopg.messages import (
    arrow_types_of,
    check_results,
    column_names,
    described,
    failed_statement,
    send_query,
)
from sqlspec_psycopg.prepared import MAX_LENGTH
from sqlspec_psycopg.raw._async import AsyncBoundedConnection, AsyncSingleStatementCursor
from sqlspec_psycopg.server_cursor._async import AsyncDeclaredCursor
from sqlspec_psycopg.transaction_control._async import AsyncTransactionControl
from sqlspec_psycopg.type_cache._async import AsyncTypeCache
from sqlspec_psycopg.type_queries import number_placeholders
from sqlspec_psycopg.values import has_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import AsyncCursor, CopyData, Parameters, TransactionOptions
    from sqlspec.plugin.postgresql import SchemaChanges
    from sqlspec_psycopg.config import PostgreSQLConfig

__all__ = ("AsyncStatements",)

BETWEEN = "\n;"
PREPARE, REDEFINES = b"PREPARE", (b"ALTER", b"DROP")
FORGETS_PREPARED = frozenset({b"DEALLOCATE ALL", b"DISCARD ALL"})
FEW = 1000
"""Rows of a result that may be in memory twice."""
ROWS, ACTIVE = ExecStatus.TUPLES_OK, TransactionStatus.ACTIVE
ASK_FOR_COPY = TAKES_COPY.format(name="%s")
_VALUE_ERRORS = (
    psycopg.DataError,
    psycopg.ProgrammingError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    LookupError,
)
"""What is raised of a value; the server's errors among them have a SQLSTATE."""


class AsyncStatements(AsyncConnection[AsyncBoundedConnection]):
    """The half of a connection that runs statements."""

    load_batch = 20_000  # a COPY costs as much as a thousand rows

    def __init__(self, raw: AsyncBoundedConnection, config: PostgreSQLConfig, changes: SchemaChanges) -> None:
        super().__init__(raw)
        self._pgconn = raw.pgconn
        self._behind_pgbouncer = config.pgbouncer
        self._control = AsyncTransactionControl(raw.pgconn, raw.notices)
        self._types = AsyncTypeCache(raw, config.cached_statements, changes)
        self._cursor: Any = None
        self._streams = 0

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
        if self.raw.notices.has_local_commit:  # by the statement itself: no transaction is open
            raise self.raw.notices.take_local_commit()
        if result.status == ROWS:
            try:
                rows = await (self._load_rows([result]) if self.raw.unknown_types else cursor.fetchall())
            except psycopg.DataError as exc:
                raise unreadable(exc, result) from None
            count, elements = len(rows), self.raw.elements
            if count < FEW:  # the result stays in memory, and costs nothing more
                types: Any = partial(arrow_types_of, result, elements)
            else:
                types = partial(arrow_types, described(result), elements)
            return RawResult(column_names(result), rows, count, None, (), None if self.is_raw_lent else types)
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
        remaining: Any = None
        try:
            await self.raw.flush_prepared()
            rows = [await self._types.adapt_lists(statement, row) for row in rows]
            remaining, cursor.done = iter(rows), 0
            await cursor.executemany(statement, remaining)
        except (psycopg.Error, *_VALUE_ERRORS) as exc:
            is_unsent = isinstance(exc, _VALUE_ERRORS) and not getattr(exc, "sqlstate", None)
            if is_unsent and remaining is not None:
                with_place(exc, len(rows) - length_hint(remaining) - 1)
            if isinstance(exc, psycopg.Error):
                having_values(exc)
                self._types.forget_refuted(statement, exc)
            raise
        finally:
            self.raw.deadline = None
            returned, cursor.returned = cursor.returned, []
            if len(statement) > MAX_LENGTH:
                self.raw.forget_prepared(number_placeholders(statement)[0].encode())
        if not returned:
            return RawResult(rowcount=cursor.rowcount)
        names, rowcount = column_names(returned[0]), cursor.rowcount
        found = await self._load_rows(returned)
        types = None if self.is_raw_lent else partial(arrow_types_of, returned[0], self.raw.elements)
        return RawResult(names, found, rowcount, None, (), types)

    async def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements: in a transaction many in one message, else each on its own."""
        self._control.is_used = True
        start = 0
        for is_text, group in groupby(statements, lambda one: isinstance(one, str)):
            some: list[Any] = list(group)
            if is_text and self.transaction_status is ACTIVE:
                await self._execute_message(some, start, deadline)
            else:
                await self._execute_apart(some, start, deadline)
            start += len(some)

    async def _execute_apart(
        self, statements: Sequence[str | CopyData], start: int, deadline: float | None
    ) -> None:
        """Each by itself; a COMMIT is stopped by nobody."""
        for place, statement in enumerate(statements, start):
            try:
                await self._execute_alone(statement, deadline)
            except Exception as exc:
                with_place(exc, place)
                raise

    async def _execute_alone(self, statement: str | CopyData, deadline: float | None) -> None:
        if not isinstance(statement, str):
            await async_copy_text(self.raw, statement, deadline)
            if self.raw.notices.has_local_commit:
                raise self.raw.notices.take_local_commit()
        elif is_commit(statement):
            await self._control.commit(statement.encode(self.raw.info.encoding), deadline)
        else:
            await self.execute(statement, None, deadline)

    async def _execute_message(self, statements: list[str], start: int, deadline: float | None) -> None:
        for place, statement in enumerate(statements, start):
            try:
                refuse_copy(statement.encode())
            except SQLSpecError as exc:
                with_place(exc, place)
                raise
        message = BETWEEN.join(statements).encode(self.raw.info.encoding)
        results = await self._query(message, deadline)
        for result in results:
            self._note_prepared(result.command_status)
            if result.command_status and result.command_status.startswith(REDEFINES):
                self.raw.forget_prepared()
        try:
            check_results(results)
        except SQLSpecError as exc:
            with_place(exc, start + failed_statement(results, statements))
            raise

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
            await async_copy_rows(self.raw, table[-1], target, columns, rows, deadline)
        return len(rows)

    async def _query(self, message: bytes, deadline: float | None) -> list[PGresult]:
        """Run statements in one message, and return every result."""
        results: list[PGresult] = []
        await async_run(send_query(self._pgconn, message, results), self._pgconn, deadline)
        return results
