"""Deadlines: one timer for each event loop, and what it does when a call is not over in time."""

from __future__ import annotations

import asyncio
import time
from asyncio import get_running_loop
from math import inf
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from sqlspec.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec.errors import SQLSpecError

__all__ = ("ADAPTERS_FIRST", "Timed", "async_drop_after", "async_within", "drop_after", "watch_of", "within")

T = TypeVar("T")

ADAPTERS_FIRST = 0.1
"""Seconds between a deadline, which adapters enforce themselves, and core's dropping the connection."""
TICK = 0.01
"""Seconds: where many deadlines lie close together, one look is enough for those of this time."""


class Droppable(Protocol):
    """A connection."""

    def drop(self) -> None:
        """Give it up at once."""
        ...


class Timed(Protocol):
    """What has a deadline."""

    until: float
    """Monotonic seconds."""

    def wake(self) -> None:
        """It has come."""


class DeadlineWatch:
    """The deadlines of one event loop, with one timer of the loop's for all: one for each would cost 5 µs.

    Nearly every call is over long before its deadline. So the loop's timer is set when there is none that
    wakes early enough, and it may wake for nothing. Holds no
    reference to its loop, which would keep that alive.
    """

    __slots__ = ("_wakes_at", "timers")

    def __init__(self) -> None:
        self.timers: set[Timed] = set()
        self._wakes_at = inf

    def add(self, timer: Timed, loop: asyncio.AbstractEventLoop) -> None:
        """Have it wake at its time, unless it is taken out of `timers` before."""
        self.timers.add(timer)
        if timer.until < self._wakes_at:
            self._wake_at(timer.until, loop)

    def _wake_at(self, until: float, loop: asyncio.AbstractEventLoop) -> None:
        self._wakes_at = until
        loop.call_later(max(0.0, until - time.monotonic()), self._wake_due, until)

    def _wake_due(self, until: float) -> None:
        if until != self._wakes_at:
            return  # it has been set to wake earlier since, and has woken
        self._wakes_at = inf
        now = max(until, time.monotonic())
        try:
            for timer in [timer for timer in self.timers if timer.until <= now]:
                self.timers.discard(timer)
                timer.wake()
        finally:  # a connection that fails to drop costs the others nothing
            if self.timers:
                following = min(timer.until for timer in self.timers)
                self._wake_at(max(following, now + TICK), get_running_loop())


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, DeadlineWatch] = WeakKeyDictionary()


def watch_of(loop: asyncio.AbstractEventLoop) -> DeadlineWatch:
    """The deadlines of *loop*."""
    return _watches.get(loop) or _watches.setdefault(loop, DeadlineWatch())


class NoTimer:
    """A sync driver's calls end at their deadline by themselves, or not at all."""

    def cancel(self) -> None:
        """Nothing to cancel."""


_NO_TIMER = NoTimer()


def drop_after(seconds: float, connection: Droppable) -> NoTimer:  # noqa: ARG001 - as its other half
    """Nothing: nobody could interrupt this thread. The adapter enforces the deadline."""
    return _NO_TIMER


def async_drop_after(seconds: float, connection: Droppable) -> AsyncTimer:
    """Drop *connection* a moment after *seconds*, should its adapter not; the caller cancels it."""
    loop = get_running_loop()
    watch = watch_of(loop)
    timer = AsyncTimer(watch.timers, connection, time.monotonic() + max(0.0, seconds) + ADAPTERS_FIRST)
    watch.add(timer, loop)
    return timer


class AsyncTimer(msgspec.Struct, eq=False):
    """The deadline of one call."""

    _timers: set[Timed]
    _connection: Droppable
    until: float

    def wake(self) -> None:
        """The call is not over."""
        self._connection.drop()

    def cancel(self) -> None:
        """The call is over."""
        self._timers.discard(self)


def within(result: T, seconds: float, late: Callable[[], SQLSpecError] | None = None) -> T:  # noqa: ARG001 - as its other half
    """What was done already, in whatever time: the adapter keeps a sync driver's `connect_timeout`."""
    return result


async def async_within(
    awaitable: Awaitable[T], seconds: float, late: Callable[[], SQLSpecError] | None = None
) -> T:
    """Await for *seconds*; after that raise what *late* returns, or that there is no connection yet."""
    scope = asyncio.timeout(seconds + ADAPTERS_FIRST)
    try:
        async with scope:
            return await awaitable
    except TimeoutError:
        if not scope.expired():
            raise
    if late is not None:
        raise late()
    msg = f"no connection within connect_timeout={seconds:g} s"
    raise ConnectError(msg)
