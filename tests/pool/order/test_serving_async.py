# The source of test_serving_sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PT031 - what warns is the collection, and before it the last name must go
"""Who waits is served first come, first served, from hand to hand, and by nothing that is old or dead."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError, PoolFullError, PoolRetiredError, PoolTimeoutError
from tests.pool.beside import AsyncBeside, async_until_waiting
from tests.pool.script import Clock, Driver, new_async_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool._async import AsyncPool
    from sqlspec.pool.state import Lease


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


async def queue_up(pool: AsyncPool) -> AsyncBeside[Lease]:
    """Somebody who stands in the queue when this returns."""
    waiting = pool.stats().waiting
    other = AsyncBeside(pool.acquire)
    await async_until_waiting(pool, waiting + 1)
    return other


async def test_who_came_first_is_served_first(driver: Driver) -> None:
    """Ten of them, each of whom gives back what it got."""
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    lease = await pool.acquire()

    def borrower(number: int) -> AsyncBeside[None]:
        async def borrow() -> None:
            mine = await pool.acquire()
            order.append(number)
            await pool.release(mine, True)

        return AsyncBeside(borrow)

    others = list[AsyncBeside[None]]()
    for number in range(10):
        others.append(borrower(number))
        await async_until_waiting(pool, number + 1)
    await pool.release(lease, True)
    for other in others:
        await other.result()

    assert order == list(range(10))
    assert len(driver.made) == 1
    assert pool.stats().waits == 10


async def test_a_connection_goes_from_hand_to_hand_and_no_newcomer_takes_it(driver: Driver) -> None:
    """It is never on the shelf in between, whoever comes at that moment."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    other = await queue_up(pool)

    await pool.release(lease, True)

    assert (pool.stats().idle, pool.stats().in_use) == (0, 1)
    with pytest.raises(PoolTimeoutError):
        await pool.acquire(0.0)
    served = await other.result()
    assert served.connection.raw is driver.made[0]
    await pool.release(served, True)


async def test_who_gave_up_swallows_nothing(driver: Driver) -> None:
    """And is out of the queue."""
    pool = new_async_pool(driver, pool_size=1, pool_timeout=0.01)
    lease = await pool.acquire()

    error = await AsyncBeside(pool.acquire).error()

    assert isinstance(error, PoolTimeoutError)
    assert pool.stats().waiting == 0
    await pool.release(lease, True)
    assert pool.stats().idle == 1
    await pool.release(await pool.acquire(0.0), True)


async def test_room_goes_to_who_came_first(driver: Driver) -> None:
    """Each of the connections breaks, and the next in the queue makes another."""
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    lease = await pool.acquire()

    def borrower(number: int) -> AsyncBeside[None]:
        async def borrow() -> None:
            mine = await pool.acquire()
            order.append(number)
            await pool.release(mine, False)

        return AsyncBeside(borrow)

    others = list[AsyncBeside[None]]()
    for number in range(5):
        others.append(borrower(number))
        await async_until_waiting(pool, number + 1)
    await pool.release(lease, False)
    for other in others:
        await other.result()

    assert order == list(range(5))
    assert len(driver.made) == 6
    assert pool.stats().size == 0


async def test_each_learns_of_a_failed_connect_by_its_own(driver: Driver) -> None:
    """At once, in turn; who comes after the outage is served."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    others = [await queue_up(pool) for _ in range(3)]
    driver.next("connect", 2).fail()

    await pool.release(lease, False)

    for other in others[:2]:
        assert isinstance(await other.error(), ConnectError)
    await pool.release(await others[2].result(), True)
    assert driver.count("connect") == 4
    assert (pool.stats().timeouts, pool.stats().waiting) == (0, 0)


async def test_so_many_may_wait_and_no_more(driver: Driver) -> None:
    """The next is refused at once; the others are served as ever."""
    pool = new_async_pool(driver, pool_size=1, pool_max_waiting=2)
    lease = await pool.acquire()
    first, second = await queue_up(pool), await queue_up(pool)

    with pytest.raises(PoolFullError, match="2 callers wait for one already; pool_max_waiting=2"):
        await pool.acquire()

    assert pool.stats().refused == 1
    await pool.release(lease, True)
    await pool.release(await first.result(), True)
    await pool.release(await second.result(), True)
    assert (pool.stats().waits, pool.stats().waiting) == (2, 0)


async def test_g09_who_waits_is_not_given_what_grew_old_meanwhile(driver: Driver, clock: Clock) -> None:
    """The age that counts is that of the moment in which it is lent."""
    pool = new_async_pool(driver, clock, pool_size=1, pool_recycle=100.0)
    lease = await pool.acquire()
    other = await queue_up(pool)
    clock.now += 105.1

    await pool.release(lease, True)

    served = await other.result()
    assert served.connection.raw is driver.made[1]
    assert driver.made[0].ended == "closed"
    await pool.release(served, True)
    assert pool.stats().aged == 1


@pytest.mark.parametrize("pre_ping", [True, False], ids=["pinged", "not pinged"])
async def test_g09_a_connection_that_never_rests_grows_old_too(
    driver: Driver, clock: Clock, pre_ping: bool
) -> None:
    """What was used a moment ago is lent without a ping, but not without regard to its age."""
    pool = new_async_pool(driver, clock, pool_size=1, pool_recycle=100.0, pool_pre_ping=pre_ping)

    for _ in range(600):
        await pool.release(await pool.acquire(), True)
        clock.now += 0.2

    assert len(driver.made) == 2
    assert driver.count("ping") == 0
    assert pool.stats().aged == 1


async def test_who_waits_is_not_given_what_is_seen_to_be_dead(driver: Driver) -> None:
    """It died in the hands of the one before."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    other = await queue_up(pool)
    driver.made[0].is_readable = True

    await pool.release(lease, True)

    served = await other.result()
    assert served.connection.raw is driver.made[1]
    await pool.release(served, True)
    assert pool.stats().dead == 1


