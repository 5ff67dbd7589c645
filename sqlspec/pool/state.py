"""The state of a pool: who has what. No lock, no clock, no driver, no waiting.

    size = idle + leased + opening ≤ limit

A *slot* is a part of the limit: first it is *opening*, which is the right to make one connection, then it is
*leased* and *idle* in turn. Whatever becomes free goes to the longest waiter that accepts it, and only
then to the shelf: so a shelf with something on it means that nobody waits.

A slot that is opening or leased watches its lease by a weak reference. Should the lease die without having
been given back (no `with`, a killed thread, Ctrl-C between any two instructions), the slot is *lost* and can
be found. The order of steps below is chosen so that an exception after any call leaves a slot in one
place, in none, or with a dead lease, but never in two places: a slot's watch goes last, and a count follows
what it counts. So the counts add up in every snapshot: `opened` is counted before there is anything to lend,
and what of it is neither here nor closed for a known reason was *reclaimed*.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from .stats import PoolStats

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.concurrency.waiters import AsyncWaiter, Waiter

    AnyWaiter = Waiter | AsyncWaiter

__all__ = ("NEVER", "RETIRED", "Lease", "PoolState", "Slot")

NEVER: Final = float("-inf")
FOREVER: Final = float("inf")


class _Sentinel:
    """An item that is not a slot."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


RETIRED: Final = _Sentinel("RETIRED")


class Slot:
    """A part of the pool's limit, and the connection in it. Times are monotonic seconds."""

    __slots__ = (
        "connection",
        "expires",
        "fresh_until",
        "generation",
        "idle_since",
        "leased_since",
        "stack",
        "watch",
    )

    def __init__(self, generation: int, now: float) -> None:
        self.generation = generation
        self.leased_since = self.idle_since = now
        self.expires = self.fresh_until = NEVER
        self.connection: Any = None
        """None while it is being made."""
        self.watch: ref[Lease] | None = None
        """Whose it is."""
        self.stack: str | None = None
        """Where it was acquired, when leaks are looked for."""

    @property
    def is_lost(self) -> bool:
        """Whether its lease died without having been given back."""
        return self.watch is not None and self.watch() is None


class Lease:  # no __init__ and no Struct: one is made for every borrower, and its attributes are set at once
    """One borrowed connection; it is given back by its pool's `release`.

    Made before there is anything to lend, and watched from then on: when it is dropped instead of
    returned, its slot goes back to the pool.
    """

    slot: Slot | None = None
    """What it holds of the pool; None before it was served, and after it was given back."""
    connection: Any = None


