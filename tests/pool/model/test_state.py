"""The state beside a model: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sqlspec.pool.state import RETIRED, Lease, PoolState, Slot
from tests.pool.model.ledger import Caller, Entry, Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

PICK = st.integers(0, 63)
"""Which of several: a number, because a strategy that held the thing itself would keep its lease alive."""


def picked(things: Sequence[Any], number: int) -> Any:
    """One of them."""
    return things[number % len(things)]


class BookMachine(RuleBasedStateMachine):
    """Does to the state what pools do to it, in any order."""

    @initialize(limit=st.integers(1, 4), used=st.integers(0, 4))
    def begin(self, limit: int, used: int) -> None:
        """An empty pool, or one that was used before: most of what matters happens later in life."""
        self.died = 0
        self.now = 1000.0
        self.state = PoolState(limit, unchecked=0.5, lease_died=self._lease_died)
        self.model = Ledger(limit)
        self.acquire(min(used, limit))
        for _ in range(min(used, limit)):
            self.mark_opened(0)
        for _ in range(min(used, limit)):
            self.release(0, is_good=True)
            self.tick(1.0)

    def _lease_died(self, _: object) -> None:
        self.died += 1

    # --- lending --------------------------------------------------------------------------------

    @rule(callers=st.integers(1, 4))
    def acquire(self, callers: int) -> None:
        """The warmest, or room for another, or a place in the queue."""
        for _ in range(callers):
            self._take()

    def _take(self) -> None:
        lease = Lease()
        taken = self.state.acquire(lease, self.now)
        if self.model.idle:
            entry = self.model.idle.pop()
            assert taken is entry.slot
            self.model.lend(taken, lease, self.now, entry.generation)
        elif self.model.is_retired:
            assert taken is RETIRED
        elif self.model.size < self.model.limit:
            assert taken.connection is None
            self.model.let_open(taken, lease, self.now)
        else:
            assert taken is None
            caller = Caller(lease, self.now)
            self.state.waiters.append(caller)
            self.model.queue.append(caller)
        assert lease.slot is (taken if type(taken) is Slot else None)

    @precondition(lambda self: self._opening())
    @rule(number=PICK)
    def mark_opened(self, number: int) -> None:
        """A connection was made."""
        entry = picked(self._opening(), number)
        entry.slot.connection, entry.slot.expires = object(), self.now + 100.0
        self.state.mark_opened(entry.slot)
        self.model.opening.remove(entry)
        self.model.leased.append(entry)
        self.model.opened += 1

    @precondition(lambda self: self._opening())
    @rule(number=PICK)
    def mark_failed(self, number: int) -> None:
        """The next in the queue may try."""
        entry = picked(self._opening(), number)
        self.state.mark_failed(entry.slot, self.now)
        self.state.mark_failed(entry.slot, self.now)  # the second time does nothing
        self.model.opening.remove(entry)
        self.model.give_room(self.now)

    @precondition(lambda self: self._in_use())
    @rule(number=PICK, reason=st.sampled_from(("aged", "dead")))
    def exchange(self, number: int, reason: str) -> None:
        """A connection that was lent is no good: another in its stead."""
        entry = picked(self._in_use(), number)
        lease = entry.held()
        following = self.state.exchange(lease, entry.slot, self.now, reason)
        self.model.leased.remove(entry)
        self.model.closed[reason] += 1
        if self.model.idle:
            other = self.model.idle.pop()
            assert following is other.slot
            self.model.lend(following, lease, self.now, other.generation)
            self.model.give_room(self.now)
        else:
            assert following.connection is None
            self.model.let_open(following, lease, self.now)
        assert lease.slot is following

    # --- returning ------------------------------------------------------------------------------

    def _is_noticed(self, entry: Entry) -> bool:
        """Only who has noticed that it was served does something with it."""
        return all(caller.lease is not entry.lease for caller in self.model.served)

    def _opening(self) -> list[Entry]:
        return [entry for entry in self.model.opening if self._is_noticed(entry)]

    def _in_use(self) -> list[Entry]:
        return [entry for entry in self.model.leased if not entry.is_departing and self._is_noticed(entry)]

    def _departing(self) -> list[Entry]:
        return [entry for entry in self.model.leased if entry.is_departing]

    def _serves(self, entry: Entry) -> bool:
        return not self.model.is_retired and entry.generation == self.model.generation

    @precondition(lambda self: self._in_use())
    @rule(number=PICK, is_good=st.booleans())
    def release(self, number: int, is_good: bool) -> None:
        """A good one serves on; another one counts until it is closed."""
        entry = picked(self._in_use(), number)
        lease = entry.held()
        expected = is_good and self._serves(entry)
        assert self.state.release(lease, entry.slot, self.now, is_good) is expected
        if expected:
            assert lease.slot is None
            self.model.release(entry, self.now)
        else:
            entry.is_departing = True

    @precondition(lambda self: self._departing())
    @rule(number=PICK, reason=st.sampled_from(("unclean", "retired", "aged")))
    def mark_closed(self, number: int, reason: str) -> None:
        """Closed: its room is free now, and only once."""
        entry = picked(self._departing(), number)
        self.state.mark_closed(entry.slot, self.now, reason)
        self.state.mark_closed(entry.slot, self.now, reason)
        self.model.leased.remove(entry)
        self.model.hold_seconds += self.now - entry.since
        self.model.closed[reason] += 1
        self.model.give_room(self.now)

    # --- the queue ------------------------------------------------------------------------------

    @precondition(lambda self: self.model.queue)
    @rule(number=PICK)
    def leave(self, number: int) -> None:
        """Out of patience: it takes nothing from now on."""
        caller = picked(self.model.queue, number)
        assert self.state.leave(caller) is None
        assert not caller.accept(object())
        self.model.queue.remove(caller)

    @precondition(lambda self: self.model.queue)
    @rule(number=PICK)
    def go_deaf(self, number: int) -> None:
        """Gone without a word; it is found out when it is its turn."""
        picked(self.model.queue, number).is_deaf = True

    @precondition(lambda self: self.model.served)
    @rule(number=PICK)
    def notice(self, number: int) -> None:
        """Who was served runs again, and has what it was given."""
        caller = picked(self.model.served, number)
        assert type(self.state.leave(caller)) is Slot
        self.model.served.remove(caller)

    @precondition(lambda self: self.model.served)
    @rule(number=PICK)
    def decline(self, number: int) -> None:
        """Who was served does not want it any more."""
        caller = picked(self.model.served, number)
        lease, slot = caller.lease, caller.lease.slot
        opening = [entry for entry in self.model.opening if entry.slot is slot]
        [entry] = opening or [entry for entry in self.model.leased if entry.slot is slot]
        serves = bool(opening) or self._serves(entry)
        assert self.state.decline(lease, self.now) is serves
        self.model.served.remove(caller)
        if opening:
            self.model.opening.remove(entry)
            self.model.give_room(self.now)
        elif serves:
            self.model.release(entry, self.now)
        else:
            entry.is_departing = True

    # --- leases that are lost -------------------------------------------------------------------

    @precondition(lambda self: self._droppable())
    @rule(number=PICK)
    def drop(self, number: int) -> None:
        """Nobody holds the lease any more; the state is told, and counts it until it looks."""
        before = self.died
        place, entry = picked(self._droppable(), number)
        self.model.served = [one for one in self.model.served if one.lease is not entry.lease]
        self.model.lose(entry, place)
        entry.lease = None
        gc.collect(0)  # frames of the machine itself may have held it in a cycle
        assert entry.slot.is_lost
        assert self.died == before + 1

    def _droppable(self) -> list[tuple[list[Entry], Entry]]:
        lent = [(self.model.leased, entry) for entry in self.model.leased]
        return lent + [(self.model.opening, entry) for entry in self.model.opening]

    @rule()
    def lost(self) -> None:
        """Each is found once, and its room goes to who waits."""
        found = self.state.lost()
        assert sorted(map(id, found)) == sorted(map(id, self.model.lost))
        assert self.state.lost() == []
        self.model.lost = []
        self.state.serve_waiters(self.now)
        self.model.give_room(self.now)

    # --- giving up ------------------------------------------------------------------------------

    @rule(seconds=st.floats(0.0, 10.0))
    def tick(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds

    @rule()
    def expire(self) -> None:
        """What was made until now is not lent without a look."""
        self.state.expire()
        self.model.generation += 1
        assert all(self.now >= slot.fresh_until for slot in self.state.idle)

    @rule(age=st.floats(0.0, 20.0), keep=st.integers(0, 4))
    def trim(self, age: float, keep: int) -> None:
        """The coldest goes, and never one of those to keep."""
        before = self.now - age
        trimmed = self.state.trim(before, keep)
        others = len(self.model.idle) + len(self.model.leased) + self._lost_lent()
        if self.model.idle and self.model.idle[0].since < before and others > keep:
            assert trimmed is self.model.idle.pop(0).slot
            self.model.closed["cold"] += 1
        else:
            assert trimmed is None

    def _lost_lent(self) -> int:
        return sum(slot in self.state.leased for slot in self.model.lost)

    @precondition(lambda self: not self.model.is_retired and self.state.opened > 2)  # rarely, and late
    @rule()
    def retire(self) -> None:
        """What is idle is the caller's to drop, and who waits is told."""
        dropped = self.state.retire()
        assert dropped == [entry.slot for entry in self.model.idle]
        assert [caller.item for caller in self.model.queue if not caller.is_deaf] == [
            RETIRED for caller in self.model.queue if not caller.is_deaf
        ]
        self.model.closed["retired"] += len(dropped)
        self.model.idle, self.model.queue, self.model.is_retired = [], [], True

    # --- what is always so ----------------------------------------------------------------------

    @invariant()
    def every_slot_is_in_one_place(self) -> None:
        """And where the model has it."""
        model, state = self.model, self.state
        assert state.idle == [entry.slot for entry in model.idle]
        counted = {entry.slot for entry in (*model.leased, *model.opening)} | set(model.lost)
        assert state.leased | state.opening == counted
        assert not state.leased & state.opening
        assert not (state.leased | state.opening) & set(state.idle)
        assert len(state.idle) + len(state.leased) + len(state.opening) <= state.limit

    @invariant()
    def each_lease_knows_its_slot(self) -> None:
        """And each slot its lease."""
        for entry in (*self.model.leased, *self.model.opening):
            lease = entry.held()
            assert lease.slot is entry.slot
            assert entry.slot.watch is not None
            assert entry.slot.watch() is lease
        assert all(entry.slot.watch is None for entry in self.model.idle)

    @invariant()
    def nobody_waits_beside_something_free(self) -> None:
        """The order of the queue is the order of arrival."""
        assert list(self.state.waiters) == self.model.queue
        if self.state.waiters:
            assert not self.state.idle
            assert self.model.size == self.model.limit

    @invariant()
    def counters_agree(self) -> None:
        """What was opened is there, or was closed for a reason."""
        stats, model = self.state.stats(), self.model
        assert stats.size == stats.idle + stats.in_use + stats.opening
        assert (stats.size, stats.idle, stats.waiting) == (model.size, len(model.idle), len(model.queue))
        pending = self._lost_lent()
        assert stats.opened == model.opened
        assert stats.closed == model.closed.total() - pending
        assert stats.opened == stats.closed + stats.idle + stats.in_use
        for reason in ("aged", "dead", "cold", "unclean", "retired"):
            assert getattr(stats, reason) == model.closed[reason]
        assert stats.reclaimed == model.closed["reclaimed"] - pending
        assert stats.waits == model.waits
        assert stats.wait_seconds == pytest.approx(model.wait_seconds)
        assert stats.hold_seconds == pytest.approx(model.hold_seconds)


def play(examples: int) -> None:
    """So many lives of fifty steps each."""
    # Not too slow: the machine collects garbage where leases are dropped.
    checks = [HealthCheck.too_slow]
    run_state_machine_as_test(
        BookMachine,
        settings=settings(max_examples=examples, stateful_step_count=50, suppress_health_check=checks),
    )


def test_the_state_agrees_with_the_model() -> None:
    """Two hundred lives of a pool."""
    play(200)


@pytest.mark.storm
def test_the_state_agrees_with_the_model_for_long() -> None:
    """A thousand."""
    play(1000)
