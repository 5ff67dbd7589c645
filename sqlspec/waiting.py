"""The one place where waiting differs for threads and tasks: the queue, the deadline, the cancellation.

What waits is written once, for tasks, and printed for threads; each name here has its other half, with and
without `Async` or `async_`.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import CancelledError, get_running_loop
from math import inf
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from sqlspec.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from contextvars import Context

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
TICK = 0.01
"""Seconds: where many deadlines lie close together, one look is enough for those of this time."""
GRACE = 1.0
"""Seconds that a COMMIT under way may go on after its caller was cancelled, and once more after the cut."""


# --- the clock ----------------------------------------------------------------------------------


class Timed(Protocol):
    """What has a deadline."""

    until: float
    """Monotonic seconds."""

    def ring(self) -> None:
        """It has come."""


class _Watch:
    """The deadlines of one event loop, with one timer of the loop's for all: one for each would cost 5 µs.

    Nearly every call is over long before its deadline. So the loop's timer is set when there is none that
    rings early enough, and left to ring for nothing. Knows its loop by no name: it would keep it alive.
    """

    __slots__ = ("_rings_at", "timers")

    def __init__(self) -> None:
        self.timers: set[Timed] = set()
        self._rings_at = inf

    def add(self, timer: Timed, loop: asyncio.AbstractEventLoop) -> None:
        """Have it ring at its time, unless it is taken out of `timers` before."""
        self.timers.add(timer)
        if timer.until < self._rings_at:
            self._ring_at(timer.until, loop)

    def _ring_at(self, until: float, loop: asyncio.AbstractEventLoop) -> None:
        self._rings_at = until
        loop.call_later(max(0.0, until - time.monotonic()), self._ring, until)

    def _ring(self, until: float) -> None:
        if until != self._rings_at:
            return  # it has been set to ring earlier since, and has rung
        self._rings_at = inf
        now = max(until, time.monotonic())
        try:
            for timer in [timer for timer in self.timers if timer.until <= now]:
                self.timers.discard(timer)
                timer.ring()
        finally:  # an adapter that fails to abort costs the others nothing
            if self.timers:
                following = min(timer.until for timer in self.timers)
                self._ring_at(max(following, now + TICK), get_running_loop())


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


def _watch_of(loop: asyncio.AbstractEventLoop) -> _Watch:
    return _watches.get(loop) or _watches.setdefault(loop, _Watch())


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

    __slots__ = ("_future", "_loop", "_thread", "gift", "is_over", "lease", "since", "until")

    def __init__(self, lease: Lease, since: float) -> None:
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
            self.ring()
            return True
        try:
            self._loop.call_soon_threadsafe(self.ring)
        except RuntimeError:
            return False  # its loop was closed at this moment
        return True

    def ring(self) -> None:
        """Wake: given something, or at the deadline."""
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, deadline: float) -> None:
        """Return when given something, or at the *deadline* (monotonic seconds)."""
        self.until = deadline
        watch = _watch_of(self._loop)
        watch.add(self, self._loop)
        try:
            await self._future
        finally:
            watch.timers.discard(self)


# --- deadlines ----------------------------------------------------------------------------------


class NoTimer:
    """A sync driver's calls end at their deadline by themselves, or not at all."""

    def cancel(self) -> None:
        """Nothing to cancel."""


_NO_TIMER = NoTimer()


def abort_after(seconds: float, connection: Connection[Any]) -> NoTimer:  # noqa: ARG001 - as its other half
    """Nothing: nobody could interrupt this thread. The adapter enforces the deadline."""
    return _NO_TIMER


def async_abort_after(seconds: float, connection: AsyncConnection[Any]) -> AsyncTimer:
    """Cut *connection* in a moment more than *seconds*, should its adapter not; the caller cancels it."""
    loop = get_running_loop()
    watch = _watch_of(loop)
    timer = AsyncTimer(watch.timers, connection, time.monotonic() + max(0.0, seconds) + ADAPTERS_FIRST)
    watch.add(timer, loop)
    return timer


class AsyncTimer(msgspec.Struct, eq=False):
    """The deadline of one call."""

    _timers: set[Timed]
    _connection: AsyncConnection[Any]
    until: float

    def ring(self) -> None:
        """The call is not over."""
        self._connection.abort()

    def cancel(self) -> None:
        """The call is over."""
        self._timers.discard(self)


