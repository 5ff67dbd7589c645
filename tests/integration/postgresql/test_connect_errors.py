"""Why no connection could be made is said at once, by type, and without a secret."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors
from sqlspec_testkit.servers.ports import free_port

from .sides import ASYNCPG, PSYCOPG, THREADS, Door, door_to
from .told import told_by

if TYPE_CHECKING:
    from sqlspec_testkit.servers import PostgreSQLServer

    from .sides import Home, Side

CANARY = "pw-c4n4ry-7391"
AT_ONCE = 5.0  # seconds, on a busy machine; the pool would wait for 30


async def refusal(door: Door) -> errors.ConnectError:
    """The error of a first session, which comes at once and keeps the password to itself."""
    begun = time.monotonic()

    with pytest.raises(errors.ConnectError) as caught:
        await door.rows("SELECT 1")

    assert time.monotonic() - begun < AT_ONCE
    assert CANARY not in told_by(caught.value)
    assert CANARY not in repr(door.spec.get_config("main"))
    assert door.stats.size == 0
    return caught.value


async def test_g32_a_wrong_password_is_told_at_once(side: Side, home: Home) -> None:
    """Each time anew: nothing of the failure is kept."""
    async with door_to(side, home.url(password=CANARY)) as door:
        for _ in range(3):
            error = await refusal(door)

            assert type(error) is errors.AuthenticationError
            assert error.sqlstate == "28P01"


async def test_g32_a_password_with_odd_characters_stays_secret(side: Side, home: Home) -> None:
    """In no driver's error either, however it was quoted on the way there."""
    password = f"'{CANARY}'\" \\ %s ? & é"
    async with door_to(side, home.url(password=password)) as door:
        error = await refusal(door)

    assert type(error) is errors.AuthenticationError


async def test_nobody_of_that_name(side: Side, home: Home) -> None:
    """The server does not tell it from a wrong password."""
    async with door_to(side, home.url(user="nobody-here", password=CANARY)) as door:
        assert type(await refusal(door)) is errors.AuthenticationError


async def test_no_such_database(side: Side, home: Home) -> None:
    """A ConnectError with its SQLSTATE."""
    async with door_to(side, home.server.url(database="nowhere")) as door:
        assert (await refusal(door)).sqlstate == "3D000"


@pytest.mark.parametrize("options", [{}, {"pool_min_size": 2}], ids=["lazy", "warmed"])
async def test_nobody_listens(side: Side, home: Home, options: dict[str, Any]) -> None:
    """A refused connection is no reason to wait."""
    async with door_to(side, home.url(port=free_port(), password=CANARY), **options) as door:
        error = await refusal(door)

    assert type(error) is errors.ConnectError
    assert "127.0.0.1" in str(error)


async def test_no_such_host(side: Side) -> None:
    """Which is what the resolver says."""
    url = f"postgresql://me:{CANARY}@host.invalid/db?ssl_mode=disable"
    async with door_to(side, url) as door:
        assert "host.invalid" in str(await refusal(door))


async def test_no_such_socket(side: Side) -> None:
    """A folder in which nobody listens."""
    url = f"postgresql://me:{CANARY}@%2Fno%2Fsuch%2Ffolder/db"
    async with door_to(side, url) as door:
        await refusal(door)


async def test_a_role_that_may_not_connect_any_more(side: Side, home: Home) -> None:
    """Too many connections, for one role."""
    home.sql(f"DROP ROLE IF EXISTS limited; CREATE ROLE limited LOGIN PASSWORD '{CANARY}' CONNECTION LIMIT 1")
    async with door_to(side, home.url(user="limited", password=CANARY), pool_size=2) as door:
        async with door.session() as session:
            await session.execute("SELECT 1")
            begun = time.monotonic()
            with pytest.raises(errors.ConnectError) as caught:
                await door.rows("SELECT 1")
        assert await door.value("SELECT 1") == 1  # whoever is in, stays in

    assert caught.value.sqlstate == "53300"
    assert "no connection left; lower pool_size, or raise max_connections" in str(caught.value)
    assert time.monotonic() - begun < AT_ONCE
    assert CANARY not in told_by(caught.value)


async def test_a_server_that_takes_no_connection_of_ours(side: Side, home: Home) -> None:
    """A role without LOGIN."""
    home.sql(f"DROP ROLE IF EXISTS silent; CREATE ROLE silent NOLOGIN PASSWORD '{CANARY}'")
    async with door_to(side, home.url(user="silent", password=CANARY)) as door:
        assert type(await refusal(door)) is errors.AuthenticationError


async def test_g05_a_server_that_never_answers(side: Side, own_postgresql_server: PostgreSQLServer) -> None:
    """The handshake counts towards `connect_timeout`, and the error says so."""
    server = own_postgresql_server
    async with door_to(side, server.url(), connect_timeout=0.5) as door:
        with server.frozen():
            error = await refusal(door)

        assert await door.value("SELECT 1") == 1
    assert type(error) is errors.ConnectError


