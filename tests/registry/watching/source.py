"""A source that says what a test tells it to, and says when that was taken up."""

from __future__ import annotations

import asyncio
import os
import time
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.plugin.sources import WatchedSource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlspec.plugin import ConfigSource

PATIENCE = 10.0


class Watcher(NamedTuple):
    """One run of `watch`."""

    process: int
    loop: asyncio.AbstractEventLoop
    news: asyncio.Queue[tuple[Any, Event]]


class ScriptedSource(WatchedSource):
    """It says *databases*, and what `say` and `fail` tell it."""

    def __init__(self, name: str = "catalogue", default: str | None = None, **databases: Any) -> None:
        self.name, self.default = name, default
        self.now: Any = databases
        """What it says: databases by name, or what it raises."""
        self.begun = self.open = 0
        """How often it was watched, and how often it is at the moment."""
        self._watchers: list[Watcher] = []

    async def watch(self) -> AsyncGenerator[ConfigSource.Tables, None]:
        """What it says, whenever it is told something else."""
        watcher = Watcher(os.getpid(), asyncio.get_running_loop(), asyncio.Queue())
        self.begun, self.open = self.begun + 1, self.open + 1
        self._watchers.append(watcher)
        try:
            yield self._tables(self.now)
            while True:
                said, taken = await watcher.news.get()
                try:
                    yield self._tables(said)
                finally:
                    taken.set()
        finally:
            self._watchers.remove(watcher)
            self.open -= 1

    def _tables(self, said: Any) -> ConfigSource.Tables:
        if isinstance(said, Exception):
            raise said
        return self.Tables(databases=said, default=self.default)

    def say(self, **databases: Any) -> None:
        """Say this from now on; returns when those who watch have taken it up."""
        self._tell(databases, now=databases)

    def fail(self, error: Exception, *, now: Any = None) -> None:
        """Raise this from now on; or once, and then say what *now* is."""
        self._tell(error, now=error if now is None else now)

    def watchers(self) -> list[Watcher]:
        """Who watches it, in this process."""
        return [watcher for watcher in self._watchers if watcher.process == os.getpid()]

    def _tell(self, said: Any, *, now: Any) -> None:
        self.now = now
        watchers = self.watchers()
        taken = [Event() for _ in watchers]
        for watcher, event in zip(watchers, taken, strict=True):
            watcher.loop.call_soon_threadsafe(watcher.news.put_nowait, (said, event))
        for event in taken:
            assert event.wait(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        os.sched_yield()


async def auntil(condition: Callable[[], object]) -> None:
    """The same in an event loop, which goes on meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
