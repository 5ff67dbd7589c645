"""The one place where the driver's two flavours differ: how a thread and a task are held.

Each name has its other half, with and without `Async` or `async_`.
"""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio

__all__ = (
    "DEADLINE",
    "DUE",
    "GONE",
    "INTERRUPTED",
    "RELEASED",
    "STUCK",
    "AsyncPause",
    "Pause",
    "async_home",
    "async_turn",
    "home",
    "turn",
)

# Why a call is held no longer.
RELEASED: Final = "released"
DUE: Final = "its delay is over"
DEADLINE: Final = "its deadline passed"
GONE: Final = "its connection is gone"
INTERRUPTED: Final = "it was interrupted"
STUCK: Final = "nobody let it go"


class Pause:
    """A thread that is held. Woken from anywhere; the first reason counts."""

    __slots__ = ("_event", "otherwise", "reason")

    def __init__(self) -> None:
        self._event = Event()
        self.reason: str | None = None
        # The reason if nobody wakes it in time.
        self.otherwise: str = STUCK

    def wake(self, reason: str) -> None:
        """Let it go on."""
        self.reason = self.reason or reason
        self._event.set()

    def wait(self, seconds: float) -> str:
        """Hold the caller until it is woken, or for so many real seconds. Returns why it goes on."""
        self._event.wait(seconds)
        return self.reason or self.otherwise


class AsyncPause:
    """A task that is held: in a future of its loop, so that a cancellation lands there."""

    __slots__ = ("_future", "_loop", "otherwise", "reason")

    def __init__(self) -> None:
        from asyncio import get_running_loop

        self._loop = get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self.reason: str | None = None
        # The reason if nobody wakes it in time.
        self.otherwise: str = STUCK

    def wake(self, reason: str) -> None:
        """Let it go on, one turn of its loop later. From any thread."""
        self.reason = self.reason or reason
        with suppress(RuntimeError):  # its loop is closed: nobody is held there any more
            self._loop.call_soon_threadsafe(_finish, self._future)

    async def wait(self, seconds: float) -> str:
        """Hold the caller until it is woken, or for so many real seconds. Returns why it goes on."""
        timer = self._loop.call_later(seconds, _finish, self._future)
        try:
            await self._future
        finally:
            timer.cancel()
        return self.reason or self.otherwise


def turn() -> None:
    """Let other threads run."""
    time.sleep(0)


async def async_turn() -> None:
    """Let the loop run once; a real future, so that a cancellation lands there."""
    from asyncio import get_running_loop

    loop = get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.call_soon(_finish, future)
    await future


def home() -> object:
    """Where a connection belongs: a sync one is at home in every thread."""
    return None


def async_home() -> asyncio.AbstractEventLoop:
    """Where a connection belongs: in the loop that it was made in."""
    from asyncio import get_running_loop

    return get_running_loop()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
