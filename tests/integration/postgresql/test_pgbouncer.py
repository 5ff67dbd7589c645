"""Behind PgBouncer in transaction mode, `pgbouncer=True` is all that has to be said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sqlspec import errors
from sqlspec_testkit.servers import PgBouncer

from .sides import door_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .sides import Door, Home, Side


@pytest.fixture(scope="module")
def bouncer(house: Home) -> Iterator[PgBouncer]:
    """Two connections for all who come."""
    with PgBouncer(house.server, pool_size=2) as bouncer:
        yield bouncer


@pytest.fixture
async def door(side: Side, home: Home, bouncer: PgBouncer) -> AsyncIterator[Door]:
    """The way through it."""
    home.sql("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, b text)")
    async with door_to(side, bouncer.url(database=home.name), pgbouncer=True, pool_size=8) as door:
        yield door


async def test_sessions_share_two_connections(door: Door, home: Home) -> None:
    """Forty sessions of three statements each, the same ones again and again."""

    async def work(number: int) -> None:
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (?, ?)", (number, "x"))
            found = await session.execute("SELECT a, b FROM t WHERE a = :a", {"a": number})
            assert found.one() == {"a": number, "b": "x"}
            await session.execute_many("UPDATE t SET b = ? WHERE a = ?", [("y", number)])

    await asyncio.gather(*(work(number) for number in range(40)))

    assert home.sql("SELECT count(*), count(DISTINCT a), min(b) FROM t") == "40|40|y"
    assert home.server.connections(database=home.name) <= 2


async def test_transactions_end_as_they_should(door: Door, home: Home) -> None:
    """Commit, rollback, savepoint, a violation at commit."""
    await door.rows("INSERT INTO t VALUES (1) RETURNING a")
    with pytest.raises(ZeroDivisionError):
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError
    with pytest.raises(errors.UniqueViolationError):
        await door.rows("INSERT INTO t VALUES (1) RETURNING a")
    async with door.session() as session:
        await session.execute("INSERT INTO t VALUES (3)")
        with pytest.raises(errors.StatementError):
            async with session.begin():
                await session.execute("SELECT nothing")

    assert home.sql("SELECT string_agg(a::text, ',' ORDER BY a) FROM t") == "1,3"


async def test_bulk_and_scripts_work(door: Door, home: Home) -> None:
    """COPY, and several statements in a transaction."""
    async with door.session() as session:
        await session.execute_script("CREATE TABLE u (a int); INSERT INTO u VALUES (0)")
        await session.load("u", [(number,) for number in range(1, 100)], ["a"])

    assert home.sql("SELECT count(*), sum(a) FROM u") == "100|4950"


async def test_autocommit_works(door: Door, home: Home) -> None:
    """Each statement is a transaction of its own, on whichever connection."""
    async with door.session(autocommit=True) as session:
        for number in range(5):
            await session.execute("INSERT INTO t VALUES (?)", (number,))

    assert home.sql("SELECT count(*) FROM t") == "5"


async def test_g12_what_a_session_sets_does_not_reach_the_next_client(door: Door) -> None:
    """Within its transaction, that is: `SET LOCAL` and ON COMMIT DROP end with it."""
    async with door.session() as session:
        await session.execute("SET LOCAL search_path = pg_catalog")
        await session.execute("CREATE TEMP TABLE mine (a int) ON COMMIT DROP")

    for _ in range(4):
        assert await door.value("SHOW search_path") == '"$user", public'
        assert await door.value("SELECT to_regclass('pg_temp.mine')::text") is None


async def test_a_read_only_session_is_one(door: Door, home: Home) -> None:
    """By BEGIN READ ONLY."""
    with pytest.raises(errors.ReadOnlyError):
        async with door.session(read_only=True) as session:
            await session.execute("INSERT INTO t VALUES (1)")

    assert home.sql("SELECT count(*) FROM t") == "0"
