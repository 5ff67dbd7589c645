"""One text for tasks and threads: an async session as it is, or a sync one whose calls run in threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .databases import SQL

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from sqlspec import SQLSpec

    from .databases import Database

__all__ = ("SIDES", "Side")

_threads = ThreadPoolExecutor(16)
END = object()


async def _in_thread(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(call, *arguments, **options))


class InThreads:
    """A sync session, or a block or stream of one: each of its calls runs in a thread and is awaited."""

    def __init__(self, sync: Any) -> None:
        self._sync = sync

    def __getattr__(self, name: str) -> Any:
        return partial(_in_thread, getattr(self._sync, name))

    def begin(self) -> InThreads:
        """A block."""
        return InThreads(self._sync.begin())

    def stream(self, *arguments: Any, **options: Any) -> InThreads:
        """Rows."""
        return InThreads(self._sync.stream(*arguments, **options))

    def __aiter__(self) -> InThreads:
        return self

    async def __anext__(self) -> Any:
        row = await _in_thread(next, self._sync, END)
        if row is END:
            raise StopAsyncIteration
        return row

    async def __aenter__(self) -> InThreads:  # noqa: PYI034 - what the sync one returns, in threads too
        return InThreads(await _in_thread(self._sync.__enter__))

    async def __aexit__(self, *reason: object) -> Any:
        return await _in_thread(self._sync.__exit__, *reason)


@dataclass(frozen=True)
class Side:
    """An adapter in tasks or in threads."""

    database: Database
    in_tasks: bool

    @property
    def name(self) -> str:
        """For the name of a test."""
        return f"{self.database.name}-{'tasks' if self.in_tasks else 'threads'}"

    def session(self, spec: SQLSpec, **options: Any) -> AbstractAsyncContextManager[Any]:
        """A session of the registry's default."""
        block = spec.provide_session(**options)
        return block if self.in_tasks else InThreads(block)


SIDES = tuple(
    Side(database, in_tasks)
    for database in SQL
    for in_tasks in (True, False)
    if (database.is_async if in_tasks else database.is_sync)
)
