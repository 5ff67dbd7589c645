# The source of test_lending_sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PT031 - what warns is the collection, and before it the last name must go
"""What a pool lends, what it looks at first, and what it counts. Time is injected, never slept."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError, PoolRetiredError, PoolTimeoutError
from tests.pool.script import Clock, Driver, new_async_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool import PoolStats


@pytest.fixture
def driver() -> Iterator[Driver]:
    """A scripted driver; nothing was done to its connections that nobody may do."""
    driver = Driver()
    yield driver
    assert driver.server.violations == []


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told to."""
    return Clock()


def whole(stats: PoolStats) -> bool:
    """Every connection is counted once."""
    return stats.size == stats.idle + stats.in_use + stats.opening


async def test_a_connection_is_used_again(driver: Driver) -> None:
    """A hundred borrowers in a row need one."""
    pool = new_async_pool(driver)

    for _ in range(100):
        await pool.release(await pool.acquire(), True)

    assert len(driver.made) == 1
    stats = pool.stats()
    assert (stats.size, stats.idle, stats.in_use, stats.opening, stats.waiting) == (1, 1, 0, 0, 0)
    assert (stats.opened, stats.closed, stats.timeouts) == (1, 0, 0)


async def test_the_warmest_connection_is_lent_first(driver: Driver) -> None:
    """Last in, first out: few backends stay warm, the others grow cold and are trimmed."""
    pool = new_async_pool(driver, pool_size=2)
    first, second = await pool.acquire(), await pool.acquire()
    warm = second.connection

    await pool.release(first, True)
    await pool.release(second, True)

    lease = await pool.acquire()
    assert lease.connection is warm
    await pool.release(lease, True)


async def test_a_full_pool_times_out_and_says_why(driver: Driver) -> None:
    """The error names the config, the counts and the longest holder."""
    pool = new_async_pool(driver, pool_size=1, pool_timeout=0.01)
    lease = await pool.acquire()

    text = r"'fake'.*pool_size=1, 1 in use, longest held for .*0 waiting"
    with pytest.raises(PoolTimeoutError, match=text):
        await pool.acquire()

    assert pool.stats().timeouts == 1
    assert pool.stats().waiting == 0
    await pool.release(lease, True)
    await pool.release(await pool.acquire(), True)


async def test_a_deadline_goes_before_the_timeout(driver: Driver) -> None:
    """A caller that is in a hurry says so."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()

    with pytest.raises(PoolTimeoutError):
        await pool.acquire(time.monotonic() - 1)

    await pool.release(lease, True)


async def test_a_failed_connect_raises_at_once_and_is_not_remembered(driver: Driver) -> None:
    """The next caller connects."""
    pool = new_async_pool(driver, pool_size=1)
    driver.next("connect").fail()

    with pytest.raises(ConnectError, match="refused"):
        await pool.acquire()

    assert pool.stats().size == 0
    await pool.release(await pool.acquire(), True)


async def test_a_timeout_chains_the_last_connect_error(driver: Driver) -> None:
    """A pool that can not grow may be full because the server refuses more."""
    pool = new_async_pool(driver, pool_size=2, pool_timeout=0.01)
    lease = await pool.acquire()
    driver.next("connect").fail()
    with pytest.raises(ConnectError):
        await pool.acquire()
    pool._state.limit = 1  # no room: as if another caller were connecting for long

    with pytest.raises(PoolTimeoutError) as caught:
        await pool.acquire()

    assert isinstance(caught.value.__cause__, ConnectError)
    await pool.release(lease, True)


async def test_an_unclean_connection_is_dropped(driver: Driver) -> None:
    """And another made when one is needed."""
    pool = new_async_pool(driver)
    lease = await pool.acquire()

    await pool.release(lease, False)

    assert driver.made[0].ended == "aborted"
    other = await pool.acquire()
    assert other.connection.raw is driver.made[1]
    await pool.release(other, True)


async def test_a_lease_is_given_back_once(driver: Driver) -> None:
    """The second time does nothing: the connection may be somebody else's by then."""
    pool = new_async_pool(driver)
    lease = await pool.acquire()
    await pool.release(lease, True)
    other = await pool.acquire()

    await pool.release(lease, False)

    assert other.connection.raw.ended is None
    assert pool.stats().in_use == 1
    await pool.release(other, True)


async def test_an_aged_connection_is_replaced_at_checkout(driver: Driver, clock: Clock) -> None:
    """`pool_recycle`, give or take five percent."""
    pool = new_async_pool(driver, clock, pool_recycle=100.0)
    await pool.release(await pool.acquire(), True)
    clock.now += 94.9
    await pool.release(await pool.acquire(), True)
    assert len(driver.made) == 1

    clock.now += 10.2
    lease = await pool.acquire()

    assert lease.connection.raw is driver.made[1]
    assert driver.made[0].ended == "closed"
    await pool.release(lease, True)


async def test_ages_are_spread(driver: Driver, clock: Clock) -> None:
    """Connections that were made together do not die together."""
    pool = new_async_pool(driver, clock, pool_recycle=100.0, pool_size=20)
    leases = [await pool.acquire() for _ in range(20)]

    spread = {lease.slot.expires - clock.now for lease in leases if lease.slot is not None}

    assert len(spread) > 10
    assert all(95.0 <= age <= 105.0 for age in spread)
    for lease in leases:
        await pool.release(lease, True)


async def test_a_connection_that_rested_is_pinged(driver: Driver, clock: Clock) -> None:
    """Past half a second; a busy one is not."""
    pool = new_async_pool(driver, clock)
    await pool.release(await pool.acquire(), True)
    clock.now += 0.4
    await pool.release(await pool.acquire(), True)
    assert driver.count("ping") == 0

    clock.now += 0.6
    await pool.release(await pool.acquire(), True)

    assert driver.count("ping") == 1


