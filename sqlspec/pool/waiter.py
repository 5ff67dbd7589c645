"""Waiting for a connection: the one thing that a thread and a task do differently.

A waiter is given its gift under the pool's lock and *accepts* it, or says that it has left. So what was
given is never lost: whoever leaves looks, under that same lock, whether something came in between.
"""

from __future__ import annotations

import time
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

__all__ = ("AsyncWaiter", "Waiter")


class Waiter:
    """A thread in the queue."""

    __slots__ = ("_gate", "gift", "is_over")

    def __init__(self) -> None:
        self._gate = Lock()
        self._gate.acquire()
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
    """A task in the queue. May be given its gift from any thread."""

    __slots__ = ("_future", "_loop", "_thread", "gift", "is_over")

    def __init__(self) -> None:
        from asyncio import get_running_loop

        self._loop = get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._thread = get_ident()
        self.gift: Any = None
        self.is_over = False

    def give(self, gift: object) -> bool:
        """Accept *gift* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over or self._loop.is_closed():
            return False
        self.gift, self.is_over = gift, True
        if get_ident() == self._thread:
            self._wake()
        else:
            self._loop.call_soon_threadsafe(self._wake)
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
