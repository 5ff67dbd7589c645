"""Single steps of the state, without a lock, a clock, a loop or a driver."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sqlspec.concurrency.deadlines import async_drop_after
from sqlspec.concurrency.waiters import AsyncWaiter, Waiter
from sqlspec.pool.state import RETIRED, Lease, PoolState, Slot


def new_state(limit: int) -> PoolState:
    """An empty one."""
    return PoolState(limit, unchecked=0.5, lease_died=lambda _: None)


def lend(state: PoolState, now: float = 0.0) -> Lease:
    """A lease, whose connection is made if there is none."""
    lease = Lease()
    slot = state.acquire(lease, now)
    if slot.connection is None:
        slot.connection, slot.expires = object(), 1000.0
        state.mark_opened(slot)
    return lease


def held(lease: Lease) -> Slot:
    """What it holds."""
    assert lease.slot is not None
    return lease.slot


def release(state: PoolState, lease: Lease, now: float) -> Slot:
    """Give a good one back."""
    slot = held(lease)
    assert state.release(lease, slot, now, True)
    return slot


def queue_up(state: PoolState) -> Waiter:
    """Somebody in the queue."""
    waiter = Waiter(Lease(), 0.0)
    assert state.acquire(waiter.lease, 0.0) is None
    state.waiters.append(waiter)
    return waiter


def test_who_does_not_accept_is_passed_over() -> None:
    """A waiter that has left is given nothing, and the next one is."""
    state = new_state(1)
    lease = lend(state)
    gone, there = queue_up(state), queue_up(state)
    gone.is_over = True

    slot = release(state, lease, 1.0)

    assert (gone.item, gone.lease.slot) == (None, None)
    assert there.item is there.lease.slot is slot
    assert (state.waits, len(state.waiters)) == (1, 0)


def test_room_is_not_given_to_who_does_not_accept() -> None:
    """Neither."""
    state = new_state(1)
    lease = lend(state)
    gone, there = queue_up(state), queue_up(state)
    gone.is_over = True

    state.mark_closed(held(lease), 1.0, "unclean")

    assert (gone.item, gone.lease.slot) == (None, None)
    assert there.item is there.lease.slot
    assert state.opening == {there.item}


def test_a_task_of_a_loop_that_was_closed_accepts_nothing() -> None:
    """Nobody would ever come for it."""

    async def wait() -> AsyncWaiter:
        return AsyncWaiter(Lease(), 0.0)

    state = new_state(1)
    lease = lend(state)
    gone = asyncio.run(wait())
    state.waiters.append(gone)
    there = queue_up(state)

    slot = release(state, lease, 1.0)

    assert gone.lease.slot is None
    assert there.item is slot


def test_who_has_left_takes_nothing_any_more() -> None:
    """Also if it stood in a queue that somebody is just going through."""
    state = new_state(1)
    lend(state)
    waiter = queue_up(state)

    assert state.leave(waiter) is None

    assert not waiter.accept(object())
    assert not state.waiters


@pytest.mark.parametrize(("rested", "is_trimmed"), [(9.9, False), (10.1, True)], ids=["warm", "cold"])
def test_only_what_is_cold_is_trimmed(rested: float, is_trimmed: bool) -> None:
    """By the moment it was laid down."""
    state = new_state(2)
    slot = release(state, lend(state), 100.0)

    trimmed = state.trim(100.0 + rested - 10.0, 0)

    assert trimmed is (slot if is_trimmed else None)
    assert state.closed["cold"] == is_trimmed


def test_what_is_lent_counts_among_those_to_keep() -> None:
    """It comes back."""
    state = new_state(3)
    leases = [lend(state) for _ in range(3)]
    coldest = release(state, leases[0], 0.0)
    release(state, leases[1], 1.0)

    assert state.trim(50.0, 3) is None
    assert state.trim(50.0, 2) is coldest
    assert state.trim(50.0, 2) is None


def test_a_full_pool_lends_no_more_than_its_limit() -> None:
    """What is being opened is counted."""
    state = new_state(2)
    opening = Lease()
    assert state.acquire(opening, 0.0).connection is None
    lease = lend(state)

    assert state.acquire(Lease(), 0.0) is None
    assert held(opening) in state.opening
    assert held(lease) in state.leased


def test_a_retired_book_lends_nothing_and_keeps_nothing() -> None:
    """What comes back is its borrower's to close."""
    state = new_state(2)
    lease, other = lend(state), lend(state)
    idle = release(state, other, 1.0)

    assert state.retire() == [idle]

    assert state.acquire(Lease(), 2.0) is RETIRED
    assert not state.release(lease, held(lease), 2.0, True)
    state.mark_closed(held(lease), 2.0, "retired")
    assert state.stats().size == 0
    assert state.stats().retired == 2


async def test_a_connection_that_can_not_be_dropped_costs_the_others_nothing() -> None:
    """All deadlines of a loop hang on one timer of its own."""

    class Line:
        def __init__(self, *, fails: bool) -> None:
            self.fails, self.is_cut = fails, asyncio.Event()

        def drop(self) -> None:
            self.is_cut.set()
            if self.fails:
                raise OSError

    failed: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context["exception"]))
    lines: list[Any] = [Line(fails=True) for _ in range(3)] + [Line(fails=False)]
    for line in lines:
        async_drop_after(-1.0, line)

    async with asyncio.timeout(5):
        for line in lines:
            await line.is_cut.wait()
    assert [type(one) for one in failed] == [OSError] * 3
