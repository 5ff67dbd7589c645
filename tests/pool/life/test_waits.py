"""What is counted of those who wait, and how many may: tasks and threads."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import PoolFullError
from tests.pool.script import Clock, Driver, new_async_pool, new_pool

if TYPE_CHECKING:
    from sqlspec.pool._async import AsyncPool
    from sqlspec.pool.state import Lease


async def in_queue(pool: AsyncPool) -> asyncio.Task[Lease]:
    """A task that stands in the queue."""
    before = pool.stats().waiting
    task = asyncio.create_task(pool.acquire())
    while pool.stats().waiting == before:  # noqa: ASYNC110 - the pool has no event to wait for
        await asyncio.sleep(0)
    return task


async def test_waits_and_wait_seconds_count_who_was_served() -> None:
    """From joining the queue to being given a connection."""
    clock = Clock()
    pool = new_async_pool(Driver(), clock, pool_size=1)
    lease = await pool.acquire()
    first = await in_queue(pool)
    clock.now += 2.0
    second = await in_queue(pool)
    clock.now += 1.0

    await pool.release(lease, True)
    assert pool.stats().waits == 1
    assert pool.stats().wait_seconds == pytest.approx(3.0)
    clock.now += 4.0
    await pool.release(await first, False)
    await pool.release(await second, True)

    assert pool.stats().waits == 2
    assert pool.stats().wait_seconds == pytest.approx(8.0)
    assert pool.stats().hold_seconds == pytest.approx(7.0)


async def test_who_was_cancelled_in_the_queue_is_no_wait_and_no_timeout() -> None:
    """It left."""
    pool = new_async_pool(Driver(), pool_size=1)
    lease = await pool.acquire()
    task = await in_queue(pool)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    stats = pool.stats()
    assert (stats.waits, stats.timeouts, stats.waiting) == (0, 0, 0)
    await pool.release(lease, True)


async def test_so_many_tasks_may_wait_and_no_more() -> None:
    """Whoever leaves makes room in the queue."""
    pool = new_async_pool(Driver(), pool_size=1, pool_max_waiting=2)
    lease = await pool.acquire()
    first, second = await in_queue(pool), await in_queue(pool)

    with pytest.raises(PoolFullError, match="2 callers wait for one already; pool_max_waiting=2"):
        await pool.acquire()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    third = await in_queue(pool)

    await pool.release(lease, True)
    await pool.release(await second, True)
    await pool.release(await third, True)
    assert pool.stats().refused == 1


def test_so_many_threads_may_wait_and_no_more() -> None:
    """The same count, whoever it is that waits."""
    pool = new_pool(Driver(), pool_size=1, pool_max_waiting=2)
    lease = pool.acquire()
    threads = [threading.Thread(target=lambda: pool.release(pool.acquire(), True)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while pool.stats().waiting < 2:
        pass

    with pytest.raises(PoolFullError, match="2 callers wait for one already"):
        pool.acquire()

    pool.release(lease, True)
    for thread in threads:
        thread.join(10)
    assert (pool.stats().refused, pool.stats().waits, pool.stats().waiting) == (1, 2, 0)


async def test_who_was_served_and_cancelled_when_the_pool_was_retired_leaves_nothing() -> None:
    """Neither a connection, nor a warning of a lease that was lost."""
    for end in ("retire", "expire"):
        driver = Driver()
        pool = new_async_pool(driver, pool_size=1)
        lease = await pool.acquire()
        task = await in_queue(pool)

        await pool.release(lease, True)  # handed over, but the task has not run since
        getattr(pool, end)()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert driver.open() == []
        assert (pool.stats().size, pool.stats().reclaimed) == (0, 0)
