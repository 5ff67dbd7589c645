"""What a pool decides without waiting, for threads and tasks alike.

A *link* is a place in the pool; it is idle, or leased to somebody. Whatever becomes free goes to the longest
waiter that accepts it, and only then to the shelf. Nothing here waits, and nothing here speaks to the
server: a connection that comes back in doubt is dropped, which costs its place a new one, about a
millisecond. So giving back can not fail, can not be cancelled, and needs no time limit.

The lock is held for book-keeping only. A lease that dies unreturned is found by a finaliser, which may run
anywhere, even inside the locked sections: it raises a flag and *tries* the lock; whoever holds it looks at
the flag after letting go.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections import deque
from random import uniform
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import ref

from sqlspec.errors import PoolFullError, PoolRetiredError, PoolTimeoutError
from sqlspec.plugin import PooledConnection
from sqlspec_redis.options import connection_options, pool_options, terms_of

from .counts import Counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import PoolStats
    from sqlspec_redis.config import RedisConfig
    from sqlspec_redis.drivers import AsyncWaiter, Waiter
    from sqlspec_redis.link.base import LinkBase

    AnyWaiter = Waiter | AsyncWaiter

__all__ = ("Lease", "PoolBase")

UNCHECKED_WINDOW = 0.5
"""A connection that rested no longer than this is lent without a round trip."""
RECYCLE_JITTER = 0.05
FOREVER = float("inf")

L = TypeVar("L", bound="LinkBase")


RETIRED = object()
"""What waiters are given when the pool lends no more."""
ENDED = object()
"""What those are given who waited for a session's connection when the session ended."""


class Lease:
    """One borrowed link. When it is dropped instead of given back, its link is found and replaced."""

    link: Any = None
    connection: Any = None
    """The same, once it is fit to be used."""


