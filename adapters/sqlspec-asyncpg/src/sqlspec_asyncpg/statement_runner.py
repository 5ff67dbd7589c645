# pyright: reportMissingTypeStubs=false
"""Running statements: each is prepared once, and kept by the connection for the next time."""

from __future__ import annotations

from asyncio import _get_running_loop, get_running_loop
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import ParameterError, SessionInUseError, StatementError
from sqlspec.plugin import RawResult
from sqlspec.plugin.postgresql import refuse_copy

from .columns import DescriptionReader, describe
from .command_tags import row_count
from .cursors import PortalCursor
from .deadlines import seconds_until
from .errors import having_values, is_from_server
from .values import misfit, plain, plain_rows
from .watched_connection import attach_reply
from .wire_tap import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import AsyncCursor, CopyData, Parameters

    from .statement_cache import Prepared, StatementCache
    from .watched_connection import WatchedConnection

__all__ = ("STALE", "StatementRunner", "as_tuple", "is_stale")

STALE = (
    asyncpg.InvalidCachedStatementError,  # DDL changed what it returns
    asyncpg.DatatypeMismatchError,  # DDL changed what it takes
    asyncpg.InvalidSQLStatementNameError,  # it was deallocated
)
"""The server refuses a statement that was prepared, before it runs."""
DEFINES = ("CREATE", "ALTER", "DROP")


