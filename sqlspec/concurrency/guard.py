"""Guards: who is inside a call on a connection, and who closes it once it is dropped.

    token = object()
    try:
        guard.enter(token)            # raises if somebody else is inside, or the connection is gone
        …
    finally:
        guard.leave(token, connection)

Not a lock: nobody waits for a guard. Whoever finds it taken must learn so, be it a task of the same thread.
And a signal's exception may come out of any call, that of `Lock.acquire` too, with the lock taken and nobody
knowing it; here the token tells who is inside. `setdefault` is one step for all threads. Code on the hot path
writes `enter` and `leave` out; there the lines of the `finally` hold no call that a signal could come out of.

*Dropping* marks the guard first, then stops the call that is under way, then tries to enter. Whoever leaves
looks at the mark. So exactly one of the two closes the connection, and nobody closes it under a running call.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlspec.errors import DisconnectedError, SessionClosedError, SessionInUseError, SQLSpecError

from .interruptions import suppress_errors

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = (
    "CLOSED",
    "DROPPED",
    "HELD",
    "INHERITED",
    "AsyncCallGuard",
    "CallGuard",
    "Interruptible",
    "async_guard",
    "guard",
)

HELD: Final = "held"

CLOSED: Final = "closed"
DROPPED: Final = "dropped"
INHERITED: Final = "inherited"


class Interruptible(Protocol):
    """What a guard asks of its connection."""

    @property
    def fileno(self) -> int | None:
        """The socket of a network driver."""
        ...

    def interrupt(self, *, for_good: bool) -> Any:
        """Stop the call that is under way."""
        ...

    def close(self) -> Any:
        """Free everything."""
        ...


class CallGuard(dict[str, object]):
    """The guard of one connection for threads; see the head of this file."""

    __slots__ = ("ended",)

    def __init__(self) -> None:
        super().__init__()
        self.ended: str | None = None
        """Why no call may begin any more: DROPPED, CLOSED or INHERITED."""

    def __missing__(self, key: str) -> None:
        """Nobody is inside."""

    def enter(self, token: object) -> None:
        """Begin a call. Raises `SessionInUseError`, `DisconnectedError` or `SessionClosedError`."""
        if not self.has_entered(token):
            raise self.refusal()

    def has_entered(self, token: object) -> bool:
        """Begin a call if that is possible; `leave` comes after it in any case."""
        return self.setdefault(HELD, token) is token and self.ended is None

    def leave(self, token: object, connection: Interruptible) -> None:
        """End a call, if *token* is inside. The last one out of a dropped connection closes it."""
        if self[HELD] is token:
            del self[HELD]
        if self.ended is DROPPED:
            self.close_dropped(connection)

    def refusal(self) -> SQLSpecError:
        """Why a call may not begin."""
        if self.ended is INHERITED:
            return SessionClosedError(
                "this connection was opened before the process was forked and belongs to the parent process; "
                "open a session of its own in the child"
            )
        if self.ended is not None:
            return DisconnectedError(f"the connection was {self.ended}")
        return SessionInUseError("this connection is running a statement in another task or thread")

    def drop(self, connection: Interruptible) -> None:
        """Give *connection* up now, from any thread. Never waits. May be called twice."""
        if self.ended is CLOSED or self.ended is INHERITED:
            return
        # First the mark, then the stop: whoever leaves from now on sees it, and closes.
        self.ended = DROPPED
        self._stop(connection)
        self.close_dropped(connection)

    def _stop(self, connection: Interruptible) -> None:
        with suppress_errors():  # a driver that can not be stopped is closed when its call ends
            connection.interrupt(for_good=True)

    def close_dropped(self, connection: Interruptible) -> None:
        """Close it, unless a call is under way, or somebody has closed it: this token stays inside."""
        token = object()
        if self.setdefault(HELD, token) is token:
            with suppress_errors():  # it is given up; there is nobody to tell
                connection.close()

    def close(self) -> None:
        """Whoever is inside has closed the connection, and stays inside."""
        self.ended = CLOSED

    def inherit(self) -> None:
        """In a forked child: no call may begin, whoever was inside."""
        self.ended = INHERITED
        # Nobody leaves in the child: the thread that was inside is in the parent.
        self[HELD] = INHERITED


class AsyncCallGuard(CallGuard):
    """The guard of one connection for tasks.

    A driver's transport belongs to the thread of its event loop. From elsewhere the socket is shut down at
    once, which ends a call that waits for it, and the loop does the rest at its next turn.
    """

    __slots__ = ("_loop",)

    def __init__(self, loop: AbstractEventLoop | None) -> None:
        """*loop*: whose thread may touch the connection; None if any may."""
        super().__init__()
        self._loop = loop

    def _stop(self, connection: Interruptible) -> None:
        from asyncio import _get_running_loop  # not for those who have no loop

        loop = self._loop
        if loop is None or loop is _get_running_loop() or loop.is_closed():
            super()._stop(connection)
            return
        _shut_down(connection.fileno)
        try:
            loop.call_soon_threadsafe(super()._stop, connection)
        except RuntimeError:  # closed at this moment
            super()._stop(connection)

    def close_dropped(self, connection: Interruptible) -> None:
        """Nothing: an async driver's `interrupt(for_good=True)` frees everything without waiting."""


def guard() -> CallGuard:
    """The guard of a new connection, which any thread may close."""
    return CallGuard()


def async_guard() -> AsyncCallGuard:
    """The guard of a new connection of the event loop that is running."""
    from asyncio import _get_running_loop  # None where none is running

    return AsyncCallGuard(_get_running_loop())


def _shut_down(fileno: int | None) -> None:
    """End all that waits on a socket, without closing it: its number must not be another's while in use."""
    if fileno is None or fileno < 0:
        return
    import os
    import socket

    with suppress(OSError), socket.socket(fileno=os.dup(fileno)) as line:  # else closed or cut before
        line.shutdown(socket.SHUT_RDWR)
