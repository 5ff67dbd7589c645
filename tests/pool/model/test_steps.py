"""Single steps of the book, without a lock, a clock, a loop or a driver."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sqlspec.concurrency.deadlines import async_drop_after
from sqlspec.concurrency.waiters import AsyncWaiter, Waiter
from sqlspec.pool.state import RETIRED, Book, Lease, Slot


def new_book(limit: int) -> Book:
    """An empty one."""
    return Book(limit, unchecked=0.5, lease_died=lambda _: None)


def lend(book: Book, now: float = 0.0) -> Lease:
    """A lease, whose connection is made if there is none."""
    lease = Lease()
    slot = book.take(lease, now)
    if slot.connection is None:
        slot.connection, slot.expires = object(), 1000.0
        book.opened_in(slot)
    return lease


def held(lease: Lease) -> Slot:
    """What it holds."""
    assert lease.slot is not None
    return lease.slot


def lay_down(book: Book, lease: Lease, now: float) -> Slot:
    """Give a good one back."""
    slot = held(lease)
    assert book.lay_down(lease, slot, now, True)
    return slot


def queue_up(book: Book) -> Waiter:
    """Somebody in the queue."""
    waiter = Waiter(Lease(), 0.0)
    assert book.take(waiter.lease, 0.0) is None
    book.waiters.append(waiter)
    return waiter


def test_who_does_not_accept_is_passed_over() -> None:
    """A waiter that has left is given nothing, and the next one is."""
    book = new_book(1)
    lease = lend(book)
    gone, there = queue_up(book), queue_up(book)
    gone.is_over = True

    slot = lay_down(book, lease, 1.0)

    assert (gone.item, gone.lease.slot) == (None, None)
    assert there.item is there.lease.slot is slot
    assert (book.waits, len(book.waiters)) == (1, 0)


def test_room_is_not_given_to_who_does_not_accept() -> None:
    """Neither."""
    book = new_book(1)
    lease = lend(book)
    gone, there = queue_up(book), queue_up(book)
    gone.is_over = True

    book.gone(held(lease), 1.0, "unclean")

    assert (gone.item, gone.lease.slot) == (None, None)
    assert there.item is there.lease.slot
    assert book.opening == {there.item}


def test_a_task_of_a_loop_that_was_closed_accepts_nothing() -> None:
    """Nobody would ever come for it."""

    async def wait() -> AsyncWaiter:
        return AsyncWaiter(Lease(), 0.0)

    book = new_book(1)
    lease = lend(book)
    gone = asyncio.run(wait())
    book.waiters.append(gone)
    there = queue_up(book)

    slot = lay_down(book, lease, 1.0)

    assert gone.lease.slot is None
    assert there.item is slot


def test_who_has_left_takes_nothing_any_more() -> None:
    """Also if it stood in a queue that somebody is just going through."""
    book = new_book(1)
    lend(book)
    waiter = queue_up(book)

    assert book.leave(waiter) is None

    assert not waiter.give(object())
    assert not book.waiters


@pytest.mark.parametrize(("rested", "is_trimmed"), [(9.9, False), (10.1, True)], ids=["warm", "cold"])
def test_only_what_is_cold_is_trimmed(rested: float, is_trimmed: bool) -> None:
    """By the moment it was laid down."""
    book = new_book(2)
    slot = lay_down(book, lend(book), 100.0)

    trimmed = book.trim(100.0 + rested - 10.0, 0)

    assert trimmed is (slot if is_trimmed else None)
    assert book.closed["cold"] == is_trimmed


def test_what_is_lent_counts_among_those_to_keep() -> None:
    """It comes back."""
    book = new_book(3)
    leases = [lend(book) for _ in range(3)]
    coldest = lay_down(book, leases[0], 0.0)
    lay_down(book, leases[1], 1.0)

    assert book.trim(50.0, 3) is None
    assert book.trim(50.0, 2) is coldest
    assert book.trim(50.0, 2) is None


def test_a_full_book_lends_no_more_than_its_limit() -> None:
    """What is being opened is counted."""
    book = new_book(2)
    opening = Lease()
    assert book.take(opening, 0.0).connection is None
    lease = lend(book)

    assert book.take(Lease(), 0.0) is None
    assert held(opening) in book.opening
    assert held(lease) in book.leased


def test_a_retired_book_lends_nothing_and_keeps_nothing() -> None:
    """What comes back is its borrower's to close."""
    book = new_book(2)
    lease, other = lend(book), lend(book)
    idle = lay_down(book, other, 1.0)

    assert book.retire() == [idle]

    assert book.take(Lease(), 2.0) is RETIRED
    assert not book.lay_down(lease, held(lease), 2.0, True)
    book.gone(held(lease), 2.0, "retired")
    assert book.stats().size == 0
    assert book.stats().retired == 2


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
