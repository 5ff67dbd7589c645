"""Somebody else, at the same time: a thread or a task. Each name has its other half."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlspec.pool.base import PoolBase

__all__ = ("AsyncBeside", "Beside", "async_until_waiting", "until_waiting")

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds after which what does not come is a failure."""


class Beside(Generic[T]):
    """Work in a thread."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as exc:  # noqa: BLE001 - raised by `result`
            self._errors.append(exc)

    def result(self) -> T:
        """Wait for its end; what it raised is raised here."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it did not end"
        for error in self._errors:
            raise error
        return self._results[0]

    def error(self) -> BaseException:
        """Wait for its end, which is an error."""
        self._thread.join(PATIENCE)
        return self._errors[0]


class AsyncBeside(Generic[T]):
    """Work in a task."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._task = asyncio.create_task(work())

    async def result(self) -> T:
        """Wait for its end; what it raised is raised here."""
        async with asyncio.timeout(PATIENCE):
            return await self._task

    async def error(self) -> BaseException:
        """Wait for its end, which is an error."""
        await asyncio.wait([self._task], timeout=PATIENCE)
        error = self._task.exception()
        assert error is not None
        return error


def until_waiting(pool: PoolBase, count: int) -> None:
    """Go on when so many stand in the queue."""
    until = time.monotonic() + PATIENCE
    while pool.stats().waiting != count:
        assert time.monotonic() < until, pool.stats()
        time.sleep(0)


async def async_until_waiting(pool: PoolBase, count: int) -> None:
    """Go on when so many stand in the queue."""
    until = time.monotonic() + PATIENCE
    while pool.stats().waiting != count:
        assert time.monotonic() < until, pool.stats()
        await asyncio.sleep(0)
