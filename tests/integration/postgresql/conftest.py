"""A database of each test's own, and the ways to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .sides import ASYNCPG, PSYCOPG, THREADS, Door, Home, Side, door_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlspec_testkit.servers import PostgreSQL


def _name(side: Side) -> str:
    return side.name


@pytest.fixture(params=[ASYNCPG, PSYCOPG, THREADS], ids=_name)
def side(request: pytest.FixtureRequest) -> Side:
    """Each adapter; psycopg in tasks and in threads."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[ASYNCPG, PSYCOPG], ids=_name)
def async_side(request: pytest.FixtureRequest) -> Side:
    """Each adapter, in tasks, for what only they can suffer."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def house(postgresql_server: PostgreSQL) -> Iterator[Home]:
    """A database for one file of tests: to make one takes longer than most tests."""
    with postgresql_server.database() as name:
        yield Home(postgresql_server, name)


@pytest.fixture
def home(house: Home) -> Home:
    """The same, empty."""
    house.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC")
    return house


@pytest.fixture
async def door(side: Side, home: Home) -> AsyncIterator[Door]:
    """The way to it, by each side."""
    async with door_to(side, home.url()) as door:
        yield door


@pytest.fixture
async def async_door(async_side: Side, home: Home) -> AsyncIterator[Door]:
    """The way to it, by each adapter in tasks."""
    async with door_to(async_side, home.url()) as door:
        yield door
