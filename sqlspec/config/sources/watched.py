"""Sources that change while the application runs, and say so."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from sqlspec.config.sources.source import ConfigSource, SourceTables
from sqlspec.errors import ConfigEntryError, ConfigSourceError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class WatchedSource(ConfigSource):
    """A source that says anew what it says when it has changed.

    What it says first is what `read` returns. `watch` may run in several event loops, one after the other.
    """

    @abstractmethod
    def watch(self) -> AsyncGenerator[SourceTables, None]:
        """Yield all that the source says now, and again all of it whenever that has changed.

        An `async def` with `yield`; it must not block its event loop, which others use too. What it raises is
        noted, and it is begun anew, after a pause that grows. It is closed when nobody watches any more: what
        is open is closed in a `finally`. To yield what has not changed does no harm.
        """

    def read(self) -> SourceTables:
        """What `watch` yields first."""
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._read_in_own_loop()
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1, "sqlspec-read") as executor:  # a thread has one loop at a time
            return executor.submit(self._read_in_own_loop).result()

    def _read_in_own_loop(self) -> SourceTables:
        import asyncio

        # With a factory the runner leaves alone what `asyncio.get_event_loop` returns in this thread.
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(self._first())

    async def _first(self) -> SourceTables:
        from contextlib import aclosing

        async with aclosing(self.watch()) as news:
            async for tables in news:
                return tables
        raise source_error(self.name, "it says nothing")


def source_error(place: str, reason: str) -> ConfigSourceError:
    """The error about a source as a whole, or about one of its entries."""
    return ConfigSourceError([ConfigEntryError(reason, place=place)])
