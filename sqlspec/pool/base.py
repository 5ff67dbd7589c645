"""What a pool decides without waiting, for threads and tasks alike.

The lock is held for book-keeping only, never across a wait or a driver's call. A lost lease is reported
by a finaliser that may run anywhere, even inside this file's locked sections: it appends to a deque and
*tries* the lock; whoever holds the lock looks into the deque after letting go.
"""

from __future__ import annotations

import time
import warnings
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlspec.errors import PoolTimeoutError

from .lease import Lease
from .state import RETIRED, Book, PoolRetiredError, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config import DatabaseConfig

    from .stats import PoolStats
    from .waiter import AsyncWaiter, Waiter

__all__ = ("PING_TIMEOUT", "PoolBase")

PING_TIMEOUT = 2.0
UNCHECKED_WINDOW = 0.5
"""A connection that rested no longer than this is lent without a round trip (HikariCP's bypass window)."""
RECYCLE_JITTER = 0.05

_graveyard: list[Any] = []
"""Connections inherited by fork: never touched, never freed, because freeing some drivers' would speak."""


class PoolBase:
    """The part of both pools that does not wait."""

    def __init__(
        self,
        config: DatabaseConfig[Any, Any, Any, Any],
        connect: Callable[[], Any],
        *,
        label: str,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[str, str | None, float | None], None] | None = None,
    ) -> None:
        """*observe* is told what happened to a connection, why, and what it took in seconds."""
        self._connect, self._label, self._clock = connect, label, clock
        self._observe = observe or _nobody
        self._timeout = config.pool_timeout
        self._recycle = config.pool_recycle
        self._idle_timeout = config.pool_idle_timeout
        self._pre_ping = config.pool_pre_ping
        self._keep = config.pool_min_size
        self._traces_leaks = config.leak_detection_threshold is not None
        self._lock = Lock()
        self._book = Book(config.pool_size, UNCHECKED_WINDOW if config.pool_pre_ping else float("inf"))
        self._lost: deque[tuple[Slot, str | None]] = deque()
        self._garbage: deque[Any] = deque()
        self._last_error: BaseException | None = None

    def stats(self) -> PoolStats:
        """The counts of this moment; never waits for anything but the short lock."""
        with self._lock:
            return self._book.stats()

    def expire(self) -> None:
        """Lend nothing that was made until now: a connection was found dead, its siblings likely are."""
        with self._lock:
            self._book.expire()

    # --- steps of acquire -----------------------------------------------------------------------

    def _retired(self) -> PoolRetiredError:
        return PoolRetiredError(f"the pool of {self._label} is closed")

    def _is_young(self, slot: Slot, now: float) -> bool:
        return now < slot.expires and slot.generation == self._book.generation

    def _new_slot(self, connection: Any, started: float) -> Slot:
        now = self._clock()
        expires = now + _life(self._recycle)
        slot = Slot(connection, generation=self._book.generation, expires=expires, now=now)
        with self._lock:
            self._book.opened_as(slot)
            self._last_error = None
        self._observe("opened", None, now - started)
        return slot

    def _room_unused(self, error: BaseException) -> None:
        with self._lock:
            self._book.room_unused()
            self._last_error = error if isinstance(error, Exception) else self._last_error

    def _exchange(self, slot: Slot, now: float) -> Any:
        with self._lock:
            return self._book.exchange(slot, now)

    def _lend(self, slot: Slot) -> Lease:
        if not self._traces_leaks:
            return Lease(slot.connection, slot, self)
        import traceback

        return Lease(slot.connection, slot, self, "".join(traceback.format_stack()[:-2]))

    # --- the queue ------------------------------------------------------------------------------

    def _enqueue(self, waiter: Waiter | AsyncWaiter, now: float) -> Any:
        """Join the queue, unless something became free since the first look."""
        with self._lock:
            taken = self._book.take(now)
            if taken is None:
                self._book.waiters.append(waiter)
        if taken is RETIRED:
            raise self._retired()
        return taken

    def _leave(self, waiter: Waiter | AsyncWaiter) -> Any:
        with self._lock:
            gift = self._book.leave(waiter)
        if gift is RETIRED:
            raise self._retired()
        return gift

    def _return_gift(self, gift: Any) -> None:
        """Somebody who was interrupted while waiting had been served: pass it on."""
        with self._lock:
            if isinstance(gift, Slot):
                self._book.lay_down(gift, gift.idle_since, True)  # noqa: FBT003
            elif gift is not None and gift is not RETIRED:
                self._book.room_unused()

    def _timed_out(self, waited: float) -> PoolTimeoutError:
        with self._lock:
            self._book.timeouts += 1
            stats = self._book.stats()
            oldest = min((slot.leased_since for slot in self._book.leased), default=None)
        longest = "" if oldest is None else f", longest held for {self._clock() - oldest:.1f} s"
        error = PoolTimeoutError(
            f"no connection to {self._label} became free in {waited:.1f} s: pool_size={self._book.limit}, "
            f"{stats.in_use} in use{longest}, {stats.opening} opening, {stats.waiting} waiting. "
            "Raise pool_size, or look for sessions that are held too long."
        )
        error.__cause__ = self._last_error
        return error

    # --- steps of release -----------------------------------------------------------------------

    def _gone(self, slot: Slot) -> None:
        with self._lock:
            self._book.gone(slot)

    def _trim(self) -> Slot | None:
        """The coldest connection, if it is cold enough to go."""
        if self._idle_timeout is None:
            return None
        with self._lock:
            return self._book.trim(self._clock() - self._idle_timeout, self._keep)

    # --- lost leases ----------------------------------------------------------------------------

    def lost(self, slot: Slot, stack: str | None) -> None:
        """A lease was dropped without being given back. Called by its finaliser: no lock, no driver."""
        self._lost.append((slot, stack))
        if self._lock.acquire(blocking=False):
            try:
                self._reclaim()
            finally:
                self._lock.release()
        where = f" It was acquired at:\n{stack}" if stack else ""
        warnings.warn(
            f"a connection to {self._label} was dropped without being returned; use `with`.{where}",
            ResourceWarning,
            stacklevel=3,
        )

    def _reclaim(self) -> None:
        """Under the lock: take back the slots of lost leases. Their connections are dropped later."""
        while self._lost:
            slot, _ = self._lost.popleft()
            if slot in self._book.leased:
                self._book.reclaimed += 1
                self._book.gone(slot)
                self._garbage.append(slot.connection)

    def _sweep(self) -> None:
        """Outside the lock: reclaim, and drop the connections that lost leases left."""
        if self._lost:
            with self._lock:
                self._reclaim()
        while self._garbage:
            try:
                connection = self._garbage.popleft()
            except IndexError:
                return  # another thread was faster
            connection.abort()
            self._observe("reclaimed", "lease was lost", None)

    # --- the end --------------------------------------------------------------------------------

    def retire(self) -> None:
        """Lend no more: idle connections are dropped now, leased ones when they return. Never waits."""
        for slot in self._retire():
            self._discard(slot, "pool was retired")
        self._sweep()

    def _discard(self, slot: Slot, reason: str) -> None:
        """Drop a connection without a word to its server."""
        slot.connection.abort()
        self._observe("discarded", reason, None)

    def _retire(self) -> list[Slot]:
        with self._lock:
            return self._book.retire()

    def abandon(self) -> None:
        """In a forked child: forget every connection without touching it; the parent still uses them."""
        book, self._lock = self._book, Lock()
        _graveyard.append((book.idle, book.leased, self._lost, self._garbage))
        self._book = Book(book.limit, book.unchecked)
        self._book.generation = book.generation + 1
        self._lost, self._garbage = deque(), deque()
        self._book.is_retired = True


def _life(recycle: float | None) -> float:
    """Seconds that a new connection may live: spread, so that those made together do not die together."""
    if recycle is None:
        return float("inf")
    from random import uniform

    return recycle * uniform(1 - RECYCLE_JITTER, 1 + RECYCLE_JITTER)  # noqa: S311 - no secret


def _nobody(kind: str, reason: str | None, seconds: float | None) -> None:
    """Nobody observes."""
