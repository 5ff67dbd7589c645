"""The ways to one PostgreSQL: by asyncpg, and by psycopg in tasks and in threads.

A sync session's calls run in threads here, so that one text tests all three.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from sqlspec import Session, SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlspec_testkit.servers import PostgreSQL

__all__ = ("ASYNCPG", "PSYCOPG", "THREADS", "Door", "Home", "Side", "door_to", "settled")


# The loop's own has so few threads that those who wait for a connection would leave none to who has one.
_threads = ThreadPoolExecutor(64)


async def _in_thread(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(call, *arguments, **options))


class InThreads:
    """A sync session, or a block of one: each of its calls runs in a thread and is awaited."""

    def __init__(self, sync: Any) -> None:
        self._sync = sync

    def __getattr__(self, name: str) -> Any:
        return partial(_in_thread, getattr(self._sync, name))

    async def stream(self, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        """The rows of a stream."""
        rows = self._sync.stream(*arguments, **options)
        while (row := await _in_thread(next, rows, None)) is not None:
            yield row

    def begin(self) -> InThreads:
        """A block."""
        return InThreads(self._sync.begin())

    async def __aenter__(self) -> Any:
        entered = await _in_thread(self._sync.__enter__)
        return InThreads(entered) if isinstance(entered, Session) else entered

    async def __aexit__(self, *reason: object) -> Any:
        return await _in_thread(self._sync.__exit__, *reason)


async def settled(answer: Any) -> Any:
    """What a driver's own call returns, be the driver sync or async."""
    return await answer if isawaitable(answer) else answer


@dataclass(frozen=True)
class Side:
    """One way: an adapter's config, and whether its sessions are sync."""

    name: str
    config_type: type[AsyncpgConfig | PostgreSQLConfig]
    range_type: Callable[[], Any]
    is_sync: bool = False

    def config(self, url: str, **options: Any) -> Any:
        """The adapter's config for a URL."""
        return self.config_type(url=url, **options)

    def session(self, spec: Any, *key: Any, **options: Any) -> AbstractAsyncContextManager[Any]:
        """A session of a registry's, or of a config's."""
        block = spec.provide_session(*key, **options)
        return InThreads(block) if self.is_sync else block

    def connection(self, spec: Any, *key: Any) -> AbstractAsyncContextManager[Any]:
        """The driver's own connection; what its calls return is for `settled`."""
        block = spec.provide_connection(*key)
        return InThreads(block) if self.is_sync else block


def _asyncpg_range() -> Any:
    from importlib import import_module

    return import_module("asyncpg").Range  # which has no types


def _psycopg_range() -> Any:
    from psycopg.types.range import Range

    return Range


ASYNCPG = Side("asyncpg", AsyncpgConfig, _asyncpg_range)
PSYCOPG = Side("psycopg", PostgreSQLConfig, _psycopg_range)
THREADS = Side("psycopg in threads", PostgreSQLConfig, _psycopg_range, is_sync=True)


@dataclass(frozen=True)
class Home:
    """A database of a test's own, and psql, which judges what is in it."""

    server: PostgreSQL
    name: str

    def url(self, **options: Any) -> str:
        """Where it is; see `PostgreSQL.url`."""
        return self.server.url(database=self.name, **options)

    def sql(self, text: str) -> str:
        """Run it by psql; rows are lines `a|b`."""
        return self.server.sql(text, database=self.name)


@dataclass(frozen=True)
class Door:
    """A registry with one database, `main`, and the side it is reached by."""

    spec: SQLSpec
    side: Side

    def session(self, **options: Any) -> AbstractAsyncContextManager[Any]:
        """A session; options as of `provide_session`."""
        return self.side.session(self.spec, "main", **options)

    async def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """What one statement returns, in a session of its own."""
        async with self.session() as session:
            return [tuple(row.values()) for row in (await session.execute(sql, parameters)).all()]

    async def value(self, sql: str, parameters: Any = None) -> Any:
        """The one value of its one row."""
        ((value,),) = await self.rows(sql, parameters)
        return value

    async def run(self, script: str) -> None:
        """A script in a session of its own."""
        async with self.session() as session:
            await session.execute_script(script)

    def connection(self) -> AbstractAsyncContextManager[Any]:
        """The driver's own connection."""
        return self.side.connection(self.spec, "main")

    @property
    def stats(self) -> Any:
        """Of its pools."""
        return self.spec.stats("main")


@asynccontextmanager
async def door_to(side: Side, url: str, **options: Any) -> AsyncGenerator[Door, None]:
    """A registry for one database, closed in the end."""
    async with SQLSpec() as spec:
        spec.register_config(side.config(url, **options), "main")
        yield Door(spec, side)
