"""Databases that move while everybody works on them: no statement fails, and no lease is lost.

An etcd says where the database is, a real PostgreSQL serves; eight threads and sixteen tasks run queries.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest

from sqlspec import SQLSpec
from sqlspec_testkit.servers import PostgreSQLServer
from tests.registry.watching.source import until

from .etcd import EtcdServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = 8
TASKS = 16


@pytest.fixture(scope="module")
def etcd() -> Iterator[EtcdServer]:
    """One for both tests."""
    with EtcdServer() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQLServer]:
    """The database that moves: by other names, it is the same."""
    with PostgreSQLServer(settings={"max_connections": 200}) as server:
        yield server


class Crowd:
    """Threads, and tasks of one event loop, that run queries until the block ends."""

    def __init__(self, spec: SQLSpec, *, in_task: bool) -> None:
        self._spec, self._in_task = spec, in_task
        self._stop = threading.Event()
        self.done = 0
        self.errors: list[BaseException] = []
        runs = [self._work] * THREADS + [lambda: asyncio.run(self._work_in_loop())]
        self._threads = [threading.Thread(target=self._guarded, args=(run,)) for run in runs]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        until(lambda: self.done > THREADS + TASKS or self.errors)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _guarded(self, run: Callable[[], object]) -> None:
        try:
            run()
        except BaseException as exc:  # noqa: BLE001 - judged by the test
            self.errors.append(exc)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._spec.provide_session("main") as session:
                one = session.execute("SELECT 1").scalar()
                assert one == session.execute("SELECT 1").scalar()  # in one transaction, wherever it is
            self.done += 1

    async def _work_in_loop(self) -> None:
        if self._in_task:
            await self._spec.awatch()
        await asyncio.gather(*(self._work_in_task() for _ in range(TASKS)))

    async def _work_in_task(self) -> None:
        while not self._stop.is_set():
            async with self._spec.provide_session("main") as session:
                one = await session.execute("SELECT 1").scalar()
                assert one == await session.execute("SELECT 1").scalar()
            self.done += 1


def name_of(spec: SQLSpec) -> Any:
    """Which of the configs is in force."""
    return spec.get_config("main").application_name  # type: ignore[attr-defined]


def check(etcd: EtcdServer, postgresql: PostgreSQLServer, changes: int, *, in_task: bool) -> None:
    """So many changes beside a crowd."""

    def where(number: int) -> dict[str, Any]:
        return {
            "main__url": postgresql.url(),
            "main__application_name": f"app{number}",
            "main__pool_size": "4",
        }

    etcd.clear()
    etcd.put(**where(0))
    with SQLSpec() as spec:
        spec.register_from_etcd(address=etcd.address)
        key = spec.get_config("main")
        if not in_task:
            spec.watch()
        with Crowd(spec, in_task=in_task) as crowd:
            for number in range(1, changes + 1):
                etcd.put(**where(number))
                if number % 4 == 0:  # else they come faster than they can be used
                    done = crowd.done
                    until(lambda before=done: crowd.done > before or crowd.errors)  # type: ignore[misc]
            until(lambda: name_of(spec) == f"app{changes}")
            with spec.provide_session(key) as session:
                name = session.execute("SELECT current_setting('application_name')").scalar()
        stats = spec.stats("main")
        state = spec.sources[0].state if not in_task else "current"

    assert crowd.errors == []
    assert name == f"app{changes}"
    assert state == "current"
    assert (stats.in_use, stats.waiting, stats.reclaimed, stats.timeouts) == (0, 0, 0, 0)
    until(lambda: postgresql.connections() == 0)


@pytest.mark.parametrize("in_task", [False, True], ids=["thread", "task"])
def test_fifty_moves_disturb_nobody(etcd: EtcdServer, postgresql: PostgreSQLServer, in_task: bool) -> None:
    """Whoever watches, a thread or a task."""
    check(etcd, postgresql, 50, in_task=in_task)


@pytest.mark.storm
@pytest.mark.parametrize("in_task", [False, True], ids=["thread", "task"])
def test_a_thousand_moves_disturb_nobody(
    etcd: EtcdServer, postgresql: PostgreSQLServer, in_task: bool
) -> None:
    """The same for longer."""
    check(etcd, postgresql, 1000, in_task=in_task)
