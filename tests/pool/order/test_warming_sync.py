# Printed from test_warming_async.py by tools/print_sync.py; do not edit.
"""Warming up, and cooling down: `pool_min_size` and `pool_idle_timeout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError
from tests.pool.beside import Beside
from tests.pool.script import Clock, Driver, new_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool._sync import Pool


@pytest.fixture
def driver() -> Iterator[Driver]:
    """A scripted driver; nothing was done to its connections that nobody may do."""
    driver = Driver()
    yield driver
    assert driver.server.violations == []


@pytest.fixture
def clock(driver: Driver) -> Clock:
    """The driver's and the pool's: whoever waits moves it."""
    driver.clock = clock = Clock(jumps=True)
    return clock


def with_idle(pool: Pool, count: int) -> None:
    """So many connections on the shelf."""
    for lease in [pool.acquire() for _ in range(count)]:
        pool.release(lease, True)


def test_warming_up_twice_at_once_waits_for_nobody(driver: Driver) -> None:
    """Who holds half of the connections does not wait for the other half."""
    driver.every("connect").turns(50)
    pool = new_pool(driver, pool_size=4, pool_min_size=4, pool_timeout=0.5)

    both = [Beside(pool.warm_up) for _ in range(2)]
    for one in both:
        one.result()

    assert (pool.stats().idle, pool.stats().in_use, pool.stats().timeouts) == (4, 0, 0)


def test_warming_up_counts_what_is_lent(driver: Driver) -> None:
    """It is warm: nobody waits until it comes back."""
    pool = new_pool(driver, pool_size=2, pool_min_size=2, pool_timeout=0.01)
    leases = [pool.acquire(), pool.acquire()]

    pool.warm_up()

    for lease in leases:
        pool.release(lease, True)
    assert len(driver.made) == 2


def test_warming_up_opens_what_is_missing(driver: Driver) -> None:
    """And nothing besides."""
    pool = new_pool(driver, pool_size=5, pool_min_size=3)
    with_idle(pool, 1)

    pool.warm_up()
    pool.warm_up()

    assert (pool.stats().idle, pool.stats().opened) == (3, 3)


def test_a_warm_up_that_failed_keeps_what_it_has(driver: Driver) -> None:
    """On the shelf; the next one goes on from there."""
    pool = new_pool(driver, pool_size=3, pool_min_size=3)
    driver.next("connect")  # one is served
    driver.next("connect", 2).fail()

    with pytest.raises(ConnectError):
        pool.warm_up()

    stats = pool.stats()
    assert (stats.size, stats.in_use, stats.opening) == (stats.idle, 0, 0)
    driver.clear()
    pool.warm_up()
    assert pool.stats().idle == 3


def test_the_coldest_goes_first_and_the_warm_ones_stay(driver: Driver, clock: Clock) -> None:
    """One at each return."""
    pool = new_pool(driver, clock, pool_size=3, pool_idle_timeout=10.0)
    with_idle(pool, 3)
    clock.advance(9.0)
    for lease in [pool.acquire(), pool.acquire()]:
        pool.release(lease, True)
    clock.advance(2.0)

    with_idle(pool, 1)
    with_idle(pool, 1)

    assert driver.ends == ["closed", None, None]
    assert pool.stats().cold == 1


def test_without_an_idle_timeout_nothing_grows_cold(driver: Driver, clock: Clock) -> None:
    """`None` means never."""
    pool = new_pool(driver, clock, pool_size=3, pool_idle_timeout=None, pool_recycle=None)
    with_idle(pool, 3)
    clock.advance(1e6)

    with_idle(pool, 1)

    assert driver.ends == [None, None, None]


def test_g05_a_cold_one_that_answers_no_good_bye_delays_nobody_for_long(
    driver: Driver, clock: Clock
) -> None:
    """Something between swallows what rests: one good-bye is waited for, and no other."""
    pool = new_pool(driver, clock, pool_size=5, pool_idle_timeout=600.0)
    with_idle(pool, 5)
    clock.advance(601.0)
    driver.every("close").hang()
    before = clock()

    for _ in range(6):
        with_idle(pool, 1)

    assert clock() - before <= 10.1
    assert driver.count("close") == 1
    assert len(driver.open()) == 1
    assert pool.stats().size == 1
