# The source of test_warming_sync.py, which tools/print_sync.py prints from it.
"""Warming up, and cooling down: `pool_min_size` and `pool_idle_timeout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError
from tests.pool.beside import AsyncBeside
from tests.pool.script import Clock, Driver, new_async_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool._async import AsyncPool


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


async def with_idle(pool: AsyncPool, count: int) -> None:
    """So many connections on the shelf."""
    for lease in [await pool.acquire() for _ in range(count)]:
        await pool.release(lease, True)


async def test_warming_up_twice_at_once_waits_for_nobody(driver: Driver) -> None:
    """Who holds half of the connections does not wait for the other half."""
    driver.every("connect").turns(50)
    pool = new_async_pool(driver, pool_size=4, pool_min_size=4, pool_timeout=0.5)

    both = [AsyncBeside(pool.warm_up) for _ in range(2)]
    for one in both:
        await one.result()

    assert (pool.stats().idle, pool.stats().in_use, pool.stats().timeouts) == (4, 0, 0)


async def test_warming_up_counts_what_is_lent(driver: Driver) -> None:
    """It is warm: nobody waits until it comes back."""
    pool = new_async_pool(driver, pool_size=2, pool_min_size=2, pool_timeout=0.01)
    leases = [await pool.acquire(), await pool.acquire()]

    await pool.warm_up()

    for lease in leases:
        await pool.release(lease, True)
    assert len(driver.made) == 2


async def test_warming_up_opens_what_is_missing(driver: Driver) -> None:
    """And nothing besides."""
    pool = new_async_pool(driver, pool_size=5, pool_min_size=3)
    await with_idle(pool, 1)

    await pool.warm_up()
    await pool.warm_up()

    assert (pool.stats().idle, pool.stats().opened) == (3, 3)


async def test_a_warm_up_that_failed_keeps_what_it_has(driver: Driver) -> None:
    """On the shelf; the next one goes on from there."""
    pool = new_async_pool(driver, pool_size=3, pool_min_size=3)
    driver.next("connect")  # one is served
    driver.next("connect", 2).fail()

    with pytest.raises(ConnectError):
        await pool.warm_up()

    stats = pool.stats()
    assert (stats.size, stats.in_use, stats.opening) == (stats.idle, 0, 0)
    driver.clear()
    await pool.warm_up()
    assert pool.stats().idle == 3


async def test_the_coldest_goes_first_and_the_warm_ones_stay(driver: Driver, clock: Clock) -> None:
    """One at each return."""
    pool = new_async_pool(driver, clock, pool_size=3, pool_idle_timeout=10.0)
    await with_idle(pool, 3)
    clock.advance(9.0)
    for lease in [await pool.acquire(), await pool.acquire()]:
        await pool.release(lease, True)
    clock.advance(2.0)

    await with_idle(pool, 1)
    await with_idle(pool, 1)

    assert driver.ends == ["closed", None, None]
    assert pool.stats().cold == 1


async def test_without_an_idle_timeout_nothing_grows_cold(driver: Driver, clock: Clock) -> None:
    """`None` means never."""
    pool = new_async_pool(driver, clock, pool_size=3, pool_idle_timeout=None, pool_recycle=None)
    await with_idle(pool, 3)
    clock.advance(1e6)

    await with_idle(pool, 1)

    assert driver.ends == [None, None, None]


async def test_g05_a_cold_one_that_answers_no_good_bye_delays_nobody_for_long(
    driver: Driver, clock: Clock
) -> None:
    """Something between swallows what rests: one good-bye is waited for, and no other."""
    pool = new_async_pool(driver, clock, pool_size=5, pool_idle_timeout=600.0)
    await with_idle(pool, 5)
    clock.advance(601.0)
    driver.every("close").hang()
    before = clock()

    for _ in range(6):
        await with_idle(pool, 1)

    assert clock() - before <= 10.1
    assert driver.count("close") == 1
    assert len(driver.open()) == 1
    assert pool.stats().size == 1
