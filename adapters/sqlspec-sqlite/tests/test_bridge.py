"""SQLite under async: in threads of the pool's own, one hop for each statement."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.concurrency.workers import Workers
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

who: ContextVar[str] = ContextVar("who", default="nobody")


class NoExecutor(ThreadPoolExecutor):
    """An executor that nobody shall use."""

    def submit(self, *_: Any, **__: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The default executor is small and everybody's."""
        msg = "something used the loop's default executor"
        raise AssertionError(msg)


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A word for each call that goes to a thread."""
    calls: list[str] = []
    hop = Workers.hop

    def counted(self: Workers, *args: Any, **options: Any) -> Any:
        calls.append("hop")
        return hop(self, *args, **options)

    monkeypatch.setattr(Workers, "hop", counted)
    yield calls
    calls.clear()


async def warm(spec: SQLSpec) -> None:
    """Open the connection, so that what follows counts statements alone."""
    async with spec.provide_session() as session:
        await session.execute("SELECT 1")


async def test_a_session_costs_one_hop_for_each_statement_and_one_for_its_end(
    spec: SQLSpec, hops: list[str]
) -> None:
    """BEGIN rides with the first statement, COMMIT with the reset."""
    await warm(spec)
    hops.clear()

    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item (id) VALUES (1)")
        await session.execute("INSERT INTO item (id) VALUES (2)")
        await session.execute("SELECT count(*) FROM item").scalar()

    assert len(hops) == 4


async def test_an_autocommit_session_costs_one_hop_for_each_statement(spec: SQLSpec, hops: list[str]) -> None:
    """Nothing is open at its end, and nothing to reset."""
    await warm(spec)
    hops.clear()

    async with spec.provide_session(autocommit=True) as session:
        await session.execute("INSERT INTO item (id) VALUES (1)")
        await session.execute("SELECT count(*) FROM item").scalar()

    assert len(hops) == 2


async def test_many_rows_are_one_hop(spec: SQLSpec, hops: list[str]) -> None:
    """All rows of an `execute_many`, and each batch of a stream."""
    await warm(spec)
    hops.clear()

    async with spec.provide_session() as session:
        await session.execute("SELECT 1")
        hops.clear()
        await session.execute_many("INSERT INTO item (id) VALUES (?)", [(number,) for number in range(1000)])
        many = len(hops)
        hops.clear()
        count = 0
        async for _ in session.stream("SELECT * FROM item", batch_size=250):
            count += 1

    assert (many, count) == (1, 1000)
    assert len(hops) <= 1 + 5 + 1 + 1  # opening, four batches and the empty one, closing, the session's end


async def test_a_session_that_did_nothing_costs_no_hop(spec: SQLSpec, hops: list[str]) -> None:
    """Not even with a connection that waits in the pool."""
    await warm(spec)
    hops.clear()

    async with spec.provide_session():
        pass

    assert hops == []


async def test_sixty_four_sessions_over_sixteen_connections(path: Path, spec: SQLSpec) -> None:
    """No error, no lost row, and no use of the default executor."""
    asyncio.get_running_loop().set_default_executor(NoExecutor())
    async with SQLSpec() as busy:
        busy.register_config(SQLiteConfig(database=str(path), pool_size=16, busy_timeout=30), "main")

        async def work(number: int) -> None:
            async with busy.provide_session() as session:
                size = await session.execute("SELECT count(*) FROM item").scalar()
                await session.execute("INSERT INTO item (id, value) VALUES (?, ?)", (number, size))

        await asyncio.gather(*(work(number) for number in range(64)))
        stats = busy.stats("main")

    with spec.provide_session() as session:
        values = session.execute("SELECT value FROM item ORDER BY value").scalars()
    assert values == list(range(64))
    assert stats.opened <= 16


async def test_threads_are_as_many_as_are_needed(path: Path) -> None:
    """One for sessions in turn, three for three at once; none of them keeps the process alive."""
    async with SQLSpec() as other:
        other.register_config(SQLiteConfig(database=str(path)), "needed")

        def threads() -> list[threading.Thread]:
            return [thread for thread in threading.enumerate() if "needed" in thread.name]

        for _ in range(5):
            await warm(other)
        alone = len(threads())
        gate = asyncio.Barrier(3)

        async def work() -> None:
            async with other.provide_session(read_only=True) as session:
                await gate.wait()
                await session.execute("SELECT 1")

        await asyncio.gather(work(), work(), work())

        assert alone == 1
        assert len(threads()) <= 3
        assert all(thread.daemon for thread in threads())


async def test_context_variables_reach_the_thread(spec: SQLSpec) -> None:
    """What a function registered with SQLite sees is what the task sees."""
    async with spec.provide_session(autocommit=True) as session:
        raw = await session.connection()
        raw.create_function("who", 0, who.get)
        seen = []
        for name in ("ada", "grace"):
            who.set(name)
            seen.append(await session.execute("SELECT who()").scalar())

    assert seen == ["ada", "grace"]


async def test_statements_do_not_block_the_loop(spec: SQLSpec) -> None:
    """While one runs, other tasks do."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticker = asyncio.create_task(tick())
    async with spec.provide_session(autocommit=True) as session:
        raw = await session.connection()
        raw.create_function("nap", 0, lambda: threading.Event().wait(0.3))
        await session.execute("SELECT nap()")
    ticker.cancel()

    assert ticks > 5


