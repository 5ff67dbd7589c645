"""Servers that restart, die, freeze and are full; networks that stall. On servers of these tests' own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors
from sqlspec_testkit.servers import PostgreSQLServer

from .sides import Home, door_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sides import Door, Side

LIMIT = 12


@pytest.fixture(scope="module")
def server(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """One that may be stopped and frozen, with few connections to offer."""
    settings = {"superuser_reserved_connections": 1}
    with PostgreSQLServer(
        copy_of=prepared_postgresql_server, max_connections=LIMIT, settings=settings
    ) as server:
        server.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        yield server


@pytest.fixture
def home(server: PostgreSQLServer) -> Home:
    """Its one database, empty."""
    home = Home(server, "postgres")
    home.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC")
    return home


async def warm(door: Door, count: int) -> None:
    """So many connections, idle."""
    gate = asyncio.Barrier(count)

    async def hold() -> None:
        async with door.session(autocommit=True) as session:
            await session.execute("SELECT 1")
            await gate.wait()

    await asyncio.gather(*(hold() for _ in range(count)))
    assert door.stats.idle == count


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("idle", [0.0, 0.7], ids=["just used", "idle"])
async def test_g07_a_restart_costs_no_error_with_pre_ping(
    side: Side, server: PostgreSQLServer, home: Home, mode: Any, idle: float
) -> None:
    """Whatever the pool's size; and it takes no time to speak of."""
    async with door_to(side, home.url(), pool_size=5) as door:
        await warm(door, 5)
        await asyncio.to_thread(server.restart, mode)
        await asyncio.sleep(idle)  # past half a second connections are pinged, before only looked at

        begun = time.monotonic()
        found = await asyncio.gather(*(door.value("SELECT ?::int", (number,)) for number in range(10)))

        assert found == list(range(10))
        assert time.monotonic() - begun < 2
        assert door.stats.dead == 5 or door.stats.aged + door.stats.dead == 5


async def test_g08_a_restart_costs_at_most_one_error_without_pre_ping(
    side: Side, server: PostgreSQLServer, home: Home
) -> None:
    """The first who finds out tells the pool."""
    async with door_to(side, home.url(), pool_size=5, pool_pre_ping=False) as door:
        await warm(door, 5)
        await asyncio.to_thread(server.restart)

        failed: list[errors.SQLSpecError] = []
        for number in range(10):
            try:
                assert await door.value("SELECT ?::int", (number,)) == number
            except errors.DisconnectedError as exc:
                failed.append(exc)

        assert len(failed) <= 1


async def test_g10_a_connection_that_dies_within_a_statement_is_not_tried_again(
    side: Side, home: Home
) -> None:
    """The statement may have run: it is the application's to decide."""
    home.sql("CREATE SEQUENCE runs")
    async with door_to(side, home.url()) as door:
        task = asyncio.create_task(door.rows("SELECT nextval('runs'), pg_sleep(30)"))
        while home.sql("SELECT is_called FROM runs") == "f":  # noqa: ASYNC110 - psql is asked
            await asyncio.sleep(0.01)
        await asyncio.to_thread(home.server.terminate)
        with pytest.raises(errors.DisconnectedError):
            await task

        assert home.sql("SELECT last_value FROM runs") == "1"
        assert await door.value("SELECT 1") == 1


@pytest.mark.parametrize("then", ["statement", "leave"])
async def test_g42_a_connection_that_dies_within_a_transaction(side: Side, home: Home, then: str) -> None:
    """Its work is undone, and nobody is told that it is stored."""
    home.sql("CREATE TABLE t (a int)")
    async with door_to(side, home.url()) as door:
        with pytest.raises(errors.SQLSpecError) as caught:
            async with door.session() as session:
                await session.execute("INSERT INTO t VALUES (1)")
                await asyncio.to_thread(home.server.terminate)
                if then == "statement":
                    await session.execute("SELECT 1")

        expected = (errors.DisconnectedError, errors.TransactionError)
        assert isinstance(caught.value, expected if then == "leave" else errors.DisconnectedError)
        assert await door.value("SELECT count(*) FROM t") == 0


async def test_a_connection_that_dies_while_idle_is_replaced(side: Side, home: Home) -> None:
    """By `pg_terminate_backend`, with and without pre-ping: a socket that has something to say is dead."""
    for pre_ping in (True, False):
        async with door_to(side, home.url(), pool_pre_ping=pre_ping) as door:
            await warm(door, 3)
            await asyncio.to_thread(home.server.terminate)
            while await asyncio.to_thread(home.server.connections):  # noqa: ASYNC110 - psql is asked
                await asyncio.sleep(0.01)

            assert [await door.value("SELECT 1") for _ in range(4)] == [1] * 4


