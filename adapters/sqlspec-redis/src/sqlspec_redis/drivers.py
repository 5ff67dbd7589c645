"""The one place where redis-py differs for threads and tasks.

What waits is written once, for tasks, and printed for threads; each name here has its other half, with and
without `Async` or `async_`.
"""

from __future__ import annotations

import asyncio
import time
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

from redis import ConnectionPool, Redis
from redis.asyncio import ConnectionPool as AsyncConnectionPool
from redis.asyncio import Redis as AsyncRedis

from . import async_connections, sync_connections

if TYPE_CHECKING:
    from .config import RedisConfig

__all__ = (
    "AsyncConnectionPool",
    "AsyncRedis",
    "AsyncWaiter",
    "ConnectionPool",
    "Redis",
    "Waiter",
    "async_connection_class",
    "async_pause",
    "connection_class",
    "pause",
)


def connection_class(config: RedisConfig) -> type[Any]:
    """What speaks to that server."""
    is_socket = config.socket_path is not None
    return sync_connections.SocketConnection if is_socket else sync_connections.TCPConnection


def async_connection_class(config: RedisConfig) -> type[Any]:
    """What speaks to that server."""
    is_socket = config.socket_path is not None
    return async_connections.SocketConnection if is_socket else async_connections.TCPConnection


def pause(seconds: float) -> None:
    """Let time pass."""
    time.sleep(seconds)


async def async_pause(seconds: float) -> None:
    """Let time pass, and the loop do what it has to."""
    await asyncio.sleep(seconds)


# --- the queue ----------------------------------------------------------------------------------
# A waiter is given something under the pool's lock and *accepts* it, or says that it has left. So what was
# given is never lost: whoever leaves looks, under that same lock, whether something came in between.


class Waiter:
    """A thread in the queue."""

    def __init__(self, lease: Any, since: float) -> None:
        self.lease, self.since = lease, since
        self.item: Any = None
        self.is_over = False
        self._gate = Lock()
        self._gate.acquire()

    def give(self, item: object) -> bool:
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
    """A task in the queue. May be given something from any thread: a lost lease is found by gc, anywhere."""

    def __init__(self, lease: Any, since: float) -> None:
        self.lease, self.since = lease, since
        self.item: Any = None
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._thread = get_ident()

    def give(self, item: object) -> bool:
        """Accept *item* and wake; False when this waiter has left. Called under the pool's lock."""
        if self.is_over or self._loop.is_closed():
            return False
        self.item, self.is_over = item, True
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
