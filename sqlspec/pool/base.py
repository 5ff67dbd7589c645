"""What a pool decides without waiting, for threads and tasks alike.

The lock is held to count only, never across a wait or a driver's call. A lease that dies unreturned
is reported by a finaliser, which may run anywhere, even inside this file's locked sections: it raises a flag
and *tries* the lock; whoever holds the lock looks at the flag after letting go.
"""

from __future__ import annotations

import time
import warnings
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import DeadlineExceeded, PoolFullError, PoolRetiredError, PoolTimeoutError

from .state import RETIRED, Lease, PoolState, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.concurrency.waiters import AsyncWaiter, Waiter
    from sqlspec.config import DatabaseConfig

    from .stats import PoolStats

__all__ = ("CLOSE_TIMEOUT", "PING_TIMEOUT", "PoolBase")

PING_TIMEOUT = 2.0
CLOSE_TIMEOUT = 10.0
UNCHECKED_WINDOW = 0.5
"""A connection that rested no longer than this is lent without a round trip (HikariCP's bypass window)."""
RECYCLE_JITTER = 0.05

is_confined: Final = False
"""Any thread may use a pool for threads."""
async_is_confined: Final = True
"""One for tasks belongs to the thread of its event loop, which lends and takes back without the lock while
nobody waits. What other threads may do then is to count, and to find lost leases; both can bear it."""
PATIENCE = 100
"""Looks at the counts: one that was interrupted half-way leaves them as they are, and is not waited for."""

_never_freed: list[Any] = []
"""Books inherited by fork: never touched, never freed, for freeing some drivers' connections would speak."""


