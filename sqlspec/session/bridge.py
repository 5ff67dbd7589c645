"""A sync driver under async: its calls wait in threads that belong to the pool.

Two guards: the session's, on the connection here, and the thread's, on the sync connection. A cancelled
caller may leave before its thread does, and then the thread closes the connection behind itself.
"""

from __future__ import annotations

import atexit
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sqlspec.concurrency.forks import Living
from sqlspec.concurrency.guard import DROPPED, HELD, AsyncCallGuard
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.concurrency.workers import Workers, dropped
from sqlspec.errors import DisconnectedError
from sqlspec.plugin._async import AsyncConnection, AsyncCursor, AsyncPooledConnection
from sqlspec.plugin._sync import Connection
from sqlspec.plugin.contract import Outcome, RawResult, TransactionStatus
from sqlspec.plugin.results import TABLE_WANTED, fetch_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CoroutineType

    from sqlspec.concurrency.workers import Job
    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin._sync import Cursor, PooledConnection
    from sqlspec.plugin.contract import Parameters, Row, StopRequest, TransactionOptions
    from sqlspec.plugin.results import LazyResult
    from sqlspec.sql import CopyData

__all__ = ("BridgedConnection", "BridgedConnector")


class SyncConnector(Protocol):
    """What opens a sync connection."""

    label: str

    def observe(self, kind: str, reason: str | None, seconds: float | None) -> None:
        """Tell what happened to a connection."""
        ...

    def __call__(self) -> Any:
        """Open one."""
        ...


T = TypeVar("T")
InnerT = TypeVar("InnerT", bound="PooledConnection[Any]")
IDLE, UNKNOWN = TransactionStatus.IDLE, TransactionStatus.UNKNOWN

if TYPE_CHECKING:
    # What an `async def` returns, to the letter: these methods pass the one coroutine of their hop on.
    Hop = CoroutineType[Any, Any, T]

_alive: Living[None] = Living()
"""Connections."""


class BridgedConnector:
    """`connect` for a pool of tasks over a sync driver: makes, uses and closes connections in threads."""

    def __init__(self, size: int, connect: SyncConnector) -> None:
        self.label, self.observe = connect.label, connect.observe
        self._connect = connect
        self._workers = Workers(size, name=f"sqlspec-{connect.label}", add_outcome=_add_outcome)

    async def __call__(self) -> BridgedPooledConnection[Any]:
        """Open one connection."""
        made: list[Any] = []
        gone = False

        def make() -> tuple[Any, bool]:
            connection = self._connect()
            made.append(connection)
            if gone:  # cancelled, and left behind
                connection.drop()
            return connection, _is_pristine(connection)

        try:
            connection, is_pristine = await self._workers.hop(make)
        except BaseException:
            gone = True
            for orphan in made:
                orphan.drop()
            raise
        kind = BridgedConnection if isinstance(connection, Connection) else BridgedPooledConnection
        return kind(connection, self._workers, is_pristine=is_pristine)


def _add_outcome(exc: BaseException, job: Job) -> None:
    """What became of a COMMIT that was under way when its caller was cancelled."""
    if isinstance(job.result, Outcome):
        word = {True: "was committed", False: "was rolled back", None: "may be committed or not"}
        exc.add_note(f"the transaction {word[job.result.committed]}")


