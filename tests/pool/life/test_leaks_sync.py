# Printed from test_leaks_async.py by tools/print_sync.py; do not edit.
"""`leak_detection_threshold`: who holds a connection for too long, and where it was acquired."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import PoolTimeoutError
from tests.pool.script import Clock, Driver, new_pool

if TYPE_CHECKING:
    from sqlspec.pool._sync import Pool
    from sqlspec.pool.state import Lease

HELD = (
    r"(?s)'fake' is held for 5\.1 s, longer than leak_detection_threshold\..*acquired at:.*in borrow_for_long"
)


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told to."""
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> Pool:
    """One connection, and five seconds."""
    return new_pool(Driver(), clock, pool_size=1, leak_detection_threshold=5.0)


def borrow_for_long(pool: Pool) -> Lease:
    """The place that a report names."""
    return pool.acquire()


def test_g20_held_for_too_long_is_reported_when_somebody_waits(pool: Pool, clock: Clock) -> None:
    """Once, to the first who misses the connection."""
    lease = borrow_for_long(pool)
    clock.now += 5.1

    with pytest.warns(ResourceWarning, match=HELD), pytest.raises(PoolTimeoutError):
        pool.acquire(0.0)

    with pytest.raises(PoolTimeoutError):
        pool.acquire(0.0)
    pool.release(lease, True)


def test_g20_held_for_too_long_is_reported_at_its_return(pool: Pool, clock: Clock) -> None:
    """When nobody missed it before; and it serves on."""
    lease = borrow_for_long(pool)
    clock.now += 5.1

    with pytest.warns(ResourceWarning, match=HELD):
        pool.release(lease, True)

    assert pool.stats().idle == 1


def test_g20_who_was_in_time_is_not_reported(pool: Pool, clock: Clock) -> None:
    """Each loan begins anew."""
    for _ in range(3):
        lease = borrow_for_long(pool)
        clock.now += 4.9
        with pytest.raises(PoolTimeoutError):
            pool.acquire(0.0)
        pool.release(lease, True)


def test_g20_without_a_threshold_nothing_is_reported(clock: Clock) -> None:
    """It is opt-in, for it costs a stack trace at each loan."""
    pool = new_pool(Driver(), clock, pool_size=1)
    lease = borrow_for_long(pool)
    clock.now += 86400.0

    with pytest.raises(PoolTimeoutError) as caught:
        pool.acquire(0.0)

    assert not hasattr(caught.value, "__notes__")
    pool.release(lease, True)


def test_a_timeout_notes_where_the_longest_holder_was_acquired(pool: Pool, clock: Clock) -> None:
    """Before the threshold too."""
    lease = borrow_for_long(pool)
    clock.now += 4.9

    with pytest.raises(PoolTimeoutError, match=r"1 in use, longest held for 4\.9 s") as caught:
        pool.acquire(0.0)

    (note,) = caught.value.__notes__
    assert "the longest held connection was acquired at:" in note
    assert "in borrow_for_long" in note
    pool.release(lease, True)


def test_a_warning_that_is_an_error_leaves_nobody_in_the_queue(pool: Pool, clock: Clock) -> None:
    """As under `python -W error`."""
    lease = borrow_for_long(pool)
    clock.now += 5.1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ResourceWarning):
            pool.acquire()

    assert pool.stats().waiting == 0
    pool.release(lease, True)
    assert pool.stats().idle == 1
