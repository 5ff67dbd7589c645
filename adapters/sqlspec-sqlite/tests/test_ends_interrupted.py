"""A session on a real file that is interrupted or cancelled at any step, and once more while it cleans up."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.concurrency import workers
from sqlspec.errors import DisconnectedError, TransactionAbortedError
from sqlspec_sqlite import SQLiteConfig
from sqlspec_testkit.threads import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlspec import AsyncSession

SLOW = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT max(i) FROM n
"""

pytestmark = pytest.mark.filterwarnings("ignore:a connection to 'main' was dropped:ResourceWarning")


@pytest.fixture
def lone(path: Path) -> Iterator[SQLSpec]:
    """One connection, and no patience."""
    with SQLSpec() as spec:
        spec.register_config(
            SQLiteConfig(
                database=str(path), pool_size=1, pool_timeout=2, busy_timeout=0.1, synchronous="normal"
            ),
            "main",
        )
        with spec.provide_session() as session:
            session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        yield spec


def pair(spec: SQLSpec, number: int) -> None:
    """Two rows, or none."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO t VALUES (?)", (2 * number,))
        session.execute("INSERT INTO t VALUES (?)", (2 * number + 1,))


def judge(spec: SQLSpec, number: int, notes: str) -> None:
    """Both of its rows or none, as it was told; the only connection writes on."""
    gc.collect()
    with spec.provide_session() as session:
        ids = session.execute("SELECT id FROM t WHERE id / 2 = ?", (number,)).scalars()
        session.execute("DELETE FROM t")
    assert ids in ([], [2 * number, 2 * number + 1])
    assert ids or "was committed" not in notes
    assert not (ids and "was not committed" in notes)
    stats = spec.stats("main")
    assert (stats.size, stats.idle, stats.waiting) == (1, 1, 0), stats


def test_g03_no_step_of_a_session_loses_its_connection_or_half_of_its_work(
    lone: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C at each call from its beginning to its end, and at each return from C."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)  # an interrupt inside of a finaliser
    steps = 0
    for step in count(1):
        interrupts, notes = Steps(step), ""
        try:
            with interrupts:
                pair(lone, step)
        except KeyboardInterrupt as exc:
            notes = " ".join(getattr(exc, "__notes__", ()))
        try:
            judge(lone, step, notes)
        except BaseException as exc:
            exc.add_note(f"interrupted at step {step}, and told {notes!r}")
            raise
        if interrupts._remaining > 0:
            break
        steps = step

    assert steps > 50


async def apair(spec: SQLSpec, number: int) -> BaseException | None:
    """The same by a task; what came out of it, because a task that ends with it drops its notes."""
    try:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO t VALUES (?)", (2 * number,))
            await session.execute("INSERT INTO t VALUES (?)", (2 * number + 1,))
    except asyncio.CancelledError as exc:
        return exc
    return None


class Watched:
    """Stands around a coroutine and cancels its task at some of its awaits."""

    def __init__(self, work: Any, *points: int) -> None:
        self._work, self._points = work, points
        self.reached = self.cancelled = 0

    def __await__(self) -> Any:
        inner, send, value = self._work.__await__(), True, None
        while True:
            try:
                awaited = inner.send(value) if send else inner.throw(value)
            except StopIteration as end:
                return end.value
            self._reach()
            try:
                value, send = (yield awaited), True
            except BaseException as exc:  # noqa: BLE001 - for the coroutine to see
                value, send = exc, False

    def _reach(self) -> None:
        self.reached += 1
        if self.reached in self._points:
            self.cancelled += 1
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    async def run(self) -> BaseException | None:
        """For a task of its own."""
        return await self  # type: ignore[no-any-return]


async def play(spec: SQLSpec, number: int, *points: int) -> int:
    """One session, cancelled at these awaits and judged; how often it was."""
    watched = Watched(apair(spec, number), *points)
    error = await asyncio.create_task(watched.run())
    assert (error is not None) == bool(watched.cancelled)
    notes = " ".join(getattr(error, "__notes__", ()))
    async with spec.provide_session() as session:
        ids = await session.execute("SELECT id FROM t").scalars()
        await session.execute("DELETE FROM t")
    assert ids in ([], [2 * number, 2 * number + 1]), points
    assert (error is None or "was committed" in notes) == bool(ids), (points, notes)
    stats = spec.stats("main")
    assert (stats.size, stats.idle, stats.in_use, stats.waiting) == (1, 1, 0, 0)
    return watched.cancelled


async def test_g03_cancelled_at_every_await_and_again_while_cleaning_up(lone: SQLSpec) -> None:
    """Every await, and every pair of them; what the session was told is what is stored."""
    lone.close()
    lone.open()
    singles = pairs = 0
    for first in count(1):
        if not await play(lone, first, first):
            break
        singles += 1
        for second in count(first + 1):
            if await play(lone, 100 * first + second, first, second) < 2:
                break
            pairs += 1
    await lone.aclose()

    assert singles >= 3
    assert pairs >= 2


async def test_g03_a_statement_that_is_cancelled_twice_keeps_its_connection(lone: SQLSpec) -> None:
    """The second one waits for the thread as the first did: the connection is rolled back and serves on."""

    async def work() -> None:
        async with lone.provide_session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            await session.execute(SLOW)

    lone.close()
    lone.open()
    task = asyncio.create_task(work())
    await asyncio.sleep(0.1)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task])

    assert task.cancelled()
    async with lone.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM t").scalar() == 0
    assert lone.stats("main").closed == 0
    await lone.aclose()


async def test_g01_a_connection_whose_thread_was_left_behind_is_dropped_at_once(
    lone: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the session goes on, and its thread comes back in the end: nobody knows what it did."""
    monkeypatch.setattr(workers, "SETTLE_TIMEOUT", 0.1)
    go_on, back = threading.Event(), threading.Event()

    def deaf() -> int:
        go_on.wait(10)
        back.set()
        return 1

    lone.close()
    lone.open()
    with pytest.raises(TransactionAbortedError):
        async with lone.provide_session() as session:
            (await session.connection()).create_function("deaf", 0, deaf)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_run(session, "SELECT deaf()"), 0.1)
            go_on.set()
            await asyncio.to_thread(back.wait, 10)
            with pytest.raises(DisconnectedError):
                for _ in range(100):  # its thread needs a moment to let go
                    await session.execute("INSERT INTO t VALUES (1)")
                    await asyncio.sleep(0.01)

    async with lone.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM t").scalar() == 0
    assert lone.stats("main").unclean == 1
    await lone.aclose()


async def _run(session: AsyncSession, sql: str) -> None:
    await session.execute(sql)