class StatementRunner:
    """Runs the statements of one connection, and knows what its reset has to undo."""

    def __init__(self, raw: WatchedConnection, cache: StatementCache) -> None:
        self.raw, self._cache, self._prepared = raw, cache, cache.statements
        self._loop = get_running_loop()
        self.is_used = False
        """Something was sent since the last reset."""
        self.has_defined = False
        """CREATE, ALTER or DROP was run since the last reset."""
        self.has_prepared = False
        """SQL's own PREPARE was run, or may have been, since the last reset."""

    def check_loop(self) -> None:
        """Called from a foreign loop, asyncpg may crash the process."""
        if _get_running_loop() is not self._loop:
            raise _foreign_loop()

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        if _get_running_loop() is not self._loop:  # `check_loop`, without a call
            raise _foreign_loop()
        self.is_used = True
        values = parameters if type(parameters) is tuple else as_tuple(parameters)
        cached = self._prepared.get(statement)
        prepared, columns = cached or await self._prepare(statement, deadline)
        try:
            # asyncpg's timeout is a timer, which most calls do without.
            rows = await (
                prepared.fetch(*values)
                if deadline is None
                else prepared.fetch(*values, timeout=seconds_until(deadline))
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as exc:
            failure = exc
        else:
            if columns:
                return RawResult(columns, rows, len(rows), None, (), columns.arrow_types)
            return RawResult(columns, rows, self._note_tag(prepared.get_statusmsg()))
        # Outside of the handler: asyncpg's exceptions quote values, and must not become the context of ours.
        self._note_failure(statement, failure, is_kept=cached is not None)
        if cached is not None and is_stale(failure):
            if not self.raw.is_in_transaction():
                return await self.execute(statement, values, deadline)
        elif _is_about_values(failure):
            other = self._other_values(statement, values, is_cached=cached is not None)
            if other is None:
                raise misfit(failure, prepared, [values])
            return await self.execute(statement, other, deadline)
        raise having_values(failure) if values else failure

    def _other_values(
        self, statement: str, values: Sequence[Any], *, is_cached: bool
    ) -> Sequence[Any] | None:
        """Values that may fit better, or the same for a statement prepared again; None: there are none.

        A prepared statement has the types of when it was prepared: a column may have been altered since.
        """
        members = plain(values)
        if members is None and is_cached:
            self._prepared.pop(statement, None)
            return values
        return members

    def _note_tag(self, tag: str | None) -> int:
        """How many rows the statement has changed; after DDL the cache is cleared."""
        count = row_count(tag)
        if count < 0 and tag is not None and tag.startswith(DEFINES):
            self.has_defined = True
            self._cache.clear()
        elif tag == "PREPARE":
            self.has_prepared = True
        return count

    def _note_failure(self, statement: str, failure: Exception, *, is_kept: bool) -> None:
        if isinstance(failure, asyncpg.InvalidSQLStatementNameError):
            self._prepared.clear()  # DEALLOCATE ALL: the others are gone too
        if self._cache.note_failure(statement, failure, is_kept=is_kept):
            self.raw.forget_types()

    async def _prepare(self, statement: str, deadline: float | None) -> Prepared:
        refuse_copy(statement.encode(errors="replace"))
        reader = DescriptionReader()
        await attach_reply(self.raw, reader)
        try:
            prepared = await self.raw.prepare(statement, timeout=seconds_until(deadline))
        finally:
            self.raw.tap.reply = None
        made = prepared, await describe(self.raw, prepared, reader.types or (), self._cache.elements)
        self._cache.put(statement, made)
        return made

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        self.check_loop()
        self.is_used = True
        cached = self._prepared.get(statement)
        prepared, columns = cached or await self._prepare(statement, deadline)
        run = prepared.fetchmany if columns else prepared.executemany
        values = [row if type(row) is tuple else as_tuple(row) for row in rows]
        reply = Reply()
        await attach_reply(self.raw, reply)
        try:
            returned = await run(values, timeout=seconds_until(deadline)) or ()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as exc:
            failure = exc
        else:
            count = sum(max(row_count(tag), 0) for tag in reply.tags)
            return RawResult(columns, returned, count, None, (), columns.arrow_types if columns else None)
        finally:
            self.raw.tap.reply = None
        self._note_failure(statement, failure, is_kept=cached is not None)
        if not _is_about_values(failure):
            raise having_values(failure)
        if not reply.tags:
            members = plain_rows(values)
            if members is None and cached is not None:
                self._prepared.pop(statement, None)
                members = values
            if members is not None:
                return await self.execute_many(statement, members, deadline)
        error: SQLSpecError = misfit(failure, prepared, values)
        if reply.tags:  # asyncpg encodes while it sends: rows before that one have gone in
            await self._abort_transaction()
            error = StatementError(f"{error}. Rows before it had been sent: the transaction is given up")
        raise error

    async def _abort_transaction(self) -> None:
        """Make the server abort the transaction, as if it had found the error itself."""
        with suppress(asyncpg.PostgresError):
            await self.raw.execute("ROLLBACK TO SAVEPOINT sqlspec_that_is_not_there")

    async def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements one after another, each as a simple query."""
        self.is_used = True
        for statement in statements:
            if isinstance(statement, str):
                refuse_copy(statement.encode(errors="replace"))
        for statement in statements:
            if isinstance(statement, str):
                self._note_tag(await self.raw.execute(statement, timeout=seconds_until(deadline)))
            else:
                await self.raw.copy_text(statement.statement, statement.data, seconds_until(deadline))

    def note_late(self, statement: str, failure: Exception) -> None:
        """What a cursor raised, while its statement ran."""
        self._note_failure(statement, failure, is_kept=True)

    async def prepare_once(self, statement: str) -> bool:
        """Prepare a statement that will not come again. False: the server refuses it."""
        try:
            await self._prepare(statement, None)
        except asyncpg.PostgresError:
            return False
        return True

    def forget(self, statement: str) -> None:
        """It does not come again."""
        self._prepared.pop(statement, None)

    async def open_portal(
        self, statement: str, values: Sequence[Any], batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """Open a cursor in the transaction."""
        self.is_used = True
        cached = self._prepared.get(statement)
        prepared, columns = cached or await self._prepare(statement, deadline)
        try:
            cursor = await prepared.cursor(*values, timeout=seconds_until(deadline))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            failure = exc
        else:
            return PortalCursor(self, statement, cursor, columns, batch_size)
        self._note_failure(statement, failure, is_kept=cached is not None)
        if not _is_about_values(failure):
            raise having_values(failure) if values else failure
        other = self._other_values(statement, values, is_cached=cached is not None)
        if other is None:
            raise misfit(failure, prepared, [values])
        return await self.open_portal(statement, other, batch_size, deadline)


# --- small decisions ----------------------------------------------------------------------------


def as_tuple(parameters: Sequence[Any] | Mapping[str, Any] | None) -> Sequence[Any]:
    """Parameters by position. Raises for those by name."""
    if parameters is None:
        return ()
    if hasattr(parameters, "keys"):
        msg = "a statement with $1 takes its parameters by position, in a tuple"
        raise ParameterError(msg)
    return tuple(parameters)


def _foreign_loop() -> SessionInUseError:
    return SessionInUseError("this connection belongs to another event loop; open a session in this one")


def _is_about_values(failure: Exception) -> bool:
    """Whether asyncpg could not encode the parameters, or got too many or too few. Nothing was sent."""
    if isinstance(failure, asyncpg.DataError):
        return not is_from_server(failure)
    return isinstance(failure, asyncpg.InterfaceError) and "argument" in str(failure)


def is_stale(failure: BaseException) -> bool:
    """Refused before it ran; with a context, it was a statement within a function that was refused."""
    return isinstance(failure, STALE) and getattr(failure, "context", None) is None
