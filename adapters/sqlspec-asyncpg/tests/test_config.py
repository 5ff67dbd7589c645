"""What a config says, and what comes of it when it connects."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.errors import AuthenticationError, ConnectError, InvalidConfigError
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit.servers import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.servers import PostgreSQL

CANARY = "c4n4ry-pw"


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        (
            "postgresql://ann:pw@db:5433/shop",
            {"host": "db", "port": 5433, "username": "ann", "database": "shop", "addresses": (("db", 5433),)},
        ),
        (
            "postgres://one:1,two,[::1]:3/shop?target_session_attrs=read-write",
            {
                "host": None,
                "addresses": (("one", 1), ("two", 5432), ("::1", 3)),
                "target_session_attrs": "read-write",
            },
        ),
        (
            "asyncpg://%2Frun%2Fpostgresql/shop?ssl_mode=verify-full&statement_cache_size=7",
            {"host": "/run/postgresql", "ssl_mode": "verify-full", "cached_statements": 7},
        ),
        ("postgresql+asyncpg:///shop?pgbouncer=true", {"pgbouncer": True, "cached_statements": 0}),
        ("postgresql://", {"addresses": (("localhost", 5432),), "cached_statements": 256}),
    ],
)
def test_a_url_fills_the_fields(url: str, fields: dict[str, Any]) -> None:
    """Each part its own."""
    config = AsyncpgConfig(url=url)

    assert {name: getattr(config, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"url": "postgresql://h/db?sslmode=require"}, "sslmode: write ssl_mode"),
        ({"url": "postgresql://h/?dbname=db"}, "dbname: write database"),
        ({"url": "postgresql://h/?ssl_mode=prefer"}, "ssl_mode"),
        ({"url": "mysql://h/db"}, "postgresql://"),
        ({"host": "a", "hosts": (("b", None),)}, "in one place"),
        ({"url": "postgresql://a,b/db", "port": 1}, "in one place"),
        ({"hosts": (("b", 70_000),)}, "65535"),
        ({"port": 0}, "65535"),
        ({"statement_cache_size": -1}, "0 or more"),
        ({"ssl_key": "k.pem"}, "ssl_cert"),
    ],
)
def test_what_can_not_be_meant_is_refused(given: dict[str, Any], told: str) -> None:
    """With the way out."""
    with pytest.raises(InvalidConfigError, match=told):
        AsyncpgConfig(**given)


async def test_a_wrong_password_fails_at_once(postgresql_server: PostgreSQL) -> None:
    """And is in no text."""
    config = AsyncpgConfig(url=postgresql_server.url()).replace(url=None)
    url = postgresql_server.url(password=CANARY)
    started = time.monotonic()

    with pytest.raises(AuthenticationError) as caught:
        async with config.replace(url=url).provide_session() as session:
            await session.execute("SELECT 1")

    assert time.monotonic() - started < 2
    assert caught.value.sqlstate == "28P01"
    assert CANARY not in f"{caught.value!r} {caught.value.__cause__!r} {config.replace(url=url)!r}"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"database": "nowhere"}, '"nowhere" does not exist'),
        ({"port": 1}, "refused|Connect call failed"),
    ],
    ids=["database", "port"],
)
async def test_a_failed_connect_says_where(
    postgresql_server: PostgreSQL, options: dict[str, Any], told: str
) -> None:
    """And why."""
    url = postgresql_server.url(**options)

    with pytest.raises(ConnectError, match=told) as caught:
        async with AsyncpgConfig(url=url).provide_session():
            pass

    assert "127.0.0.1:" in str(caught.value)


async def test_a_password_is_fetched_for_each_connection(postgresql_server: PostgreSQL) -> None:
    """By a function that may take its time."""
    asked: list[int] = []

    def fetch() -> str:
        asked.append(1)
        return postgresql_server.address.password

    url = postgresql_server.url(password="")
    for _ in range(2):
        async with AsyncpgConfig(url=url, password=Secret(fetch)).provide_session() as session:
            assert await session.execute("SELECT 1").scalar() == 1

    assert len(asked) == 2


async def test_the_next_host_serves_where_one_does_not(postgresql_server: PostgreSQL) -> None:
    """One that is down, and one that is silent: none uses up the time of the others."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = postgresql_server.address
        config = AsyncpgConfig(
            hosts=(("127.0.0.1", 1), silent.getsockname(), (address.host, address.port)),
            username=address.user,
            password=Secret(address.password),
            database=address.database,
            connect_timeout=3,
        )
        async with config.provide_session() as session:
            assert await session.execute("SELECT 1").scalar() == 1


async def test_server_settings_are_where_a_reset_returns_to(postgresql_server: PostgreSQL) -> None:
    """They are the session's own from its start."""
    config = AsyncpgConfig(
        url=postgresql_server.url(), application_name="shop", server_settings={"statement_timeout": "7s"}
    )
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        for _ in range(2):
            async with spec.provide_session() as session:
                assert await session.execute("SHOW statement_timeout").scalar() == "7s"
                assert await session.execute("SHOW application_name").scalar() == "shop"
                await session.execute("SET statement_timeout = '8s'")


async def test_a_socket_needs_no_network(postgresql_server: PostgreSQL) -> None:
    """Its folder is the host."""
    async with AsyncpgConfig(url=postgresql_server.url(via="socket")).provide_session() as session:
        assert await session.execute("SELECT inet_client_addr()").scalar() is None


@pytest.fixture(scope="module")
def tls_server() -> Iterator[PostgreSQLServer]:
    """With a certificate of an authority that nobody knows."""
    with PostgreSQLServer(tls=True) as server:
        yield server


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_encryption_is_as_asked_for(tls_server: PostgreSQLServer, mode: Any) -> None:
    """The server knows."""
    assert tls_server.authority is not None
    root = None if mode == "require" else str(tls_server.authority.path)
    config = AsyncpgConfig(url=tls_server.url(), ssl_mode=mode, ssl_root_cert=root)

    async with config.provide_session() as session:
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert await session.execute(query).scalar() is True


async def test_nothing_is_downgraded(tls_server: PostgreSQLServer, postgresql_server: PostgreSQL) -> None:
    """A certificate that nobody vouches for, and a server without any."""
    with pytest.raises(ConnectError):
        async with AsyncpgConfig(url=tls_server.url(), ssl_mode="verify-full").provide_session():
            pass
    with pytest.raises(ConnectError, match="TLS"):
        async with AsyncpgConfig(url=postgresql_server.url(), ssl_mode="require").provide_session():
            pass


async def test_a_standby_is_reset_by_what_it_allows() -> None:
    """There is no UNLISTEN; the rest is undone, and the connection serves on."""
    with PostgreSQLServer() as primary, PostgreSQLServer(follows=primary) as standby:
        config = AsyncpgConfig(
            hosts=(("127.0.0.1", primary.port), ("127.0.0.1", standby.port)),
            username=standby.user,
            password=Secret(standby.password),
            database="postgres",
            target_session_attrs="standby",
        )
        async with SQLSpec() as spec:
            spec.register_config(config, "main")
            for _ in range(3):
                async with spec.provide_session() as session:
                    assert await session.execute("SELECT pg_is_in_recovery()").scalar() is True
                    assert await session.execute("SHOW search_path").scalar() == '"$user", public'
                    await session.execute("SET search_path TO pg_catalog")
            assert (spec.stats("main").opened, spec.stats("main").closed) == (1, 0)