async def test_the_next_warmest_stands_in_for_a_dead_one(driver: Driver) -> None:
    """Last in, first out, also then."""
    pool = new_async_pool(driver, pool_size=3)
    for lease in [await pool.acquire() for _ in range(3)]:
        await pool.release(lease, True)
    driver.made[2].is_readable = True

    lease = await pool.acquire()

    assert lease.connection.raw is driver.made[1]
    await pool.release(lease, True)
    assert (pool.stats().idle, pool.stats().dead) == (2, 1)


async def test_who_waits_is_told_that_the_pool_is_retired(driver: Driver) -> None:
    """All of them at once, to look for the one that took its place."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    others = [await queue_up(pool) for _ in range(3)]

    pool.retire()

    for other in others:
        assert isinstance(await other.error(), PoolRetiredError)
    await pool.release(lease, True)
    assert pool.stats().size == 0


async def test_g20_the_room_of_a_lost_lease_goes_to_who_waits(driver: Driver) -> None:
    """Given away by the finaliser itself; nobody needs to come past."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    other = await queue_up(pool)

    with pytest.warns(ResourceWarning, match="'fake' was dropped"):
        del lease
        gc.collect()

    served = await other.result()
    assert served.connection.raw is driver.made[1]
    await pool.release(served, True)


async def test_what_was_waited_and_what_was_held_is_counted(driver: Driver, clock: Clock) -> None:
    """From joining the queue to being served, and from there on."""
    pool = new_async_pool(driver, clock, pool_size=1)
    lease = await pool.acquire()
    first = await queue_up(pool)
    clock.now += 2.0
    second = await queue_up(pool)
    clock.now += 1.0

    await pool.release(lease, True)
    served = await first.result()
    clock.now += 4.0
    await pool.release(served, False)
    await pool.release(await second.result(), True)

    stats = pool.stats()
    assert stats.waits == 2
    assert stats.wait_seconds == pytest.approx(8.0)
    assert stats.hold_seconds == pytest.approx(7.0)


async def test_what_a_look_took_is_not_counted_as_held(driver: Driver, clock: Clock) -> None:
    """One was too old, and its good-bye took its time: the one after it was not lent then."""
    driver.clock, clock.jumps = clock, True
    pool = new_async_pool(driver, clock, pool_size=2)
    for lease in [await pool.acquire(), await pool.acquire()]:
        await pool.release(lease, True)
    pool._state.idle[1].expires = pool._state.idle[1].fresh_until = clock.now
    driver.next("close").delay(1.5)
    before = clock.now

    await pool.release(await pool.acquire(), True)

    assert clock.now - before == pytest.approx(1.5)
    assert (pool.stats().aged, pool.stats().hold_seconds) == (1, 0.0)


async def test_a_hurry_is_the_callers_own(driver: Driver) -> None:
    """A deadline of its own goes before `pool_timeout`, and nobody behind it is in a hurry too."""
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()

    async def hurry() -> Lease:
        return await pool.acquire(time.monotonic() + 0.01)

    hurried = AsyncBeside(hurry)
    await async_until_waiting(pool, 1)
    patient = await queue_up(pool)
    assert isinstance(await hurried.error(), PoolTimeoutError)

    await pool.release(lease, True)

    await pool.release(await patient.result(), True)
    assert (pool.stats().timeouts, pool.stats().waits) == (1, 1)