class BridgedPooledConnection(AsyncPooledConnection[Any], Generic[InnerT]):
    """A sync connection whose every call is made in one of its pool's threads."""

    def __init__(self, connection: InnerT, workers: Workers, *, is_pristine: bool) -> None:
        super().__init__(connection.raw)
        # Two guards: this one for the tasks, and the inner one for the thread, which may be left behind.
        self.guard = AsyncCallGuard(None)  # any thread may drop it
        self._inner, self._workers = connection, workers
        self._is_pristine = is_pristine
        self.job: Job | None = None
        """The call that is under way."""
        self._may_interrupt = False
        """It is a statement, and not BEGIN, COMMIT or ROLLBACK."""
        _alive.put(self, None)

    def _hop(self, call: Callable[..., T], *args: Any, may_interrupt: bool = False) -> Hop[T]:
        if self.guard.ended is DROPPED:
            raise dropped()
        self._may_interrupt = may_interrupt
        # mypy types it as a Coroutine only.
        return self._workers.hop(self._call, (call, args), self)  # type: ignore[return-value]

    def _call(self, call: Callable[..., T], args: tuple[Any, ...]) -> T:
        """In the thread, under the guard of the inner connection."""
        inner = self._inner
        guard, token = inner.guard, object()
        try:
            if guard.setdefault(HELD, token) is not token or guard.ended is not None:
                raise dropped() if guard.ended is DROPPED else guard.refusal()
            return call(*args)
        finally:
            # Asked in the thread, so that the event loop never runs a driver's work.
            self._note_status()  # here, because asking may be work for the driver
            if guard[HELD] is token:
                del guard[HELD]
            if guard.ended is DROPPED:
                guard.close_dropped(inner)

    def _note_status(self) -> None:
        """In the thread: what the call left behind."""
        self._is_pristine = _is_pristine(self._inner)

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:
        """COMMIT rides with the reset."""
        if self.guard.ended is DROPPED:
            return Outcome(committed=False, reset_ok=False, error=dropped())
        try:
            outcome = await self._hop(self._inner.finish, commit, reset, deadline)
            self.is_raw_lent = self._inner.is_raw_lent
            return outcome  # noqa: TRY300 - the one line above can not fail
        except DisconnectedError as exc:  # dropped while the thread was at it: it may have committed
            return Outcome(committed=None if commit else False, reset_ok=False, error=exc)

    def ping(self, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.ping, deadline, may_interrupt=True)

    def is_demoted(self, deadline: float | None) -> Hop[bool]:
        """One hop."""
        return self._hop(self._inner.is_demoted, deadline)

    def reset(self, deadline: float | None) -> Hop[bool]:
        """One hop."""
        return self._hop(self._inner.reset, deadline)

    async def lend_raw(self, deadline: float | None) -> Any:
        """One hop: the inner connection may have work to do first, and another driver's object since."""
        self.raw = await self._hop(self._inner.lend_raw, deadline, may_interrupt=True)
        self.is_raw_lent = True
        return self.raw

    async def close(self) -> None:
        """One hop, out of which the inner connection does not come back."""
        self._may_interrupt = False
        await self._workers.hop(self._inner.disconnect, (), self)

    def interrupt(self, *, for_good: bool) -> StopRequest | None:
        """From any thread. For good: a thread that is inside a call closes the connection behind itself."""
        if not for_good:
            if self._may_interrupt and self._inner.guard.ended is None:
                with suppress(Exception):  # a statement that can not be stopped is waited for
                    return self._inner.interrupt(for_good=False)
            return None
        self._inner.drop()
        job = self.job
        if job is not None and not job.is_done:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
                job.loop.call_soon_threadsafe(job.cut)
        return None

    def is_clean(self, *, reset: bool) -> bool:
        """What the application did with `raw` shows in a thread only."""
        return not self.is_raw_lent and super().is_clean(reset=reset)

    def is_pristine(self) -> bool:
        """As the last call left it."""
        return self._is_pristine

    def is_usable(self) -> bool:
        """The inner connection's."""
        return self.guard.ended is None and self._inner.is_usable()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The inner connection's."""
        return self._inner.map_error(exc)