class PoolBase:
    """The part of both pools that does not wait."""

    is_confined = False
    """One thread alone lends and takes back."""

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
        self.timeout = config.pool_timeout
        self._connect_timeout = config.connect_timeout
        self._recycle = config.pool_recycle
        self._idle_timeout = config.pool_idle_timeout
        self._pre_ping = config.pool_pre_ping
        self._keep = config.pool_min_size
        self._max_waiting = config.pool_max_waiting
        self._leak_threshold = config.leak_detection_threshold
        self._lock = Lock()
        self._state = self._new_state(config.pool_size)
        # Written by finalisers, which must not wait: plain attributes, each set in one step.
        self._has_lost = False
        self._garbage: deque[Slot] = deque()
        self._last_error: BaseException | None = None
        self._timed_out_at: dict[int, float] = {}  # by a thread's ident

    def _new_state(self, limit: int) -> PoolState:
        unchecked = UNCHECKED_WINDOW if self._pre_ping else float("inf")
        return PoolState(limit, unchecked=unchecked, lease_died=_watcher(ref(self)))

    def stats(self) -> PoolStats:
        """The counts of this moment; never waits for anything but the short lock.

        What was lost is looked for first: in an idle application nobody else comes past to drop it.
        """
        self._look_after()
        looks = 0
        while True:
            with self._lock:
                moves, stats = self._state.moves, self._state.stats()
                is_settled = moves == self._state.moves and not moves % 2
            looks += 1
            if is_settled or looks == PATIENCE:
                break
            time.sleep(0)  # one is on its way between shelf and lease, without the lock
        self._look_after()
        return stats

    def expire(self, lease: Lease | None = None) -> None:
        """Lend nothing that was made until now: a connection was found dead, its siblings likely are.

        *lease*: of the one that was found dead. Of all who meet the same restart, only the first counts.
        """
        slot = None if lease is None else lease.slot
        self._expire(self._state.generation if slot is None else slot.generation)

    def note_silence(self, lease: Lease) -> None:
        """Its server did not answer: lend no sibling unseen. Pre-ping looks at all that have rested."""
        if not self._pre_ping:
            self.expire(lease)

    def _expire(self, generation: int) -> None:
        with self._lock:
            if generation == self._state.generation:
                self._state.expire()
        self._look_after()

    def now(self) -> float:
        """Monotonic seconds, by this pool's clock."""
        return self._clock()

    # --- what needs no waiting ------------------------------------------------------------------

    def start_acquire(self) -> Lease:
        """The part of `acquire` that never waits. A lease without a connection is for `finish_acquire`."""
        lease, now, state = Lease(), self._clock(), self._state
        if self.is_confined and state.idle:
            slot = state.acquire(lease, now)
        else:
            with self._lock:
                slot = state.acquire(lease, now)
        # A finaliser may have found the lock taken, and left a lost lease to whoever comes next: to us.
        if self._has_lost or self._garbage:
            self._sweep()
        # The common case: a connection that was used a moment ago.
        if type(slot) is Slot and now < slot.fresh_until and (connection := slot.connection).is_usable():
            lease.connection = connection
            if self._leak_threshold is not None:
                self._trace(slot)
        elif slot is RETIRED:
            raise self._retired()
        return lease

    def try_release(self, lease: Lease) -> bool:
        """Give a clean connection back, if that needs no waiting. False: `release` does what is left."""
        slot, now, state = lease.slot, self._clock(), self._state
        if slot is None:
            return False  # given back before
        if self._leak_threshold is not None:
            self._check_held(slot, now)
        if self.is_confined and not state.waiters:
            serves = state.release(lease, slot, now, True)
        else:
            with self._lock:
                serves = state.release(lease, slot, now, True)
        if self._has_lost or self._garbage:
            self._sweep()
        return serves and (self._idle_timeout is None or state.coldest >= now - self._idle_timeout)

    # --- steps of acquire -----------------------------------------------------------------------

    def _retired(self) -> PoolRetiredError:
        return PoolRetiredError(f"the pool of {self._label} is closed")

    def _note_dead(self, slot: Slot, exc: Exception) -> None:
        """A ping has failed; nothing is lent that was opened before."""
        self._expire(slot.generation)
        if isinstance(slot.connection.mapped(exc), DeadlineExceeded):
            slot.connection.note_silence()

    def _is_young(self, slot: Slot, now: float) -> bool:
        return now < slot.expires and slot.generation == self._state.generation

    def _fill(self, slot: Slot, connection: Any, started: float) -> None:
        """Put a new connection into its slot."""
        now = self._clock()
        # Weakly: a connection that an application keeps must not keep its whole pool alive.
        connection.pool = ref(self)
        slot.connection, slot.leased_since, slot.expires = connection, now, now + _life(self._recycle)
        with self._lock:
            self._state.mark_opened(slot)
            # The server answers again, so the last failure explains no timeout any more.
            self._last_error = None
        self._look_after()
        self._observe("opened", None, now - started)

    def _mark_failed(self, slot: Slot, error: BaseException, started: float) -> None:
        with self._lock:
            self._state.mark_failed(slot, self._clock())
            if isinstance(error, Exception) and not is_interruption(error):
                self._last_error = error
        self._look_after()
        self._observe("failed", type(error).__name__, self._clock() - started)

    def _exchange(self, lease: Lease, slot: Slot, now: float, reason: str) -> Slot:
        with self._lock:
            following = self._state.exchange(lease, slot, now, reason)
        self._look_after()
        return following

    def _trace(self, slot: Slot) -> None:
        import traceback

        slot.stack = "".join(traceback.format_stack()[:-2])

    # --- the queue ------------------------------------------------------------------------------

    def enqueue(self, waiter: Waiter | AsyncWaiter, now: float) -> Any:
        """Join the queue, unless something is free by now: returned since, or lost and found."""
        with self._lock:
            # Before anybody waits: a lost lease frees a slot, and gc may not run for a long time.
            found = self._reclaim()
            taken = self._state.acquire(waiter.lease, now)
            refusal = self._join(waiter) if taken is None else None
            if taken is None and self._leak_threshold is not None:
                found += self._overdue(now, self._leak_threshold)
        if found:
            self._report(found)
        if self._has_lost or self._garbage:
            self._sweep()
        if refusal is not None:
            raise refusal
        if taken is RETIRED:
            raise self._retired()
        return taken

    def _join(self, waiter: Waiter | AsyncWaiter) -> PoolFullError | None:
        waiting = len(self._state.waiters)
        if self._max_waiting is None or waiting < self._max_waiting:
            self._state.waiters.append(waiter)
            return None
        self._state.refused += 1
        queue = (
            f"{waiting} callers wait for one already; pool_max_waiting={self._max_waiting} lets no more join"
        )
        if self._max_waiting == 0:
            queue = "pool_max_waiting=0 lets nobody wait for one"
        return PoolFullError(f"no connection to {self._label} is free, and {queue}")

    def leave(self, waiter: Waiter | AsyncWaiter) -> Any:
        """What somebody was given while waiting, or None; out of the queue from now on."""
        with self._lock:
            item = self._state.leave(waiter)
        self._look_after()
        if item is RETIRED:
            raise self._retired()
        return item

    def leave_early(self, waiter: Waiter | AsyncWaiter) -> None:
        """Somebody was interrupted while waiting, and may have been served: pass it on."""
        with self._lock:
            self._state.leave(waiter)
        self.cancel(waiter.lease)

    def timed_out(self, waited: float) -> PoolTimeoutError:
        """The error for somebody who has waited in vain."""
        from .causes import cause

        now = self._clock()
        with self._lock:
            self._state.timeouts += 1
            stats = self._state.stats()
            leased = list(self._state.leased)
            waiting = {waiter.thread for waiter in self._state.waiters if waiter.thread}
        self._look_after()
        oldest = min(leased, key=lambda slot: slot.leased_since, default=None)
        longest = "" if oldest is None else f", longest held for {now - oldest.leased_since:.1f} s"
        error = PoolTimeoutError(
            f"no connection to {self._label} became free in {waited:.1f} s: pool_size={self._state.limit}, "
            f"{stats.in_use} in use{longest}, {stats.opening} opening, {stats.waiting} waiting. "
            + cause([slot.connection for slot in leased], waiting, self._timed_out_at, now)
        )
        # Perhaps nothing becomes free because no connect succeeds: show the last failure.
        error.__cause__ = self._last_error
        if oldest is not None and oldest.stack:
            error.add_note(f"the longest held connection was acquired at:\n{oldest.stack}")
        return error

    # --- reserving ------------------------------------------------------------------------------

    async def reserve(self, deadline: float | None = None) -> Lease:
        """Wait in the running event loop, without a thread, until there is room for one borrower.

        For the tasks of a program whose sessions run in threads: a caller that waits must not occupy
        a thread that another needs to give one back. `finish_acquire`, in a thread, makes the lease
        usable, and `cancel` gives it back unused. Waits and raises as `acquire` does.
        """
        from ._async import async_queue

        lease, now = Lease(), self._clock()
        with self._lock:
            slot = self._state.acquire(lease, now)
        self._look_after()
        if slot is RETIRED:
            raise self._retired()
        if slot is None:
            await async_queue(self, lease, now, deadline)
        return lease

    def cancel(self, lease: Lease) -> None:
        """Give back what was reserved, and not taken up."""
        with self._lock:
            slot = lease.slot
            serves = self._state.decline(lease, self._clock())
        self._look_after()
        if slot is not None and not serves:  # the pool was retired, or expired, since it was reserved
            self._drop(slot)

    # --- steps of release -----------------------------------------------------------------------

    def _mark_closed(self, slot: Slot, reason: str) -> None:
        with self._lock:
            self._state.mark_closed(slot, self._clock(), reason)
        self._look_after()

    def _drop(self, slot: Slot) -> None:
        """Give up a leased connection that is good, but serves no more."""
        reason = self._reason(is_good=True)
        self._discard(slot, reason)
        self._mark_closed(slot, reason)

    def _reason(self, *, is_good: bool) -> str:
        """Why a connection does not serve on after its return."""
        if not is_good:
            return "unclean"
        return "retired" if self._state.is_retired else "aged"

    def _trim(self, now: float) -> Slot | None:
        """The coldest connection, if it is cold enough to go."""
        if self._idle_timeout is None or self._state.coldest >= now - self._idle_timeout:
            return None
        with self._lock:
            slot = self._state.trim(now - self._idle_timeout, self._keep)
        self._look_after()
        return slot

    # --- leases that last ------------------------------------------------------------------------

    def _overdue(self, now: float, threshold: float) -> list[Slot]:
        """With leak detection: the connections that are held for too long, each once."""
        since = now - threshold
        return [slot for slot in self._state.leased if slot.leased_since < since and slot.stack]

    def _check_held(self, slot: Slot, now: float) -> None:
        if slot.stack and now - slot.leased_since > (self._leak_threshold or 0.0):
            self._report([slot])
        slot.stack = None

    # --- lost leases ----------------------------------------------------------------------------

    def lease_died(self) -> None:
        """A lease was dropped without being given back. Called by gc, anywhere: no driver, no waiting."""
        self._has_lost = True
        self._find_lost()

    def _find_lost(self) -> None:
        """Take back what was lost, unless somebody holds the lock, who does it afterwards."""
        while self._has_lost:  # one more may die meanwhile
            found = self._try_reclaim()
            if found is None:
                return
            self._report(found)

    def _try_reclaim(self) -> list[Slot] | None:
        taken: list[bool] = []
        try:
            # In a single call, so that Ctrl-C can not come between taking the lock and knowing of it.
            taken.extend(map(self._lock.acquire, (False,)))
            return self._reclaim() if taken[0] else None
        finally:
            if taken and taken[0]:
                self._lock.release()

    def _reclaim(self) -> list[Slot]:
        """Under the lock: take back the slots of dead leases, and serve the callers that wait."""
        self._has_lost = False
        try:
            found = self._state.lost()
            self._garbage.extend([slot for slot in found if slot.connection is not None])
            self._state.serve_waiters(self._clock())
        except BaseException:
            self._has_lost = True  # interrupted half-way: whoever comes past looks again
            raise
        return found

    def _report(self, found: list[Slot]) -> None:
        """Warn of connections that were lost, or are held for too long."""
        for slot in found:
            stack, slot.stack = slot.stack, None
            what = "was dropped without being returned; use `with`"
            if slot.watch is not None:
                held = self._clock() - slot.leased_since
                what = f"is held for {held:.1f} s, longer than leak_detection_threshold"
            where = f" It was acquired at:\n{stack}" if stack else ""
            warnings.warn(f"a connection to {self._label} {what}.{where}", ResourceWarning, stacklevel=4)

    def _look_after(self) -> None:
        """After letting go of the lock: a finaliser that found it taken left its work to us."""
        if self._has_lost or self._garbage:
            self._sweep()

    def _sweep(self) -> None:
        """Outside the lock: look for lost leases, and drop the connections that they left."""
        while self._has_lost:  # one more may die meanwhile
            with self._lock:
                found = self._reclaim()
            self._report(found)
        while self._garbage:
            try:
                slot = self._garbage.popleft()
            except IndexError:
                return  # another thread was faster
            # Outside the lock, because it calls the driver.
            slot.connection.drop()
            self._observe("reclaimed", "lease was lost", None)

    # --- the end --------------------------------------------------------------------------------

    def retire(self) -> None:
        """Lend no more: idle connections are dropped now, leased ones when they return. Never waits."""
        for slot in self._retire():
            self._discard(slot, "retired")
        self._sweep()

    def _discard(self, slot: Slot, reason: str) -> None:
        """Drop a connection without a word to its server."""
        slot.connection.drop()
        self._observe("discarded", reason, None)

    def _retire(self) -> list[Slot]:
        with self._lock:
            return self._state.retire()

    def abandon(self) -> None:
        """In a forked child: forget every connection without touching it; the parent still uses them."""
        state, self._lock = self._state, Lock()
        _never_freed.append((state, self._garbage))
        self._state, self._garbage = self._new_state(state.limit), deque()
        self._state.is_retired = True


def _life(recycle: float | None) -> float:
    """Seconds that a new connection may live: spread, so that what began together does not end together."""
    if recycle is None:
        return float("inf")
    from random import uniform

    return recycle * uniform(1 - RECYCLE_JITTER, 1 + RECYCLE_JITTER)  # noqa: S311 - no secret


def _watcher(pool: ref[PoolBase]) -> Callable[[object], None]:
    """What a dying lease calls. Holds the pool weakly: one that nobody uses must go at once."""

    def lease_died(_: object) -> None:
        owner = pool()
        if owner is not None:
            owner.lease_died()

    return lease_died


def _nobody(kind: str, reason: str | None, seconds: float | None) -> None:
    """Nobody observes."""
