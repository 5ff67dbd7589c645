"""Behind PgBouncer in transaction mode, `pgbouncer=True` is all that has to be said."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sqlspec import errors
from sqlspec_testkit.proxy import FaultProxy
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


@pytest.mark.parametrize(
    ("leave", "is_gone"),
    [
        ("SET ROLE pg_read_all_data", "SELECT current_user = session_user"),
        ("SELECT pg_advisory_lock(7)", "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"),
        ("CREATE TEMP TABLE leak (id int)", "SELECT to_regclass('leak') IS NULL"),
    ],
    ids=["role", "lock", "table"],
)
@pytest.mark.parametrize("fails", [False, True], ids=["commit", "failure"])
async def test_g12_what_a_transaction_left_is_gone_with_it(
    door: Door, leave: str, is_gone: str, *, fails: bool
) -> None:
    """In the same message as its end, which is the last that is sure to meet that server connection."""
    with suppress(ZeroDivisionError):
        async with door.session() as session:
            await session.execute(leave)
            if fails:
                raise ZeroDivisionError

    for _ in range(4):
        async with door.session() as one, door.session() as two:
            assert (await one.execute(is_gone)).scalar() is True
            assert (await two.execute(is_gone)).scalar() is True


async def test_the_reset_costs_no_round_trip(side: Side, home: Home) -> None:
    """BEGIN, the statement, and COMMIT with the reset behind it; in autocommit mode there is no reset."""
    with FaultProxy(home.server.address.port, protocol="postgresql") as proxy:
        async with door_to(side, home.url(port=proxy.port), pgbouncer=True, pool_size=1) as door:
            await door.value("SELECT 1")
            for autocommit, expected in ((False, 3), (True, 1)):
                proxy.reset_counts()
                async with door.session(autocommit=autocommit) as session:
                    await session.execute("SELECT 1")
                assert proxy.round_trips == expected


async def test_nothing_is_prepared(door: Door) -> None:
    """The next transaction may meet a server connection that does not know it."""
    async with door.session() as session:
        for _ in range(10):
            await session.execute("SELECT ?::int", (1,))
        assert (await session.execute("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0


async def test_a_read_only_session_is_a_transaction(door: Door) -> None:
    """A setting would stay with a server connection that others use."""
    with pytest.raises(errors.NotSupportedError, match="PgBouncer"):
        async with door.session(read_only=True, autocommit=True) as session:
            await session.execute("SELECT 1")


async def test_a_stream_of_a_transaction_works(async_side: Side, home: Home, bouncer: PgBouncer) -> None:
    """Its cursor ends with it."""
    way = door_to(async_side, bouncer.url(database=home.name), pgbouncer=True)
    async with way as door, door.session() as session:
        stream = session.stream("SELECT n FROM generate_series(1, 9) n", batch_size=3)
        found = [row["n"] async for row in stream]
    assert found == [*range(1, 10)]


async def test_a_setting_that_pgbouncer_refuses_is_told(side: Side, home: Home, bouncer: PgBouncer) -> None:
    """Its own option is what helps."""
    url = bouncer.url(database=home.name)
    async with door_to(side, url, pgbouncer=True, server_settings={"work_mem": "5MB"}) as door:
        with pytest.raises(errors.ConnectError, match="of server_settings; see its option ignore_startup"):
            await door.value("SELECT 1")
