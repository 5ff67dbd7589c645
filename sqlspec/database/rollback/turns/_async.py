# The source of _sync.py, which tools/print_sync.py prints from it.
"""Sessions take turns on the one connection: each call has it alone, and notes in what state it is then."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.waiters import AsyncWaiter
from sqlspec.database.rollback.base import async_check_home
from sqlspec.errors import SessionInUseError

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.database.rollback.connection._async import AsyncNestedConnection
    from sqlspec.plugin._async import AsyncConnection

__all__ = ("AsyncTurn", "AsyncTurns")


class AsyncTurns:
    """Lets one call run at a time, in the order of their coming."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiters: deque[AsyncWaiter] = deque()
        self._is_taken = False

    async def acquire(self, until: float, session: AsyncNestedConnection | None = None) -> None:
        """Wait for the turn. Raises `SessionInUseError` if it does not come until then, or on `stop`."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            waiter = AsyncWaiter(None, time.monotonic())
            self._waiters.append(waiter)
            if session is not None:
                session.waiter = waiter
        try:
            await waiter.wait(until)
        except BaseException:
            if self._leave(waiter):
                self.give_back()
            raise
        if not self._leave(waiter):
            raise SessionInUseError(
                "a statement of another session runs for too long: inside of override(…, rollback=True) all "
                "sessions share one connection, which runs one statement at a time"
            )

    def _leave(self, waiter: AsyncWaiter) -> bool:
        """Out of the queue. Returns whether the turn had come."""
        with self._lock:
            is_given = waiter.item is not None
            waiter.is_over = True
            return is_given

    def stop(self, waiter: AsyncWaiter) -> None:
        """Let it wait no longer."""
        with self._lock:
            waiter.accept(None)

    def give_back(self) -> None:
        """The next in the queue may go on."""
        with self._lock:
            while self._waiters:
                if self._waiters.popleft().accept(self):
                    return
            self._is_taken = False


class AsyncTurn:
    """A call on the one connection, for one session."""

    __slots__ = ("_connection", "_deadline", "_is_end", "_token")

    def __init__(
        self, connection: AsyncNestedConnection, deadline: float | None, *, is_end: bool = False
    ) -> None:
        """*is_end*: it rolls back, which is possible also in a transaction that was given up."""
        self._connection, self._deadline, self._is_end = connection, deadline, is_end
        self._token = object()

    async def __aenter__(self) -> AsyncConnection[Any]:
        connection, outer = self._connection, self._connection.outer
        inner = connection.inner
        outer.check()
        async_check_home(outer)
        await outer.turns.acquire(outer.until(self._deadline), connection)
        try:
            outer.check()
            inner.guard.enter(self._token)
            if not self._is_end:
                outer.check_status(inner.transaction_status, connection)
        except BaseException:
            inner.guard.leave(self._token, inner)
            outer.turns.give_back()
            raise
        connection.is_inside, connection.is_stopped = True, False
        return inner

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, outer = self._connection, self._connection.outer
        inner = connection.inner
        connection.is_inside = False
        try:
            connection.note_status(exc)
        finally:
            inner.guard.leave(self._token, inner)
            outer.turns.give_back()