class PoolBase(Generic[L]):
    """The part of both pools that does not wait."""

    def __init__(
        self, config: RedisConfig, label: str, *, pool_class: type[Any], connection_class: type[Any]
    ) -> None:
        self._config = config
        self.connect_timeout = config.connect_timeout
        self.keeps_settings = config.reset == "rollback"
        self.label = label
        """What errors call the database."""
        self._unchecked = UNCHECKED_WINDOW if config.pool_pre_ping else FOREVER
        self._pool_class, self._connection_class = pool_class, connection_class
        self._terms = terms_of(config)
        self._died: Callable[[object], None] = _watcher(ref(self))
        self._clear()

    def _clear(self) -> None:
        self._lock = Lock()
        self._idle: list[L] = []  # a stack: the warmest is lent first
        self._leased: set[L] = set()
        self._waiters: deque[AnyWaiter] = deque()
        self._garbage: deque[L] = deque()
        self._has_lost = self._is_retired = False
        self._generation = 0
        self._last_error: Exception | None = None
        self._counts = Counts()

    def new_desk(self) -> Any:
        """What a link's clients take for their pool."""
        options = connection_options(self._config, self._terms) | pool_options(self._pool_class)
        return self._pool_class(connection_class=self._connection_class, **options)

    def stats(self) -> PoolStats:
        """The counts of this moment."""
        self._find_lost()
        with self._lock:
            opening = sum(link.connection is None for link in self._leased)
            idle, in_use = len(self._idle), len(self._leased) - opening
            return self._counts.stats(idle=idle, in_use=in_use, opening=opening, waiting=len(self._waiters))

    # --- lending --------------------------------------------------------------------------------

    def _new_link(self, now: float) -> L:
        raise NotImplementedError

    def _take(self, lease: Lease, now: float) -> L | None:
        """Give *lease* a link, or None: wait."""
        with self._lock:
            found = self._find(now)
            if found is not None:
                self._lend(found, lease, now)
        if self._has_lost or self._garbage:
            self._sweep()
        return found

    def _find(self, now: float) -> L | None:
        if self._idle:
            return self._idle.pop()
        if self._is_retired:
            raise self._retired()
        return self._new_link(now) if self._has_room() else None

    def _has_room(self) -> bool:
        return len(self._leased) + len(self._idle) < self._config.pool_size

    def _lend(self, link: L, lease: Lease, now: float) -> None:
        link.leased_since = now
        link.watch = ref(lease, self._died)
        self._leased.add(link)
        lease.link = link

    def _retired(self) -> PoolRetiredError:
        return PoolRetiredError(f"the pool of {self.label} is closed")

    def _is_fresh(self, link: L, now: float) -> bool:
        """Fit to be lent without a round trip."""
        return now < link.fresh_until and link.generation == self._generation and link.connection.is_quiet()

    def _is_young(self, link: L, now: float) -> bool:
        return now < link.expires and link.generation == self._generation

    def _exchange(self, lease: Lease, link: L, now: float, reason: str) -> L:
        """A link that was no good gives way to a new one, which must be opened."""
        link.abort()
        new = self._new_link(now)
        with self._lock:
            self._leased.discard(link)
            link.watch = None
            self._lend(new, lease, now)
            self._counts.closed(reason)
        return new

    def _opened(self, link: L) -> None:
        recycle = self._config.pool_recycle
        spread = uniform(1 - RECYCLE_JITTER, 1 + RECYCLE_JITTER)  # noqa: S311 - no secret
        link.expires = FOREVER if recycle is None else self._now() + recycle * spread
        with self._lock:
            self._counts.opened += 1
            self._last_error = None

    def _not_opened(self, lease: Lease, link: L, error: BaseException) -> None:
        with self._lock:
            if isinstance(error, Exception) and not PooledConnection.is_foreign(error):
                self._last_error = error
            self._remove(link)
            lease.link = None
        self._look_after()

    def _remove(self, link: L) -> None:
        """Under the lock: its place is free."""
        if link in self._leased:
            self._leased.remove(link)
            link.watch = None
            self._pass_room_on()

    def _hand_out(self, lease: Lease, link: L) -> Lease:
        lease.connection = link
        if self._config.leak_detection_threshold is not None:
            link.stack = "".join(traceback.format_stack()[:-2])
        return lease

    def _now(self) -> float:
        return time.monotonic()

    # --- the queue ------------------------------------------------------------------------------

    def _enqueue(self, waiter: AnyWaiter, now: float, beside: L | None = None) -> L | None:
        """Join the queue, unless something is free by now. The connection of *beside* will do, too."""
        with self._lock:
            found = self._find(now)
            if found is not None:
                self._lend(found, waiter.lease, now)
                return found
            if beside is not None:
                beside.waiting.append(waiter)
                if beside.spare:  # come back since
                    self._serve_own(beside)
                    return None
            waiting, most = len(self._waiters), self._config.pool_max_waiting
            is_full = most is not None and waiting >= most
            if is_full:
                self._counts.refused += 1
            else:
                self._waiters.append(waiter)
            overdue = self._overdue(now)
        self._report(overdue)
        if is_full:
            raise PoolFullError(
                f"no connection to {self.label} is free, and {waiting} callers wait for one already; "
                f"pool_max_waiting={most} lets no more join"
            )
        return None

    def _leave(self, waiter: AnyWaiter, now: float, beside: L | None = None) -> L | None:
        """What a waiter was given; it is out of the queue from now on."""
        with self._lock:
            self._forget(waiter, beside)
            if waiter.item is RETIRED:
                raise self._retired()
            if waiter.item is beside or waiter.item is ENDED:
                return beside
            link: L | None = waiter.lease.link
            if link is not None:
                self._counts.waited(now - waiter.since)
        self._look_after()
        return link

    def _give_up(self, waiter: AnyWaiter, beside: L | None = None) -> None:
        """Somebody was interrupted while waiting, and may have been served: pass it on."""
        with self._lock:
            self._forget(waiter, beside)
            if beside is not None and waiter.item is beside:
                beside.spare.append(beside.connection)
                self._serve_own(beside)
        self.give_back(waiter.lease, is_good=True)

    def _forget(self, waiter: AnyWaiter, beside: L | None) -> None:
        waiter.is_over = True
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        if beside is not None and waiter in beside.waiting:
            beside.waiting.remove(waiter)

    # --- those who wait for a session's own connection ------------------------------------------

    def serve_own(self, link: L) -> None:
        """A session's connection is at hand again, and somebody waits for it."""
        with self._lock:
            self._serve_own(link)

    def _serve_own(self, link: L) -> None:
        while link.waiting and link.spare:
            waiter = link.waiting.popleft()
            connection = link.spare.pop()
            if waiter.give(link):
                return
            link.spare.append(connection)

    def send_away(self, link: L) -> None:
        """The session has ended: nobody gets its connection any more."""
        with self._lock:
            while link.waiting:
                link.waiting.popleft().give(ENDED)

    def _serve(self, link: L, now: float) -> bool:
        """Under the lock: give a link to the longest waiter that takes it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            # Lent first: interrupted here, the link would be found again when the waiter's lease dies.
            self._lend(link, waiter.lease, now)
            if waiter.give(link):
                return True
            self._leased.discard(link)
            waiter.lease.link = link.watch = None
        return False

    def _pass_room_on(self) -> None:
        while self._waiters and not self._is_retired and self._has_room():
            link = self._new_link(self._now())
            if not self._serve(link, link.leased_since):
                return

    def _timed_out(self, waited: float) -> PoolTimeoutError:
        stats = self.stats()
        with self._lock:
            self._counts.timeouts += 1
            oldest = min(self._leased, key=_since, default=None)
        longest = "" if oldest is None else f", longest held for {self._now() - oldest.leased_since:.1f} s"
        size = self._config.pool_size
        error = PoolTimeoutError(
            f"no connection to {self.label} became free in {waited:.1f} s: pool_size={size}, "
            f"{stats.in_use} in use{longest}, {stats.opening} opening, {stats.waiting} waiting. "
            "Raise pool_size, or look for sessions that are held too long."
        )
        error.__cause__ = self._last_error
        if oldest is not None and oldest.stack:
            error.add_note(f"the longest held connection was acquired at:\n{oldest.stack}")
        return error

    # --- giving back ----------------------------------------------------------------------------

    def give_back(self, lease: Lease, *, is_good: bool) -> None:
        """A lease ends; the connection tells whether it may serve on. May be called twice."""
        link, lease.link = lease.link, None
        if link is None:
            return
        now = self._now()
        self._check_held(link, now)
        is_clean = link.end() and is_good
        if link.has_lost:
            self.expire(link.generation)
        reason = self._reason(link, now, is_clean=is_clean)
        if reason is None:
            self._lay_down(link, now)
        else:
            link.abort()
            self._gone(link, now, reason)
        self._look_after()

    def _reason(self, link: L, now: float, *, is_clean: bool) -> str | None:
        """Why a connection does not serve on."""
        if not is_clean:
            return "unclean"
        if self._is_retired:
            return "retired"
        return None if self._is_young(link, now) else "aged"

    def _lay_down(self, link: L, now: float) -> None:
        link.idle_since = now
        link.fresh_until = min(now + self._unchecked, link.expires)
        with self._lock:
            if link not in self._leased:
                return  # forgotten after a fork
            self._leased.remove(link)
            link.watch = None
            self._counts.hold_seconds += now - link.leased_since
            if self._is_retired:  # at this moment
                self._garbage.append(link)
            elif not self._waiters or not self._serve(link, now):
                self._idle.append(link)
            if self._config.pool_idle_timeout is not None:
                self._trim(now - self._config.pool_idle_timeout)

    def _trim(self, before: float) -> None:
        """Under the lock: put away what nobody wanted for long."""
        while self._idle and self._idle[0].idle_since < before:
            if len(self._idle) + len(self._leased) <= self._config.pool_min_size:
                return
            self._garbage.append(self._idle.pop(0))
            self._counts.closed("cold")

    def _gone(self, link: L, now: float, reason: str) -> None:
        with self._lock:
            if link in self._leased:
                self._counts.hold_seconds += now - link.leased_since
                self._counts.closed(reason, 0 if link.connection is None else 1)
                self._remove(link)

    def expire(self, generation: int) -> None:
        """The server went away under somebody: what was made before then is not lent unseen."""
        with self._lock:
            if generation == self._generation:  # of all who meet the same restart, the first counts
                self._generation += 1

    # --- leases that are lost, or last ----------------------------------------------------------

    def lease_died(self) -> None:
        """A lease was dropped without being given back. Called by gc, anywhere: no driver, no waiting."""
        self._has_lost = True
        self._find_lost()

    def _find_lost(self) -> None:
        while self._has_lost and self._lock.acquire(blocking=False):
            try:
                found = self._reclaim()
            finally:
                self._lock.release()
            self._report(found)

    def _reclaim(self) -> list[L]:
        """Under the lock: take back the links of dead leases; who comes next drops their connections."""
        self._has_lost = False
        found = [link for link in self._leased if link.watch is not None and link.watch() is None]
        for link in found:
            self._garbage.append(link)
            self._counts.closed("reclaimed", 0 if link.connection is None else 1)
            self._remove(link)
        return found

    def _look_after(self) -> None:
        if self._has_lost or self._garbage:
            self._sweep()

    def _sweep(self) -> None:
        """Outside the lock: find what was lost, and drop what was put away."""
        self._find_lost()
        while self._garbage:
            try:
                link = self._garbage.popleft()
            except IndexError:
                return  # another thread was faster
            link.end()
            link.abort()

    def _overdue(self, now: float) -> list[L]:
        threshold = self._config.leak_detection_threshold
        if threshold is None:
            return []
        return [link for link in self._leased if link.stack and link.leased_since < now - threshold]

    def _check_held(self, link: L, now: float) -> None:
        threshold = self._config.leak_detection_threshold
        if threshold is not None and link.stack and now - link.leased_since > threshold:
            self._report([link])
        link.stack = None

    def _report(self, found: list[L]) -> None:
        for link in found:
            stack, link.stack = link.stack, None
            what = "was dropped without being returned; use `with`"
            if link.watch is not None:
                held = self._now() - link.leased_since
                what = f"is held for {held:.1f} s, longer than leak_detection_threshold"
            where = f" It was acquired at:\n{stack}" if stack else ""
            warnings.warn(f"a connection to {self.label} {what}.{where}", ResourceWarning, stacklevel=4)

    # --- the end --------------------------------------------------------------------------------

    def retire(self) -> None:
        """Lend no more: idle connections are dropped now, leased ones when they return. Never waits."""
        with self._lock:
            self._is_retired = True
            dropped, self._idle = self._idle, []
            self._counts.closed("retired", len(dropped))
            while self._waiters:
                self._waiters.popleft().give(RETIRED)
        for link in dropped:
            link.abort()
        self._sweep()

    def abandon(self) -> None:
        """In a forked child: let go of every connection without touching it; the parent still uses them."""
        for link in (*self._idle, *self._leased, *self._garbage):
            link.forget()
        self._clear()
        self._is_retired = True


def _since(link: LinkBase) -> float:
    return link.leased_since


def _watcher(pool: ref[PoolBase[Any]]) -> Callable[[object], None]:
    """What a dying lease calls. Holds the pool weakly: one that nobody uses must go at once."""

    def lease_died(_: object) -> None:
        owner = pool()
        if owner is not None:
            owner.lease_died()

    return lease_died
