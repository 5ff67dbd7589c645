"""What a wrapper has set up when a connection was made is there for every owner, and no harm to the pool."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from asyncmy.cursors import DictCursor
from psycopg.adapt import Loader

from sqlspec import SQLSpec
from sqlspec.plugin import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pytest

    from .sides import Side


class Seven(Loader):
    """Reads any number as 7."""

    def load(self, data: Any) -> int:
        """As it says."""
        del data
        return 7


def codec(raw: Any) -> Any:
    """The same for asyncpg."""
    return raw.set_type_codec("int4", schema="pg_catalog", encoder=str, decoder=lambda _: 7, format="text")


def rows_are_dicts(raw: Any) -> None:
    """Asyncmy's default is tuples."""
    raw._cursor_cls = DictCursor


async def fetched_by_asyncmy(raw: Any) -> Any:
    """By a cursor as the wrapper wanted it."""
    async with raw.cursor() as cursor:
        await cursor.execute("SELECT 7 AS n")
        return (await cursor.fetchone())["n"]


SETTING_UP: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sqlite": (
        lambda raw: raw.create_function("seven", 0, lambda: 7),
        lambda raw: raw.execute("SELECT seven()").fetchone()[0],
    ),
    "duckdb": (
        lambda raw: raw.execute("SET VARIABLE seven = 7"),
        lambda raw: raw.execute("SELECT getvariable('seven')").fetchone()[0],
    ),
    "psycopg": (
        lambda raw: raw.adapters.register_loader("int4", Seven),
        lambda raw: first_of(raw.execute("SELECT 1")),
    ),
    "asyncpg": (codec, lambda raw: raw.fetchval("SELECT 1")),
    "asyncmy": (rows_are_dicts, fetched_by_asyncmy),
}
"""How it is set up, and how the driver's own connection shows that: by a 7."""


def first_of(cursor: Any) -> Any:
    """The one value, of a psycopg cursor or of a promise of one."""
    if not isawaitable(cursor):
        return cursor.fetchone()[0]

    async def fetch() -> Any:
        return (await (await cursor).fetchone())[0]

    return fetch()


class SetUp:
    """Wraps the making of connections."""

    def __init__(self, set_up: Callable[[Any], Any]) -> None:
        self._set_up = set_up

    @hookimpl(wrapper=True)
    def sqlspec_create_connection(self) -> Generator[None, Any, Any]:
        """For threads, and for sync drivers in tasks."""
        connection = yield
        self._set_up(connection.raw)
        return connection

    @hookimpl(wrapper=True)
    def sqlspec_create_async_connection(self) -> Generator[None, Any, Any]:
        """For tasks."""
        opening = yield
        return self._opened(opening)

    async def _opened(self, opening: Any) -> Any:
        connection = await opening
        done = self._set_up(connection.raw)
        if isawaitable(done):
            await done
        return connection


async def shown(side: Side, spec: SQLSpec) -> Any:
    """What an owner of the driver's connection sees."""
    show = SETTING_UP[side.database.name][1]
    if side.in_tasks:
        async with spec.provide_connection() as raw:
            value = show(raw)
            return await value if isawaitable(value) else value
    with spec.provide_connection() as raw:
        return show(raw)


async def test_what_a_wrapper_has_set_up_stays(side: Side, request: pytest.FixtureRequest) -> None:
    """For sessions and for owners of the driver's connection, ten times each, without another connection.

    DuckDB's reset is another cursor, which costs little: there it is set up again for each owner.
    """
    spec = SQLSpec()
    spec.plugins.register(SetUp(SETTING_UP[side.database.name][0]))
    spec.register_config(side.database.config(request, pool_size=1), "db")
    seen = []
    for _ in range(10):
        seen.append(await shown(side, spec))
        async with side.session(spec) as session:
            await session.execute("SELECT 1")

    assert seen == [7] * 10
    assert spec.stats("db").opened == (20 if side.database.name == "duckdb" else 1)
    await (spec.aclose() if side.in_tasks else closed(spec))


async def closed(spec: SQLSpec) -> None:
    """The end, for threads."""
    spec.close()


async def test_a_wrapper_that_leaves_the_drivers_connection_alone_costs_nothing(
    side: Side, request: pytest.FixtureRequest
) -> None:
    """One that counts, for example."""
    spec = SQLSpec()
    counted = []

    class Count:
        @hookimpl(wrapper=True)
        def sqlspec_create_connection(self) -> Generator[None, Any, Any]:
            connection = yield
            counted.append(connection)
            return connection

        @hookimpl(wrapper=True)
        def sqlspec_create_async_connection(self) -> Generator[None, Any, Any]:
            connection = yield
            counted.append(connection)
            return connection

    spec.plugins.register(Count())
    spec.register_config(side.database.config(request, pool_size=1), "db")
    for _ in range(5):
        async with side.session(spec) as session:
            await session.execute("SELECT 1")

    assert (len(counted), spec.stats("db").opened) == (1, 1)
    await (spec.aclose() if side.in_tasks else closed(spec))
