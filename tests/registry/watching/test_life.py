"""What watches begins when it is asked to, and ends with the registry."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from sqlspec import SQLSpec
from tests.pool.forks.child import in_child

from .source import ScriptedSource, auntil, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import pytest

    from sqlspec.plugin import ConfigSource


def threads() -> list[str]:
    """The names of those that there are."""
    return sorted(thread.name for thread in threading.enumerate() if "sqlspec-watches" in thread.name)


def test_nothing_runs_that_was_not_asked_for(spec: SQLSpec, source: ScriptedSource) -> None:
    """Neither a thread nor a task: the source was read, that is all."""
    spec.register_from(source)

    assert threads() == []
    assert (source.open, spec.sources[0].state) == (0, "unwatched")


def test_one_thread_watches_all_sources(spec: SQLSpec) -> None:
    """However many there are, and however often it is asked for. It does not keep the process alive."""
    for number in range(20):
        source = ScriptedSource(f"source {number}")
        source.now = {f"db{number}": {"adapter": "sqlite"}}
        spec.register_from(source)

    spec.watch()
    spec.watch()
    until(lambda: all(source.state == "current" for source in spec.sources))

    assert threads() == ["sqlspec-watches"]
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "sqlspec-watches")
    spec.close()
    assert threads() == []


async def test_one_task_watches_in_the_application(source: ScriptedSource) -> None:
    """In its event loop, without a thread; it is gone when the registry is closed."""
    async with SQLSpec() as spec:
        await asyncio.to_thread(spec.register_from, source)
        await spec.awatch()
        await spec.awatch()
        await auntil(lambda: spec.sources[0].state == "current")
        during = (threads(), source.open)

    assert during == ([], 1)
    assert (source.open, spec.sources[0].state) == (0, "unwatched")
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_source_is_read_where_a_loop_runs(source: ScriptedSource) -> None:
    """It blocks the loop, as reading a file would."""
    with SQLSpec() as spec:
        assert spec.register_from(source) == ["main"]


def test_reading_leaves_the_event_loop_of_the_thread_alone(spec: SQLSpec, source: ScriptedSource) -> None:
    """An application that has set one finds it again."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        spec.register_from(source)
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_close_ends_it(spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource) -> None:
    """What the source had open is closed; nothing is taken up any more, until it is watched again."""
    spec.register_from(source)
    watch()

    spec.close()
    until(lambda: source.open == 0)
    until(lambda: spec.sources[0].state == "unwatched")
    source.say(main={"adapter": "sqlite", "pool_size": 9})
    between = spec.get_config("main").pool_size
    spec.open()
    watch()

    assert between == 1
    until(lambda: spec.get_config("main").pool_size == 9)


def test_close_does_not_wait_for_a_source_that_blocks(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a second, and no longer; here for less."""
    monkeypatch.setattr("sqlspec.registry.watches.STOP_TIMEOUT", 0.01)
    go_on, is_blocked = threading.Event(), threading.Event()

    class Blocking(ScriptedSource):
        async def watch(self) -> AsyncGenerator[ConfigSource.Tables, None]:
            yield self._tables(self.now)
            is_blocked.set()
            go_on.wait()  # what a source must not do

    spec.register_from(Blocking(main={"adapter": "sqlite"}))
    spec.watch()
    assert is_blocked.wait(10)

    spec.close()

    assert threads() == ["sqlspec-watches"]
    go_on.set()
    until(lambda: threads() == [])


def test_an_observer_may_close_the_registry(spec: SQLSpec, source: ScriptedSource) -> None:
    """In the very thread that watches: it does not wait for itself."""
    from sqlspec.plugin import hookimpl

    class Closer:
        @hookimpl
        def sqlspec_config_registered(self) -> None:
            spec.close()

    spec.register_from(source)
    spec.watch()
    until(lambda: spec.sources[0].state == "current")
    spec.plugins.register(Closer(), "closer")

    source.say(main={"adapter": "sqlite", "pool_size": 2})

    until(lambda: threads() == [])


def test_a_task_ends_with_its_loop(source: ScriptedSource) -> None:
    """Nobody needs to close the registry for it, and another loop may watch afterwards."""
    spec = SQLSpec()
    spec.register_from(source)

    async def application() -> str:
        await spec.awatch()
        await auntil(lambda: spec.sources[0].state == "current")
        return spec.sources[0].state

    states = [asyncio.run(application()), spec.sources[0].state, asyncio.run(application())]

    assert states == ["current", "unwatched", "current"]
    spec.close()


def test_a_forked_child_watches_by_itself(spec: SQLSpec, source: ScriptedSource) -> None:
    """In a thread of its own; the parent goes on with its own."""
    spec.register_from(source)
    spec.watch()
    until(lambda: spec.sources[0].state == "current")

    def child() -> list[object]:
        until(source.watchers)
        source.say(main={"adapter": "sqlite", "pool_size": 4})
        until(lambda: spec.sources[0].state == "current")
        size = spec.get_config("main").pool_size
        spec.close()
        return [size, threads()]

    assert in_child(child) == [4, []]
    source.say(main={"adapter": "sqlite", "pool_size": 6})
    assert spec.get_config("main").pool_size == 6


async def test_a_task_is_not_in_a_forked_child(source: ScriptedSource) -> None:
    """Its loop is the parent's: the child says that nobody watches."""
    async with SQLSpec() as spec:
        spec.register_from(source)
        await spec.awatch()
        await auntil(lambda: spec.sources[0].state == "current")

        found = in_child(lambda: [spec.sources[0].state, threads()])

    assert found == ["unwatched", []]


EXIT = """
from sqlspec import SQLSpec
from tests.registry.watching.source import ScriptedSource, auntil, until

spec = SQLSpec()
spec.register_from(ScriptedSource(main={"adapter": "sqlite"}))
spec.watch()
until(lambda: spec.sources[0].state == "current")
print("watched")
"""


def test_the_interpreter_ends_beside_it() -> None:
    """Nobody closed the registry, and nothing is said about it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", EXIT],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "watched\n", "")
