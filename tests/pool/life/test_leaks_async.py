# The source of test_leaks_sync.py, which tools/print_sync.py prints from it.
"""`leak_detection_threshold`: who holds a connection for too long, and where it was acquired."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import PoolTimeoutError
from tests.pool.script import Clock, Driver, new_async_pool

if TYPE_CHECKING:
    from sqlspec.pool._async import AsyncPool
    from sqlspec.pool.state import Lease

HELD = (
    r"(?s)'fake' is held for 5\.1 s, longer than leak_detection_threshold\..*acquired at:.*in borrow_for_long"
)


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told to."""
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> AsyncPool:
    """One connection, and five seconds."""
    return new_async_pool(Driver(), clock, pool_size=1, leak_detection_threshold=5.0)


async def borrow_for_long(pool: AsyncPool) -> Lease:
    """The place that a report names."""
    return await pool.acquire()


async def test_g20_held_for_too_long_is_reported_when_somebody_waits(pool: AsyncPool, clock: Clock) -> None:
    """Once, to the first who misses the connection."""
    lease = await borrow_for_long(pool)
    clock.now += 5.1

    with pytest.warns(ResourceWarning, match=HELD), pytest.raises(PoolTimeoutError):
        await pool.acquire(0.0)

    with pytest.raises(PoolTimeoutError):
        await pool.acquire(0.0)
    await pool.release(lease, True)


async def test_g20_held_for_too_long_is_reported_at_its_return(pool: AsyncPool, clock: Clock) -> None:
    """When nobody missed it before; and it serves on."""
    lease = await borrow_for_long(pool)
    clock.now += 5.1

    with pytest.warns(ResourceWarning, match=HELD):
        await pool.release(lease, True)

    assert pool.stats().idle == 1


async def test_g20_who_was_in_time_is_not_reported(pool: AsyncPool, clock: Clock) -> None:
    """Each loan begins anew."""
    for _ in range(3):
        lease = await borrow_for_long(pool)
        clock.now += 4.9
        with pytest.raises(PoolTimeoutError):
            await pool.acquire(0.0)
        await pool.release(lease, True)


async def test_g20_without_a_threshold_nothing_is_reported(clock: Clock) -> None:
    """It is opt-in, for it costs a stack trace at each loan."""
    pool = new_async_pool(Driver(), clock, pool_size=1)
    lease = await borrow_for_long(pool)
    clock.now += 86400.0

    with pytest.raises(PoolTimeoutError) as caught:
        await pool.acquire(0.0)

    assert not hasattr(caught.value, "__notes__")
    await pool.release(lease, True)


async def test_a_timeout_notes_where_the_longest_holder_was_acquired(pool: AsyncPool, clock: Clock) -> None:
    """Before the threshold too."""
    lease = await borrow_for_long(pool)
    clock.now += 4.9

    with pytest.raises(PoolTimeoutError, match=r"1 in use, longest held for 4\.9 s") as caught:
        await pool.acquire(0.0)

    (note,) = caught.value.__notes__
    assert "the longest held connection was acquired at:" in note
    assert "in borrow_for_long" in note
    await pool.release(lease, True)


async def test_a_warning_that_is_an_error_leaves_nobody_in_the_queue(pool: AsyncPool, clock: Clock) -> None:
    """As under `python -W error`."""
    lease = await borrow_for_long(pool)
    clock.now += 5.1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ResourceWarning):
            await pool.acquire()

    assert pool.stats().waiting == 0
    await pool.release(lease, True)
    assert pool.stats().idle == 1
