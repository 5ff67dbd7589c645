"""Databases are replaced while everybody uses them: no error, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import pytest

from sqlspec.database.factories import Factories
from sqlspec.errors import ConfigClosedError
from sqlspec_testkit.scripted import Script, ScriptedConfig
from tests.pool.life.scene import is_whole, new_spec, quick_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec import SQLSpec

    Override = Callable[[SQLSpec, "Crowd", int], None]

THREADS = 8


class Crowd:
    """Eight threads, and eight tasks of a loop in a ninth, that work until they are told to stop."""

    def __init__(self, spec: SQLSpec) -> None:
        self._spec = spec
        self._stop = threading.Event()
        self._numbers = count()
        self._rounds = 0
        self.done: list[int] = []
        self.errors: list[BaseException] = []
        runs = [self._work] * THREADS + [lambda: asyncio.run(self._work_in_loop())]
        self._threads = [threading.Thread(target=self._guarded, args=(run,)) for run in runs]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def go_on(self) -> None:
        """Let it finish a session, every fourth time."""
        self._rounds += 1
        least = len(self.done) + (self._rounds % 4 == 0)
        while len(self.done) < least and not self.errors:
            os.sched_yield()

    def _guarded(self, run: Callable[[], object]) -> None:
        try:
            run()
        except BaseException as exc:  # noqa: BLE001 - judged by the test
            self.errors.append(exc)

    def _work(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            with self._spec.provide_session("db") as session:
                session.execute("INSERT ?", (number,))
            self.done.append(number)

    async def _work_in_loop(self) -> None:
        await asyncio.gather(*(self._work_in_task() for _ in range(THREADS)))

    async def _work_in_task(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            async with self._spec.provide_session("db") as session:
                await session.execute("INSERT ?", (number,))
            self.done.append(number)
            await asyncio.sleep(0)


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All pools that are made."""
    made = list[Any]()

    def noted(make: Callable[..., Any]) -> Callable[..., Any]:
        def make_and_note(*given: Any) -> Any:
            pool = make(*given)
            made.append(pool)
            return pool

        return make_and_note

    monkeypatch.setattr(Factories, "pool", noted(Factories.pool))
    monkeypatch.setattr(Factories, "async_pool", noted(Factories.async_pool))
    return made


@pytest.fixture
def script() -> Iterator[Script]:
    """A script that remembers little: there is much."""
    script = Script(memory=1000)
    yield script
    assert script.server.violations == []


def override_by_blocks(spec: SQLSpec, crowd: Crowd, times: int) -> None:
    """As tests do, two deep."""
    for number in range(0, times, 2):
        with spec.override("db", ScriptedConfig(database=f"outer {number}", pool_size=2)):
            crowd.go_on()
            with spec.override("db", ScriptedConfig(database=f"inner {number}", pool_size=2)):
                crowd.go_on()


def override_for_good(spec: SQLSpec, crowd: Crowd, times: int) -> None:
    """As service discovery does."""
    for number in range(times):
        spec.register_config(ScriptedConfig(database=f"{number}", pool_size=2), "db", override=True)
        crowd.go_on()


def check(script: Script, pools: list[Any], override: Override, times: int) -> None:
    """So many overrides beside a crowd."""
    spec = new_spec(script, pool_size=4)
    with quick_switches(), Crowd(spec) as crowd:
        override(spec, crowd, times)
    spec.close()

    assert crowd.errors == []
    assert sorted(script.server.rows) == sorted(crowd.done)
    assert len(pools) > times / 10  # many were used before the next came
    for pool in pools:
        stats = pool.stats()
        assert is_whole(stats)
        assert (stats.size, stats.waiting, stats.reclaimed, stats.timeouts) == (0, 0, 0, 0)
    assert script.server.open == []


def test_g22_overrides_beside_busy_threads_and_tasks(script: Script, pools: list[Any]) -> None:
    """Every session is served, by a pool that was in force when it began or since."""
    check(script, pools, override_by_blocks, 200)


def test_g22_replacements_beside_busy_threads_and_tasks(script: Script, pools: list[Any]) -> None:
    """The same without a way back."""
    check(script, pools, override_for_good, 200)


@pytest.mark.storm
@pytest.mark.parametrize("override", [override_by_blocks, override_for_good], ids=["blocks", "for good"])
def test_g22_three_thousand_overrides(script: Script, pools: list[Any], override: Override) -> None:
    """The same for longer."""
    check(script, pools, override, 3000)


def test_g22_a_lease_returns_to_the_pool_it_came_from(script: Script, pools: list[Any]) -> None:
    """However many pools stand between."""
    spec = new_spec(script)
    blocks = list[Any]()
    for number in range(5):
        blocks.append(spec.provide_session("db"))
        blocks[-1].__enter__().execute("INSERT ?", (number,))
        spec.register_config(ScriptedConfig(database=str(number)), "db", override=True)

    assert [pool.stats().in_use for pool in pools] == [1, 1, 1, 1, 1]
    for number, block in enumerate(blocks):
        block.__exit__(None, None, None)
        assert [pool.stats().in_use for pool in pools] == [0] * (number + 1) + [1] * (4 - number)

    assert script.server.rows == [0, 1, 2, 3, 4]
    assert script.server.open == []
    spec.close()


async def test_a_name_that_leads_nowhere_else_is_not_asked_about_for_ever(script: Script) -> None:
    """A database that was retired and still has its name: no such thing happens, and it would hang."""
    spec = new_spec(script)
    spec._table.databases["db"].retire()

    with pytest.raises(ConfigClosedError), spec.provide_session("db"):
        pass
    with pytest.raises(ConfigClosedError):
        async with spec.provide_session("db"):
            pass
