"""Timeouts race the hand-over: nobody swallows a connection, and who did not give up is served in order."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import PoolTimeoutError
from sqlspec_testkit.scripted.waiting import turn
from tests.pool.script import Driver, new_async_pool, new_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.concurrency.waiters import AsyncWaiter, Waiter
    from sqlspec.pool._async import AsyncPool
    from sqlspec.pool._sync import Pool
    from sqlspec.pool.state import Lease

counts = pytest.mark.parametrize(
    "count", [pytest.param(10_000, marks=pytest.mark.storm, id="storm"), pytest.param(1_000, id="quick")]
)
BUSY = 4
SHORTEST = 300e-6
"""Seconds: about as long as a hand-over takes, so that many deadlines meet one."""


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Queue(deque["Waiter | AsyncWaiter"]):
    """The pool's queue, which notes who comes, under the pool's lock."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[Lease] = []

    def append(self, waiter: Waiter | AsyncWaiter) -> None:
        """One more."""
        super().append(waiter)
        self.arrived.append(waiter.lease)


def watch(pool: Pool | AsyncPool) -> Queue:
    """Note who joins its queue."""
    pool._state.waiters = queue = Queue()
    return queue


def in_order(queue: Queue, served: list[Lease]) -> None:
    """All who waited were served in the order of their arrival, but for those who gave up."""
    waited, happy = set(queue.arrived), set(served)
    assert [lease for lease in served if lease in waited] == [
        lease for lease in queue.arrived if lease in happy
    ]


def judge(pool: Pool | AsyncPool, queue: Queue, served: list[Lease], gave_up: int, count: int) -> None:
    """In order, and every one of them counted."""
    in_order(queue, served)
    waited = set(queue.arrived)
    assert len(served) + gave_up == count
    stats = pool.stats()
    assert (stats.size, stats.idle, stats.waiting, stats.reclaimed) == (1, 1, 0, 0)
    assert stats.timeouts == gave_up
    assert stats.waits == len(waited) - gave_up
    assert min(gave_up, stats.waits) > count // 100, "hardly a race"


@counts
@pytest.mark.usefixtures("quick_switches")
def test_g05_threads_that_give_up_swallow_nothing_and_no_one_is_overtaken(count: int) -> None:
    """Half of them are in a hurry; a single connection goes from hand to hand."""
    driver = Driver(memory=10)
    pool = new_pool(driver, pool_size=1)
    queue, served = watch(pool), list[Any]()

    def work(seed: int) -> int:
        chance, gave_up = random.Random(seed), 0
        for _ in range(count // BUSY):
            patience = chance.choice([0.0, SHORTEST * chance.random(), 30.0, 30.0])
            try:
                lease = pool.acquire(time.monotonic() + patience)
            except PoolTimeoutError:
                gave_up += 1
                continue
            served.append(lease)  # the connection is held, so nobody else is here
            turn()
            pool.release(lease, True)
        return gave_up

    with ThreadPoolExecutor(BUSY) as threads:
        gave_up = sum(threads.map(work, range(BUSY)))

    judge(pool, queue, served, gave_up, count)
    assert driver.server.violations == []


@counts
async def test_g05_tasks_that_give_up_swallow_nothing_and_no_one_is_overtaken(count: int) -> None:
    """Some by their deadline, some by a cancellation, in the turn of the loop in which they are served."""
    driver, chance = Driver(memory=10), random.Random(count)
    pool = new_async_pool(driver, pool_size=1)
    queue, served, gone = watch(pool), list[Any](), list[str]()

    async def work() -> None:
        patience = chance.choice([0.0, SHORTEST * chance.random(), 30.0, 30.0])
        try:
            lease = await pool.acquire(time.monotonic() + patience)
        except PoolTimeoutError:
            gone.append("timeout")
            return
        except asyncio.CancelledError:
            gone.append("cancelled")
            raise
        served.append(lease)
        try:
            await asyncio.sleep(0)
        finally:
            await pool.release(lease, True)

    for _ in range(count // 50):
        tasks = [asyncio.create_task(work()) for _ in range(50)]
        for task in chance.sample(tasks, 10):
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait(tasks)

    cancelled = count - len(served) - gone.count("timeout")  # those that had not begun noted nothing
    assert cancelled >= gone.count("cancelled") > count // 50, "hardly a race"
    in_order(queue, served)
    stats = pool.stats()
    assert (stats.size, stats.idle, stats.waiting, stats.reclaimed) == (1, 1, 0, 0)
    assert stats.timeouts == gone.count("timeout") > count // 100
    assert driver.server.violations == []


@counts
@pytest.mark.usefixtures("quick_switches")
def test_g05_a_waiter_that_leaves_as_it_is_served_keeps_what_it_was_given(count: int) -> None:
    """Two threads meet, again and again: one lets go, one has just lost its patience."""
    driver = Driver(memory=10)
    pool = new_pool(driver, pool_size=1)
    outcomes = {True: 0, False: 0}

    def hurry(_: int) -> bool:
        try:
            lease = pool.acquire(time.monotonic())
        except PoolTimeoutError:
            return False
        pool.release(lease, True)
        return True

    with ThreadPoolExecutor(1) as other:
        for number in range(count):
            lease = pool.acquire()
            meeting = other.submit(hurry, number)
            while not pool._state.waiters and not meeting.done():
                turn()
            pool.release(lease, True)
            outcomes[meeting.result()] += 1

    stats = pool.stats()
    assert (stats.size, stats.idle, stats.waiting, stats.timeouts) == (1, 1, 0, outcomes[False])
    assert outcomes[False] + outcomes[True] == count
    assert driver.server.violations == []