async def test_without_pre_ping_nothing_is_pinged(driver: Driver, clock: Clock) -> None:
    """It is an option."""
    pool = new_async_pool(driver, clock, pool_pre_ping=False)
    await pool.release(await pool.acquire(), True)

    clock.now += 60
    await pool.release(await pool.acquire(), True)

    assert driver.count("ping") == 0


async def test_one_that_does_not_answer_is_replaced_and_its_siblings_with_it(
    driver: Driver, clock: Clock
) -> None:
    """No error of the caller's, and no ping for each of the dead."""
    pool = new_async_pool(driver, clock, pool_size=3)
    leases = [await pool.acquire() for _ in range(3)]
    for lease in leases:
        await pool.release(lease, True)
    driver.every("ping").fail("other")
    clock.now += 60

    lease = await pool.acquire()

    assert lease.connection.raw is driver.made[3]
    assert driver.count("ping") == 1
    assert len(driver.open()) == 1
    await pool.release(lease, True)


async def test_one_that_is_known_to_be_dead_is_replaced_without_a_ping(driver: Driver) -> None:
    """A look at the socket, for adapters that have one."""
    pool = new_async_pool(driver)
    await pool.release(await pool.acquire(), True)
    driver.made[0].is_readable = True

    lease = await pool.acquire()

    assert lease.connection.raw is driver.made[1]
    assert driver.count("ping") == 0
    await pool.release(lease, True)


async def test_cold_connections_are_trimmed_by_who_comes_past(driver: Driver, clock: Clock) -> None:
    """One at each return, down to `pool_min_size`."""
    pool = new_async_pool(driver, clock, pool_size=5, pool_min_size=2, pool_idle_timeout=10.0)
    for lease in [await pool.acquire() for _ in range(5)]:
        await pool.release(lease, True)
    clock.now += 11

    for _ in range(10):
        await pool.release(await pool.acquire(), True)

    assert len(driver.open()) == 2
    assert whole(pool.stats())


async def test_a_dropped_lease_is_taken_back(driver: Driver) -> None:
    """With a warning that names the database, and the connection is not lent again."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()

    with pytest.warns(ResourceWarning, match="'fake' was dropped without being returned"):
        del lease
        gc.collect()

    other = await pool.acquire()
    assert driver.made[0].ended == "aborted"
    assert other.connection.raw is driver.made[1]
    assert pool.stats().reclaimed == 1
    await pool.release(other, True)


async def test_a_dropped_lease_tells_where_it_was_acquired(driver: Driver) -> None:
    """When leaks are looked for."""
    pool = new_async_pool(driver, leak_detection_threshold=60.0)
    lease = await pool.acquire()

    with pytest.warns(ResourceWarning, match="test_a_dropped_lease_tells_where"):
        del lease
        gc.collect()


async def test_a_lease_lost_while_the_lock_is_held_is_taken_back_later(driver: Driver) -> None:
    """The finaliser may run inside the pool's own locked sections: it must not wait there."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()

    with pool._lock:  # that is the point
        del lease
        gc.collect()

    with pytest.warns(ResourceWarning, match="dropped"):
        await pool.release(await pool.acquire(), True)
    assert pool.stats().reclaimed == 1


async def test_a_retired_pool_lends_no_more(driver: Driver) -> None:
    """Idle connections are dropped now, leased ones when they return."""
    pool = new_async_pool(driver)
    lease, idle = await pool.acquire(), await pool.acquire()
    await pool.release(idle, True)

    pool.retire()

    with pytest.raises(PoolRetiredError):
        await pool.acquire()
    assert driver.ends == [None, "aborted"]
    await pool.release(lease, True)
    assert driver.open() == []
    assert pool.stats().size == 0


async def test_closing_says_good_bye(driver: Driver) -> None:
    """And may be done twice."""
    pool = new_async_pool(driver)
    await pool.release(await pool.acquire(), True)

    await pool.close()
    await pool.close()

    assert driver.made[0].ended == "closed"


async def test_after_a_fork_nothing_inherited_is_touched(driver: Driver) -> None:
    """The connections are the parent's: neither closed nor lent, nor freed."""
    pool = new_async_pool(driver)
    lease, idle = await pool.acquire(), await pool.acquire()
    await pool.release(idle, True)

    pool.abandon()

    await pool.release(lease, True)
    await pool.close()
    assert driver.ends == [None, None]
    with pytest.raises(PoolRetiredError):
        await pool.acquire()


async def test_warming_up_opens_the_minimum(driver: Driver) -> None:
    """Or raises what hinders it, and keeps the counts whole."""
    pool = new_async_pool(driver, pool_min_size=3)
    await pool.warm_up()
    assert pool.stats().idle == 3

    broken = new_async_pool(driver, pool_min_size=3)
    driver.next("connect").fail()
    with pytest.raises(ConnectError):
        await broken.warm_up()
    assert whole(broken.stats())
    assert broken.stats().in_use == 0


async def test_expiring_lends_nothing_old(driver: Driver) -> None:
    """What was made before is closed when it is met, or when it returns."""
    pool = new_async_pool(driver)
    lent, idle = await pool.acquire(), await pool.acquire()
    await pool.release(idle, True)

    pool.expire()

    lease = await pool.acquire()
    assert lease.connection.raw is driver.made[2]
    await pool.release(lent, True)
    await pool.release(lease, True)
    assert driver.open() == [driver.made[2]]


def test_the_pool_is_made_without_connecting(driver: Driver) -> None:
    """Nothing is opened before it is used."""
    new_async_pool(driver)

    assert driver.made == []
