"""The time limit of one call: the call is interrupted at it, and a moment later its connection is dropped.

    timer = limit(connection, seconds, token)     # once the guard is entered with *token*
    try:
        …                                         # the driver's call
    except Exception as exc:
        error = timer.judge(exc)                  # `QueryTimeoutError`, if the limit was the reason
    finally:
        timer.end()

The interrupt asks the server to stop the statement; then the connection is good for more. A server or network
that does not answer is left: `deadline` is for the driver, and just after it the connection is dropped. So a
call ends within a second of its limit.

Tasks have the timer of their event loop. All threads share one that watches: a daemon, which starts with the
first limit, since a thread that waits in a driver can do nothing else.
"""

from __future__ import annotations

import os
import time
from asyncio import get_running_loop, sleep
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol

from sqlspec.errors import (
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    OperationalError,
    QueryCancelledError,
    QueryTimeoutError,
)

from .deadlines import ADAPTERS_FIRST, watch_of
from .guard import DROPPED, HELD

if TYPE_CHECKING:
    from collections.abc import Callable

    from .deadlines import Timed
    from .guard import CallGuard

__all__ = ("Alarm", "AsyncLimit", "Limit")

STOP_TIMEOUT = 0.8
"""Seconds that an interrupted call has to end."""
INTERRUPT_EVERY = 0.05
"""Seconds between two interrupts: the first may come before the statement has begun."""
TICK = 0.01
"""Seconds: one look is enough for limits that lie close together."""
LONGEST_SLEEP = 3600.0
WAIT_STEP = 0.002
"""Seconds between two looks whether the request to stop has arrived."""


class Request(Protocol):
    """A request to stop a statement that is on its way to the server: any kind of future."""

    def done(self) -> bool:
        """The server has it, or never will."""
        ...


class Limited(Protocol):
    """A connection."""

    @property
    def guard(self) -> CallGuard:
        """Who is inside a call."""
        ...

    def interrupt(self, *, for_good: bool) -> Request | None:
        """Stop its statement."""
        ...

    def drop(self) -> None:
        """Give it up at once."""
        ...


class _Limit:
    """What is the same for threads and tasks."""

    __slots__ = ("_connection", "_drops_at", "_request", "_token", "deadline", "ends_at", "seconds", "until")

    def __init__(
        self, connection: Limited, seconds: float, token: object, ends_at: float | None = None
    ) -> None:
        """*ends_at*: when, if the time began to run before."""
        self._connection, self._token, self.seconds = connection, token, seconds
        self.ends_at = self.until = time.monotonic() + seconds if ends_at is None else ends_at
        self.deadline = self.ends_at + STOP_TIMEOUT
        """For the driver: when it has to give up."""
        self._drops_at = self.deadline + ADAPTERS_FIRST
        self._request: Request | None = None

    def check(self) -> None:
        """Raise `QueryTimeoutError` if the time is over."""
        if time.monotonic() >= self.ends_at:
            raise self._error("")

    def judge(self, error: BaseException) -> BaseException:
        """*error*, or `QueryTimeoutError` if the limit was the reason."""
        if time.monotonic() < self.ends_at or not isinstance(error, DatabaseError):
            return error
        if isinstance(error, QueryCancelledError):
            return self._error("", error)
        if self._connection.guard.ended is DROPPED or isinstance(
            error, (DeadlineExceeded, DisconnectedError)
        ):
            return self._error("; it was not answered, so it may have taken effect or not", error)
        return error

    def _error(self, note: str, error: DatabaseError | None = None) -> QueryTimeoutError:
        text = f"the statement ran longer than query_timeout={self.seconds:g} s{note}"
        if error is None:
            return QueryTimeoutError(text)
        return QueryTimeoutError(text, sqlstate=error.sqlstate, code=error.code)

    def _is_under_way(self) -> bool:
        """Who began the call is still inside: after an interruption nobody may have ended the limit."""
        return self._connection.guard[HELD] is self._token

    def _stop(self) -> bool:
        """Interrupt, or drop at last. Returns whether to come again, at `until`."""
        now = time.monotonic()
        if now >= self._drops_at:
            self._connection.drop()
            return False
        if self._request is None or self._request.done():
            with suppress(Exception):  # what can not be interrupted is dropped in the end
                self._request = self._connection.interrupt(for_good=False)
        self.until = min(now + INTERRUPT_EVERY, self._drops_at)
        return True

    def _must_wait(self) -> bool:
        """The request is on its way, and could stop the next statement. Too late: there will be none."""
        if self._request is None or self._request.done():
            return False
        if time.monotonic() < self._drops_at:
            return True
        self._connection.drop()
        return False


