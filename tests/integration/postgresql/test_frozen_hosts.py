"""One of several hosts is frozen: it takes connections, and answers nothing."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors
from sqlspec_testkit.servers import PostgreSQLServer

from .sides import door_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sides import Door, Side

SHARE = 12.0
"""Seconds: what a connect would spend on a frozen host is more, all that has to be done is much less."""
PORT = "SELECT inet_server_port()"


@pytest.fixture(scope="module")
def primary(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """It has a standby."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server) as server:
        server.sql("CREATE TABLE item (id int)")
        yield server


@pytest.fixture(scope="module")
def pair(primary: PostgreSQLServer) -> Iterator[tuple[PostgreSQLServer, PostgreSQLServer]]:
    """Its standby, and the primary."""
    with PostgreSQLServer(follows=primary) as standby:
        yield standby, primary


@pytest.fixture(scope="module")
def old(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """The one that is frozen. It believes that it is the primary, and so does the other one."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server) as server:
        server.sql("CREATE TABLE item (id int)")
        yield server


def url_of(*servers: PostgreSQLServer) -> str:
    """All of them, in this order."""
    first = servers[0]
    addresses = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return first.url().replace(f"127.0.0.1:{first.port}", addresses)


async def ports(door: Door, count: int) -> set[int]:
    """Who serves so many sessions at once."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(door.session()) for _ in range(count)]
        return {(await session.execute(PORT)).all()[0]["inet_server_port"] for session in sessions}


# --- connecting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("attrs", ["any", "read-write"])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_frozen_host_does_not_use_up_the_time_of_the_others(
    side: Side,
    pair: tuple[PostgreSQLServer, PostgreSQLServer],
    old: PostgreSQLServer,
    attrs: str,
    place: int,
) -> None:
    """Wherever it stands."""
    servers = list(pair)
    servers.insert(place, old)
    with old.frozen():
        async with door_to(
            side, url_of(*servers), target_session_attrs=attrs, connect_timeout=3, pool_size=3
        ) as door:
            found = await ports(door, 3)

    assert found == {pair[attrs == "read-write"].port}


@pytest.mark.parametrize("place", [0, 1])
async def test_a_frozen_host_leaves_time_for_what_is_only_preferred(
    side: Side, primary: PostgreSQLServer, old: PostgreSQLServer, place: int
) -> None:
    """No standby answers, so the primary is asked a second time, as the one that it is."""
    servers = [primary]
    servers.insert(place, old)
    with old.frozen():
        async with door_to(
            side, url_of(*servers), target_session_attrs="prefer-standby", connect_timeout=3
        ) as door:
            assert await ports(door, 1) == {primary.port}


async def test_all_hosts_are_frozen(side: Side, old: PostgreSQLServer) -> None:
    """An error after `connect_timeout`; and when they answer again they serve."""
    async with door_to(side, url_of(old, old), connect_timeout=0.5) as door:
        with old.frozen(), pytest.raises(errors.ConnectError, match=r"connect_timeout=0\.5"):
            await ports(door, 1)
        assert await ports(door, 1) == {old.port}


# --- sessions -------------------------------------------------------------------------------------


async def waits_in_vain(door: Door) -> None:
    """A session whose server may not answer."""
    async with door.session() as session:
        await session.execute("INSERT INTO item VALUES (1)", query_timeout=0.3)


@pytest.mark.parametrize("is_pinged", [True, False])
async def test_a_frozen_host_is_left_after_one_statement(
    side: Side, primary: PostgreSQLServer, old: PostgreSQLServer, *, is_pinged: bool
) -> None:
    """Its other connections cost nobody a `query_timeout`, and are not lent when it answers again."""
    options: dict[str, Any] = {"target_session_attrs": "read-write", "connect_timeout": 30, "pool_size": 4}
    async with door_to(side, url_of(old, primary), pool_pre_ping=is_pinged, **options) as door:
        assert await ports(door, 4) == {old.port}
        with old.frozen():
            with pytest.raises(errors.QueryTimeoutError):
                await waits_in_vain(door)
            begun = time.monotonic()
            for _ in range(3):
                await waits_in_vain(door)
            assert time.monotonic() - begun < SHARE
            assert await ports(door, 1) == {primary.port}

        assert await ports(door, 4) == {primary.port}


async def test_a_frozen_host_is_left_after_one_commit(
    side: Side, primary: PostgreSQLServer, old: PostgreSQLServer
) -> None:
    """`commit_timeout` ends it: nobody knows whether it was done. A ping finds the host silent."""
    options: dict[str, Any] = {"target_session_attrs": "read-write", "connect_timeout": 30, "pool_size": 4}
    async with door_to(side, url_of(old, primary), commit_timeout=0.5, **options) as door:
        assert await ports(door, 4) == {old.port}
        try:
            with pytest.raises(errors.CommitOutcomeUnknownError):
                async with door.session() as session:
                    await session.execute("INSERT INTO item VALUES (1)")
                    old.freeze()
            begun = time.monotonic()
            await waits_in_vain(door)
            assert time.monotonic() - begun < SHARE
            assert await ports(door, 1) == {primary.port}
        finally:
            old.thaw()

        assert await ports(door, 4) == {primary.port}


async def test_an_old_primary_that_comes_back_is_not_preferred(
    side: Side, primary: PostgreSQLServer, old: PostgreSQLServer
) -> None:
    """It stands first in the URL, takes writes, and has connections that were opened before."""
    options: dict[str, Any] = {"target_session_attrs": "read-write", "connect_timeout": 1, "pool_size": 4}
    async with door_to(side, url_of(old, primary), **options) as door:
        async with door.session() as before:
            await before.execute("SELECT 1")
            async with door.session() as other:
                await other.execute("SELECT 1")
            old.freeze()
            try:
                with pytest.raises(errors.QueryTimeoutError):
                    await waits_in_vain(door)
                assert await ports(door, 1) == {primary.port}
            finally:
                old.thaw()
            assert await ports(door, 3) == {primary.port}

        assert await ports(door, 4) == {primary.port}


@pytest.mark.parametrize("attrs", ["any", "read-write"])
async def test_a_demoted_host_is_asked_last(
    side: Side, primary: PostgreSQLServer, old: PostgreSQLServer, attrs: str
) -> None:
    """Also where any host will do; it stands first in the URL."""
    async with door_to(side, url_of(old, primary), target_session_attrs=attrs, pool_size=3) as door:
        assert await ports(door, 3) == {old.port}
        await demote(old, is_reader=True)
        try:
            async with door.session() as session:
                with pytest.raises(errors.ReadOnlyError):
                    await session.execute("INSERT INTO item VALUES (1)")
                await session.rollback()

            assert await ports(door, 3) == {primary.port}
        finally:
            await demote(old, is_reader=False)
        assert await ports(door, 3) == {primary.port}


async def demote(server: PostgreSQLServer, *, is_reader: bool) -> None:
    """Make it a reader, or a writer again."""
    setting = f"ALTER SYSTEM SET default_transaction_read_only = {'on' if is_reader else 'off'}"
    await asyncio.to_thread(server.sql, setting)
    await asyncio.to_thread(server.sql, "SELECT pg_reload_conf(), pg_sleep(0.3)")
