"""What `stats()` is and costs, and that a pool has nothing that runs by itself."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sqlspec import PoolStats
from sqlspec.concurrency import deadlines
from sqlspec.errors import ConnectError, PoolTimeoutError
from tests.pool.life.scene import async_pool_of, new_spec, pool_of
from tests.pool.script import Driver, new_async_pool, new_pool

if TYPE_CHECKING:
    from sqlspec.pool._sync import Pool
    from sqlspec_testkit.scripted import Script


def steps_of(call: Any) -> int:
    """How many calls it makes, in Python and in C."""
    made = 0

    def step(_frame: object, event: str, _function: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(step)
    try:
        call()
    finally:
        sys.setprofile(None)
    return made


def busy_pool(size: int) -> tuple[Pool, list[Any]]:
    """Half of its connections are lent."""
    pool = new_pool(Driver(memory=1), pool_size=size)
    leases = [pool.acquire() for _ in range(size)]
    for lease in leases[size // 2 :]:
        pool.release(lease, True)
    return pool, leases[: size // 2]


def test_a_snapshot_is_flat_and_frozen() -> None:
    """Numbers under names: what a collector of metrics takes as it is."""
    stats = new_pool(Driver()).stats()

    values = msgspec.structs.asdict(stats)
    assert all(type(value) in {int, float} for value in values.values())
    assert tuple(values) == PoolStats.__struct_fields__
    assert msgspec.json.decode(msgspec.json.encode(stats), type=PoolStats) == stats
    for name in values:
        with pytest.raises(AttributeError):
            setattr(stats, name, 1)


def test_a_snapshot_costs_the_same_whatever_the_pool_holds() -> None:
    """It counts nothing that was not counted before."""
    small, big = busy_pool(2), busy_pool(400)

    assert steps_of(small[0].stats) == steps_of(big[0].stats) < 40

    for pool, leases in (small, big):
        for lease in leases:
            pool.release(lease, True)


def test_a_snapshot_does_not_wait_for_what_the_pool_waits_for() -> None:
    """A connect and a good-bye that hang, a full queue: another thread reads on."""
    driver = Driver()
    driver.clock = time.monotonic
    connecting, closing = driver.next("connect").hang(), driver.every("close").hang()
    pool = new_pool(driver, pool_size=2, pool_recycle=None)
    threads = [threading.Thread(target=lambda: pool.release(pool.acquire(), True))]
    threads[0].start()
    connecting.gate.arrival()
    lease = pool.acquire()
    pool.expire()
    threads.append(threading.Thread(target=pool.release, args=(lease, True)))
    threads[1].start()
    closing.gate.arrival()
    threads.append(threading.Thread(target=lambda: pool.release(pool.acquire(), True)))
    threads[2].start()
    until = time.monotonic() + 10
    while not pool.stats().waiting:
        assert time.monotonic() < until

    stats = pool.stats()

    assert (stats.size, stats.idle, stats.in_use, stats.opening, stats.waiting) == (2, 0, 1, 1, 1)
    connecting.gate.open()
    closing.gate.open()
    for thread in threads:
        thread.join(10)
    assert pool.stats().waiting == 0


def test_no_thread_is_started_for_a_pool(script: Script) -> None:
    """Opening, lending, pinging, trimming, closing: all of it is done by who comes past."""
    before = threading.enumerate()
    with new_spec(script, pool_min_size=2, pool_idle_timeout=1e-9, leak_detection_threshold=60.0) as spec:
        spec.open()
        with spec.provide_session("db") as session:
            session.execute("SELECT 1")
        spec.ping("db")
        pool_of(spec).expire()
        assert threading.enumerate() == before

    assert threading.enumerate() == before


async def test_no_task_and_no_timer_is_left_by_a_pool(script: Script) -> None:
    """What was started for a wait ends with it."""
    threads, tasks, loop = threading.enumerate(), asyncio.all_tasks(), asyncio.get_running_loop()
    async with new_spec(script, pool_size=2, pool_min_size=2, pool_idle_timeout=1e-9) as spec:
        await spec.aopen()
        async with spec.provide_session("db") as session:
            await session.execute("SELECT 1")
        await spec.aping("db")
        async_pool_of(spec).expire()
        both = [await async_pool_of(spec).acquire() for _ in range(2)]
        waiter = asyncio.create_task(async_pool_of(spec).acquire())
        await asyncio.sleep(0)
        await async_pool_of(spec).release(both[0], True)
        for lease in (await waiter, both[1]):
            await async_pool_of(spec).release(lease, True)

        assert threading.enumerate() == threads
        assert asyncio.all_tasks() == tasks
        # What is set for all deadlines of a loop may ring for nothing, and knows nobody any more.
        left = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        assert {timer._callback for timer in left} <= {deadlines._watches[loop]._wake_due}
        assert not deadlines._watches[loop].timers


def test_g09_no_step_of_the_wall_clock_ages_a_connection() -> None:
    """Pools live by the monotonic clock, unless a test gives them another."""
    assert pool_of(new_spec(Driver()))._clock is time.monotonic


async def test_g09_nor_under_async() -> None:
    """Likewise."""
    assert async_pool_of(new_spec(Driver()))._clock is time.monotonic


async def test_a_pool_of_tasks_is_read_from_another_thread() -> None:
    """As a collector of metrics does."""
    pool = new_async_pool(Driver())
    lease = await pool.acquire()

    stats = await asyncio.to_thread(pool.stats)

    assert (stats.size, stats.in_use) == (1, 1)
    await pool.release(lease, True)


def test_what_a_success_makes_old_is_no_cause_of_a_timeout() -> None:
    """The last connect error is one since the last connection was made."""
    driver = Driver()
    pool = new_pool(driver, pool_size=1)
    driver.next("connect").fail()
    with pytest.raises(ConnectError):
        pool.acquire()
    lease = pool.acquire()

    with pytest.raises(PoolTimeoutError) as caught:
        pool.acquire(0.0)

    assert caught.value.__cause__ is None
    pool.release(lease, True)
