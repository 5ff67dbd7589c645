"""An application that writes all the time: one adapter, and a pool that many workers share."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec

from ._async import async_write
from ._sync import write
from .history import Write  # noqa: TC001

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sqlspec import PoolStats

__all__ = ("Load", "Tasks", "Threads")

THREADS, TASKS = 4, 8


class Load:
    """Works in the background, as long as the block lasts."""

    def __init__(self, name: str, config: Any) -> None:
        self.name = name
        self.writes: list[Write] = []
        """All that have ended; it grows meanwhile."""
        self.stats: PoolStats | None = None
        """Of the pool when all workers had ended."""
        self._config = config
        self._end = Event()
        self._runner = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._running = self._runner.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._runner.shutdown()
        self._running.result()

    def _run(self) -> None:
        raise NotImplementedError

    def _spec(self) -> SQLSpec:
        spec = SQLSpec()
        spec.register_config(self._config, "db")
        return spec


class Tasks(Load):
    """Eight tasks of one event loop."""

    def _run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        async with self._spec() as spec:
            names = [f"{self.name} {number}" for number in range(TASKS)]
            await asyncio.gather(
                *(async_write(spec, name, self.writes, self._end, asyncio.sleep) for name in names)
            )
            self.stats = spec.stats("db")


class Threads(Load):
    """Four threads."""

    def _run(self) -> None:
        with self._spec() as spec, ThreadPoolExecutor(THREADS) as threads:
            names = [f"{self.name} {number}" for number in range(THREADS)]
            running = [
                threads.submit(write, spec, name, self.writes, self._end, time.sleep) for name in names
            ]
            for worker in running:
                worker.result()
            self.stats = spec.stats("db")