class Limit(_Limit):
    """Of a call in a thread."""

    __slots__ = ("_turn",)

    def __init__(
        self, connection: Limited, seconds: float, token: object, ends_at: float | None = None
    ) -> None:
        super().__init__(connection, seconds, token, ends_at)
        # Whose turn it is: that of the thread that watches, or that of the call's end, which keeps it.
        self._turn: dict[str, object] = {}
        _watch.add(self)

    def wake(self) -> None:
        """In the thread that watches: the call is not over."""
        token = object()
        if self._turn.setdefault(HELD, token) is not token:
            _watch.timers.discard(self)
            return
        try:
            if not (self._is_under_way() and self._stop()):
                _watch.timers.discard(self)
        finally:
            del self._turn[HELD]

    def end(self) -> None:
        """The call is over; from now on nothing stops this connection's statements."""
        _watch.timers.discard(self)
        try:
            while self._turn.setdefault(HELD, self) is not self:
                time.sleep(0)  # for the microseconds of an interrupt
            while self._must_wait():
                time.sleep(WAIT_STEP)
        except BaseException:
            self._connection.drop()
            raise


class AsyncLimit(_Limit):
    """Of a call in a task."""

    __slots__ = ("_timers",)

    def __init__(
        self, connection: Limited, seconds: float, token: object, ends_at: float | None = None
    ) -> None:
        super().__init__(connection, seconds, token, ends_at)
        loop = get_running_loop()
        watch = watch_of(loop)
        self._timers = watch.timers
        watch.add(self, loop)

    def wake(self) -> None:
        """The call is not over."""
        if self._is_under_way() and self._stop():
            loop = get_running_loop()
            watch_of(loop).add(self, loop)

    async def end(self) -> None:
        """The call is over; from now on nothing stops this connection's statements."""
        self._timers.discard(self)
        try:
            while self._must_wait():  # noqa: ASYNC110 - the future may be of any kind
                await sleep(WAIT_STEP)
        except BaseException:
            self._connection.drop()
            raise


# --- the thread that watches --------------------------------------------------------------------


class ThreadWatch:
    """The timers of all threads. Like `DeadlineWatch`, it may wake for nothing, and is seldom woken."""

    def __init__(self) -> None:
        self.timers: set[Timed] = set()
        self._wakes_at = inf
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()

    def add(self, timer: Timed) -> None:
        """Have it woken at its time, and again until it takes itself out of `timers`."""
        self.timers.add(timer)
        if self._thread is None or not self._thread.is_alive():
            self._start()
        if timer.until < self._wakes_at:
            self._wake.put(None)

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            thread = Thread(target=self._run, name="sqlspec-limits", daemon=True)
            try:
                thread.start()
            except RuntimeError as exc:
                msg = "the system has no thread to give that would watch query_timeout; look at its limits"
                raise OperationalError(msg) from exc
            self._thread = thread

    def _run(self) -> None:
        while True:
            # Before the look: who adds a timer after it finds this, and wakes us.
            self._wakes_at = inf
            now = time.monotonic()
            for timer in self.timers.copy():
                if timer.until <= now:
                    with suppress(Exception):  # one that fails costs the others nothing
                        timer.wake()
            following = min((timer.until for timer in self.timers.copy()), default=inf)
            self._wakes_at = following
            with suppress(Empty):
                pause = max(TICK, following - time.monotonic())
                self._wake.get(timeout=min(pause, LONGEST_SLEEP))  # a lock takes no larger number


class Alarm:
    """For adapters: calls *function* at the *deadline* (monotonic seconds), in a thread, unless cancelled."""

    __slots__ = ("_function", "until")

    def __init__(self, deadline: float, function: Callable[[], object]) -> None:
        self.until, self._function = deadline, function
        _watch.add(self)

    def wake(self) -> None:
        """In the thread that watches."""
        self.cancel()
        self._function()

    def cancel(self) -> None:
        """What it was set for is over."""
        _watch.timers.discard(self)


_watch = ThreadWatch()


def _forget() -> None:
    """In a forked child, where that thread is not."""
    global _watch  # noqa: PLW0603 - there is one for each process
    _watch = ThreadWatch()


os.register_at_fork(after_in_child=_forget)
