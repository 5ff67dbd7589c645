"""Connects: in bounded time, encrypted where it is asked for, and with errors that say why."""

from __future__ import annotations

import asyncio
import socket
import time
import traceback
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import AuthenticationError, ConnectError, InvalidConfigError
from sqlspec_testkit.servers import MariaDBServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.servers import MariaDB

CANARY = "canary-7391-✓"
DENIED = "the server refused the user name or the password"


@pytest.fixture(scope="module")
def tls_server() -> Iterator[MariaDBServer]:
    """A server that takes TLS, with a certificate of its own authority for localhost."""
    with MariaDBServer(tls=True) as server:
        yield server


def elsewhere(config: AsyncMyConfig, database: str | None) -> AsyncMyConfig:
    """Another database of the same server."""
    return AsyncMyConfig(
        host=config.host,
        port=config.port,
        username=config.username,
        password=config.password,
        database=database,
    )


async def ask(config: AsyncMyConfig, sql: str) -> object:
    """One answer, on a connection of its own."""
    async with config.provide_session() as session:
        return await session.execute(sql).scalar()


async def test_a_wrong_password_is_told_at_once(config: AsyncMyConfig) -> None:
    """Typed, and without the password anywhere."""
    started = time.monotonic()
    with pytest.raises(AuthenticationError) as caught:
        await ask(
            AsyncMyConfig(host=config.host, port=config.port, username="no", password=Secret(CANARY)),
            "SELECT 1",
        )

    assert time.monotonic() - started < 5
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.code == 1045


