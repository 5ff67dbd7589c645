"""A sync driver under async: its calls wait in threads that belong to the pool.

Never in the loop's default executor, which is small and everybody's: sessions that hold a lock there wait
for sessions that wait for a thread. A pool has as many threads as connections, so who has a lease has a
thread; they start when first needed, and end with the pool. A call is one hop: there by a queue, back by
`call_soon_threadsafe`.

*Cancellation.* A thread can not be cancelled. So the caller interrupts the statement, again and again,
until the thread is done, and only then passes the cancellation on: what happens next on this connection
happens after it. A thread that does not come back in time is left behind with its connection.
"""

from __future__ import annotations

import asyncio
import atexit
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

import msgspec

from sqlspec.errors import DisconnectedError
from sqlspec.plugin._async import AsyncConnection, AsyncCursor
from sqlspec.plugin.contract import Outcome, RawResult
from sqlspec.plugin.turn import HELD

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import CoroutineType

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin._sync import Connection, Cursor
    from sqlspec.plugin.contract import Parameters, Row, TransactionOptions, TransactionStatus

__all__ = ("ThreadedConnection", "Workers")

INTERRUPT_EVERY = 0.05
"""Seconds between two interrupts: the first may come before the statement has begun."""
SETTLE_TIMEOUT = 1.0
"""Seconds that a cancelled caller waits for the thread."""

TABLE_WANTED: ContextVar[bool] = ContextVar("sqlspec_table_wanted", default=False)
"""Whether the caller awaits `arrow()` or its kin: then a result need not become Python objects first."""

T = TypeVar("T")

if TYPE_CHECKING:
    # What an `async def` returns, to the letter: these methods pass the one coroutine of their hop on.
    Hop = CoroutineType[Any, Any, T]

_alive: WeakSet[ThreadedConnection] = WeakSet()


class Job(msgspec.Struct, eq=False):  # a Struct, because it is made for every statement, and in C
    """One call on its way to a thread and back."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context
    call: Callable[..., Any]
    args: tuple[Any, ...]
    result: Any = None
    error: BaseException | None = None
    is_done: bool = False
    is_left: bool = False
    """Nobody waits for the result any more."""

    def run(self) -> None:
        """In the thread."""
        try:
            self.result = self.context.run(self.call, *self.args)
        except BaseException as exc:  # noqa: BLE001 - carried to the caller, whatever it is
            self.error = exc
        self.is_done = True
        try:  # noqa: SIM105 - `suppress` costs, and this is every statement's way
            self.loop.call_soon_threadsafe(self.deliver, context=self.context)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits

    def deliver(self) -> None:
        """In the loop: wake who waits."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)
            self.error = None  # its traceback holds us

    def cut(self) -> None:
        """In the loop: wake who waits although the thread is not back."""
        if not self.future.done():
            self.future.set_exception(_dropped())


def _dropped() -> DisconnectedError:
    return DisconnectedError("the connection was dropped")


def _work(queue: SimpleQueue[Job | None]) -> None:
    while True:
        job = queue.get()
        if job is None:
            queue.put(None)  # for the next thread
            return
        job.run()
        if job.is_left:
            return  # others have taken this thread's place
        # Not until the next job comes: what a caller dropped shall be gone.
        del job


