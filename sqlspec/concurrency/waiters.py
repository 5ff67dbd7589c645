"""Places in a pool's queue.

A waiter is given an item under the pool's lock and *accepts* it, or says that it has left. So what was given
is never lost: whoever leaves looks, under that same lock, whether something came in between.
"""

from __future__ import annotations

import time
from asyncio import get_running_loop
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

from .deadlines import watch_of

if TYPE_CHECKING:
    import asyncio

__all__ = ("AsyncWaiter", "Waiter")


class Waiter:
    """A thread in the queue."""

    __slots__ = ("_gate", "is_over", "item", "lease", "since", "thread")

    def __init__(self, lease: Any, since: float) -> None:
        self._gate = Lock()
        self._gate.acquire()
        self.lease, self.since = lease, since
        self.thread = get_ident()
        self.item: Any = None
        self.is_over = False

    def accept(self, item: object) -> bool:
        """Accept *item* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over:
            return False
        self.item, self.is_over = item, True
        self._gate.release()
        return True

    def wait(self, deadline: float) -> None:
        """Return when given something, or at the *deadline* (monotonic seconds)."""
        self._gate.acquire(timeout=max(0.0, deadline - time.monotonic()))


class AsyncWaiter:
    """A task in the queue. May be given its slot from any thread."""

    __slots__ = ("_future", "_loop", "_thread", "is_over", "item", "lease", "since", "thread", "until")

    def __init__(self, lease: Any, since: float) -> None:
        self._loop = get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._thread = get_ident()
        self.lease, self.since = lease, since
        self.thread = 0  # it holds none
        self.item: Any = None
        self.is_over = False

    def accept(self, item: object) -> bool:
        """Accept *item* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over or self._loop.is_closed():
            return False
        self.item, self.is_over = item, True
        if get_ident() == self._thread:
            self.wake()
            return True
        try:
            self._loop.call_soon_threadsafe(self.wake)
        except RuntimeError:
            return False  # its loop was closed at this moment
        return True

    def wake(self) -> None:
        """Wake: given something, or at the deadline."""
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, deadline: float) -> None:
        """Return when given something, or at the *deadline* (monotonic seconds)."""
        self.until = deadline
        watch = watch_of(self._loop)
        watch.add(self, self._loop)
        try:
            await self._future
        finally:
            watch.timers.discard(self)