async def test_a_password_may_be_any_text_and_may_change(
    mariadb_server: MariaDB, config: AsyncMyConfig
) -> None:
    """A function is asked at each connect."""
    mariadb_server.sql(f"CREATE OR REPLACE USER fickle@'%' IDENTIFIED BY '{CANARY}'")
    passwords = iter([CANARY, "another"])
    fickle = AsyncMyConfig(
        host=config.host, port=config.port, username="fickle", password=Secret(lambda: next(passwords))
    )

    assert await ask(fickle, "SELECT 1") == 1
    with pytest.raises(AuthenticationError):
        await ask(fickle, "SELECT 1")
    with pytest.raises(ConnectError) as failed:
        await ask(fickle.replace(password=Secret(lambda: str(1 // 0))), "SELECT 1")
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "password": (
        {"password": Secret("no")},
        f" as '{{user}}': {DENIED}",
    ),
    "user": ({"username": "nobody"}, f" as 'nobody': {DENIED}"),
    "database": ({"database": "nowhere"}, ": there is no database 'nowhere'"),
    "port": ({"port": 1}, ": no server listens there"),
    "host": ({"host": "host.invalid"}, ": the host's name is not known"),
    "socket": ({"host": "/nowhere/s.sock", "port": None}, ": there is no such socket"),
    "zone": ({"time_zone": "Nowhere/Land"}, ": the server does not know time_zone='Nowhere/Land'"),
    "modes": ({"sql_mode": "NOTHING"}, ": the server does not take sql_mode='NOTHING'"),
    "collation": ({"collation": "elvish_ci"}, ": the server does not know collation='elvish_ci'"),
    "charset": ({"collation": "latin1_bin"}, ": collation='latin1_bin' is not one of charset='utf8mb4'"),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_what_is_not_there_is_told(config: AsyncMyConfig, kind: str) -> None:
    """In our own words, by the option that it is about; no TLS is advised where the server has none."""
    options, why = REFUSALS[kind]
    wrong = elsewhere(config, config.database).replace(ssl_mode="disable", **options)
    with pytest.raises(ConnectError) as caught:
        await ask(wrong, "SELECT 1")

    said = f"can not connect to MySQL at {wrong.location}{why.format(user=config.username)}"
    if "time_zone" in options:
        assert str(caught.value).startswith(said)
    else:
        assert str(caught.value) == said


async def test_a_time_zone_as_an_offset_needs_no_tables(config: AsyncMyConfig) -> None:
    """As the error for a name that the server does not know says."""
    assert await ask(config.replace(time_zone="+00:00"), "SELECT @@time_zone") == "+00:00"


async def test_encryption_is_advised_to_a_user_who_needs_it(tls_server: MariaDBServer) -> None:
    """The server says the same of a wrong password; and then the advice leads to an error without it."""
    tls_server.sql(f"CREATE OR REPLACE USER shy@'%' IDENTIFIED BY '{CANARY}' REQUIRE SSL")
    shy = AsyncMyConfig(
        host="127.0.0.1", port=tls_server.port, username="shy", password=Secret(CANARY), ssl_mode="disable"
    )
    wrong = shy.replace(password=Secret("no"))
    for config in (shy, wrong):
        with pytest.raises(AuthenticationError, match=rf"{DENIED}; if .* write ssl_mode='require'\Z"):
            await ask(config, "SELECT 1")

    assert await ask(shy.replace(ssl_mode="require"), "SELECT 1") == 1
    with pytest.raises(AuthenticationError, match=rf"{DENIED}\Z"):
        await ask(wrong.replace(ssl_mode="require"), "SELECT 1")


async def test_g05_the_deadline_covers_the_handshake() -> None:
    """A server that takes the connection and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = AsyncMyConfig(host="127.0.0.1", port=listener.getsockname()[1], connect_timeout=0.5)
    started = time.monotonic()

    with listener, pytest.raises(ConnectError, match="connect_timeout"):
        await ask(config, "SELECT 1")

    assert time.monotonic() - started < 3


@pytest.mark.usefixtures("spec")
async def test_a_socket_is_a_host(mariadb_server: MariaDB) -> None:
    """Its path, percent-encoded in a URL."""
    if not isinstance(mariadb_server, MariaDBServer):
        pytest.skip("a server of the kit's own has a socket to offer")

    config = AsyncMyConfig(url=mariadb_server.url(via="socket"))

    assert config.socket == mariadb_server.socket_path
    assert await ask(config, "SELECT 7") == 7


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"], ids=str)
async def test_g34_tls_is_what_it_says(tls_server: MariaDBServer, mode: str) -> None:
    """Encrypted; with `verify-*` only by the right authority, with `verify-full` only for the right name."""
    authority = tls_server.authority
    assert authority is not None
    config = AsyncMyConfig(
        host="localhost",
        port=tls_server.port,
        username=tls_server.user,
        password=Secret(tls_server.password),
        ssl_mode=mode,  # type: ignore[arg-type] # one of its words
        ssl_root_cert=None if mode == "require" else str(authority.path),
    )

    assert (
        await ask(
            config,
            "SELECT variable_value <> '' FROM information_schema.session_status"
            " WHERE variable_name = 'SSL_VERSION'",
        )
        == 1
    )
    if mode != "require":
        with pytest.raises(ConnectError):
            await ask(config.replace(ssl_root_cert=None), "SELECT 1")
    # Another name for the same address.
    other = config.replace(host="127.0.0.2")
    if mode == "verify-full":
        with pytest.raises(ConnectError):
            await ask(other, "SELECT 1")


async def test_a_stream_goes_through_tls(tls_server: MariaDBServer) -> None:
    """Held and let go on, like any other."""
    with tls_server.database() as name:
        config = AsyncMyConfig(
            host="localhost",
            port=tls_server.port,
            username=tls_server.user,
            password=Secret(tls_server.password),
            database=name,
            ssl_mode="require",
        )
        async with SQLSpec() as spec, spec.provide_session(spec.register_config(config, "tls")) as session:
            rows = session.stream("SELECT seq FROM seq_1_to_200000", schema_type=int)
            first = await anext(rows)
            await asyncio.sleep(0.1)
            assert first + sum([row async for row in rows]) == 20_000_100_000
            assert await session.execute("SELECT 7").scalar() == 7


async def test_g34_tls_is_never_given_up_in_silence(config: AsyncMyConfig, mariadb_server: MariaDB) -> None:
    """A server without it is no server for it."""
    if mariadb_server.sql("SELECT @@have_ssl").strip() == "YES":
        pytest.skip("this server has TLS")

    with pytest.raises(ConnectError):
        await ask(config.replace(ssl_mode="require"), "SELECT 1")


async def test_g35_files_of_this_machine_are_not_to_be_had(spec: SQLSpec) -> None:
    """LOAD DATA LOCAL is refused by the server, because we do not offer it."""
    async with spec.provide_session() as session:
        with pytest.raises(Exception, match=r"4166|1148"):
            await session.execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE item")
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0


def test_g35_only_code_may_allow_it() -> None:
    """Not a URL, not a file, not the environment."""
    with pytest.raises(InvalidConfigError, match="code only"):
        AsyncMyConfig(url="mysql://localhost/db?local_infile=true")
    with pytest.raises(InvalidConfigError, match="code only"):
        AsyncMyConfig.from_mapping({"local_infile": True})

    assert AsyncMyConfig(local_infile=True).local_infile


async def test_modes_that_move_the_ends_of_literals_are_taken_off() -> None:
    """Where the server has them for everybody; what else it has stays."""
    modes = "ANSI,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES"
    with MariaDBServer(settings={"sql_mode": modes, "autocommit": "0"}) as server:
        async with SQLSpec() as spec:
            spec.register_config(AsyncMyConfig(url=server.url(), pool_size=1), "main")
            for _ in range(3):
                async with spec.provide_session() as session:
                    found = await session.execute(
                        'SELECT @@sql_mode, @@autocommit, "a?", ?', ("\\'",), schema_type=tuple
                    ).one()
                assert found[1:] == (1, "a?", "\\'")
                assert "STRICT_ALL_TABLES" in found[0]
            assert spec.stats("main").opened == 1


async def test_g06_too_many_connections_is_the_reason_that_is_told() -> None:
    """At once; and when some become free, it works."""
    with MariaDBServer(max_connections=10) as server:
        async with SQLSpec() as spec:
            spec.register_config(AsyncMyConfig(url=server.url(), pool_size=20), "main")
            async with AsyncExitStack() as hogs:
                with pytest.raises(ConnectError, match="lower pool_size, or raise max_connections"):
                    for _ in range(12):  # one more than all is kept for a superuser
                        await hogs.enter_async_context(spec.provide_session())
            async with spec.provide_session() as session:
                assert await session.execute("SELECT 7").scalar() == 7
