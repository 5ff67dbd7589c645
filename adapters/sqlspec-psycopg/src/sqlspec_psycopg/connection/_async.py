# The source of _sync.py, which tools/print_sync.py prints from it.
"""One psycopg connection under core's contract.

Statements of the application go through one cursor, which is used again and again; what a session says itself
(BEGIN, COMMIT, savepoints, the reset) goes as plain messages beside it. The driver is in autocommit mode
throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import ConnStatus, ExecStatus

from sqlspec.plugin import AsyncCursor, RawResult
from sqlspec_psycopg.asking import check, describe, names_of
from sqlspec_psycopg.copying import check_zones, packed, with_lists
from sqlspec_psycopg.errors import having_values
from sqlspec_psycopg.learning._async import AsyncLearning
from sqlspec_psycopg.raw._async import AsyncPlainCursor
from sqlspec_psycopg.talking._async import ABORTED, ACTIVE
from sqlspec_psycopg.values import has_list
from sqlspec_psycopg.waits import async_free, async_run, request_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import Parameters
    from sqlspec_psycopg.raw._async import AsyncPatientConnection

__all__ = ("AsyncPsycopgConnection",)

PREPARE = b"PREPARE"
FORGETS_PREPARED = frozenset({b"DEALLOCATE ALL", b"DISCARD ALL"})
ROWS, GOOD = ExecStatus.TUPLES_OK, ConnStatus.OK


class AsyncRowsCursor(AsyncCursor):
    """A cursor on the server, read in batches."""

    def __init__(self, connection: AsyncPsycopgConnection, name: str, batch_size: int) -> None:
        super().__init__(RawResult(), batch_size)
        self._connection, self._name = connection, name
        self._fetch = f"FETCH FORWARD {batch_size} FROM {name}"
        self._is_open = True

    async def fetch(self) -> Sequence[tuple[Any, ...]]:
        """The next batch of rows."""
        try:
            batch = await self._connection.execute(self._fetch, None, None, prepare=False)
        except psycopg.Error as exc:
            having_values(exc)  # the query is run now, with what DECLARE was given
            raise
        self.columns = batch.columns
        return batch.rows

    async def close(self) -> None:
        """Let the server drop it, unless its transaction is broken and takes it along."""
        if self._is_open:
            self._is_open = False
            if self._connection.transaction_status is not ABORTED:
                await self._connection.execute(f"CLOSE {self._name}", None, None, prepare=False)


class AsyncPsycopgConnection(AsyncLearning):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    load_batch = 20_000  # a COPY costs as much as a thousand rows

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
        self._is_touched = True
        cursor = self._cursor or self._new_cursor()
        if parameters is not None and has_list(parameters):
            parameters = await self._fitted(statement, parameters)
        try:
            await cursor.execute(statement, parameters, prepare=prepare)
        except psycopg.Error as exc:
            if parameters:
                having_values(exc)
            if not self._is_to_repeat(statement, exc):
                raise
            await cursor.execute(statement, parameters, prepare=prepare)
        result: Any = cursor.pgresult
        if result.status == ROWS:
            rows = await (self._rows(cursor) if self.raw.strangers else cursor.fetchall())
            return RawResult(names_of(result), rows, len(rows))
        self._note_prepared(result.command_status)
        return RawResult((), (), cursor.rowcount)

    def _new_cursor(self) -> Any:
        # Any: the driver's types want texts that are literal.
        self._cursor = cursor = AsyncPlainCursor(self.raw)
        return cursor

    def _note_prepared(self, command: bytes | None) -> None:
        """Keep up with the statements that SQL's own commands prepare, or take from psycopg."""
        if command == PREPARE:
            self._has_prepared = True
        elif command in FORGETS_PREPARED:  # psycopg itself sees it from 3.3.6 on
            self.raw.forget_prepared()

    async def _execute_until(self, statement: str, parameters: Parameters, deadline: float) -> RawResult:
        self.raw.until = deadline
        try:
            return await self.execute(statement, parameters, None)
        finally:
            self.raw.until = None

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row, in a pipeline."""
        if not rows:
            return RawResult(rowcount=0)
        self._is_touched = True
        cursor = self._cursor or self._new_cursor()
        self.raw.until = deadline
        try:
            rows = [await self._fitted(statement, row) for row in rows]
            await cursor.executemany(statement, rows)
        except psycopg.Error as exc:
            having_values(exc)
            self._is_to_repeat(statement, exc)
            raise
        finally:
            self.raw.until = None
        return RawResult(rowcount=cursor.rowcount)

    async def execute_script(self, statements: Sequence[str], deadline: float | None) -> None:
        """Run statements: in a transaction all in one message, else each on its own."""
        if self.transaction_status is ACTIVE and statements:
            self._is_touched = True
            results = await self._ask("\n;".join(statements).encode(), deadline)
            for result in results:
                self._note_prepared(result.command_status)
            check(results)
        else:
            await super().execute_script(statements, deadline)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """A cursor on the server. Outside of a transaction the server keeps the result until it is closed."""
        if not _can_be_declared(statement):
            return await super().stream(statement, parameters, batch_size, deadline)
        hold = "" if self.transaction_status is ACTIVE else "WITH HOLD "
        if hold and self._behind_pgbouncer:
            raise self.unsupported("stream behind PgBouncer outside of a transaction")
        self._streams += 1
        name = f"sqlspec_stream_{self._streams}"
        declaration = f"DECLARE {name} NO SCROLL CURSOR {hold}FOR {statement}"
        await self.execute(declaration, parameters, deadline)
        return AsyncRowsCursor(self, name, batch_size)

    async def load(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], deadline: float | None
    ) -> int:
        """COPY: binary where every value is its column's own type, else text."""
        self._is_touched = True
        target, names = self.quote_path(table), ", ".join(map(self.quote, columns))
        marks = ", ".join([f"${number}" for number in range(1, len(columns) + 1)])
        insert = f"INSERT INTO {target} ({names}) VALUES ({marks})"  # noqa: S608 - all quoted
        oids = await self._types(insert, deadline)
        rows = with_lists(rows, oids)
        check_zones(rows, oids, columns)
        cursor: Any = AsyncPlainCursor(self.raw)
        blocks, form = packed(cursor, rows, oids)
        self.raw.until = deadline
        try:
            async with cursor.copy(f"COPY {target} ({names}) FROM STDIN{form}") as copy:
                for block in blocks:
                    await copy.write(block)
        finally:
            self.raw.until = None
        return len(rows)

    async def _types(self, insert: str, deadline: float | None) -> list[int]:
        """The columns' types, from a statement that is never run, but locks the table until COPY is done."""
        results: list[PGresult] = []
        await async_run(describe(self._pgconn, insert.encode(), results), self._pgconn, deadline)
        check(results)
        return [results[-1].param_type(place) for place in range(results[-1].nparams)]

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """Ask for a sign of life."""
        check(await self._ask(b"SELECT 1", deadline))

    def is_pristine(self) -> bool:
        """Nothing was run since the last reset."""
        return not (self._is_touched or self.is_raw_lent)

    async def lend_raw(self, deadline: float | None) -> AsyncPatientConnection:
        """From now on the driver's side may change, too; and it may teach the cursor new types."""
        self._has_prepared = True
        self._cursor = None
        return await super().lend_raw(deadline)

    def interrupt(self, *, for_good: bool) -> None:
        """Ask the server to stop the running statement, or cut the line; returns at once."""
        if for_good:
            self.raw.hang_up()
            async_free(self.raw)
        elif not self._is_ending:
            request_cancel(self._pgconn)

    @property
    def fileno(self) -> int | None:
        """Our own handle of the socket."""
        return self.raw.fileno_of_line

    def is_usable(self) -> bool:
        """Not closed, nothing came in while it was idle, and the driver's side is as it should be."""
        if self._pgconn.status != GOOD or self._is_readable():
            return False
        return not self.is_raw_lent or self.raw.is_as_made

    async def close(self) -> None:
        """Say good-bye; nobody answers."""
        self.raw.finish()

    def placeholders(self, count: int) -> list[str]:
        """As psycopg writes them."""
        return ["%s"] * count


def _can_be_declared(statement: str) -> bool:
    """Whether the server can keep a cursor for it; the result of another is read at once."""
    return statement.lstrip("( \t\r\n")[:6].upper().startswith(("SELECT", "VALUES", "WITH", "TABLE"))
