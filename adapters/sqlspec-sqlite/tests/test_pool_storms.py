"""A pool of SQLite connections for long, and while it is replaced: nothing is lost, nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pytest

from sqlspec import SQLSpec
from sqlspec.database.factories import Factories
from sqlspec.errors import PoolTimeoutError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

THREADS = 8
ALL_KINDS = 50_000
"""From so many cycles on, chance has brought every kind of trouble."""
QUIET: dict[str, Any] = {"transaction_mode": "deferred", "journal_mode": "delete"}
"""Nothing is written, and no lock is held between transactions, so that every file is closed at once."""
CYCLES = pytest.mark.parametrize(
    "cycles", [3000, pytest.param(100_000, marks=pytest.mark.storm)], ids=["quick", "storm"]
)
OVERRIDES = pytest.mark.parametrize(
    "overrides", [100, pytest.param(3000, marks=pytest.mark.storm)], ids=["quick", "storm"]
)


class Usage(NamedTuple):
    """What a process holds."""

    descriptors: int
    threads: int
    tasks: int
    kilobytes: int

    @classmethod
    def now(cls, tasks: int = 0) -> Usage:
        """After all that is garbage is gone."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of numbers, no paths
        return cls(descriptors, threading.active_count(), tasks, pages * os.sysconf("SC_PAGESIZE") // 1024)

    def has_not_grown_since(self, before: Usage) -> bool:
        """Five percent of memory may be the allocator's."""
        return self[:3] <= before[:3] and self.kilobytes <= before.kilobytes * 1.05


@contextmanager
def watched(spec: SQLSpec) -> Generator[None]:
    """Another thread takes snapshots all the while, and each of them adds up."""
    stop, wrong, taken = threading.Event(), list[object](), 0

    def watch() -> None:
        nonlocal taken
        while not stop.wait(0.0005):
            stats, taken = spec.stats("main"), taken + 1
            if (
                stats.size != stats.idle + stats.in_use + stats.opening
                or stats.opened != stats.closed + stats.idle + stats.in_use
            ):
                wrong.append(stats)

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert wrong == []
    assert taken > 10


def run_in_threads(work: Callable[[int], object]) -> None:
    """Eight of them, each with its number; what one raises is raised here."""
    errors = list[BaseException]()

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as exc:  # noqa: BLE001 - raised below
            errors.append(exc)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    for error in errors:
        raise error


def fail() -> None:
    """As applications do."""
    raise ZeroDivisionError


# --- many loans -----------------------------------------------------------------------------------


def work_in_thread(spec: SQLSpec, chance: random.Random) -> None:
    """Most end well, some fail, some come back in doubt, some are in a hurry, some are lost."""
    way = chance.random()
    try:
        if way < 0.8:
            with spec.provide_session("main") as session:
                session.execute("SELECT 1")
                if way < 0.1:
                    fail()
        elif way < 0.9:
            with spec.provide_connection("main") as raw:
                raw.execute("SELECT 1").fetchall()
        else:
            pool: Any = spec._table.databases["main"].open_pool()
            lease = pool.acquire(time.monotonic() + chance.random() * 0.0005)
            if way < 0.98:
                pool.release(lease, way < 0.95)
    except (ZeroDivisionError, PoolTimeoutError):
        pass


@CYCLES
@pytest.mark.filterwarnings("ignore:a connection to 'main' was dropped:ResourceWarning")
def test_g28_threads(path: Path, cycles: int) -> None:
    """Nothing is held afterwards that was not held after a fifth of it."""
    with SQLSpec() as spec:
        spec.register_config(
            SQLiteConfig(database=str(path), pool_size=3, pool_min_size=3, pool_recycle=0.2, **QUIET), "main"
        )

        def work(count: int) -> Callable[[int], None]:
            def loop(seed: int) -> None:
                chance = random.Random(seed)
                for _ in range(count // THREADS):
                    work_in_thread(spec, chance)

            return loop

        with watched(spec):
            run_in_threads(work(cycles // 5))
            spec.open()
            before = Usage.now()
            run_in_threads(work(cycles))
            spec.open()
            after = Usage.now()

        stats = spec.stats("main")
        assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
        if cycles >= ALL_KINDS:
            assert min(stats.waits, stats.timeouts, stats.unclean, stats.reclaimed) > 0
        assert after.has_not_grown_since(before), (before, after)


async def work_in_task(spec: SQLSpec, chance: random.Random) -> None:
    """The same; some are cancelled by who started them."""
    way = chance.random()
    try:
        if way < 0.8:
            async with spec.provide_session("main") as session:
                await session.execute("SELECT 1")
                if way < 0.1:
                    fail()
        else:
            pool: Any = spec._table.databases["main"].open_async_pool()
            lease = await pool.acquire(time.monotonic() + chance.random() * 0.001)
            await pool.release(lease, way < 0.95)
    except (ZeroDivisionError, PoolTimeoutError):
        pass


@CYCLES
async def test_g28_tasks(path: Path, cycles: int) -> None:
    """Fifty at once, over four connections whose calls wait in threads."""
    async with SQLSpec() as spec:
        spec.register_config(
            SQLiteConfig(database=str(path), pool_size=4, pool_min_size=4, pool_recycle=0.2, **QUIET), "main"
        )
        chance, cancelled = random.Random(cycles), 0

        async def batch() -> int:
            tasks = [asyncio.create_task(work_in_task(spec, chance)) for _ in range(50)]
            for task in tasks[::5]:
                asyncio.get_running_loop().call_later(chance.random() * 0.004, task.cancel)
            await asyncio.wait(tasks)
            return sum(task.cancelled() for task in tasks)

        with watched(spec):
            for _ in range(cycles // 250):
                await batch()
            await spec.aopen()
            before = Usage.now(len(asyncio.all_tasks()))
            for _ in range(cycles // 50):
                cancelled += await batch()
            await spec.aopen()
            after = Usage.now(len(asyncio.all_tasks()))

        stats = spec.stats("main")
        assert (stats.in_use, stats.opening, stats.waiting, stats.reclaimed) == (0, 0, 0, 0)
        assert stats.size == stats.idle <= 4
        if cycles >= ALL_KINDS:
            assert min(stats.waits, stats.timeouts, stats.unclean, stats.aged, cancelled) > 0
        assert after.has_not_grown_since(before), (before, after)


# --- many overrides -------------------------------------------------------------------------------


class Crowd:
    """Eight threads that borrow until they are told to stop."""

    def __init__(self, spec: SQLSpec) -> None:
        self._spec, self._stop = spec, threading.Event()
        self.done = [0] * THREADS
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def go_on(self) -> None:
        """Let it finish a session."""
        least = sum(self.done) + 1
        while sum(self.done) < least and not self.errors:
            os.sched_yield()

    def _run(self) -> None:
        try:
            run_in_threads(self._work)
        except BaseException as exc:  # noqa: BLE001 - judged by the test
            self.errors.append(exc)

    def _work(self, number: int) -> None:
        while not self._stop.is_set():
            with self._spec.provide_session("main", read_only=True) as session:
                assert session.execute("SELECT ?", (number,)).scalar() == number
            self.done[number] += 1


def kept(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[Any]:
    """All that this function makes from now on."""
    made, make = list[Any](), getattr(owner, name)

    def make_and_keep(*args: Any, **options: Any) -> Any:
        made.append(make(*args, **options))
        return made[-1]

    monkeypatch.setattr(owner, name, make_and_keep)
    return made


@OVERRIDES
def test_g22_overrides_beside_eight_busy_threads(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: int
) -> None:
    """No session fails, every lease returns to its own pool, and no connection stays open."""
    pools = kept(monkeypatch, Factories, "pool")
    connections = kept(monkeypatch, sqlite3, "connect")
    configs = [SQLiteConfig(database=str(tmp_path / f"{number}.db"), pool_size=2) for number in range(2)]

    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=4), "main")
        with Crowd(spec) as crowd:
            crowd.go_on()
            for number in range(overrides):
                spec.register_config(configs[number % 2], "main", override=True)
                if number % 4 == 0:
                    crowd.go_on()

    assert crowd.errors == []
    assert len(pools) > overrides / 10
    for pool in pools:
        stats = pool.stats()
        assert (stats.size, stats.waiting, stats.timeouts, stats.reclaimed) == (0, 0, 0, 0)
    assert not any(map(is_open, connections))


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether the driver would take a statement."""
    try:
        connection.total_changes  # noqa: B018 - it raises when closed
    except sqlite3.ProgrammingError:
        return False
    return True
