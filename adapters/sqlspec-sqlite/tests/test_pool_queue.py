"""Who waits for one of few connections: threads and tasks, first come, first served."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import PoolFullError, PoolTimeoutError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 10.0


def one_connection(path: Path, **options: Any) -> SQLSpec:
    """A registry with a pool of one, and a table that tells in which order rows came."""
    spec = SQLSpec()
    spec.register_config(
        SQLiteConfig(database=str(path), pool_size=1, synchronous="normal", **options), "main"
    )
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE IF NOT EXISTS came (number, place INTEGER PRIMARY KEY)")
    return spec


def came(spec: SQLSpec) -> list[int]:
    """Who wrote, in that order."""
    with spec.provide_session("main") as session:
        return session.execute("SELECT number FROM came ORDER BY place").scalars()


def write(spec: SQLSpec, number: int) -> None:
    """One row."""
    with spec.provide_session("main") as session:
        session.execute("INSERT INTO came (number) VALUES (?)", (number,))


async def awrite(spec: SQLSpec, number: int) -> None:
    """One row."""
    async with spec.provide_session("main") as session:
        await session.execute("INSERT INTO came (number) VALUES (?)", (number,))


def start(spec: SQLSpec, work: Callable[[], object]) -> threading.Thread:
    """A thread that stands in the queue when this returns."""
    thread, waiting = threading.Thread(target=work), spec.stats("main").waiting
    thread.start()
    until = time.monotonic() + PATIENCE
    while spec.stats("main").waiting == waiting:
        assert time.monotonic() < until
    return thread


async def astart(spec: SQLSpec, number: int) -> asyncio.Task[None]:
    """A task that stands in the queue when this returns."""
    task, waiting = asyncio.create_task(awrite(spec, number)), spec.stats("main").waiting
    until = time.monotonic() + PATIENCE
    while spec.stats("main").waiting == waiting:
        assert time.monotonic() < until
        await asyncio.sleep(0)
    return task


def test_threads_are_served_in_the_order_in_which_they_came(path: Path) -> None:
    """Twenty of them."""
    with one_connection(path) as spec:
        with spec.provide_session("main"):
            threads = [start(spec, lambda number=number: write(spec, number)) for number in range(20)]  # type: ignore[misc]
        for thread in threads:
            thread.join(PATIENCE)

        assert came(spec) == list(range(20))
        assert spec.stats("main").waits == 20
        assert spec.stats("main").opened == 1


async def test_tasks_are_served_in_the_order_in_which_they_came(path: Path) -> None:
    """Those that were cancelled meanwhile are passed over."""
    spec = one_connection(path)
    async with spec:
        async with spec.provide_session("main"):
            tasks = [await astart(spec, number) for number in range(20)]
            for task in tasks[::4]:
                task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)

        assert await asyncio.to_thread(came, spec) == [number for number in range(20) if number % 4]
        assert (spec.stats("main").waits, spec.stats("main").waiting) == (15, 0)


def test_a_thread_that_gave_up_says_why_and_swallows_nothing(path: Path) -> None:
    """The others are served."""
    with one_connection(path, pool_timeout=0.2) as spec:
        errors = list[BaseException]()

        def give_up() -> None:
            try:
                write(spec, 1)
            except PoolTimeoutError as exc:
                errors.append(exc)

        with spec.provide_session("main"):
            start(spec, give_up).join(PATIENCE)
        write(spec, 2)

        (error,) = errors
        text = str(error)
        assert all(word in text for word in ("'main'", "in 0.2 s", "pool_size=1", "1 in use", "longest held"))
        assert came(spec) == [2]
        assert (spec.stats("main").timeouts, spec.stats("main").waiting) == (1, 0)


async def test_a_task_that_gave_up_says_why_and_swallows_nothing(path: Path) -> None:
    """Likewise."""
    spec = one_connection(path, pool_timeout=0.2)
    async with spec:
        async with spec.provide_session("main"):
            with pytest.raises(
                PoolTimeoutError, match=r"'main'.*in 0\.[23] s.*pool_size=1, 1 in use, longest"
            ):
                await awrite(spec, 1)
        await awrite(spec, 2)

        assert await asyncio.to_thread(came, spec) == [2]
        assert spec.stats("main").timeouts == 1


def test_so_many_threads_may_wait_and_no_more(path: Path) -> None:
    """The next is refused at once."""
    with one_connection(path, pool_max_waiting=2) as spec:
        with spec.provide_session("main"):
            threads = [start(spec, lambda: write(spec, 1)) for _ in range(2)]
            with pytest.raises(PoolFullError, match="2 callers wait for one already"):
                write(spec, 2)
        for thread in threads:
            thread.join(PATIENCE)

        assert came(spec) == [1, 1]
        assert spec.stats("main").refused == 1


async def test_so_many_tasks_may_wait_and_no_more(path: Path) -> None:
    """Likewise."""
    spec = one_connection(path, pool_max_waiting=2)
    async with spec:
        async with spec.provide_session("main"):
            tasks = [await astart(spec, 1) for _ in range(2)]
            with pytest.raises(PoolFullError, match="2 callers wait for one already"):
                await awrite(spec, 2)
        await asyncio.gather(*tasks)

        assert await asyncio.to_thread(came, spec) == [1, 1]


def test_g15_threads_that_come_at_once_make_one_pool(path: Path) -> None:
    """Eight at a barrier, twenty times; never more connections than the pool may have."""
    for _ in range(20):
        with SQLSpec() as spec:
            spec.register_config(SQLiteConfig(database=str(path), pool_size=2), "main")
            barrier, pools = threading.Barrier(8), list[object]()

            def use(spec: SQLSpec = spec, barrier: Any = barrier, pools: Any = pools) -> None:
                barrier.wait(PATIENCE)
                with spec.provide_session("main") as session:
                    session.execute("SELECT 1")
                pools.append(spec._table.databases["main"].pool)

            threads = [threading.Thread(target=use) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)

            assert len(pools) == 8
            assert len(set(map(id, pools))) == 1
            assert spec.stats("main").opened <= 2


async def test_g15_tasks_that_come_at_once_make_one_pool(path: Path) -> None:
    """The very first is cancelled, while its connection is opened in a thread."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=2), "main")

        async def use(number: int) -> int:
            async with spec.provide_session("main") as session:
                return int(await session.execute("SELECT ?", (number,)).scalar())

        tasks = [asyncio.create_task(use(number)) for number in range(10)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        assert isinstance(outcomes[0], asyncio.CancelledError)
        assert outcomes[1:] == list(range(1, 10))
        stats = spec.stats("main")
        assert (stats.size, stats.in_use, stats.opening) == (stats.idle, 0, 0)
        assert stats.size <= 2