class PoolState:
    """The counts of one pool. Every method is called under the pool's lock.

    But for `acquire` with something on the shelf and `release` without waiters, in a pool for one thread.
    """

    def __init__(self, limit: int, *, unchecked: float, lease_died: Callable[[Any], None]) -> None:
        """*unchecked*: seconds that a connection may rest and still be lent without a round trip."""
        self.limit, self.unchecked = limit, unchecked
        self._lease_died = lease_died
        self.idle: list[Slot] = []  # a stack: the warmest connection is lent first
        self.leased: set[Slot] = set()
        self.opening: set[Slot] = set()
        self.waiters: deque[AnyWaiter] = deque()
        self.coldest = FOREVER  # since when the coldest rested, at the last return: a look that needs no lock
        self.generation = 0
        self.moves = 0
        """Odd while a connection is on its way between shelf and lease."""
        self.is_retired = False
        self.opened = self.timeouts = self.refused = self.waits = 0
        self.closed: dict[str, int] = dict.fromkeys(("aged", "dead", "cold", "unclean", "retired"), 0)
        self.wait_seconds = self.hold_seconds = 0.0

    # --- lending --------------------------------------------------------------------------------

    def acquire(self, lease: Lease, now: float) -> Any:
        """Give *lease* a slot: with a connection, or to open one. Or RETIRED; or None: wait."""
        if self.idle:
            self.moves |= 1
            # The last one that came back: so few connections stay warm, and the others grow cold and go.
            slot = self.idle.pop()
            # _lend, written out: a call costs as much as these four lines.
            slot.leased_since = now
            slot.watch = ref(lease, self._lease_died)
            lease.slot = slot
            self.leased.add(slot)
            self.moves += 1
            return slot
        if self.is_retired:
            return RETIRED
        return self._new_slot(lease, now) if self._has_room() else None

    def _lend(self, slot: Slot, lease: Lease, now: float) -> None:
        slot.leased_since = now
        slot.watch = ref(lease, self._lease_died)
        self.leased.add(slot)
        lease.slot = slot

    def _has_room(self) -> bool:
        return len(self.leased) + len(self.opening) + len(self.idle) < self.limit

    def _new_slot(self, lease: Lease, now: float) -> Slot:
        slot = Slot(self.generation, now)
        self._start_opening(slot, lease)
        return slot

    def _start_opening(self, slot: Slot, lease: Lease) -> None:
        slot.watch = ref(lease, self._lease_died)
        self.opening.add(slot)
        lease.slot = slot

    def exchange(self, lease: Lease, slot: Slot, now: float, reason: str) -> Slot:
        """A leased connection was no good and is closed: the next idle one, or room for another."""
        self.leased.discard(slot)
        slot.watch = None
        self.closed[reason] += 1
        # No idle one: the room of the closed connection is the caller's.
        if not self.idle:
            return self._new_slot(lease, now)
        following = self.idle.pop()
        self._lend(following, lease, now)
        self._offer_room(now)
        return following

    def mark_opened(self, slot: Slot) -> None:
        """The connection is made."""
        self.opened += 1
        self.opening.discard(slot)
        self.leased.add(slot)

    def mark_failed(self, slot: Slot, now: float) -> None:
        """No connection came of it: the next in the queue may try."""
        if slot in self.opening:
            self.opening.remove(slot)
            slot.watch = None
            self._offer_room(now)

    # --- returning ------------------------------------------------------------------------------

    def release(self, lease: Lease, slot: Slot, now: float, is_good: bool) -> bool:
        """A lease ends. True: the connection serves on. False: the caller closes it and calls `gone`."""
        if not is_good or self.is_retired or slot.generation != self.generation:
            return slot not in self.leased  # it is not when it was forgotten after a fork
        self.moves |= 1
        try:
            self.leased.remove(slot)
        except KeyError:
            self.moves += 1
            return True  # forgotten
        self.hold_seconds += now - slot.leased_since
        slot.watch = lease.slot = None
        slot.idle_since = now
        rested = now + self.unchecked
        slot.fresh_until = rested if rested < slot.expires else slot.expires  # noqa: FURB136 - no call
        if not self.waiters or not self._offer(slot, now):
            self.idle.append(slot)
            self.coldest = self.idle[0].idle_since
        self.moves += 1
        return True

    def mark_closed(self, slot: Slot, now: float, reason: str) -> None:
        """A leased connection is closed. Its room is free only now, so that no more than `limit` are open."""
        if slot in self.leased:
            self.hold_seconds += now - slot.leased_since
            self.leased.remove(slot)
            slot.watch = None
            self.closed[reason] += 1
            self._offer_room(now)

    def decline(self, lease: Lease, now: float) -> bool:
        """Who was served while leaving does not want it: the next one does. Returns what `release` does."""
        slot = lease.slot
        if slot is None:
            return True
        if slot.connection is None:
            self.mark_failed(slot, now)
            lease.slot = None
            return True
        return self.release(lease, slot, now, is_good=True)

    def lost(self) -> list[Slot]:
        """The slots whose leases have died. They are free now; their connections are the caller's to drop."""
        # Everybody who joins the queue looks here: no property, no tuple of everything.
        # A copy, made in one step: a pool for one thread lends meanwhile.
        found = [slot for slot in self.leased.copy() if (watch := slot.watch) is not None and watch() is None]
        if self.opening:
            found += [slot for slot in self.opening if slot.is_lost]
        for slot in found:
            self.opening.discard(slot)
            self.leased.discard(slot)
            slot.watch = None  # last: a slot that is in its place must stay visibly lost
        return found

    # --- the queue ------------------------------------------------------------------------------
    # A waiter leaves the queue after it was served: an interrupt must not leave it outside with nothing.

    def _offer(self, slot: Slot, now: float) -> bool:
        while self.waiters:
            waiter = self.waiters[0]
            accepted = waiter.accept(slot)
            if accepted:
                self._lend(slot, waiter.lease, now)
            self.waiters.popleft()
            if accepted:
                self._served(waiter, now)
                return True
        return False

    def _offer_room(self, now: float) -> None:
        while self.waiters and not self.is_retired and self._has_room():
            waiter, slot = self.waiters[0], Slot(self.generation, now)
            accepted = waiter.accept(slot)
            if accepted:
                self._start_opening(slot, waiter.lease)
            self.waiters.popleft()
            if accepted:
                self._served(waiter, now)

    def _served(self, waiter: AnyWaiter, now: float) -> None:
        self.waits += 1
        self.wait_seconds += now - waiter.since

    def serve_waiters(self, now: float) -> None:
        """Something may have become free by itself."""
        self._offer_room(now)

    def leave(self, waiter: AnyWaiter) -> Any:
        """A waiter goes: what it was given meanwhile, or None. It accepts nothing from now on."""
        if waiter.is_over:
            self._check_served(waiter)
            return waiter.item
        waiter.is_over = True
        # Its place in the queue goes with it, so that a long outage leaves no heap of departed waiters.
        if waiter in self.waiters:
            self.waiters.remove(waiter)
        return None

    def _check_served(self, waiter: AnyWaiter) -> None:
        """Do what is left, if who served it was interrupted before the end."""
        if self.waiters and self.waiters[0] is waiter:
            self.waiters.popleft()
        slot, lease = waiter.item, waiter.lease
        if type(slot) is Slot and lease.slot is None:
            if slot.connection is None:
                self._start_opening(slot, lease)
            else:
                self._lend(slot, lease, slot.idle_since)

    # --- giving up ------------------------------------------------------------------------------

    def trim(self, before: float, keep: int) -> Slot | None:
        """The coldest idle connection, if nobody wanted it since *before* and *keep* others remain."""
        if self.idle and self.idle[0].idle_since < before and len(self.idle) + len(self.leased) > keep:
            coldest = self.idle.pop(0)
            self.closed["cold"] += 1
            return coldest
        if not self.idle:
            self.coldest = FOREVER
        return None

    def expire(self) -> None:
        """Everything made until now is too old: a connection was found dead, its siblings likely are."""
        # Leased ones are not touched: their owners may be in the middle of good work.
        self.generation += 1
        for slot in self.idle:
            slot.fresh_until = NEVER

    def retire(self) -> list[Slot]:
        """Lend no more; wake the waiters. Returns the idle connections, for the caller to drop."""
        self.is_retired = True
        dropped, self.idle = self.idle, []
        self.closed["retired"] += len(dropped)
        while self.waiters:
            # Out of the queue only after it was woken: an interrupt between the two must leave nobody asleep.
            self.waiters[0].accept(RETIRED)
            self.waiters.popleft()
        return dropped

    def stats(self) -> PoolStats:
        """The counts of this moment."""
        idle, in_use, opening = len(self.idle), len(self.leased), len(self.opening)
        closed = self.opened - idle - in_use
        return PoolStats(
            size=idle + in_use + opening,
            idle=idle,
            in_use=in_use,
            opening=opening,
            waiting=len(self.waiters),
            opened=self.opened,
            closed=closed,
            reclaimed=closed - sum(self.closed.values()),
            timeouts=self.timeouts,
            refused=self.refused,
            waits=self.waits,
            wait_seconds=self.wait_seconds,
            hold_seconds=self.hold_seconds,
            **self.closed,
        )