class Workers:
    """The threads of one pool. Used from the thread of one event loop."""

    def __init__(self, size: int, *, name: str) -> None:
        self._size, self._name = size, name
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def __del__(self) -> None:
        self._queue.put(None)

    async def hop(
        self,
        call: Callable[..., T],
        args: tuple[Any, ...] = (),
        connection: ThreadedConnection | None = None,
    ) -> T:
        """Run *call* in a thread. When cancelled, interrupt *connection* and wait for the thread, then raise.

        A connection whose thread does not come back in time is dropped.
        """
        loop = asyncio.get_running_loop()
        job = Job(loop, loop.create_future(), copy_context(), call, args)
        self._busy += 1
        if self._busy > self._threads and self._threads < self._size:
            self._start_thread()
        if connection is not None:
            connection.job = job
        self._queue.put(job)
        try:
            result: T = await job.future
        except asyncio.CancelledError as exc:
            await self._settle(job, connection)
            _add_outcome(exc, job)
            raise
        finally:
            self._busy -= 1
            if connection is not None:
                connection.job = None
            if not job.is_done:
                self._leave(job, connection)
        return result

    def _start_thread(self) -> None:
        self._threads += 1
        # Daemons: a statement that is running must not keep the interpreter from ending.
        Thread(target=_work, args=(self._queue,), name=f"{self._name}-{self._threads}", daemon=True).start()

    async def _settle(self, job: Job, connection: ThreadedConnection | None) -> None:
        """Wait for the thread, however often we are cancelled meanwhile, but not for ever."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SETTLE_TIMEOUT
        while not job.is_done and loop.time() < until:
            if connection is not None:
                connection.interrupt()
            job.future = loop.create_future()
            timer = loop.call_later(INTERRUPT_EVERY, _wake, job.future)
            try:
                await job.future
            except BaseException:  # noqa: BLE001, S110 - the job's own error, or one more cancellation
                pass
            finally:
                timer.cancel()

    def _leave(self, job: Job, connection: ThreadedConnection | None) -> None:
        """The thread does not come back: others must not wait for it."""
        job.is_left = True
        self._threads -= 1
        if connection is not None:
            connection.abort()

    def connect(self, create: Callable[[], Connection[Any]]) -> Coroutine[Any, Any, ThreadedConnection]:
        """A connection that is made, used and closed in these threads."""
        return self._connect(create)

    async def _connect(self, create: Callable[[], Connection[Any]]) -> ThreadedConnection:
        made: list[Connection[Any]] = []
        gone = False

        def make() -> Connection[Any]:
            connection = create()
            made.append(connection)
            if gone:  # cancelled, and left behind
                connection.close()
            return connection

        try:
            connection = await self.hop(make)
        except BaseException:
            gone = True
            for orphan in made:
                orphan.abort()
            raise
        return ThreadedConnection(connection, self)


def _wake(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)


def _add_outcome(exc: BaseException, job: Job) -> None:
    """What became of a COMMIT that was under way when its caller was cancelled."""
    if isinstance(job.result, Outcome):
        word = {True: "was committed", False: "was rolled back", None: "may be committed or not"}
        exc.add_note(f"the transaction {word[job.result.committed]}")


class ThreadedConnection(AsyncConnection[Any]):
    """A sync connection whose every call is made in one of its pool's threads."""

    def __init__(self, connection: Connection[Any], workers: Workers) -> None:
        super().__init__(connection.raw)
        self._inner, self._workers = connection, workers
        self.load_batch = connection.load_batch
        self._is_gone = False
        self.job: Job | None = None
        """The call that is under way."""
        _alive.add(self)

    def _hop(self, call: Callable[..., T], *args: Any) -> Hop[T]:
        if self._is_gone:
            raise _dropped()
        # mypy types it as a Coroutine only.
        return self._workers.hop(self._turn, (call, args), self)  # type: ignore[return-value]

    def _turn(self, call: Callable[..., T], args: tuple[Any, ...]) -> T:
        # In the thread: held, so that `abort` from outside knows that a call is under way.
        turn, token = self._inner.turn, object()
        try:
            if turn.setdefault(HELD, token) is not token:
                raise _dropped()
            return call(*args)
        finally:
            if turn[HELD] is token:
                del turn[HELD]

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> Hop[RawResult]:
        """One hop."""
        return self._hop(_settled, self._inner.execute, statement, parameters, deadline)

    def begin(self, options: TransactionOptions, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.begin, options, deadline)

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
        return self._hop(self._inner.execute_many, statement, rows, deadline)

    def execute_script(self, statements: Sequence[str], deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.execute_script, statements, deadline)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """One hop, and one for each batch."""
        cursor = await self._hop(self._inner.stream, statement, parameters, batch_size, deadline)
        return ThreadedCursor(self, cursor)

    def load(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> Hop[int]:
        """One hop."""
        return self._hop(self._inner.load, table, columns, rows, deadline)

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
    ) -> Hop[RawResult]:
        """BEGIN rides with the first statement."""
        return self._hop(_settled, self._inner.begin_and_execute, options, statement, parameters, deadline)

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT rides with the reset."""
        if self._is_gone:
            return Outcome(committed=False, reset_ok=False, error=_dropped())
        try:
            return await self._hop(self._inner.finish, commit, reset, deadline)
        except DisconnectedError as exc:  # dropped while the thread was at it: it may have committed
            return Outcome(committed=None if commit else False, reset_ok=False, error=exc)

    def prepare(self, options: TransactionOptions, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.prepare, options, deadline)

    def ping(self, deadline: float | None) -> Hop[None]:
        """One hop."""
        return self._hop(self._inner.ping, deadline)

    def reset(self, deadline: float | None) -> Hop[bool]:
        """One hop."""
        return self._hop(self._inner.reset, deadline)

    async def close(self) -> None:
        """One hop."""
        if not self._is_gone:
            await self._hop(self._inner.close)
            self._is_gone = True

    def abort(self) -> None:
        """At once, from any thread; a thread that is inside a call closes behind itself."""
        self._is_gone = True
        self._inner.abort()
        job = self.job
        if job is not None and not job.is_done:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
                job.loop.call_soon_threadsafe(job.cut)

    @property
    def transaction_status(self) -> TransactionStatus:
        """The inner connection's."""
        return self._inner.transaction_status

    def is_pristine(self) -> bool:
        """The inner connection's."""
        return self._inner.is_pristine()

    def is_usable(self) -> bool:
        """The inner connection's."""
        return not self._is_gone and self._inner.is_usable()

    def raw_lent(self) -> None:
        """The inner connection's, which may have another driver's object than it had at first."""
        self._inner.raw_lent()
        self.raw = self._inner.raw

    def interrupt(self) -> None:
        """The inner connection's."""
        self._inner.interrupt()

    def map_error(self, exc: BaseException) -> SQLSpecError:
        """The inner connection's."""
        return self._inner.map_error(exc)


def _settled(call: Callable[..., RawResult], *args: Any) -> RawResult:
    """In the thread: no result leaves it half read."""
    raw = call(*args)
    if type(raw) is not RawResult:
        raw.settle(as_table=TABLE_WANTED.get())
    return raw


class ThreadedCursor(AsyncCursor):
    """An open result of a sync driver."""

    def __init__(self, owner: ThreadedConnection, cursor: Cursor) -> None:
        self.columns = cursor.columns
        self._owner, self._cursor = owner, cursor

    def fetch(self) -> Hop[Sequence[Row]]:
        """One hop."""
        return self._owner._hop(self._cursor.fetch)  # noqa: SLF001 - of one file

    async def close(self) -> None:
        """One hop."""
        if not self._owner._is_gone:  # noqa: SLF001 - of one file
            await self._owner._hop(self._cursor.close)  # noqa: SLF001


@atexit.register
def _stop_statements() -> None:
    """The interpreter ends: statements that still run would hold it up in C code."""
    for connection in list(_alive):
        with suppress(Exception):  # one that is broken must not keep the others running
            connection.interrupt()
