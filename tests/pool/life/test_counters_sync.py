# Printed from test_counters_async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PT031 - what warns is the collection, and before it the last name must go
"""Each counter of `stats()`, and what it counts. Time is injected."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError, PoolFullError, PoolTimeoutError
from tests.pool.life.scene import is_whole
from tests.pool.script import Clock, Driver, new_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool import PoolStats


@pytest.fixture
def driver() -> Iterator[Driver]:
    """A driver that obeys; nothing was done to its connections that nobody may do."""
    driver = Driver()
    yield driver
    assert driver.server.violations == []


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told to."""
    return Clock()


def closed_for(stats: PoolStats, reason: str) -> int:
    """How many were closed for *reason*; all of those that were closed, and the counts are whole."""
    assert is_whole(stats)
    parts = (stats.aged, stats.dead, stats.cold, stats.unclean, stats.retired, stats.reclaimed)
    assert stats.closed == sum(parts)
    count: int = getattr(stats, reason)
    assert stats.closed == count
    return count


def test_aged_counts_what_is_too_old(driver: Driver, clock: Clock) -> None:
    """`pool_recycle`, with its five percent."""
    pool = new_pool(driver, clock, pool_recycle=100.0)
    pool.release(pool.acquire(), True)
    clock.now += 105.1

    pool.release(pool.acquire(), True)

    assert closed_for(pool.stats(), "aged") == 1
    assert pool.stats().opened == 2


def test_aged_counts_what_was_expired(driver: Driver) -> None:
    """When it is met on the shelf, and when it returns."""
    pool = new_pool(driver)
    lent, idle = pool.acquire(), pool.acquire()
    pool.release(idle, True)

    pool.expire()
    other = pool.acquire()
    pool.release(lent, True)
    pool.release(other, True)

    assert closed_for(pool.stats(), "aged") == 2


def test_dead_counts_what_was_found_dead(driver: Driver, clock: Clock) -> None:
    """By a look, or by a ping."""
    pool = new_pool(driver, clock)
    for is_noticed in (True, False):
        pool.release(pool.acquire(), True)
        driver.server.kill(noticed=is_noticed)
        clock.now += 1.0
        pool.release(pool.acquire(), True)

    assert closed_for(pool.stats(), "dead") == 2


def test_cold_counts_what_was_trimmed(driver: Driver, clock: Clock) -> None:
    """`pool_idle_timeout`, down to `pool_min_size`."""
    pool = new_pool(driver, clock, pool_idle_timeout=10.0, pool_min_size=1)
    for lease in [pool.acquire() for _ in range(3)]:
        pool.release(lease, True)
    clock.now += 10.1

    for _ in range(5):
        pool.release(pool.acquire(), True)

    assert closed_for(pool.stats(), "cold") == 2


def test_unclean_counts_what_came_back_in_doubt(driver: Driver) -> None:
    """Who gives it back says so."""
    pool = new_pool(driver)

    pool.release(pool.acquire(), False)

    assert closed_for(pool.stats(), "unclean") == 1


@pytest.mark.parametrize("end", ["retire", "close"])
def test_retired_counts_what_went_with_its_pool(driver: Driver, end: str) -> None:
    """The idle now, the leased when they return."""
    pool = new_pool(driver)
    lent, idle = pool.acquire(), pool.acquire()
    pool.release(idle, True)

    if end == "retire":
        pool.retire()
    else:
        pool.close()
    assert closed_for(pool.stats(), "retired") == 1
    pool.release(lent, True)

    assert closed_for(pool.stats(), "retired") == 2


def test_reclaimed_counts_what_was_never_returned(driver: Driver) -> None:
    """With a warning for each."""
    pool = new_pool(driver)
    leases = [pool.acquire() for _ in range(2)]

    with pytest.warns(ResourceWarning, match="dropped without being returned"):
        del leases
        gc.collect()

    assert closed_for(pool.stats(), "reclaimed") == 2


def test_timeouts_count_who_left_with_nothing(driver: Driver, clock: Clock) -> None:
    """And they do not count as waits."""
    pool = new_pool(driver, clock, pool_size=1)
    lease = pool.acquire()

    for _ in range(3):
        with pytest.raises(PoolTimeoutError):
            pool.acquire(0.0)

    stats = pool.stats()
    assert (stats.timeouts, stats.waits, stats.refused, stats.waiting) == (3, 0, 0, 0)
    pool.release(lease, True)


def test_refused_counts_who_found_the_queue_full(driver: Driver) -> None:
    """At once, whatever their patience; `pool_max_waiting=0` lets nobody wait."""
    pool = new_pool(driver, pool_size=1, pool_max_waiting=0)
    lease = pool.acquire()

    for _ in range(2):
        with pytest.raises(PoolFullError, match=r"'fake' is free, and pool_max_waiting=0 lets nobody wait"):
            pool.acquire()

    stats = pool.stats()
    assert (stats.refused, stats.timeouts, stats.waiting) == (2, 0, 0)
    pool.release(lease, True)
    pool.release(pool.acquire(), True)


def test_hold_seconds_count_what_was_lent(driver: Driver, clock: Clock) -> None:
    """However it came back."""
    pool = new_pool(driver, clock)
    one, other = pool.acquire(), pool.acquire()
    clock.now += 2.0
    pool.release(one, True)
    assert pool.stats().hold_seconds == pytest.approx(2.0)

    clock.now += 3.0
    pool.release(other, False)

    assert pool.stats().hold_seconds == pytest.approx(7.0)
    assert pool.stats().wait_seconds == 0.0


def test_opened_counts_no_failure(driver: Driver) -> None:
    """Nothing came of it."""
    pool = new_pool(driver)
    driver.next("connect", 2).fail()

    for _ in range(2):
        with pytest.raises(ConnectError):
            pool.acquire()

    stats = pool.stats()
    assert (stats.opened, stats.closed, stats.size, stats.opening) == (0, 0, 0, 0)


def test_a_snapshot_does_not_change(driver: Driver) -> None:
    """It is of its moment."""
    pool = new_pool(driver)
    before = pool.stats()

    pool.release(pool.acquire(), True)

    assert before.opened == 0
    with pytest.raises(AttributeError):
        before.opened = 1  # type: ignore[misc]
