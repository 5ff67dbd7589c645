"""The one place where waiting differs for threads and tasks: the queue, the deadline, the cancellation.

What waits is written once, for tasks, and printed for threads; each name here has its other half, with and
without `Async` or `async_`.
"""

from __future__ import annotations

import time
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlspec.errors import ConnectError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Generator

    from sqlspec.plugin import AsyncConnection, Connection
    from sqlspec.pool.lease import Lease

__all__ = (
    "AsyncWaiter",
    "Waiter",
    "abort_after",
    "async_abort_after",
    "async_caller",
    "async_undisturbed",
    "async_within",
    "caller",
    "undisturbed",
    "within",
)

T = TypeVar("T")

ADAPTERS_FIRST = 0.1
"""Seconds between a deadline, which adapters enforce themselves, and core's cutting the connection."""
GRACE = 1.0
"""Seconds that a COMMIT under way may go on after its caller was cancelled, and once more after the cut."""


# --- the queue ----------------------------------------------------------------------------------
# A waiter is given its slot under the pool's lock and *accepts* it, or says that it has left. So what was
# given is never lost: whoever leaves looks, under that same lock, whether something came in between.


class Waiter:
    """A thread in the queue."""

    __slots__ = ("_gate", "gift", "is_over", "lease", "since")

    def __init__(self, lease: Lease, since: float) -> None:
        self._gate = Lock()
        self._gate.acquire()
        self.lease, self.since = lease, since
        self.gift: Any = None
        self.is_over = False

    def give(self, gift: object) -> bool:
        """Accept *gift* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over:
            return False
        self.gift, self.is_over = gift, True
        self._gate.release()
        return True

    def wait(self, deadline: float) -> None:
        """Return when given something, or at the *deadline* (monotonic seconds)."""
        self._gate.acquire(timeout=max(0.0, deadline - time.monotonic()))


class AsyncWaiter:
    """A task in the queue. May be given its slot from any thread."""

    __slots__ = ("_future", "_loop", "_thread", "gift", "is_over", "lease", "since")

    def __init__(self, lease: Lease, since: float) -> None:
        from asyncio import get_running_loop

        self._loop = get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._thread = get_ident()
        self.lease, self.since = lease, since
        self.gift: Any = None
        self.is_over = False

    def give(self, gift: object) -> bool:
        """Accept *gift* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over or self._loop.is_closed():
            return False
        self.gift, self.is_over = gift, True
        if get_ident() == self._thread:
            self._wake()
            return True
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return False  # its loop was closed at this moment
        return True

    def _wake(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, deadline: float) -> None:
        """Return when given something, or at the *deadline* (monotonic seconds)."""
        # One timer, no task: wait_for would cost ten times as much.
        timer = self._loop.call_later(max(0.0, deadline - time.monotonic()), self._wake)
        try:
            await self._future
        finally:
            timer.cancel()


# --- deadlines ----------------------------------------------------------------------------------


class NoTimer:
    """A sync driver's calls end at their deadline by themselves, or not at all."""

    def cancel(self) -> None:
        """Nothing to cancel."""


_NO_TIMER = NoTimer()


def abort_after(seconds: float, connection: Connection[Any]) -> NoTimer:  # noqa: ARG001 - as its other half
    """Nothing: nobody could interrupt this thread. The adapter enforces the deadline."""
    return _NO_TIMER


def async_abort_after(seconds: float, connection: AsyncConnection[Any]) -> asyncio.TimerHandle:
    """Cut *connection* in a moment more than *seconds*, should its adapter not; the caller cancels it."""
    from asyncio import get_running_loop

    return get_running_loop().call_later(max(0.0, seconds) + ADAPTERS_FIRST, connection.abort)


def within(result: T, seconds: float) -> T:  # noqa: ARG001 - as its other half
    """What was done already, in whatever time: the adapter keeps a sync driver's `connect_timeout`."""
    return result


async def async_within(awaitable: Awaitable[T], seconds: float) -> T:
    """Await a connect for *seconds*, handshake and all; raises `ConnectError` after that."""
    from asyncio import timeout

    scope = timeout(seconds + ADAPTERS_FIRST)
    try:
        async with scope:
            return await awaitable
    except TimeoutError:
        if not scope.expired():
            raise
    msg = f"no connection within connect_timeout={seconds:g} s"
    raise ConnectError(msg)


# --- cancellation -------------------------------------------------------------------------------


def caller() -> object:
    """Who runs this: the thread."""
    from threading import current_thread

    return current_thread()


def async_caller() -> object:
    """Who runs this: the task."""
    from asyncio import current_task

    return current_task()


def undisturbed(result: T, connection: Connection[Any]) -> tuple[T, None]:  # noqa: ARG001 - as its other half
    """What was done already: threads are not cancelled."""
    return result, None


def async_undisturbed(awaitable: Awaitable[T], connection: AsyncConnection[Any]) -> Undisturbed[T]:
    """Await something that a cancellation must not stop half-way: a COMMIT.

    Gives its result, and the cancellation that came meanwhile or None. After that came, it has one second;
    then the connection is cut, and if even that does not wake it, `asyncio.CancelledError` is raised.
    """
    return Undisturbed(awaitable, connection)


class Undisturbed(Generic[T]):
    """Stands between a task and what it awaits.

    A cancelled task cancels the future it waits for. Here that is a stand-in; the driver's own future goes
    on. A task of its own under `asyncio.shield` would do the same for ten times the price.
    """

    def __init__(self, awaitable: Awaitable[T], connection: AsyncConnection[Any]) -> None:
        self._awaitable, self._connection = awaitable, connection
        self._cancelled: asyncio.CancelledError | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._is_lost = False
        self._wake: Callable[[object], None] = _do_nothing

    def __await__(self) -> Generator[Any, Any, tuple[T, asyncio.CancelledError | None]]:
        inner = self._awaitable.__await__()
        try:
            awaited = next(inner)
            while True:
                yield from self._stand_in(awaited)
                if self._is_lost and self._cancelled is not None:
                    inner.close()
                    raise self._cancelled
                awaited = next(inner)
        except StopIteration as end:
            return end.value, self._cancelled
        finally:
            for timer in self._timers:
                timer.cancel()

    def _stand_in(self, awaited: Any) -> Generator[Any, Any, None]:
        """Wait until *awaited* is done, whatever happens to us."""
        from asyncio import CancelledError, get_running_loop

        loop = get_running_loop()
        if awaited is None:  # a bare yield: asyncio.sleep(0)
            try:
                yield
            except CancelledError as exc:
                self._note(exc, loop)
            return
        awaited._asyncio_future_blocking = False  # noqa: SLF001 - asyncio's word between futures and tasks
        while not awaited.done() and not self._is_lost:
            proxy = loop.create_future()
            wake = _waker(proxy)
            awaited.add_done_callback(wake)
            self._wake = wake
            try:
                yield from proxy
            except CancelledError as exc:
                self._note(exc, loop)
            finally:
                awaited.remove_done_callback(wake)

    def _note(self, exc: asyncio.CancelledError, loop: asyncio.AbstractEventLoop) -> None:
        if self._cancelled is None:
            self._cancelled = exc
            self._timers = [
                loop.call_later(GRACE, self._connection.abort),
                loop.call_later(2 * GRACE, self._give_up),
            ]

    def _give_up(self) -> None:
        self._is_lost = True
        self._wake(None)


def _do_nothing(_: object) -> None:
    """Nobody to wake."""


def _waker(proxy: asyncio.Future[None]) -> Any:
    def wake(_: object) -> None:
        if not proxy.done():
            proxy.set_result(None)

    return wake
