"""A model of the pool's state: plain lists, and one law: nobody waits beside a free slot."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlspec.concurrency.waiters import Waiter

if TYPE_CHECKING:
    from sqlspec.pool.state import Lease, Slot


class Caller(Waiter):
    """Somebody in the queue, who may go without a word, as a task does whose loop is closed."""

    __slots__ = ("is_deaf",)

    def __init__(self, lease: Lease, since: float) -> None:
        super().__init__(lease, since)
        self.is_deaf = False

    def accept(self, item: object) -> bool:
        """Accept, unless gone."""
        return not self.is_deaf and super().accept(item)


class Entry:
    """What the model knows of one slot and its lease. Dropping the entry drops the lease."""

    def __init__(self, slot: Slot, lease: Lease | None, since: float, generation: int) -> None:
        self.slot, self.lease, self.since, self.generation = slot, lease, since, generation
        self.is_departing = False
        """Its lease has ended, and its connection is being closed."""

    def held(self) -> Lease:
        """The lease that it is lent to."""
        assert self.lease is not None
        return self.lease


class Ledger:
    """The same counts as the state's, kept naively."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.idle: list[Entry] = []
        self.leased: list[Entry] = []
        self.opening: list[Entry] = []
        self.lost: list[Slot] = []
        self.queue: list[Caller] = []
        self.served: list[Caller] = []
        """Who was served, and has not run since to notice."""
        self.is_retired = False
        self.generation = self.opened = self.waits = 0
        self.closed: Counter[str] = Counter()
        self.hold_seconds = self.wait_seconds = 0.0

    @property
    def size(self) -> int:
        """Everything that counts against the limit, lost ones too until they are found."""
        return len(self.idle) + len(self.leased) + len(self.opening) + len(self.lost)

    def lend(self, slot: Slot, lease: Lease, now: float, generation: int) -> None:
        """A connection is in use."""
        self.leased.append(Entry(slot, lease, now, generation))

    def let_open(self, slot: Slot, lease: Lease, now: float) -> None:
        """Somebody may open a connection."""
        self.opening.append(Entry(slot, lease, now, self.generation))

    def release(self, entry: Entry, now: float) -> None:
        """To the longest waiter who listens, or to the shelf."""
        self.leased.remove(entry)
        self.hold_seconds += now - entry.since
        caller = self._next(now)
        if caller is None:
            entry.lease, entry.since = None, now
            self.idle.append(entry)
        else:
            self.lend(entry.slot, caller.lease, now, entry.generation)

    def give_room(self, now: float) -> None:
        """Whoever waits may open a connection, as long as there is room."""
        while self.queue and not self.is_retired and self.size < self.limit:
            caller = self._next(now)
            if caller is not None:
                self.let_open(caller.item, caller.lease, now)

    def _next(self, now: float) -> Caller | None:
        while self.queue:
            caller = self.queue.pop(0)
            if not caller.is_deaf:
                self.waits += 1
                self.wait_seconds += now - caller.since
                self.served.append(caller)
                return caller
        return None

    def lose(self, entry: Entry, place: list[Entry]) -> None:
        """Its lease was dropped without being given back."""
        place.remove(entry)
        self.lost.append(entry.slot)
        if place is self.leased:
            self.closed["reclaimed"] += 1
