"""Who waits, who is served, and that nobody who left swallows a connection: threads and tasks."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError, PoolRetiredError, PoolTimeoutError
from tests.pool.script import Clock, Driver, new_async_pool, new_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.pool._async import AsyncPool


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


async def queue_up(pool: AsyncPool, order: list[int], number: int) -> asyncio.Task[None]:
    """A task that waits for a connection; it stands in the queue when this returns."""

    async def wait() -> None:
        lease = await pool.acquire()
        order.append(number)
        await pool.release(lease, True)

    task = asyncio.create_task(wait())
    waiting = pool.stats().waiting
    while pool.stats().waiting == waiting:  # noqa: ASYNC110 - the pool has no event to wait for
        await asyncio.sleep(0)
    return task


async def test_the_longest_waiter_is_served_first() -> None:
    """In the order of arrival."""
    pool, order = new_async_pool(Driver(), pool_size=1), list[int]()
    lease = await pool.acquire()
    tasks = [await queue_up(pool, order, number) for number in range(10)]

    await pool.release(lease, True)
    await asyncio.gather(*tasks)

    assert order == list(range(10))


async def test_who_was_cancelled_is_passed_over() -> None:
    """Half of the queue leaves; the other half is served, in order."""
    pool, order = new_async_pool(Driver(), pool_size=1), list[int]()
    lease = await pool.acquire()
    tasks = [await queue_up(pool, order, number) for number in range(10)]

    for task in tasks[::2]:
        task.cancel()
    await asyncio.sleep(0)
    await pool.release(lease, True)
    await asyncio.gather(*tasks, return_exceptions=True)

    assert order == [1, 3, 5, 7, 9]
    assert pool.stats().waiting == 0


async def test_who_is_cancelled_after_being_served_passes_it_on() -> None:
    """The connection was handed over, and the task never ran again to take it."""
    pool, order = new_async_pool(Driver(), pool_size=1), list[int]()
    lease = await pool.acquire()
    first, second = [await queue_up(pool, order, number) for number in range(2)]

    await pool.release(lease, True)  # hands it to the first, which has not run yet
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)

    assert order == [1]
    assert (pool.stats().idle, pool.stats().in_use) == (1, 0)


async def test_the_room_of_a_dropped_connection_goes_to_who_waits() -> None:
    """It opens another."""
    driver = Driver()
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    lease = await pool.acquire()
    task = await queue_up(pool, order, 0)

    await pool.release(lease, False)
    await task

    assert order == [0]
    assert len(driver.made) == 2


async def test_the_room_of_a_failed_connect_goes_to_who_waits() -> None:
    """Each learns of the failure by its own attempt, at once."""
    driver = Driver()
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    lease = await pool.acquire()
    tasks = [await queue_up(pool, order, number) for number in range(3)]
    driver.next("connect", 2).fail()

    await pool.release(lease, False)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ConnectError, ConnectError, type(None)]
    assert order == [2]


async def test_a_cancelled_connect_leaves_its_room_to_others() -> None:
    """A creator that gives up does not keep the others waiting."""
    driver = Driver()
    driver.clock = Clock()  # one that stands still
    hanging = driver.next("connect").hang()
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    creator = asyncio.create_task(pool.acquire())
    await hanging.gate.async_arrival()
    task = await queue_up(pool, order, 0)

    creator.cancel()
    await task

    assert order == [0]
    assert pool.stats().size == 1


async def test_retiring_wakes_who_waits() -> None:
    """They look for the pool that took its place."""
    pool = new_async_pool(Driver(), pool_size=1)
    lease = await pool.acquire()
    task = await queue_up(pool, [], 0)

    pool.retire()

    with pytest.raises(PoolRetiredError):
        await task
    await pool.release(lease, True)


async def test_a_lost_lease_wakes_who_waits() -> None:
    """Its room is given away by the finaliser itself."""
    driver = Driver()
    pool, order = new_async_pool(driver, pool_size=1), list[int]()
    lease = await pool.acquire()
    task = await queue_up(pool, order, 0)

    with pytest.warns(ResourceWarning, match="dropped"):
        del lease
    await task

    assert order == [0]


async def test_timeouts_that_race_with_hand_over_lose_nothing() -> None:
    """Waiters whose time is up at the very moment they are served."""
    pool = new_async_pool(Driver(), pool_size=2)
    randomly, served = random.Random(7), 0

    async def borrow() -> None:
        nonlocal served
        try:
            lease = await pool.acquire(time.monotonic() + randomly.random() * 0.002)
        except PoolTimeoutError:
            return
        served += 1
        await asyncio.sleep(randomly.random() * 0.001)
        await pool.release(lease, True)

    for _ in range(20):
        await asyncio.gather(*(borrow() for _ in range(50)))

    assert served
    stats = pool.stats()
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    assert stats.idle <= 2


async def test_random_cancellations_lose_nothing() -> None:
    """At any moment of acquire, use and release."""
    pool = new_async_pool(Driver(), pool_size=3)
    randomly = random.Random(11)

    async def borrow() -> None:
        lease = await pool.acquire()
        try:
            await asyncio.sleep(randomly.random() * 0.001)
        finally:
            await pool.release(lease, randomly.random() < 0.9)

    for _ in range(20):
        tasks = [asyncio.create_task(borrow()) for _ in range(30)]
        for task in tasks:
            asyncio.get_running_loop().call_later(randomly.random() * 0.005, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)

    stats = pool.stats()
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    lease = await pool.acquire()
    await pool.release(lease, True)


@pytest.mark.usefixtures("quick_switches")
def test_threads_never_hold_more_than_the_limit() -> None:
    """Eight threads over two connections."""
    driver = Driver()
    pool = new_pool(driver, pool_size=2)
    held, most, lock, errors = 0, 0, threading.Lock(), list[BaseException]()

    def borrow() -> None:
        nonlocal held, most
        try:
            for _ in range(200):
                lease = pool.acquire()
                with lock:
                    held += 1
                    most = max(most, held)
                stats = pool.stats()
                assert stats.size == stats.idle + stats.in_use + stats.opening <= 2
                with lock:
                    held -= 1
                pool.release(lease, True)
        except BaseException as exc:  # noqa: BLE001 - judged below
            errors.append(exc)

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert most <= 2
    assert len(driver.made) <= 2
    assert pool.stats().in_use == 0


@pytest.mark.usefixtures("quick_switches")
def test_threads_that_time_out_lose_nothing() -> None:
    """Short patience, one connection."""
    pool = new_pool(Driver(), pool_size=1)
    randomly, errors = random.Random(3), list[BaseException]()

    def borrow() -> None:
        for _ in range(100):
            try:
                lease = pool.acquire(time.monotonic() + randomly.random() * 0.0005)
            except PoolTimeoutError:
                continue
            except BaseException as exc:  # noqa: BLE001
                errors.append(exc)
                return
            pool.release(lease, True)

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    stats = pool.stats()
    assert (stats.idle, stats.in_use, stats.opening, stats.waiting) == (1, 0, 0, 0)


def test_a_thread_that_waits_is_served_by_another() -> None:
    """Directly, without the shelf."""
    pool = new_pool(Driver(), pool_size=1)
    lease, served = pool.acquire(), list[object]()

    def wait() -> None:
        mine = pool.acquire()
        served.append(mine.connection)
        pool.release(mine, True)

    thread = threading.Thread(target=wait)
    thread.start()
    while not pool.stats().waiting:
        pass
    pool.release(lease, True)
    thread.join(10)

    assert served == [lease.connection]
