"""The one place where redis-py differs for threads and tasks.

What waits is written once, for tasks, and printed for threads; each name here has its other half, with and
without `Async` or `async_`.
"""

from __future__ import annotations

import asyncio
import time
from threading import Lock
from typing import TYPE_CHECKING, Any

from redis import ConnectionPool, Redis
from redis.asyncio import ConnectionPool as AsyncConnectionPool
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import Pipeline

from . import async_connections, sync_connections

if TYPE_CHECKING:
    from .config import RedisConfig

__all__ = (
    "AsyncConnectionPool",
    "AsyncPipeline",
    "AsyncRedis",
    "AsyncWaiter",
    "ConnectionPool",
    "Pipeline",
    "Redis",
    "Waiter",
    "async_connection_class",
    "async_is_transaction",
    "async_pause",
    "connection_class",
    "is_transaction",
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


def is_transaction(pipeline: Any) -> bool:
    """Whether it will be sent between MULTI and EXEC."""
    return bool(pipeline.transaction or pipeline.explicit_transaction)


def async_is_transaction(pipeline: Any) -> bool:
    """Whether it will be sent between MULTI and EXEC."""
    return bool(pipeline.is_transaction or pipeline.explicit_transaction)


def pause(seconds: float) -> None:
    """Let time pass."""
    time.sleep(seconds)


async def async_pause(seconds: float) -> None:
    """Let time pass, and the loop do what it has to."""
    await asyncio.sleep(seconds)


# --- waiting for a session's own connection -----------------------------------------------------
# A waiter is given something under its queue's lock, and accepts it, or says that it has left.


class Waiter:
    """A thread in the queue."""

    def __init__(self) -> None:
        self.item: Any = None
        self.is_over = False
        self._gate = Lock()
        self._gate.acquire()

    def give(self, item: object) -> bool:
        """Accept *item* and wake; False when this waiter has left."""
        if self.is_over:
            return False
        self.item, self.is_over = item, True
        self._gate.release()
        return True

    def wait(self, seconds: float) -> None:
        """Return when given something, or after that time."""
        self._gate.acquire(timeout=seconds)


class AsyncWaiter:
    """A task in the queue. Used in the thread of its loop, or when that loop is closed."""

    def __init__(self) -> None:
        self.item: Any = None
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    def give(self, item: object) -> bool:
        """Accept *item* and wake; False when this waiter has left."""
        if self.is_over or self._loop.is_closed():
            return False
        self.item, self.is_over = item, True
        self._wake()
        return True

    def _wake(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return when given something, or after that time."""
        if self.is_over:
            return
        # One timer, no task: wait_for would cost ten times as much.
        timer = self._loop.call_later(seconds, self._wake)
        try:
            await self._future
        finally:
            timer.cancel()
