"""Many thousand loans that end in every way there is: nothing piles up, and no snapshot is ever wrong."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sqlspec.errors import DatabaseError, PoolTimeoutError, TransactionError
from sqlspec_testkit.scripted import Script, ScriptedError
from tests.pool.life.scene import async_pool_of, is_whole, new_spec, pool_of, quick_switches

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sqlspec import SQLSpec

BATCH = 50
THREADS = 8
ALL_KINDS = 50_000
"""From so many cycles on, chance has brought every kind of trouble."""
CYCLES = pytest.mark.parametrize(
    "cycles", [5000, pytest.param(100_000, marks=pytest.mark.storm)], ids=["quick", "storm"]
)
EXPECTED = (DatabaseError, TransactionError, PoolTimeoutError, ScriptedError, ZeroDivisionError)
"""What a cycle may raise: what it does to itself, and what the server does to it."""


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
    """Another thread takes snapshots all the while."""
    stop, wrong, taken = threading.Event(), list[object](), 0

    def watch() -> None:
        nonlocal taken
        while not stop.wait(0.0005):
            stats = spec.stats("db")
            taken += 1
            if stats.size != stats.idle + stats.in_use + stats.opening or not is_whole(stats):
                wrong.append(stats)

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert wrong == []
    assert taken > 10


@pytest.fixture
def script() -> Iterator[Script]:
    """A script that remembers little, and whose clock is the real one."""
    script = Script(memory=1000, clock=time.monotonic)
    yield script
    assert script.server.violations == []


def disturb(script: Script, randomly: random.Random) -> None:
    """The server is not always at its best."""
    chance = randomly.random()
    if chance < 0.02 and script.server.open:
        script.server.kill(randomly.choice(script.server.open), noticed=randomly.random() < 0.5)
    elif chance < 0.04:
        script.next(randomly.choice(("connect", "ping", "reset", "commit", "execute"))).fail()
    elif chance < 0.05:
        script.clear()
        script.server.rows.clear()


class Tasks:
    """Tasks that do what may be done to a pool."""

    def __init__(self, spec: SQLSpec, script: Script) -> None:
        self.spec, self.script = spec, script
        self.randomly = random.Random(17)

    async def in_session(self) -> None:
        """Most end well."""
        async with self.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            if self.randomly.random() < 0.2:
                raise ZeroDivisionError

    async def in_connection(self) -> None:
        """The driver's own way."""
        async with self.spec.provide_connection("db") as raw:
            raw.run("INSERT 1")
            await asyncio.sleep(0)

    async def by_hand(self) -> None:
        """In a hurry, and half of them come back in doubt."""
        pool = async_pool_of(self.spec)
        lease = await pool.acquire(time.monotonic() + self.randomly.random() * 0.001)
        try:
            await asyncio.sleep(0)
        finally:
            await pool.release(lease, self.randomly.random() < 0.5)

    async def batch(self) -> None:
        """Fifty at once; every fourth is cancelled some time."""
        disturb(self.script, self.randomly)
        ways = (self.in_session, self.in_session, self.in_connection, self.by_hand)
        tasks = [asyncio.create_task(self.randomly.choice(ways)()) for _ in range(BATCH)]
        for task in tasks[::4]:
            asyncio.get_running_loop().call_later(self.randomly.random() * 0.003, task.cancel)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, (*EXPECTED, asyncio.CancelledError)), outcome

    async def run(self, cycles: int) -> Usage:
        """So many loans; what is held afterwards."""
        for _ in range(cycles // BATCH):
            await self.batch()
        return Usage.now(len(asyncio.all_tasks()))


class Threads:
    """Threads that do the same, and some never give back what they borrowed."""

    def __init__(self, spec: SQLSpec, script: Script) -> None:
        self.spec, self.script = spec, script
        self.unexpected: list[BaseException] = []

    def run(self, cycles: int) -> Usage:
        """So many loans; what is held afterwards."""
        work = [
            threading.Thread(target=self._work, args=(seed, cycles // THREADS)) for seed in range(THREADS)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(120)
        return Usage.now()

    def _work(self, seed: int, times: int) -> None:
        randomly = random.Random(seed)
        for _ in range(times):
            disturb(self.script, randomly)
            try:
                self._cycle(randomly)
            except EXPECTED:
                continue
            except BaseException as exc:  # noqa: BLE001 - judged by the test
                self.unexpected.append(exc)
                return

    def _cycle(self, randomly: random.Random) -> None:
        way = randomly.random()
        if way < 0.7:
            self._in_session(fails=way < 0.1)
        elif way < 0.8:
            with self.spec.provide_connection("db") as raw:
                raw.run("INSERT 1")
        else:
            pool = pool_of(self.spec)
            lease = pool.acquire(time.monotonic() + randomly.random() * 0.0005)
            if way < 0.98:
                pool.release(lease, way < 0.9)

    def _in_session(self, *, fails: bool) -> None:
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            if fails:
                raise ZeroDivisionError


@CYCLES
async def test_g28_tasks(script: Script, cycles: int) -> None:
    """Sessions that end well, fail, are cancelled, time out; connections that come back in doubt."""
    script.suspend = True
    spec = new_spec(script, pool_size=5, pool_recycle=0.05, pool_idle_timeout=0.05)
    tasks = Tasks(spec, script)

    with watched(spec):
        before = await tasks.run(cycles // 5)
        after = await tasks.run(cycles)

    stats = spec.stats("db")
    assert (stats.in_use, stats.opening, stats.waiting, stats.reclaimed) == (0, 0, 0, 0)
    assert len(script.server.open) == stats.idle
    assert stats.opened > 0
    if cycles >= ALL_KINDS:
        assert min(stats.waits, stats.timeouts, stats.unclean, stats.aged) > 0
    assert after.has_not_grown_since(before), (before, after)
    await spec.aclose()
    assert script.server.open == []


@CYCLES
@pytest.mark.filterwarnings("ignore:a connection to 'db' was dropped:ResourceWarning")
def test_g28_threads(script: Script, cycles: int) -> None:
    """The same, and leases that nobody gives back."""
    spec = new_spec(script, pool_size=3, pool_recycle=0.05, pool_idle_timeout=0.05)
    threads = Threads(spec, script)

    with quick_switches(), watched(spec):
        before = threads.run(cycles // 5)
        after = threads.run(cycles)

    stats = spec.stats("db")
    assert threads.unexpected == []
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    assert len(script.server.open) == stats.idle
    assert stats.opened > 0
    if cycles >= ALL_KINDS:
        assert min(stats.waits, stats.unclean, stats.reclaimed) > 0
    assert after.has_not_grown_since(before), (before, after)
    spec.close()
    assert script.server.open == []
