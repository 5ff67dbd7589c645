"""Many sessions, cancelled and failing at random: only whole transactions remain, and the pool is whole."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import SQLSpecError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path


async def insert_pair(spec: SQLSpec, number: int) -> None:
    """Two rows in one transaction."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item (id) VALUES (?)", (2 * number,))
        await session.execute("INSERT INTO item (id) VALUES (?)", (2 * number + 1,))


async def cancel_at_random(spec: SQLSpec, *, sessions: int, at_once: int, seed: int) -> int:
    """Run so many sessions, and cancel each after a moment; returns how many were cancelled."""
    moments = random.Random(seed)
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> bool:
        async with gate:
            task = asyncio.create_task(insert_pair(spec, number))
            await asyncio.sleep(moments.uniform(0, 0.004))
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

    return sum(await asyncio.gather(*map(one, range(sessions))))


def check_whole(spec: SQLSpec) -> int:
    """Whole pairs, a whole pool; returns how many pairs there are."""
    stats = spec.stats("main")
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    assert stats.size == stats.idle
    with spec.provide_session() as session:
        ids = set(session.execute("SELECT id FROM item").scalars())
    assert {number ^ 1 for number in ids} == ids
    return len(ids) // 2


@pytest.mark.parametrize("memory", [False, True])
async def test_two_hundred_sessions_cancelled_at_random(path: Path, *, memory: bool) -> None:
    """Each left both of its rows or none, and what was not cancelled left both."""
    async with SQLSpec() as spec:
        database = ":memory:" if memory else str(path)
        spec.register_config(SQLiteConfig(database=database, pool_size=4, synchronous="normal"), "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")

        gone = await cancel_at_random(spec, sessions=200, at_once=8, seed=7)

        pairs = await asyncio.to_thread(check_whole, spec)
        assert 0 < gone < 200
        assert pairs >= 200 - gone


@pytest.mark.storm
@pytest.mark.parametrize("seed", range(10))
async def test_a_storm_of_cancellations(path: Path, seed: int) -> None:
    """The same, longer, with fewer connections than tasks."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=3, synchronous="normal"), "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")

        gone = await cancel_at_random(spec, sessions=2000, at_once=16, seed=seed)

        assert await asyncio.to_thread(check_whole, spec) >= 2000 - gone


def test_threads_that_fail_at_random_leave_whole_transactions(path: Path) -> None:
    """Eight of them on two connections, a third of the sessions failing between its two rows."""
    with SQLSpec() as spec:
        spec.register_config(
            SQLiteConfig(database=str(path), pool_size=2, busy_timeout=30, synchronous="normal"), "main"
        )
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        start = threading.Barrier(8)

        def work(worker: int) -> int:
            chance = random.Random(worker)
            start.wait(10)
            kept = 0
            for number in range(worker * 25, worker * 25 + 25):
                try:
                    with spec.provide_session("main") as session:
                        session.execute("INSERT INTO item (id) VALUES (?)", (2 * number,))
                        if chance.random() < 1 / 3:
                            session.execute("INSERT INTO item (id) VALUES (?)", (2 * number,))
                        session.execute("INSERT INTO item (id) VALUES (?)", (2 * number + 1,))
                    kept += 1
                except SQLSpecError:
                    pass
            return kept

        with ThreadPoolExecutor(8) as threads:
            kept = sum(threads.map(work, range(8)))

        assert check_whole(spec) == kept
        assert 0 < kept < 200