def test_loops_come_and_go(spec: SQLSpec) -> None:
    """`asyncio.run` twice with one registry, and threads before, between and after."""

    async def insert(number: int) -> int:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (?)", (number,))
            return int(await session.execute("SELECT count(*) FROM item").scalar())

    counts = []
    for number in range(3):
        counts.append(asyncio.run(insert(number)))
        with spec.provide_session() as session:
            counts.append(session.execute("SELECT count(*) FROM item").scalar())

    assert counts == [1, 1, 2, 2, 3, 3]
    assert spec.stats("main").in_use == 0


def test_two_loops_at_once(spec: SQLSpec) -> None:
    """Each has a pool of its own, and all see one database."""

    async def insert(first: int) -> None:
        for number in range(first, first + 10):
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO item (id) VALUES (?)", (number,))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(insert(n * 100))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 20


def test_a_loop_that_was_closed_with_its_pool_open_is_forgotten(spec: SQLSpec) -> None:
    """Its threads end, and closing the registry touches the loop no more."""
    spec.register_config(spec.get_config("main"), "looped")

    async def use() -> None:
        async with spec.provide_session("looped") as session:
            await session.execute("SELECT 1")

    for _ in range(3):
        asyncio.run(use())
    spec.close()

    deadline = time.monotonic() + 5
    while any("looped" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "threads of closed loops live on"
        threading.Event().wait(0.01)


RUNNING = """
import asyncio, os, signal, sys, time
from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

async def main():
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(), "main")
    block = spec.provide_session()
    session = await block.__aenter__()
    task = asyncio.ensure_future(session.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"))
    await asyncio.sleep(0.2)
    print(time.time(), flush=True)
    HOW

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "how", ["sys.exit(3)", "os.kill(os.getpid(), signal.SIGINT)", "task.cancel(); raise KeyError"]
)
def test_g27_the_interpreter_ends_while_a_statement_runs(how: str) -> None:
    """Soon, and without a word from the threads."""
    text = RUNNING.replace("HOW", how)

    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=20, check=False
    )

    # From the moment it wanted to end; a statement under way is stopped first.
    assert time.time() - float(done.stdout.split()[0]) < 2
    assert done.returncode in {3, -2, 130, 1}
    for word in ("Exception ignored", "Fatal", "ProgrammingError", "was never retrieved"):
        assert word not in done.stderr


IDLE = """
import asyncio, sys
from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

spec = SQLSpec()
spec.register_config(SQLiteConfig(database=sys.argv[1]), "main")

async def main():
    async with spec.provide_session() as session:
        await session.execute("SELECT 1")

asyncio.run(main())
with spec.provide_session() as session:
    session.execute("SELECT 1")
"""


@pytest.mark.parametrize("place", ["memory", "file", "closed"])
def test_g27_the_interpreter_ends_with_open_pools_in_silence(tmp_path: Path, place: str) -> None:
    """Nothing has to be closed."""
    text = IDLE + ("spec.close()\n" if place == "closed" else "")
    database = ":memory:" if place == "memory" else str(tmp_path / "test.db")

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text, database],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
