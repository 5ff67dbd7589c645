# The source of _sync.py, which tools/print_sync.py prints from it.
"""A session: a connection with a transaction and a typed result API.

The first statement begins a transaction; a clean exit commits it, anything else rolls it back. What a
session decides stands in `base`; here it waits for the database.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sqlspec.concurrency.guard import DROPPED, HELD
from sqlspec.concurrency.limits import AsyncLimit
from sqlspec.concurrency.shielded import async_shielded
from sqlspec.errors import InvalidArgumentError
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, RawResult
from sqlspec.plugin.results import fetch_now
from sqlspec.result import Result
from sqlspec.sql.names import table_path

from .base import ACTIVE, CLOSED, UNANSWERED, SessionBase
from .bulk._async import async_load_batches, async_run_script, async_send_many
from .bulk.batches import Batches
from .call._async import AsyncCall
from .execution import async_execution
from .observed import Observed
from .plan import limit_of
from .rows._async import AsyncRows
from .transaction._async import AsyncOpening, AsyncTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import UnionType

    from sqlspec.arguments import Parameters
    from sqlspec.plugin import AsyncConnection
    from sqlspec.plugin.contract import Outcome

    from .execution import AsyncExecution
    from .plan import SessionPlan

__all__ = ("AsyncSession",)

T = TypeVar("T")


class AsyncSession(SessionBase["AsyncConnection[Any]"]):
    """One connection, for one owner, until its block ends.

    Not to be shared: two tasks or threads that use it at once get `SessionInUseError`. After its block
    it raises `SessionClosedError`. Statements are written with `?` or `:name`, whatever the driver takes.
    """

    __slots__ = ()

    def __init__(self, plan: SessionPlan, connection: AsyncConnection[Any]) -> None:
        """For subclasses: sessions are made by `provide_session`. *plan* says how this one behaves."""
        self._plan = plan
        self._connection = connection
        self._ready = plan.starts_ready
        self._begun = self._lent = self._in_doubt = self._unentered = False
        self._blocks = 0
        self._trouble = self._failure = self._streams = self._limit = self._server_fault = None

    @overload
    def execute(
        self, sql: str, parameters: Parameters = None, *, query_timeout: float | None = None
    ) -> AsyncExecution[dict[str, Any]]: ...
    @overload
    def execute(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: type[T],
        query_timeout: float | None = None,
    ) -> AsyncExecution[T]: ...
    @overload
    def execute(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: UnionType,
        query_timeout: float | None = None,
    ) -> AsyncExecution[Any]: ...
    @async_execution
    async def execute(  # noqa: C901, PLR0912 - written out, because each call would cost every statement
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: type[Any] | UnionType | None = None,
        query_timeout: float | None = None,
    ) -> Any:
        """Run one statement; its rows are dicts, or *schema_type*.

        *query_timeout*: seconds, before those of the session; `math.inf` for none. After it the statement is
        stopped, and this raises `QueryTimeoutError`.

        Raises `ParameterError`, `MultipleStatementsError` or `TransactionControlError` before anything is
        sent, a `DatabaseError` when the database refuses, `TransactionAbortedError` after one that cost
        the transaction.
        """
        connection, plan = self._connection, self._plan
        guard, token = connection.guard, object()
        # Whether this statement opens the transaction: then its failure leaves nothing behind to roll back.
        first = False
        reporter = plan.reporter
        event = None if reporter is None else reporter.start(sql, "execute")
        limit: AsyncLimit | None = None
        failure: BaseException | None = None
        try:
            # Written out instead of `AsyncCall`, which would cost more calls for every statement.
            if guard.setdefault(HELD, token) is not token or guard.ended or self._trouble:
                raise self._refusal(token)  # noqa: TRY301 - judged below, like any other
            seconds = plan.query_timeout if query_timeout is None else limit_of(query_timeout)
            if seconds is not None:
                self._limit = limit = AsyncLimit(connection, seconds, token)
            statement = plan.statements[sql]
            # Nearly all parameters are right as they are; `bind` is for the rest.
            is_native = (
                statement.is_positional and len(parameters) == statement.count
                if type(parameters) is tuple
                else parameters is None and not statement.count
            )
            native: Any = parameters if is_native else statement.bind(parameters)
            if plan.autocommit and not self._ready:
                await self._apply_options()
            until = None if limit is None else limit.deadline
            if self._ready:
                raw = await connection.execute(statement.text, native, until)
            else:
                first = self._begun = self._ready = True
                raw = await connection.begin_and_execute(plan.transaction, statement.text, native, until)
            # Rows that are still with the driver are fetched here, so that its errors come out of this call.
            if type(raw) is not RawResult or guard.ended:
                fetch_now(raw)
                self._check_kept()
        except BaseException as exc:
            # BaseException, because Ctrl-C and a cancellation leave a transaction that has to be judged, too.
            failure = self._failed(exc, sql, first=first, given=(parameters,))
            if failure is exc:
                raise
            raise failure from exc
        finally:
            try:
                if limit is not None:
                    self._limit = None
                    await limit.end()
            finally:
                if guard[HELD] is token:
                    del guard[HELD]
                if guard.ended is DROPPED:
                    guard.close_dropped(connection)
                if event is not None and failure is not None:  # only now, when no time limit runs any more
                    reporter.end(event, parameters=parameters, error=failure)  # type: ignore[union-attr]
                failure = None  # else it would hold itself, by way of this frame
        if event is not None:
            reporter.end(event, raw, parameters=parameters)  # type: ignore[union-attr] # it made the event
        return Result(raw, schema_type)

    @overload
    async def execute_many(
        self, sql: str, rows: Iterable[Parameters], *, query_timeout: float | None = None
    ) -> Result[dict[str, Any]]: ...
    @overload
    async def execute_many(
        self,
        sql: str,
        rows: Iterable[Parameters],
        *,
        schema_type: type[T],
        query_timeout: float | None = None,
    ) -> Result[T]: ...
    @overload
    async def execute_many(
        self,
        sql: str,
        rows: Iterable[Parameters],
        *,
        schema_type: UnionType,
        query_timeout: float | None = None,
    ) -> Result[Any]: ...
    async def execute_many(
        self,
        sql: str,
        rows: Iterable[Parameters],
        *,
        schema_type: type[Any] | UnionType | None = None,
        query_timeout: float | None = None,
    ) -> Any:
        """Run one statement for each row of parameters: for all of them, or for none.

        Returns the rows of all of them, in order, if the statement returns any (RETURNING); `rowcount` is how
        many rows were changed in all. *query_timeout* is for all of them together.
        """
        seconds = self._seconds(query_timeout)
        if self._plan.autocommit and not self._begun:
            async with AsyncTransaction(self, seconds):
                return await async_send_many(self, sql, rows, schema_type, seconds)
        return await async_send_many(self, sql, rows, schema_type, seconds)

    async def execute_script(self, script: str, *, query_timeout: float | None = None) -> None:
        """Run the statements of a script, without parameters, in this session's transaction.

        *query_timeout* is for all of them together.

        An autocommit session runs scripts that have a BEGIN and COMMIT of their own. A transaction that such
        a script leaves open is rolled back: with the script's error, or with `TransactionAbortedError`.
        """
        is_alone = self._plan.autocommit and not self._begun
        seconds = self._seconds(query_timeout)
        with Observed(self._plan.reporter, script, "execute_script"):
            await async_run_script(self, script, seconds, is_alone=is_alone)

    @overload
    def stream(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        batch_size: int = 1000,
        query_timeout: float | None = None,
    ) -> AsyncRows[dict[str, Any]]: ...
    @overload
    def stream(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: type[T],
        batch_size: int = 1000,
        query_timeout: float | None = None,
    ) -> AsyncRows[T]: ...
    @overload
    def stream(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: UnionType,
        batch_size: int = 1000,
        query_timeout: float | None = None,
    ) -> AsyncRows[Any]: ...
    def stream(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        schema_type: type[Any] | UnionType | None = None,
        batch_size: int = 1000,
        query_timeout: float | None = None,
    ) -> Any:
        """The rows of one statement, *batch_size* of them in memory at a time. Ends with the session.

        *query_timeout* is for each wait for a batch.
        """
        if batch_size < 1:
            msg = f"batch_size is at least 1, not {batch_size}"
            raise InvalidArgumentError(msg)
        return AsyncRows(self, sql, parameters, schema_type, batch_size, seconds=self._seconds(query_timeout))

    async def load(
        self,
        table: str | Sequence[str],
        rows: Iterable[Any],
        columns: Sequence[str] | None = None,
        *,
        query_timeout: float | None = None,
    ) -> int:
        """Insert many rows by the driver's fastest path: all of them, or none. Returns how many.

        *rows*: tuples (then *columns* names the table's columns), mappings, dataclasses, Structs or
        NamedTuples, all of one type, or a table of `pyarrow`, pandas or polars; they are read in bounded
        batches, so a generator may be endless for memory's sake.

        *table*: `table` or `schema.table`, in their exact case. A part that holds a dot is quoted as in SQL,
        or the parts are given as they are: `("schema", "a.table")`.

        *query_timeout* is for the whole load, reading *rows* included; it is looked at between batches.
        """
        path = table_path(table, self._plan.statements.dialect)
        seconds = self._seconds(query_timeout)
        batches = Batches(rows, columns, self._connection.load_batch)
        if not (self._begun or self._plan.autocommit):
            async with AsyncOpening(self, seconds):
                return await async_load_batches(self, path, batches, seconds)
        if self._begun and not self._plan.has_savepoints:
            return await async_load_batches(self, path, batches, seconds)
        async with AsyncTransaction(self, seconds):
            return await async_load_batches(self, path, batches, seconds)

    async def connection(self) -> Any:
        """The driver's own connection, in this session's transaction; its state is reset afterwards."""
        async with AsyncCall(self, "connection()", seconds=self._plan.query_timeout) as connection:
            await self._begin_if_needed()
            self._lent = True
            return await connection.lend_raw(self._deadline)

    # --- transactions ---------------------------------------------------------------------------

    def begin(self) -> AsyncTransaction:
        """A block of its own: a transaction if none is open, else a savepoint.

        Its clean end commits it, or keeps what was done since the savepoint; an exception undoes it.
        """
        self._unentered = True
        return AsyncTransaction(self, self._plan.query_timeout)

    async def commit(self) -> None:
        """Commit now; the next statement begins another transaction.

        Raises `TransactionAbortedError` if the database gave the transaction up, and
        `CommitOutcomeUnknownError` if it did not answer.
        """
        self._check_no_block("commit")
        async with AsyncCall(self, "COMMIT"):
            await self._commit()

    async def rollback(self) -> None:
        """Undo now; the next statement begins another transaction. Also ends an aborted one."""
        self._check_no_block("rollback")
        async with AsyncCall(self, "ROLLBACK", even_if_aborted=True):
            await self._rollback()

    async def _apply_options(self) -> None:
        self._lent = True  # what is set here is undone by the reset
        await self._connection.apply_session_options(self._plan.transaction, self._deadline)
        self._ready = True

    async def _begin_if_needed(self) -> None:
        if self._ready:
            return
        if self._plan.autocommit:
            await self._apply_options()
        else:
            await self._begin_block()

    async def _begin_block(self) -> None:
        self._check_transactions()
        # Noted before: BEGIN may be done when an interruption comes. If it is not, `_failed` takes it back.
        self._begun = self._ready = True
        await self._connection.begin(self._plan.transaction, self._deadline)

    async def _commit(self) -> None:
        if not self._begun:
            return
        if self._connection.is_raw_lent:
            await self._connection.refresh_status()
        if self._vanished(self._status()):
            error: BaseException | None = self._aborted()
            with self._ending(commit=False, error=error):
                await self._connection.finish(False, False, self._clean_up_deadline())
        else:
            until = time.monotonic() + self._plan.commit_timeout
            outcome, cancelled = await self._end(until, commit=True, reset=False)
            error = self._judge(outcome)
            if outcome.committed is None:
                self._in_doubt = True
                self._connection.drop()
            error = self._note_outcome(cancelled, outcome) or error
        self._ended()
        if error is not None:
            raise error

    async def _rollback(self) -> None:
        if self._begun:
            try:
                with self._ending(commit=False):
                    await self._connection.rollback(self._clean_up_deadline())
            except BaseException:
                self._in_doubt = True
                raise
        self._ended()

    # --- the end --------------------------------------------------------------------------------

    def _end_at_once(self) -> bool:
        """End a session that has begun nothing and leaves nothing to reset: no word to the server.

        False: it goes on, and `_end_block` ends it.
        """
        if self._begun or self._lent or self._streams or self._in_doubt or self._server_fault is not None:
            return False
        connection = self._connection
        guard, token = connection.guard, object()
        try:
            if guard.setdefault(HELD, token) is not token or guard.ended is not None:
                return False
            if self._plan.keeps_state or connection.is_pristine():
                self._trouble = CLOSED
        finally:
            if guard[HELD] is token:
                del guard[HELD]
            if guard.ended is DROPPED:
                guard.close_dropped(connection)
        return self._trouble is CLOSED

    async def _end_block(
        self, exc: BaseException | None, deadline: float | None = None
    ) -> tuple[bool, BaseException | None]:
        """End the session: commit, or roll back for *exc*; then no statement runs any more.

        Returns whether the connection is provably clean, and the error that its block shall raise.
        """
        connection = self._connection
        guard, token = connection.guard, object()
        is_lost = True
        try:
            holder = guard.setdefault(HELD, token)
            # Dropped, or inherited by a fork: there is no transaction that this session could end.
            if guard.ended is not None:
                return False, self._ended_without(guard) if self._begun and exc is None else None
            if holder is not token:
                # Another task or thread is inside; or our own call was interrupted while it was leaving.
                if not (isinstance(holder, AsyncCall) and holder.is_left_behind(self)):
                    return self._cut_off(exc)
                guard[HELD] = token
            if self._in_doubt:
                return False, self._aborted() if self._begun and exc is None else None
            is_lost = False
            return await self._finish(exc, deadline)
        finally:
            self._trouble = CLOSED
            if guard[HELD] is token:
                del guard[HELD]
            if guard.ended is DROPPED:
                guard.close_dropped(connection)
            if is_lost and self._plan.reporter is not None:
                self._report_lost()

    def _cut_off(self, exc: BaseException | None) -> tuple[bool, BaseException | None]:
        """The block ended while another task or thread is inside a statement: nothing can be saved."""
        if self._trouble is CLOSED:
            return False, None
        error = self._refusal(None)
        self._trouble = CLOSED
        self._connection.drop()
        return False, error if exc is None else None

    async def _finish(
        self, exc: BaseException | None, deadline: float | None
    ) -> tuple[bool, BaseException | None]:
        """Close what is read, then COMMIT or ROLLBACK, and the reset. The good case is written out."""
        unread = await self._close_streams(is_undone=exc is not None) if self._streams else None
        connection, begun = self._connection, self._begun
        error: BaseException | None = None
        commit = begun and exc is None
        if commit:
            if connection.is_raw_lent:
                await connection.refresh_status()
            try:
                # An application may have typed COMMIT on the driver's connection: ask before relying on ours.
                status = connection.transaction_status
            except Exception as failure:  # noqa: BLE001 - judged there
                status = self._unknown_status(failure)
            if (status is not ACTIVE or self._trouble is not None) and self._vanished(status):
                error, commit = self._aborted(), False
        if unread is not None and exc is None and error is None:
            # A stream was left early, and what its statement was to do is not done.
            error, commit = unread, False
        until = deadline or time.monotonic() + (self._plan.commit_timeout if commit else CLEAN_UP_TIMEOUT)
        outcome, cancelled = await self._end(until, commit=commit, reset=not self._plan.keeps_state)
        if commit and not outcome.committed:
            error = self._judge(outcome)
        if cancelled is not None:
            error = self._note_outcome(cancelled, outcome if begun else None)
        return outcome.reset_ok, error

    async def _end(self, until: float, *, commit: bool, reset: bool) -> tuple[Outcome, BaseException | None]:
        """COMMIT or ROLLBACK: cut at the deadline, but not stopped half-way by a cancellation."""
        connection = self._connection
        try:
            if self._plan.reporter is None or not self._begun:
                return await async_shielded(connection.finish(commit, reset, until), connection, until)
            began = time.monotonic()
            with self._ending(commit=commit) as ending:
                until += time.monotonic() - began  # what observers take is not the COMMIT's
                ended = await async_shielded(connection.finish(commit, reset, until), connection, until)
                ending.note(ended[0], self._judge(ended[0]) if commit else None)
            return ended  # noqa: TRY300 - nothing above it but the one call
        except BaseException as exc:
            self._in_doubt = True
            if commit:
                connection.drop()
                self._note_outcome(exc, UNANSWERED)
                self._ended()  # nobody may say that its work is undone: it may be stored
            raise

    async def _close_streams(self, *, is_undone: bool) -> BaseException | None:
        """Returns the first error, if there is one; *is_undone*: the session's work is."""
        streams, self._streams = self._streams, None
        failure: BaseException | None = None
        for stream in streams or ():
            try:
                await stream._leave(is_undone=is_undone)
            except Exception as exc:  # noqa: BLE001 - told apart below
                interruption = self._connection.interruption(exc)
                if interruption is not None:
                    raise interruption from None
                failure = failure or self._connection.mapped(exc)
        return failure
