# Printed from _async.py by tools/print_sync.py; do not edit.
"""Sessions take turns on the one connection: each call has it alone, and notes in what state it is then."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.waiters import Waiter
from sqlspec.database.rollback.base import check_home
from sqlspec.errors import SessionInUseError

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.database.rollback.connection._sync import NestedConnection
    from sqlspec.plugin._sync import Connection

__all__ = ("Turn", "Turns")


class Turns:
    """Lets one call run at a time, in the order of their coming."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiters: deque[Waiter] = deque()
        self._is_taken = False

    def acquire(self, until: float, session: NestedConnection | None = None) -> None:
        """Wait for the turn. Raises `SessionInUseError` if it does not come until then, or on `stop`."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            waiter = Waiter(None, time.monotonic())
            self._waiters.append(waiter)
            if session is not None:
                session.waiter = waiter
        try:
            waiter.wait(until)
        except BaseException:
            if self._leave(waiter):
                self.give_back()
            raise
        if not self._leave(waiter):
            raise SessionInUseError(
                "a statement of another session runs for too long: inside of override(…, rollback=True) all "
                "sessions share one connection, which runs one statement at a time"
            )

    def _leave(self, waiter: Waiter) -> bool:
        """Out of the queue. Returns whether the turn had come."""
        with self._lock:
            is_given = waiter.item is not None
            waiter.is_over = True
            return is_given

    def stop(self, waiter: Waiter) -> None:
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


class Turn:
    """A call on the one connection, for one session."""

    __slots__ = ("_connection", "_deadline", "_is_end", "_token")

    def __init__(
        self, connection: NestedConnection, deadline: float | None, *, is_end: bool = False
    ) -> None:
        """*is_end*: it rolls back, which is possible also in a transaction that was given up."""
        self._connection, self._deadline, self._is_end = connection, deadline, is_end
        self._token = object()

    def __enter__(self) -> Connection[Any]:
        connection, outer = self._connection, self._connection.outer
        inner = connection.inner
        outer.check()
        check_home(outer)
        outer.turns.acquire(outer.until(self._deadline), connection)
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

    def __exit__(
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
