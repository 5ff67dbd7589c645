"""How often a session waits for the server, counted by the proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .sides import ASYNCPG, door_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_testkit.proxy import FaultProxy

    from .sides import Door, Home, Side

QUERY = "SELECT ?::int"


@pytest.fixture
async def counted(side: Side, home: Home) -> AsyncIterator[tuple[Door, FaultProxy]]:
    """A way through a proxy, on a connection that knows the query."""
    with home.server.proxy() as proxy:
        async with door_to(side, home.url(port=proxy.port), pool_size=1) as door:
            for _ in range(8):
                await door.value(QUERY, (1,))
            proxy.reset_counts()
            yield door, proxy


def begin_of(door: Door) -> int:
    """The round trips of BEGIN: asyncpg's travels ahead of the statement."""
    return 0 if door.side is ASYNCPG else 1


async def test_a_session_with_one_statement_waits_for_it_and_for_its_end(
    counted: tuple[Door, FaultProxy],
) -> None:
    """The statement, and COMMIT with the whole reset behind it."""
    door, proxy = counted

    assert await door.value(QUERY, (7,)) == 7

    assert proxy.round_trips == begin_of(door) + 2


async def test_a_block_with_one_statement_waits_as_often(counted: tuple[Door, FaultProxy]) -> None:
    """Its COMMIT and the reset are told apart: the session goes on."""
    door, proxy = counted

    async with door.session() as session:
        async with session.begin():
            await session.execute(QUERY, (7,))
        assert proxy.round_trips == begin_of(door) + 2

    assert proxy.round_trips == begin_of(door) + 3


async def test_a_statement_without_parameters_waits_as_often(counted: tuple[Door, FaultProxy]) -> None:
    """Prepared or not."""
    door, proxy = counted
    for _ in range(8):
        await door.value("SELECT 1")
    proxy.reset_counts()

    assert await door.value("SELECT 1") == 1

    assert proxy.round_trips == begin_of(door) + 2


async def test_a_new_statement_waits_as_often(counted: tuple[Door, FaultProxy]) -> None:
    """But for what asyncpg asks by Flush, which is not counted here: the types of its parameters."""
    door, proxy = counted

    assert await door.value("SELECT ?::int + 35", (7,)) == 42

    assert proxy.round_trips == begin_of(door) + 2


async def test_every_further_statement_is_one(counted: tuple[Door, FaultProxy]) -> None:
    """Nothing is asked in between."""
    door, proxy = counted

    async with door.session() as session:
        for number in range(10):
            assert (await session.execute(QUERY, (number,))).scalar() == number

    assert proxy.round_trips == begin_of(door) + 11


async def test_a_rollback_is_one_with_its_reset(counted: tuple[Door, FaultProxy]) -> None:
    """As a commit is."""
    door, proxy = counted

    with pytest.raises(ZeroDivisionError):
        async with door.session() as session:
            await session.execute(QUERY, (1,))
            raise ZeroDivisionError

    assert proxy.round_trips == begin_of(door) + 2


async def test_autocommit_is_the_statement_and_the_reset(counted: tuple[Door, FaultProxy]) -> None:
    """And nothing at all where nothing was done."""
    door, proxy = counted

    async with door.session(autocommit=True) as session:
        assert (await session.execute(QUERY, (1,))).scalar() == 1
    assert proxy.round_trips == 2
    async with door.session():
        pass
    assert proxy.round_trips == 2


async def test_without_a_reset_it_is_the_statement_alone(side: Side, home: Home) -> None:
    """`reset="rollback"` with autocommit: as fast as the driver."""
    with home.server.proxy() as proxy:
        options = {"pool_size": 1, "reset": "rollback", "autocommit": True}
        async with door_to(side, home.url(port=proxy.port), **options) as door:
            for _ in range(8):
                await door.value(QUERY, (1,))
            proxy.reset_counts()

            await door.value(QUERY, (7,))

            assert proxy.round_trips == 1


async def test_many_rows_are_few_round_trips(counted: tuple[Door, FaultProxy]) -> None:
    """A thousand rows one by one would be a thousand."""
    door, proxy = counted
    await door.run("CREATE TABLE t (a int, b text)")
    proxy.reset_counts()

    async with door.session() as session:
        await session.execute_many("INSERT INTO t VALUES (?, ?)", [(number, "x") for number in range(1000)])
    many = proxy.round_trips
    async with door.session() as session:
        await session.load("t", [(number, "x") for number in range(1000)], ["a", "b"])

    assert many <= (4 if door.side is ASYNCPG else 12)
    assert proxy.round_trips - many <= 9
    assert await door.value("SELECT count(*) FROM t") == 2000