async def test_g02_a_frozen_server_holds_nobody(
    async_side: Side, server: PostgreSQLServer, home: Home
) -> None:
    """SIGSTOP: a caller that gives up is back within a second or so, and so is one that begins anew."""
    options = {"pool_size": 2, "connect_timeout": 1.0}
    async with door_to(async_side, home.url(), **options) as door:
        await warm(door, 1)
        with server.frozen():
            for _ in range(2):
                begun = time.monotonic()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await door.value("SELECT pg_sleep(0.5)")
                assert time.monotonic() - begun < 0.3 + 2.5

        assert await door.value("SELECT 1") == 1
        assert door.stats.in_use == 0


@pytest.mark.parametrize("moment", ["within a statement", "between statements"])
async def test_g02_a_stalled_network_holds_nobody(async_side: Side, home: Home, moment: str) -> None:
    """Not the statement, not the rollback, not the return of the connection."""
    with home.server.proxy() as proxy:
        async with door_to(async_side, home.url(port=proxy.port), connect_timeout=1.0) as door:
            await warm(door, 1)
            begun = 0.0
            with pytest.raises((TimeoutError, ZeroDivisionError)):
                async with asyncio.timeout(None) as limit, door.session() as session:
                    await session.execute("SELECT 1")
                    proxy.stall()
                    begun = time.monotonic()
                    if moment == "between statements":
                        raise ZeroDivisionError
                    limit.reschedule(asyncio.get_running_loop().time() + 0.3)
                    await session.execute("SELECT 1")
            took = time.monotonic() - begun
            proxy.calm()

            assert took < 0.3 + 3.5
            assert await door.value("SELECT 1") == 1


async def test_g05_a_stalled_ping_costs_two_seconds_at_most(side: Side, home: Home) -> None:
    """Then the connection is given up, and a new one is made, or said why not."""
    with home.server.proxy() as proxy:
        async with door_to(side, home.url(port=proxy.port), connect_timeout=1.0) as door:
            await warm(door, 1)
            await asyncio.sleep(0.6)
            proxy.stall()
            begun = time.monotonic()
            with pytest.raises(errors.ConnectError):
                await door.value("SELECT 1")
            took = time.monotonic() - begun
            proxy.resume()

            assert took < 2 + 1 + 1.5
            assert await door.value("SELECT 1") == 1


async def test_g06_a_full_server_says_so_at_once_and_recovers(side: Side, home: Home) -> None:
    """`max_connections` is used up: no caller waits for `pool_timeout`; afterwards all goes on."""
    url = home.url(user="plain", password="plain")
    async with door_to(side, url, pool_size=LIMIT) as crowd, door_to(side, url) as door:
        free = LIMIT - 1 - await asyncio.to_thread(home.server.connections)
        await warm(crowd, free)
        begun = time.monotonic()
        with pytest.raises(errors.ConnectError) as caught:
            await door.value("SELECT 1")

        assert time.monotonic() - begun < 5
        assert caught.value.sqlstate == "53300"
        await crowd.spec.aclose()
        while await asyncio.to_thread(home.server.connections):  # noqa: ASYNC110 - psql is asked
            await asyncio.sleep(0.01)
        assert await door.value("SELECT 1") == 1


async def test_g06_a_full_pool_says_who_holds_it(side: Side, home: Home) -> None:
    """That is our own limit, for which callers queue."""
    async with door_to(side, home.url(), pool_size=1, pool_timeout=0.2) as door, door.session() as session:
        await session.execute("SELECT 1")

        with pytest.raises(errors.PoolTimeoutError, match="main"):
            await door.value("SELECT 1")


async def test_a_server_that_is_down_comes_back(side: Side, server: PostgreSQLServer, home: Home) -> None:
    """While it is down every caller hears it at once; nobody has to restart the application."""
    async with door_to(side, home.url()) as door:
        await warm(door, 2)
        await asyncio.to_thread(server.stop)
        try:
            for _ in range(3):
                begun = time.monotonic()
                with pytest.raises(errors.ConnectError):
                    await door.value("SELECT 1")
                assert time.monotonic() - begun < 3
        finally:
            await asyncio.to_thread(server.start)

        assert await door.value("SELECT 1") == 1
