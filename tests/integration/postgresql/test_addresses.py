"""Ways to a server: several hosts, a socket, a name for the server's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec import SQLSpec

from .sides import ASYNCPG, PSYCOPG, door_to

if TYPE_CHECKING:
    from .sides import Home, Side


async def test_a_socket_is_reached_by_its_folder(side: Side, home: Home) -> None:
    """In a URL, percent-encoded, and as a host; a connection there has no address."""
    async with door_to(side, home.url(via="socket")) as door:
        assert await door.value("SELECT inet_client_addr()::text") is None


async def test_the_application_has_a_name(side: Side, home: Home) -> None:
    """Its own if it says one, from a URL as well as in code."""
    url = home.url(options={"application_name": "shop"})
    named = [(home.url(), {}, "sqlspec"), (url, {}, "shop"), (home.url(), {"application_name": "x y"}, "x y")]
    for address, options, expected in named:
        async with door_to(side, address, **options) as door:
            assert await door.value("SHOW application_name") == expected
            sql = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            assert await door.value(sql) == expected


async def test_settings_travel_as_they_are(side: Side, home: Home) -> None:
    """Blanks, quotes, backslashes and equal signs included."""
    value = r"""a b 'c' "d" \e = -c x"""
    async with door_to(
        side, home.url(), server_settings={"app.odd": value, "TimeZone": "Asia/Tokyo"}
    ) as door:
        assert await door.value("SHOW app.odd") == value
        assert await door.value("SHOW TimeZone") == "Asia/Tokyo"


async def test_both_adapters_serve_in_one_registry(home: Home) -> None:
    """By the exact scheme of each."""
    home.sql("CREATE TABLE t (a int)")
    async with SQLSpec() as spec:
        for side in (ASYNCPG, PSYCOPG):
            spec.register_config(home.url(scheme=f"postgresql+{side.name}"), side.name)
            assert type(spec.get_config(side.name)) is side.config_type
            async with side.session(spec, side.name) as session:
                await session.execute("INSERT INTO t VALUES (1)")

    assert home.sql("SELECT count(*) FROM t") == "2"
