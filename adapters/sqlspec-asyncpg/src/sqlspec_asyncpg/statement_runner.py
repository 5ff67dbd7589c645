# pyright: reportMissingTypeStubs=false
"""Running statements: each is prepared once, and kept by the connection for the next time."""

from __future__ import annotations

from asyncio import CancelledError, _get_running_loop, get_running_loop
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import ParameterError, SessionInUseError, SQLSpecError, StatementError
from sqlspec.plugin import RawResult
from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql import is_commit, refuse_copy

from .codecs import UnreadableError
from .command_tags import row_count
from .cursors import PortalCursor
from .deadlines import seconds_until
from .errors import having_values, is_from_server
from .misfits import misfit, refused_place, refused_row
from .preparer import Resolved, StatementPreparer
from .watched_connection import attach_reply
from .wire_tap import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlspec.plugin import AsyncCursor, CopyData, Parameters

    from .statement_cache import StatementCache
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
        self._loop, self._preparer = get_running_loop(), StatementPreparer(raw, cache)
        self._bind_execute = raw.protocol.bind_execute
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

    async def execute(  # noqa: C901 - written out, because each call would cost every statement
        self, statement: str, parameters: Parameters, deadline: float | None, *, refused: int | None = None
    ) -> RawResult:
        """Run one statement and fetch all it returns; *refused*: the place of a value that was no use."""
        if _get_running_loop() is not self._loop:  # `check_loop`, without a call
            raise _foreign_loop()
        self.is_used = True
        values = sent = parameters if type(parameters) is tuple else as_tuple(parameters)
        cached, text = self._prepared.get(statement), statement
        if cached and refused is None and (not values or tuple(map(type, values)) in cached[2].kinds):
            prepared, columns, _ = cached
        else:
            resolved = await self._preparer.resolve(statement, values, deadline, refused=refused)
            text, prepared, columns, sent, _ = resolved
        try:
            # What asyncpg's `fetch` does, without the five calls around it.
            timeout = None if deadline is None else seconds_until(deadline)
            rows, tag, _ = await self._bind_execute(prepared._state, sent, "", 0, True, timeout)  # noqa: FBT003, SLF001
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as exc:
            failure = exc
        except UnreadableError as exc:
            raise exc.of(prepared) from None
        else:
            if self.raw.has_local_commit:  # by the statement itself: no transaction is open
                raise self.raw.take_local_commit()
            if columns:
                return RawResult(columns, rows, len(rows), None, (), columns.arrow_types)
            return RawResult(columns, rows, self._note_tag(tag and tag.decode()))
        # Outside of the handler: asyncpg's exceptions quote values, and must not become the context of ours.
        if _is_about_values(failure):
            place = _place_to_cast(failure, prepared, sent, refused)
            self._preparer.drop_if_outdated(statement, values)
            return await self.execute(statement, values, deadline, refused=place)
        is_kept = cached is not None
        self._note_failure(statement, failure, is_kept=is_kept)
        if text != statement:
            self._note_failure(text, failure, is_kept=True)
        if is_kept and is_stale(failure) and not self.raw.is_in_transaction():
            return await self.execute(statement, values, deadline)
        raise having_values(failure) if values else failure

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

    async def execute_many(
        self,
        statement: str,
        rows: Sequence[Parameters],
        deadline: float | None,
        *,
        as_text: bool = False,
    ) -> RawResult:
        """Run one statement for each row: all of them, or none; *as_text*: as of `ParameterFit.variant`."""
        self.check_loop()
        self.is_used = True
        values = [row if type(row) is tuple else as_tuple(row) for row in rows]
        cached = self._prepared.get(statement)
        found = cached or await self._preparer.try_to_prepare(
            statement, values[0] if values else (), deadline
        )
        if found is not None and found[2].takes(values):
            run = Resolved(statement, found[0], found[1], (), cached is not None)
            return await self._send_many(run, values, deadline)
        return await self._execute_runs(statement, values, deadline, as_text=as_text)

    async def _execute_runs(
        self, statement: str, rows: Sequence[Sequence[Any]], deadline: float | None, *, as_text: bool
    ) -> RawResult:
        """The same for rows that need several forms of the statement: those beside each other go together."""
        runs: list[tuple[Resolved, list[Sequence[Any]]]] = []
        with self._cache.keeping():
            for place, row in enumerate(rows):
                try:
                    found = await self._preparer.resolve(statement, row, deadline, as_text=as_text)
                except ParameterError as exc:
                    with_place(exc, place)
                    raise
                if not runs or runs[-1][0].prepared is not found.prepared:
                    runs.append((found, []))
                runs[-1][1].append(found.sent)
        results: list[RawResult] = []
        start = 0
        for found, members in runs:
            results.append(await self._send_many(found, members, deadline, start))
            start += len(members)
        returned = [row for result in results for row in result.rows]
        count = sum(result.rowcount for result in results)
        return RawResult(results[0].columns, returned, count, None, (), results[0].arrow_types)

    async def _send_many(
        self, found: Resolved, rows: Sequence[Sequence[Any]], deadline: float | None, start: int = 0
    ) -> RawResult:
        """*start*: the place of the first of these rows."""
        text, prepared, columns, _, is_kept = found
        run = prepared.fetchmany if columns else prepared.executemany
        # Where a row does not fit, asyncpg rolls back unless it knows of a transaction.
        await self.raw.await_begin(seconds_until(deadline))
        reply = Reply()
        await attach_reply(self.raw, reply)
        try:
            returned = await run(rows, timeout=seconds_until(deadline)) or ()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as exc:
            failure = exc
        except UnreadableError as exc:
            raise exc.of(prepared) from None
        except CancelledError:
            # Half sent, asyncpg waits for ever for an answer to what it did not send.
            self.raw.terminate()
            raise
        else:
            count = sum(max(row_count(tag), 0) for tag in reply.tags)
            return RawResult(columns, returned, count, None, (), columns.arrow_types if columns else None)
        finally:
            self.raw.tap.reply = None
        self._note_failure(text, failure, is_kept=is_kept)
        if not _is_about_values(failure):
            if is_from_server(failure):  # each row before it has its tag
                with_place(failure, start + len(reply.tags))
            raise having_values(failure)
        error: SQLSpecError = misfit(failure, prepared, rows, start)
        if reply.tags:  # asyncpg encodes while it sends: rows before that one have gone in
            await self._abort_transaction()
            text = f"{error}. Rows before it had been sent: the transaction is given up"
            error = with_place(StatementError(text), start + (refused_row(failure) or 0))
        raise error

    async def _abort_transaction(self) -> None:
        """Make the server abort the transaction, as if it had found the error itself."""
        with suppress(asyncpg.PostgresError):
            await self.raw.execute("ROLLBACK TO SAVEPOINT sqlspec_that_is_not_there")

    async def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements one after another, each as a simple query."""
        self.is_used = True
        for place, statement in enumerate(statements):
            if isinstance(statement, str):
                try:
                    refuse_copy(statement.encode(errors="replace"))
                except SQLSpecError as exc:
                    with_place(exc, place)
                    raise
        for place, statement in enumerate(statements):
            try:
                await self._execute_one_of_script(statement, deadline)
            except Exception as exc:
                with_place(exc, place)
                raise

    async def _execute_one_of_script(self, statement: str | CopyData, deadline: float | None) -> None:
        if not isinstance(statement, str):
            await self.raw.copy_text(statement.statement, statement.data, seconds_until(deadline))
        elif is_commit(statement):
            await self.raw.commit(statement, deadline)
        else:
            self._note_tag(await self.raw.execute(statement, timeout=seconds_until(deadline)))
        if self.raw.has_local_commit:
            raise self.raw.take_local_commit()

    def note_late(self, statement: str, failure: Exception) -> None:
        """What a cursor raised, while its statement ran."""
        self._note_failure(statement, failure, is_kept=True)

    async def cast(self, statement: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """The form of a statement that takes these values unchanged, and the values for it."""
        found = await self._preparer.resolve(statement, values, None)
        return found.text, found.sent

    async def prepare_once(self, statement: str) -> bool:
        """Prepare a statement that will not come again. False: the server refuses it."""
        try:
            await self._preparer.prepare(statement, (), None)
        except asyncpg.PostgresError:
            return False
        return True

    def forget(self, statement: str) -> None:
        """It does not come again."""
        self._prepared.pop(statement, None)

    async def open_portal(
        self,
        statement: str,
        values: Sequence[Any],
        batch_size: int,
        deadline: float | None,
        *,
        refused: int | None = None,
    ) -> AsyncCursor:
        """Open a cursor in the transaction."""
        self.is_used = True
        found = await self._preparer.resolve(statement, values, deadline, refused=refused)
        try:
            cursor = await found.prepared.cursor(*found.sent, timeout=seconds_until(deadline))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            failure = exc
        else:
            return PortalCursor(self, found, cursor, batch_size)
        self._note_failure(found.text, failure, is_kept=found.is_kept)
        if not _is_about_values(failure):
            raise having_values(failure) if values else failure
        place = _place_to_cast(failure, found.prepared, found.sent, refused)
        self._preparer.drop_if_outdated(statement, values)
        return await self.open_portal(statement, values, batch_size, deadline, refused=place)


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


def _place_to_cast(failure: Exception, prepared: Any, sent: Sequence[Any], refused: int | None) -> int:
    """Which value asyncpg could not send; `ParameterError` if that was tried with a cast, too."""
    place = refused_place(failure)
    if refused is not None or place is None:
        raise misfit(failure, prepared, [sent])
    return place


def _is_about_values(failure: Exception) -> bool:
    """Whether asyncpg could not encode the parameters, or got too many or too few. Nothing was sent."""
    if isinstance(failure, asyncpg.DataError):
        return not is_from_server(failure)
    return isinstance(failure, asyncpg.InterfaceError) and "argument" in str(failure)


def is_stale(failure: BaseException) -> bool:
    """Refused before it ran; with a context, it was a statement within a function that was refused."""
    return isinstance(failure, STALE) and getattr(failure, "context", None) is None