def within(result: T, seconds: float) -> T:  # noqa: ARG001 - as its other half
    """What was done already, in whatever time: the adapter keeps a sync driver's `connect_timeout`."""
    return result


async def async_within(awaitable: Awaitable[T], seconds: float) -> T:
    """Await a connect for *seconds*, handshake and all; raises `ConnectError` after that."""
    scope = asyncio.timeout(seconds + ADAPTERS_FIRST)
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
    return asyncio.current_task()


def undisturbed(result: T, connection: Connection[Any], until: float) -> tuple[T, None]:  # noqa: ARG001
    """What was done already: threads are not cancelled, and the adapter keeps a sync driver's deadlines."""
    return result, None


class Undisturbed(msgspec.Struct, Generic[T], eq=False):
    """Awaits something that a cancellation must not stop half-way: a COMMIT.

    Gives its result, and the cancellation that came meanwhile or None. After that came, it has one second;
    then the connection is cut, and if even that does not wake it, `asyncio.CancelledError` is raised. The
    connection is cut too a moment after *until* (monotonic seconds), should its adapter not.

    A cancelled task cancels what it waits for, and it waits for anything that has a future's methods. Here
    that is this object: it has the driver's own future wake the task, and of a cancellation it makes a
    note. A task of its own under `asyncio.shield` would do the same for twenty times the price.
    """

    _awaitable: Awaitable[T]
    _connection: AsyncConnection[Any]
    until: float
    _awaited: Any = None
    _wake: Callable[[Any], None] | None = None
    _cancelled: CancelledError | None = None
    _timers: tuple[asyncio.TimerHandle, ...] = ()
    _is_lost: bool = False
    # What asyncio reads of a future.
    _loop: asyncio.AbstractEventLoop | None = None
    _asyncio_future_blocking: bool = False

    def __await__(self) -> Generator[Any, Any, tuple[T, CancelledError | None]]:
        self._loop = loop = get_running_loop()
        watch = _watch_of(loop)
        self.until += ADAPTERS_FIRST
        watch.add(self, loop)
        inner = self._awaitable.__await__()
        try:
            awaited = next(inner)
            while True:
                self._awaited = awaited
                try:
                    if awaited is None:  # asyncio.sleep(0), which nobody can stand in for
                        yield
                    else:
                        awaited._asyncio_future_blocking = False  # noqa: SLF001 - as asyncio's tasks do
                        self._asyncio_future_blocking = True
                        yield self
                except BaseException as exc:  # noqa: BLE001 - it goes where it belongs
                    if awaited is None and isinstance(exc, CancelledError):
                        self._note(exc)
                    elif not self._is_lost:
                        awaited = inner.throw(exc)
                        continue
                if self._is_lost and self._cancelled is not None:
                    inner.close()
                    raise self._cancelled
                awaited = next(inner)
        except StopIteration as end:
            return end.value, self._cancelled
        finally:
            watch.timers.discard(self)
            for timer in self._timers:
                timer.cancel()

    def ring(self) -> None:
        """Its time is over."""
        self._connection.abort()

    def _note(self, exc: CancelledError) -> None:
        if self._cancelled is None:
            self._cancelled = exc
            loop = get_running_loop()
            self._timers = (
                loop.call_later(GRACE, self._connection.abort),
                loop.call_later(2 * GRACE, self._give_up),
            )

    def _give_up(self) -> None:
        self._is_lost = True
        if self._awaited is None or self._awaited.done():
            return  # it is about to wake anyway
        self._awaited.remove_done_callback(self._wake)
        lost: asyncio.Future[None] = get_running_loop().create_future()
        lost.cancel()
        lost.add_done_callback(self._wake)  # type: ignore[arg-type] # whoever waits has said so

    # What a task asks of the future that it waits for.

    def add_done_callback(self, wake: Callable[[Any], None], *, context: Context | None = None) -> None:
        """Have the driver's future wake the task."""
        self._wake = wake
        self._awaited.add_done_callback(wake, context=context)

    def cancel(self, msg: object = None) -> bool:
        """Note that the task was cancelled, and say that this has been seen to."""
        self._note(CancelledError() if msg is None else CancelledError(msg))
        return True


async_undisturbed = Undisturbed