async def test_a_callable_password_is_asked_at_every_connect(side: Side, home: Home) -> None:
    """So a rotated one is found."""
    from sqlspec import Secret

    home.sql(f"DROP ROLE IF EXISTS rotated; CREATE ROLE rotated LOGIN PASSWORD '{CANARY}'")
    asked: list[str] = []
    passwords = iter(["wrong", CANARY])

    def ask() -> str:
        asked.append(next(passwords))
        return asked[-1]

    url = home.url(user="rotated", password="").replace(":@", "@")
    async with door_to(side, url, password=Secret(ask)) as door:
        await refusal(door)
        assert await door.value("SELECT current_user::text") == "rotated"
    assert asked == ["wrong", CANARY]


FAILURES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "password": ({"password": CANARY}, {}, "the server refused the password"),
    "user": ({"user": "nobody-here"}, {}, "as 'nobody-here': the server refused the password"),
    "database": ({"database": "nowhere"}, {}, "there is no database 'nowhere'"),
    "port": ({"port": 1}, {}, "no server listens there"),
    "TLS": ({}, {"ssl_mode": "require"}, "plain text is ssl_mode='disable'"),
    "kind": ({}, {"target_session_attrs": "standby"}, "not what target_session_attrs asks for"),
}
NONSENSE = "n0nsense"
SETTINGS: dict[str, tuple[dict[str, str], str]] = {
    "unknown": ({"jit": "off", "statment_timeout": "5s"}, "server does not know 'statment_timeout'"),
    "unit": ({"statement_timeout": f"5 {NONSENSE}"}, "does not take the value of 'statement_timeout'"),
    "range": ({"statement_timeout": "-99"}, "does not take the value of 'statement_timeout'"),
    "boolean": ({"jit": NONSENSE}, "does not take the value of 'jit'"),
    "spelling": ({"timezone": "Mars"}, "does not take the value of 'timezone'"),
    "role": ({"role": NONSENSE}, "does not take the value of 'role'"),
    "server's own": ({"shared_buffers": "1MB"}, "lets no connection set 'shared_buffers'"),
    "not this user's": ({"log_statement": "all"}, "does not let this user set 'log_statement'"),
}
CLERK = "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN PASSWORD 'clerk'"


@pytest.mark.parametrize("kind", SETTINGS)
async def test_a_setting_that_the_server_refuses_is_named(house: Home, kind: str) -> None:
    """By its name in the config, in the same words, and without its value."""
    house.sql(CLERK)
    settings, expected = SETTINGS[kind]
    said: list[Any] = []
    for side in (ASYNCPG, PSYCOPG, THREADS):
        url = house.url(user="clerk", password="clerk")
        async with door_to(side, url, server_settings=settings) as door:
            error = await refusal(door)
            said.append((type(error), str(error), vars(error)))
            assert NONSENSE not in told_by(error)

    assert said[0] == said[1] == said[2]
    assert f"{expected} of server_settings" in said[0][1]


async def test_a_database_that_one_may_not_connect_to(side: Side, home: Home) -> None:
    """It is there, and the password is right."""
    home.sql(
        "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN PASSWORD 'clerk'; "
        f"REVOKE CONNECT ON DATABASE {home.name} FROM PUBLIC"
    )
    async with door_to(
        side, home.url(user="clerk", password="clerk"), server_settings={"jit": "off"}
    ) as door:
        error = await refusal(door)

    assert f"this user may not connect to the database '{home.name}'" in str(error)
    assert error.sqlstate == "42501"


@pytest.mark.parametrize("kind", FAILURES)
async def test_both_adapters_say_the_same(house: Home, kind: str) -> None:
    """Why, in the same words, with the same SQLSTATE; not libpq's, and not asyncio's."""
    place, options, expected = FAILURES[kind]
    url = house.server.url(**({"database": house.name} | place))
    said: list[Any] = []
    for side in (ASYNCPG, PSYCOPG, THREADS):
        async with door_to(side, url, **options) as door:
            error = await refusal(door)
            said.append((type(error), str(error), vars(error)))

    assert said[0] == said[1] == said[2]
    assert expected in said[0][1]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("host.invalid", "the host's name is not known"),
        ("%2Fno%2Fsuch%2Ffolder", "there is no such socket"),
    ],
)
async def test_both_adapters_say_why_an_address_leads_nowhere(address: str, expected: str) -> None:
    """Without a server."""
    said: list[str] = []
    for side in (ASYNCPG, PSYCOPG, THREADS):
        async with door_to(side, f"postgresql://me@{address}/db?ssl_mode=disable") as door:
            said.append(str(await refusal(door)))

    assert said[0] == said[1] == said[2]
    assert expected in said[0]
