"""The two ways to watch: a thread of the registry, and a task of the application."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sqlspec.registry import watches

from .source import ScriptedSource, until

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sqlspec import SQLSpec

    Watch = Callable[[], None]


@contextmanager
def application() -> Generator[asyncio.AbstractEventLoop]:
    """The event loop of an application, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="application")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(params=["thread", "task"])
def watch(spec: SQLSpec, request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Watches the sources of the registry; returns when all of them have been read."""

    def wait() -> None:
        until(lambda: all(source.state != "unwatched" for source in spec.sources))

    def in_thread() -> None:
        spec.watch()
        wait()

    if request.param == "thread":
        yield in_thread
        return
    with application() as loop:

        def in_task() -> None:
            asyncio.run_coroutine_threadsafe(spec.awatch(), loop).result()
            wait()

        yield in_task
        asyncio.run_coroutine_threadsafe(spec.aclose(), loop).result()


@pytest.fixture
def source() -> ScriptedSource:
    """A source with one database."""
    return ScriptedSource(main={"adapter": "sqlite", "pool_size": 1})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited before a source was asked again; in truth nobody waits."""
    found: list[float] = []

    async def pause(seconds: float) -> None:
        found.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(watches, "pause", pause)
    return found