class BridgedConnection(BridgedPooledConnection["Connection[Any]"], AsyncConnection[Any]):
    """The same for one that speaks SQL."""

    def __init__(self, connection: Connection[Any], workers: Workers, *, is_pristine: bool) -> None:
        super().__init__(connection, workers, is_pristine=is_pristine)
        self.load_batch = connection.load_batch
        self._status = IDLE

    def _note_status(self) -> None:
        """In the thread. A status that can not be told must not hide what the call itself has come to."""
        try:
            self._status = self._inner.transaction_status
        except Exception as exc:
            if is_interruption(exc):
                raise
            self._status = UNKNOWN
        self._is_pristine = self._status is IDLE and _is_pristine(self._inner)

    def execute(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> Hop[RawResult | LazyResult]:
        """One hop."""
        return self._hop(_fetched, self._inner.execute, statement, parameters, deadline, may_interrupt=True)

    def begin(self, options: TransactionOptions, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.begin, options, deadline, may_interrupt=True)

    def commit(self, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.commit, deadline)

    def rollback(self, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.rollback, deadline)

    def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> Hop[RawResult]:
        """One hop."""
        return self._hop(
            self._spoiling, self._inner.execute_many, statement, rows, deadline, may_interrupt=True
        )

    def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.execute_script, statements, deadline, may_interrupt=True)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """One hop, and one for each batch."""
        open_cursor = self._inner.stream
        cursor = await self._hop(open_cursor, statement, parameters, batch_size, deadline, may_interrupt=True)
        return BridgedCursor(self, cursor)

    def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> Hop[int]:
        """One hop."""
        return self._hop(self._spoiling, self._inner.load, table, columns, rows, deadline, may_interrupt=True)

    def _spoiling(self, call: Callable[..., T], *args: Any) -> T:
        """In the thread: what fails half-way says so on the inner connection."""
        self._inner.is_spoiled = False
        try:
            return call(*args)
        finally:
            self.is_spoiled = self._inner.is_spoiled

    def savepoint(self, name: str, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.savepoint, name, deadline)

    def release_savepoint(self, name: str, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.release_savepoint, name, deadline)

    def rollback_to_savepoint(self, name: str, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.rollback_to_savepoint, name, deadline)

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> Hop[RawResult | LazyResult]:
        """BEGIN rides with the first statement."""
        both = self._inner.begin_and_execute
        return self._hop(_fetched, both, options, statement, parameters, deadline, may_interrupt=True)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.apply_session_options, options, deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """As the last call left it; the driver is not asked in the thread of the event loop."""
        return self._status

    @property
    def abort_error(self) -> SQLSpecError | None:
        """The inner connection's."""
        return self._inner.abort_error

    async def refresh_status(self) -> None:
        """One hop, which looks at the transaction as any other does."""
        await self._hop(self._inner.refresh_status)


def _is_pristine(connection: PooledConnection[Any]) -> bool:
    """Whether nothing is left to reset; one that can not tell is reset."""
    try:
        return connection.is_pristine()
    except Exception:  # noqa: BLE001 - as above, in a thread where no signal's handler runs
        return False


def _fetched(call: Callable[..., RawResult | LazyResult], *args: Any) -> RawResult | LazyResult:
    """In the thread: no result leaves it half read, and its rows are made here, not in the loop."""
    raw = call(*args)
    if type(raw) is not RawResult:
        fetch_now(raw)
        if not TABLE_WANTED.get():
            _ = raw.rows
    return raw


class BridgedCursor(AsyncCursor):
    """An open result of a sync driver."""

    def __init__(self, owner: BridgedConnection, cursor: Cursor) -> None:
        self.columns = cursor.columns
        self._owner, self._cursor = owner, cursor

    async def fetch(self) -> Sequence[Row]:
        """One hop."""
        rows = await self._owner._hop(self._cursor.fetch, may_interrupt=True)
        self.columns = self._cursor.columns  # some drivers know them only now
        return rows

    async def close(self) -> None:
        """One hop."""
        if self._owner.guard.ended is None:
            await self._owner._hop(self._cursor.close)

    async def discard(self) -> None:
        """One hop."""
        if self._owner.guard.ended is None:
            await self._owner._hop(self._cursor.discard)


@atexit.register
def _stop_statements() -> None:
    """The interpreter ends: statements that still run would hold it up in C code."""
    for connection, _ in _alive.living():
        with suppress(Exception):  # one that is broken must not keep the others running
            connection.interrupt(for_good=False)
