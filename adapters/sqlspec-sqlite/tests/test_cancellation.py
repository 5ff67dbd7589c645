"""A thread can not be cancelled, a statement can: what cancelled tasks leave behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

SLOW = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT max(i) FROM n
"""
"""Ten seconds and more."""


def rows(spec: SQLSpec) -> list[int]:
    """What is committed."""
    with spec.provide_session(read_only=True) as session:
        return session.execute("SELECT id FROM item ORDER BY id").scalars()


async def cancelled(task: asyncio.Task[None], *, times: int = 1) -> float:
    """Cancel *task*, again on each of the loop's turns; returns how long it took to end."""
    started = time.monotonic()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


async def test_g02_a_long_statement_is_stopped(spec: SQLSpec) -> None:
    """Well under a second after the cancellation, and what came before it is undone."""

    async def work() -> None:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (1)")
            await session.execute(SLOW)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)

    assert await cancelled(task) < 1
    assert rows(spec) == []


async def test_g01_the_connection_serves_on_and_is_clean(path: Path, spec: SQLSpec) -> None:
    """It was interrupted, waited for and rolled back: the next session finds nothing of it."""
    async with SQLSpec() as single:
        single.register_config(SQLiteConfig(database=str(path), pool_size=1), "main")

        async def work() -> None:
            async with single.provide_session() as session:
                await session.execute("INSERT INTO item (id) VALUES (1)")
                await session.execute(SLOW)

        for number in range(3):
            task = asyncio.create_task(work())
            await asyncio.sleep(0.1)
            await cancelled(task)
            async with single.provide_session() as session:
                await session.execute("INSERT INTO item (id) VALUES (?)", (number + 10,))

        assert single.stats("main").opened <= 4
        assert single.stats("main").in_use == 0
    assert rows(spec) == [10, 11, 12]


async def test_an_autocommit_statement_is_stopped(spec: SQLSpec) -> None:
    """A write that is interrupted is not done."""

    async def work() -> None:
        async with spec.provide_session(autocommit=True) as session:
            await session.execute(f"INSERT INTO item (id, value) {SLOW.replace('max(i)', 'max(i), 1')}")

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)

    assert await cancelled(task) < 1
    assert rows(spec) == []


async def test_a_timeout_inside_of_a_session_costs_its_statement_or_its_transaction(spec: SQLSpec) -> None:
    """The session may go on after it, and never commits half of what it did in silence."""
    from sqlspec.errors import TransactionAbortedError

    expected = [1, 2]
    try:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (1)")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.execute(SLOW), 0.2)
            await session.execute("INSERT INTO item (id) VALUES (2)")
    except TransactionAbortedError:
        expected = []

    assert rows(spec) == expected


@pytest.mark.parametrize("first", ["write", "read"])
async def test_a_wait_for_a_lock_is_given_up(spec: SQLSpec, path: Path, first: str) -> None:
    """Within a slice of the wait; whoever holds the lock is not disturbed."""
    statement = "INSERT INTO item (id) VALUES (1)" if first == "write" else "SELECT 1"

    async def work() -> None:
        async with spec.provide_session() as session:
            await session.execute(statement)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO item (id) VALUES (7)")
        task = asyncio.create_task(work())
        await asyncio.sleep(0.2)

        assert await cancelled(task) < 1
        other.execute("COMMIT")

    assert rows(spec) == [7]
    assert spec.stats("main").in_use == 0


async def test_g03_one_more_cancellation_does_not_hurry(spec: SQLSpec) -> None:
    """However often: the connection is not touched before its thread is done."""

    async def work() -> None:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (1)")
            await session.execute(SLOW)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)

    assert await cancelled(task, times=5) < 2
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item (id) VALUES (2)")
    assert rows(spec) == [2]
    assert spec.stats("main").in_use == 0


async def test_a_commit_is_not_interrupted(tmp_path: Path) -> None:
    """A COMMIT that waits for a reader is waited for: the note on the cancellation tells its outcome."""
    path = tmp_path / "rollback.db"
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), journal_mode="delete"), "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        at_the_end = asyncio.Event()

        async def work() -> None:
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO item (id) VALUES (1)")
                at_the_end.set()

        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM item").fetchall()
            timer = threading.Timer(0.4, lambda: reader.execute("ROLLBACK"))
            task = asyncio.create_task(work())
            await at_the_end.wait()
            await asyncio.sleep(0.1)
            timer.start()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            timer.join(10)

        assert rows(spec) == [1]
        assert getattr(caught.value, "__notes__", []) == ["the transaction was committed"]
        assert spec.stats("main").in_use == 0


async def test_a_thread_that_does_not_come_back_is_left_behind(path: Path, spec: SQLSpec) -> None:
    """After a second, with its connection: others do not wait for it."""
    wake = threading.Event()
    async with SQLSpec() as single:
        single.register_config(SQLiteConfig(database=str(path), pool_size=1, pool_timeout=5), "main")

        async def work() -> None:
            async with single.provide_session(autocommit=True) as session:
                raw = await session.connection()
                raw.create_function("deaf", 0, lambda: wake.wait(20))
                await session.execute("SELECT deaf()")

        task = asyncio.create_task(work())
        await asyncio.sleep(0.2)
        settled = await cancelled(task)
        started = time.monotonic()
        try:
            async with asyncio.timeout(3), single.provide_session() as session:
                await session.execute("INSERT INTO item (id) VALUES (1)")
            following = time.monotonic() - started
        finally:
            wake.set()

        assert settled < 4
        assert following < 2
    assert rows(spec) == [1]


@pytest.mark.usefixtures("spec")
async def test_cancelled_while_connecting(path: Path) -> None:
    """The connection that comes too late is dropped; the pool is whole."""
    async with SQLSpec() as other:
        other.register_config(SQLiteConfig(database=str(path), pool_size=2), "main")

        async def work() -> None:
            async with other.provide_session() as session:
                await session.execute("SELECT 1")

        for _ in range(10):
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

        stats = other.stats("main")
        assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
        async with other.provide_session() as session:
            assert await session.execute("SELECT count(*) FROM item").scalar() == 0


async def test_cancelled_while_waiting_for_the_pool(path: Path) -> None:
    """Whoever has left the queue is given nothing."""
    async with SQLSpec() as other:
        other.register_config(SQLiteConfig(database=str(path), pool_size=1, pool_timeout=5), "main")

        async def work() -> None:
            async with other.provide_session():
                pass

        async with other.provide_session():
            waiting = [asyncio.create_task(work()) for _ in range(5)]
            await asyncio.sleep(0.01)
            for task in waiting[::2]:
                task.cancel()
        await asyncio.wait(waiting, timeout=5)

        assert [task.cancelled() for task in waiting] == [True, False, True, False, True]
        assert other.stats("main").in_use == 0


async def test_cancelled_in_a_stream(spec: SQLSpec) -> None:
    """Between two batches or inside one."""
    async with spec.provide_session() as session:
        await session.execute_many("INSERT INTO item (id) VALUES (?)", [(number,) for number in range(1000)])

    async def work() -> None:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (5000)")
            async for _ in session.stream("SELECT * FROM item", batch_size=10):
                reached.release()

    for steps in (5, 20, 50):
        reached = asyncio.Semaphore(0)
        task = asyncio.create_task(work())
        for _ in range(steps):
            await reached.acquire()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    assert len(rows(spec)) == 1000
    assert spec.stats("main").in_use == 0
