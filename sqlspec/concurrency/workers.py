"""Threads in which the calls of sync drivers wait, so that an event loop does not.

Never in the loop's default executor, which is small and shared: sessions that hold a lock there would wait
for sessions that wait for a thread. A pool has as many threads as connections, so who has a lease has a
thread; they start when first needed, and end with the pool. A call is one hop: there by a queue, back by
`call_soon_threadsafe`.

*Cancellation.* A thread can not be cancelled. So the caller interrupts the statement, again and again,
until the thread is done, and only then passes the cancellation on: what happens next on this connection
happens after it. A thread that does not come back in time is left behind with its connection.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from sqlspec.errors import DisconnectedError, PoolError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Job", "Owner", "Workers", "dropped")

INTERRUPT_EVERY = 0.05
"""Seconds between two interrupts: the first may come before the statement has begun."""
SETTLE_TIMEOUT = 1.0
"""Seconds that a cancelled caller waits for the thread."""

T = TypeVar("T")


class Owner(Protocol):
    """Whose call is made in a thread: a connection."""

    job: Job | None

    def interrupt(self, *, for_good: bool) -> Any:
        """Stop what the thread is at."""
        ...

    def drop(self) -> None:
        """Give it up: the thread does not come back."""
        ...


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
        """In the loop: wake the caller."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)
            self.error = None  # its traceback holds us

    def cut(self) -> None:
        """In the loop: wake the caller although the thread is not back."""
        if not self.future.done():
            self.future.set_exception(dropped())


def dropped() -> DisconnectedError:
    """The error of a call whose connection is gone."""
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

    def __init__(self, size: int, *, name: str, add_outcome: Callable[[BaseException, Job], None]) -> None:
        """*add_outcome* notes on a cancellation what became of the call that it came too late for."""
        self._size, self._name, self._add_outcome = size, name, add_outcome
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def __del__(self) -> None:
        self._queue.put(None)

    async def hop(self, call: Callable[..., T], args: tuple[Any, ...] = (), owner: Owner | None = None) -> T:
        """Run *call* in a thread. When cancelled, interrupt *owner* and wait for the thread, then raise.

        An owner whose thread does not come back in time is dropped.
        """
        loop = asyncio.get_running_loop()
        if self._busy >= self._threads and self._threads < self._size:
            self._start_thread()
        job = Job(loop, loop.create_future(), copy_context(), call, args)
        self._busy += 1
        if owner is not None:
            owner.job = job
        self._queue.put(job)
        try:
            result: T = await job.future
        except asyncio.CancelledError as exc:
            await self._finish(job, owner)
            self._add_outcome(exc, job)
            raise
        finally:
            self._busy -= 1
            if owner is not None:
                owner.job = None
            if not job.is_done:
                self._leave(job, owner)
        return result

    def _start_thread(self) -> None:
        name = f"{self._name}-{self._threads + 1}"
        # Daemons: a statement that is running must not keep the interpreter from ending.
        thread = Thread(target=_work, args=(self._queue,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:
            msg = "the system has no thread to give for this connection; look at the limits of the process"
            raise PoolError(msg) from exc
        self._threads += 1

    async def _finish(self, job: Job, owner: Owner | None) -> None:
        """Wait for the thread, however often we are cancelled meanwhile, but not for ever."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SETTLE_TIMEOUT
        while not job.is_done and loop.time() < until:
            if owner is not None:
                owner.interrupt(for_good=False)
            job.future = loop.create_future()
            timer = loop.call_later(INTERRUPT_EVERY, _wake, job.future)
            try:
                await job.future
            except BaseException:  # noqa: BLE001, S110 - the job's own error, or one more cancellation
                pass
            finally:
                timer.cancel()

    def _leave(self, job: Job, owner: Owner | None) -> None:
        """The thread does not come back: others must not wait for it."""
        job.is_left = True
        self._threads -= 1
        if owner is not None:
            owner.drop()


def _wake(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)
