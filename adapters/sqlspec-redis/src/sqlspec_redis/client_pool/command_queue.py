"""Which command may use a session's connection, when threads or tasks share the session. Nothing here waits.

A waiter is given something under the lock and *accepts* it, or says that it has left. So the connection is
never lost: whoever leaves looks, under the same lock, whether it was given meanwhile.
"""

from __future__ import annotations

from collections import deque
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlspec_redis.drivers import AsyncWaiter, Waiter

    AnyWaiter = Waiter | AsyncWaiter

__all__ = ("ENDED", "HELD", "CommandQueue")

HELD: Final = "held"
"""What waiters get when the connection will not come back soon: they need another one."""
ENDED: Final = "ended"
"""What waiters get when the session has ended."""


class CommandQueue:
    """Lends one connection to one command at a time; the longest waiter is served first."""

    def __init__(self) -> None:
        self.free: list[Any] = []
        """The connection, while no command uses it. Taken without the lock: `pop` is one step."""
        self.is_open = False
        """A session is under way."""
        self._is_held = False
        self._waiters: deque[AnyWaiter] = deque()
        # Reentrant: a finaliser may give the connection back while this thread has the lock.
        self._lock = RLock()

    def open(self, connection: object, *, is_held: bool = False) -> None:
        """A session begins; with *is_held*, the connection is in use until it is given back."""
        self.free[:] = [] if is_held else [connection]
        self._is_held = is_held
        self.is_open = True

    def give_back(self, connection: object) -> None:
        """A command is over."""
        if not self.is_open:
            return
        self._is_held = False
        self.free.append(connection)
        if self._waiters:
            self._serve()

    def hold(self) -> None:
        """What uses the connection may keep it for long: nobody shall wait for it."""
        with self._lock:
            self._is_held = True
            self._send_away(HELD)

    def close(self) -> bool:
        """The session ends. True: no command uses the connection any more."""
        with self._lock:
            self.is_open = False
            is_free = bool(self.free)
            self.free.clear()
            self._send_away(ENDED)
        return is_free

    def abandon(self) -> None:
        """In a forked child: the waiters are the parent's, and so is whoever has the lock."""
        self._lock = RLock()
        self.is_open = False
        self.free.clear()
        self._waiters.clear()

    # --- waiters --------------------------------------------------------------------------------

    def join(self, waiter: AnyWaiter) -> None:
        """Wait for the connection, or get HELD or ENDED."""
        with self._lock:
            if self.is_open and not self._is_held:
                self._waiters.append(waiter)
                self._serve()  # it may have come back since
            else:
                waiter.give(HELD if self.is_open else ENDED)

    def leave(self, waiter: AnyWaiter) -> Any:
        """What *waiter* was given, or None. It accepts nothing from now on."""
        with self._lock:
            waiter.is_over = True
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            return waiter.item

    def leave_early(self, waiter: AnyWaiter) -> None:
        """The wait was interrupted: what *waiter* was given goes to the next one."""
        item = self.leave(waiter)
        if item is not None and item is not HELD and item is not ENDED:
            self.give_back(item)

    def _serve(self) -> None:
        with self._lock:
            while self._waiters:
                try:
                    connection = self.free.pop()
                except IndexError:
                    return  # a command that did not wait was faster
                accepted = self._waiters[0].give(connection)
                self._waiters.popleft()  # last: an interruption must not leave it outside with nothing
                if accepted:
                    return
                self.free.append(connection)

    def _send_away(self, reason: str) -> None:
        while self._waiters:
            self._waiters[0].give(reason)
            self._waiters.popleft()
