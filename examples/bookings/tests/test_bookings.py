"""Fifty tests, each of which finds three rooms and no booking, in any order and beside each other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from examples.bookings.app import Booking, add_rooms, book, book_first, cancel, close_floor, guests, spec
from sqlspec.errors import CheckViolationError, ForeignKeyViolationError, UniqueViolationError

TODAY = date(2030, 5, 17)
DAYS = [TODAY + timedelta(days=number) for number in range(10)]


def count(table: str) -> int:
    """How many rows there are."""
    with spec.provide_session("main") as session:
        return int(session.execute(f"SELECT count(*) FROM {table}").scalar())


@pytest.fixture(autouse=True)
def as_ever(undone: None) -> None:  # noqa: ARG001 - it is inside of that
    """Whatever other tests did, this one begins with three rooms and nothing else."""
    assert (count("room"), count("booking"), count("journal")) == (3, 0, 0)


# --- threads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", DAYS)
def test_a_room_is_booked(day: date) -> None:
    """By a session that commits."""
    book(1, day, "ann")
    assert (count("booking"), count("journal")) == (1, 1)


@pytest.mark.parametrize("room", [1, 2, 3])
def test_a_room_is_booked_once(room: int) -> None:
    """The second guest is told, and their session leaves nothing."""
    book(room, TODAY, "ann")
    with pytest.raises(UniqueViolationError):
        book(room, TODAY, "bo")
    assert (count("booking"), count("journal")) == (1, 1)


def test_a_room_that_is_not_there() -> None:
    """The constraint is deferred: it is checked when the session commits."""
    with pytest.raises(ForeignKeyViolationError):
        book(99, TODAY, "ann")
    assert count("booking") == 0


@pytest.mark.parametrize("room", [1, 2, 3])
def test_a_booking_is_cancelled(room: int) -> None:
    """With autocommit."""
    book(room, TODAY, "ann")
    assert cancel(room, TODAY)
    assert not cancel(room, TODAY)
    assert count("booking") == 0


@pytest.mark.parametrize("number", range(10))
def test_rooms_are_added(number: int) -> None:
    """By COPY."""
    assert add_rooms([(10 + one, 1) for one in range(number)]) == number
    assert count("room") == 3 + number


def test_rooms_are_added_all_or_none() -> None:
    """The last one has no beds."""
    with pytest.raises(CheckViolationError):
        add_rooms([(10, 1), (11, 0)])
    assert count("room") == 3


def test_a_floor_is_closed() -> None:
    """By a script with a transaction of its own."""
    book(1, TODAY, "ann")
    book(2, TODAY, "bo")
    close_floor([1, 3])
    assert (count("room"), count("booking")) == (1, 1)


def test_threads_at_once() -> None:
    """They take turns."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda day: book(1, day, "ann"), DAYS))
    assert count("booking") == len(DAYS)


# --- tasks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", DAYS)
async def test_the_first_room(day: date) -> None:
    """In tasks, what threads did is seen, and the other way round."""
    book(1, day, "ann")
    assert await book_first(day, "bo") == 2
    assert await guests(day) == [Booking(1, day, "ann"), Booking(2, day, "bo")]


@pytest.mark.parametrize(("beds", "room"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 0)])
async def test_a_room_that_is_large_enough(beds: int, room: int) -> None:
    """Or none."""
    assert await book_first(TODAY, "ann", beds) == room


@pytest.mark.asyncio(loop_scope="session")
async def test_in_the_loop_of_the_run() -> None:
    """Whatever loop a test runs in."""
    assert await book_first(TODAY, "ann") == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_loop_of_the_module() -> None:
    """The same."""
    assert await book_first(TODAY, "ann") == 1


async def test_tasks_at_once() -> None:
    """Each has a day of its own."""
    found = await asyncio.gather(*(book_first(day, "ann") for day in DAYS))
    assert found == [1] * len(DAYS)


# --- a database of a test's own -----------------------------------------------------------------------


@pytest.mark.usefixtures("own_database")
def test_two_who_want_the_same_room() -> None:
    """At the same time, in two transactions that really commit: one waits for the other, and is told."""
    with ThreadPoolExecutor(2) as threads:
        attempts = [threads.submit(book, 1, TODAY, guest) for guest in ("ann", "bo")]
        errors = [attempt.exception() for attempt in attempts]
    assert [type(error) for error in errors if error] == [UniqueViolationError]
    assert count("booking") == 1


@pytest.mark.usefixtures("own_database")
def test_the_drivers_own_connection() -> None:
    """It is lent there."""
    with spec.provide_connection("main") as raw:
        raw.execute("INSERT INTO room VALUES (7, 1)")
    assert count("room") == 4
