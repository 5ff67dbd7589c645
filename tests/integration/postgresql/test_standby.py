"""Where a server or a role allows less: the reset works, and says nothing of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sqlspec import errors
from sqlspec_testkit.servers import PostgreSQLServer

from .sides import Home, door_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sides import Side


@pytest.fixture(scope="module")
def pair(prepared_postgresql_server: PostgreSQLServer) -> Iterator[tuple[PostgreSQLServer, PostgreSQLServer]]:
    """A primary, and a hot standby that follows it."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server) as primary:
        primary.sql("CREATE TABLE t AS SELECT 1 AS a")
        with PostgreSQLServer(follows=primary) as standby:
            standby.catch_up()
            yield primary, standby


def hosts(*servers: PostgreSQLServer) -> str:
    """A URL of them all."""
    first = servers[0]
    addresses = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return first.url().replace(f"127.0.0.1:{first.port}", addresses)


async def test_the_reset_works_on_a_hot_standby(
    side: Side, pair: tuple[PostgreSQLServer, PostgreSQLServer]
) -> None:
    """Which refuses UNLISTEN and temporary tables; settings and locks are reset all the same."""
    async with door_to(side, pair[1].url(), pool_size=1) as door:
        for _ in range(3):
            async with door.session() as session:
                await session.execute("SET search_path = pg_catalog")
                await session.execute("SELECT pg_advisory_lock(7)")
            assert await door.value("SELECT a FROM public.t") == 1
            assert await door.value("SHOW search_path") == '"$user", public'
            assert await door.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0

        assert door.stats.opened == 1
        with pytest.raises(errors.ReadOnlyError):
            await door.rows("INSERT INTO t VALUES (2)")


@pytest.mark.parametrize(
    ("attrs", "is_standby"),
    [
        ("any", True),
        ("read-write", False),
        ("primary", False),
        ("standby", True),
        ("read-only", True),
        ("prefer-standby", True),
    ],
)
async def test_several_hosts_are_chosen_from(
    side: Side, pair: tuple[PostgreSQLServer, PostgreSQLServer], attrs: str, *, is_standby: bool
) -> None:
    """By `target_session_attrs`, in the order of the URL."""
    url = hosts(pair[1], pair[0])
    async with door_to(side, url, target_session_attrs=attrs) as door:
        assert await door.value("SELECT pg_is_in_recovery()") is is_standby


async def test_none_of_the_hosts_will_do(side: Side, pair: tuple[PostgreSQLServer, PostgreSQLServer]) -> None:
    """Said at once, as a ConnectError."""
    async with door_to(side, pair[1].url(), target_session_attrs="read-write") as door:
        with pytest.raises(errors.ConnectError, match="target_session_attrs"):
            await door.value("SELECT 1")


async def test_the_next_host_serves_if_the_first_is_down(side: Side, home: Home) -> None:
    """Nobody listens at the first."""
    from sqlspec_testkit.servers.ports import free_port

    url = home.url().replace("@127.0.0.1:", f"@127.0.0.1:{free_port()},127.0.0.1:")
    async with door_to(side, url) as door:
        assert await door.value("SELECT 1") == 1


async def test_a_promoted_standby_is_reset_as_a_primary(
    side: Side, pair: tuple[PostgreSQLServer, PostgreSQLServer]
) -> None:
    """What it could not do as a standby, and so was not reset, does not leak once it can."""
    with PostgreSQLServer(follows=pair[0]) as standby:
        async with door_to(side, standby.url(), pool_size=1) as door:
            assert await door.value("SELECT pg_is_in_recovery()") is True
            await asyncio.to_thread(standby.sql, "SELECT pg_promote()")
            for _ in range(3):
                async with door.session(autocommit=True) as session:
                    await session.execute("LISTEN gossip")
                    await session.execute("CREATE TEMP TABLE mine (a int)")

            assert await door.value("SELECT count(*) FROM pg_listening_channels()") == 0
            assert await door.value("SELECT to_regclass('pg_temp.mine')::text") is None


async def test_the_reset_works_for_a_role_that_may_do_little(side: Side, home: Home) -> None:
    """Functions it may not call are found once, at connect; the rest is reset, and no connection is lost."""
    home.sql("DROP ROLE IF EXISTS humble; CREATE ROLE humble LOGIN PASSWORD 'humble'")
    home.sql("REVOKE EXECUTE ON FUNCTION pg_advisory_unlock_all() FROM PUBLIC")
    home.sql(f"REVOKE TEMP ON DATABASE {home.name} FROM PUBLIC")
    try:
        async with door_to(side, home.url(user="humble", password="humble"), pool_size=1) as door:
            for _ in range(3):
                async with door.session() as session:
                    await session.execute("SET search_path = pg_catalog")
                assert await door.value("SHOW search_path") == '"$user", public'

            assert door.stats.opened == 1
    finally:
        home.sql("GRANT EXECUTE ON FUNCTION pg_advisory_unlock_all() TO PUBLIC; DROP ROLE humble")
        home.sql(f"GRANT TEMP ON DATABASE {home.name} TO PUBLIC")
