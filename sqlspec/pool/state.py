"""The pool's book: who has what. No lock, no clock, no driver, no waiting.

    size = idle + leased + opening ≤ limit

*Room* is the right to open one connection; it is counted under `opening` from the moment it is given,
so the sum holds at every step. Whatever becomes free goes to the longest waiter that accepts it, and
only then to the shelf: so a shelf with something on it means that nobody waits.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from sqlspec.errors import PoolError

from .stats import PoolStats

if TYPE_CHECKING:
    from .waiter import AsyncWaiter, Waiter

__all__ = ("RETIRED", "ROOM", "Book", "PoolRetiredError", "Slot")


class PoolRetiredError(PoolError):
    """The pool lends no more. Core looks for the one that took its place."""


class _Sign:
    """A gift that is not a connection."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ROOM: Final = _Sign("ROOM")
RETIRED: Final = _Sign("RETIRED")


class Slot:
    """One open connection and what the pool must know of it. Times are monotonic seconds."""

    __slots__ = ("connection", "expires", "fresh_until", "generation", "idle_since", "leased_since")

    def __init__(self, connection: Any, *, generation: int, expires: float, now: float) -> None:
        self.connection, self.generation, self.expires = connection, generation, expires
        self.idle_since = self.leased_since = now
        # Until then it may be lent without a round trip.
        self.fresh_until = now


class Book:
    """The counts of one pool. Every method is called under the pool's lock and takes constant time."""

    def __init__(self, limit: int, unchecked: float) -> None:
        """*unchecked*: seconds that a connection may rest and still be lent without a round trip."""
        self.limit, self.unchecked = limit, unchecked
        self.idle: list[Slot] = []  # a stack: the warmest connection is lent first
        self.leased: set[Slot] = set()
        self.opening = 0
        self.waiters: deque[Waiter | AsyncWaiter] = deque()
        self.generation = 0
        self.is_retired = False
        self.opened = self.closed = self.reclaimed = self.timeouts = 0

    def take(self, now: float) -> Slot | _Sign | None:
        """A connection; or ROOM; or None: wait."""
        if self.idle:
            slot = self.idle.pop()
            slot.leased_since = now
            self.leased.add(slot)
            return slot
        return RETIRED if self.is_retired else self._make_room()

    def _lease(self, slot: Slot, now: float) -> Slot:
        slot.leased_since = now
        self.leased.add(slot)
        return slot

    def _make_room(self) -> _Sign | None:
        if len(self.leased) + self.opening + len(self.idle) >= self.limit:
            return None
        self.opening += 1
        return ROOM

    def exchange(self, slot: Slot, now: float) -> Slot | _Sign:
        """Give up a leased connection that is no good; take the next idle one, or the room it left."""
        self.leased.discard(slot)
        self.closed += 1
        if self.idle:
            # The room it left may serve somebody else.
            following = self._lease(self.idle.pop(), now)
            self._pass_room_on()
            return following
        self.opening += 1
        return ROOM

    def opened_as(self, slot: Slot) -> None:
        """The room was used."""
        self.opening -= 1
        self.opened += 1
        self.leased.add(slot)

    def room_unused(self) -> None:
        """The room could not be used: the next in the queue may try."""
        self.opening -= 1
        self._pass_room_on()

    def lay_down(self, slot: Slot, now: float, is_good: bool) -> bool:  # noqa: FBT001 - on the hot path
        """A lease ends. True: the connection serves on. False: the caller closes it and calls `gone`."""
        if slot not in self.leased:
            return True  # given back before, or forgotten after a fork
        if not is_good or self.is_retired or slot.generation != self.generation:
            return False
        self.leased.remove(slot)
        slot.idle_since = now
        rested = now + self.unchecked
        slot.fresh_until = rested if rested < slot.expires else slot.expires  # noqa: FURB136 - no call
        if not self.waiters or not self._hand_over(slot, now):
            self.idle.append(slot)
        return True

    def gone(self, slot: Slot) -> None:
        """A leased connection is closed. Its room is free only now, so that no more than `limit` are open."""
        if slot in self.leased:
            self.leased.remove(slot)
            self.closed += 1
            self._pass_room_on()

    def _hand_over(self, slot: Slot, now: float) -> bool:
        while self.waiters:
            if self.waiters.popleft().give(slot):
                self._lease(slot, now)
                return True
        return False

    def _pass_room_on(self) -> None:
        while self.waiters and not self.is_retired:
            if len(self.leased) + self.opening + len(self.idle) >= self.limit:
                return
            if self.waiters.popleft().give(ROOM):
                self.opening += 1

    def leave(self, waiter: Waiter | AsyncWaiter) -> Any:
        """A waiter goes: what it was given meanwhile, or None. It accepts nothing from now on."""
        if waiter.is_over:
            return waiter.gift
        waiter.is_over = True
        # Its place in the queue goes with it, so that a long outage leaves no heap of departed waiters.
        if waiter in self.waiters:
            self.waiters.remove(waiter)
        return None

    def trim(self, before: float, keep: int) -> Slot | None:
        """The coldest idle connection, if nobody wanted it since *before* and *keep* others remain."""
        if self.idle and self.idle[0].idle_since < before and len(self.idle) + len(self.leased) > keep:
            self.closed += 1
            return self.idle.pop(0)
        return None

    def expire(self) -> None:
        """Everything made until now is too old: a connection was found dead, its siblings likely are."""
        self.generation += 1
        for slot in self.idle:
            slot.fresh_until = float("-inf")

    def retire(self) -> list[Slot]:
        """Lend no more; wake who waits. Returns the idle connections, for the caller to drop."""
        self.is_retired = True
        dropped, self.idle = self.idle, []
        self.closed += len(dropped)
        while self.waiters:
            self.waiters.popleft().give(RETIRED)
        return dropped

    def stats(self) -> PoolStats:
        """The counts of this moment."""
        idle, in_use, opening = len(self.idle), len(self.leased), self.opening
        return PoolStats(
            size=idle + in_use + opening,
            idle=idle,
            in_use=in_use,
            opening=opening,
            waiting=len(self.waiters),
            opened=self.opened,
            closed=self.closed,
            reclaimed=self.reclaimed,
            timeouts=self.timeouts,
        )
