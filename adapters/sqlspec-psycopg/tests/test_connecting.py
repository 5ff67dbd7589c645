"""Connecting: who is let in, where, and how encrypted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.errors import (
    AuthenticationError,
    ConnectError,
    InvalidConfigError,
    NotSupportedError,
    ReadOnlyError,
    SQLSpecError,
)
from sqlspec_psycopg import PostgreSQLConfig, PsycopgConfig
from sqlspec_testkit.servers import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.proxy import FaultProxy

NOBODY_LISTENS = 1


def scalar(config: PostgreSQLConfig, sql: str) -> Any:
    """By a session of its own."""
    with config.provide_session() as session:
        return session.execute(sql).scalar()


def test_both_names_are_one_class() -> None:
    """And the class carries psycopg's name."""
    assert PsycopgConfig is PostgreSQLConfig
    assert PostgreSQLConfig.adapter == "psycopg"


@pytest.mark.parametrize("side", ["sync", "async"])
async def test_g06_a_wrong_password_fails_at_once(postgresql_server: PostgreSQLServer, side: str) -> None:
    """With a typed error that does not hold it, nor does its cause."""
    config = PostgreSQLConfig(url=postgresql_server.url(password="canary-7"))
    started = time.monotonic()

    with pytest.raises(AuthenticationError) as caught:
        if side == "sync":
            with config.provide_session() as session:
                session.execute("SELECT 1")
        else:
            async with config.provide_session() as session:
                await session.execute("SELECT 1")

    assert time.monotonic() - started < 3
    assert caught.value.sqlstate == "28P01"
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(f"{error!r} {error} {vars(error)}")
        error = error.__cause__ or error.__context__
    assert "canary-7" not in " ".join(chain)


def test_what_is_not_there_is_named(postgresql_server: PostgreSQLServer) -> None:
    """A database, a server, a socket."""
    for url, text in (
        (postgresql_server.url(database="nowhere"), "no such database"),
        ("postgresql://a@127.0.0.1:1/b", "nobody listens"),
        ("postgresql://a@%2Fno%2Fsocket/b", "no such socket"),
    ):
        with pytest.raises(ConnectError, match=text):
            scalar(PostgreSQLConfig(url=url), "SELECT 1")


def test_the_second_host_serves_when_the_first_does_not(postgresql_server: PostgreSQLServer) -> None:
    """In the order of the URL."""
    url = postgresql_server.url().replace("@", f"@127.0.0.1:{NOBODY_LISTENS},")

    assert scalar(PostgreSQLConfig(url=url), "SELECT 1") == 1


def test_a_socket_is_a_host(postgresql_server: PostgreSQLServer) -> None:
    """Its folder is percent-encoded in a URL."""
    config = PostgreSQLConfig(url=postgresql_server.url(via="socket"))

    assert scalar(config, "SELECT inet_server_addr()") is None


@pytest.mark.parametrize("side", ["sync", "async"])
async def test_a_password_may_be_asked_for(postgresql_server: PostgreSQLServer, side: str) -> None:
    """At every connect."""
    asked = []

    def password() -> str:
        asked.append(1)
        return postgresql_server.password

    config = PostgreSQLConfig(
        host="127.0.0.1",
        port=postgresql_server.port,
        username=postgresql_server.user,
        database="postgres",
        password=Secret(password),
    )
    for _ in range(2):
        if side == "sync":
            assert scalar(config, "SELECT 1") == 1
        else:
            async with config.provide_session() as session:
                assert await session.execute("SELECT 1").scalar() == 1

    assert len(asked) == 2


def test_settings_are_there_from_the_start_and_after_a_reset(postgresql_url: str) -> None:
    """Blanks and backslashes, too."""
    config = PostgreSQLConfig(
        url=postgresql_url,
        application_name="a shop",
        server_settings={"my.word": "a b\\c", "work_mem": "5MB"},
    )
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "main")
        for _ in range(2):
            with spec.provide_session() as session:
                found = session.execute(
                    "SELECT current_setting('application_name'), current_setting('my.word'), "
                    "current_setting('work_mem')",
                    schema_type=tuple,
                ).one()
                session.execute("SET work_mem = '6MB'")
            assert found == ("a shop", "a b\\c", "5MB")


def test_a_read_only_config_stays_so(postgresql_url: str) -> None:
    """Also when a borrower resets everything."""
    config = PostgreSQLConfig(url=postgresql_url, read_only=True)

    with config.provide_session(autocommit=True) as session:
        session.execute("RESET ALL")
        with pytest.raises(ReadOnlyError):
            session.execute("CREATE TABLE written (id int)")


def test_g12_an_unprivileged_role_is_reset_with_what_it_has(postgresql_server: PostgreSQLServer) -> None:
    """One function was taken from it; all else works, and it is found out once."""
    with postgresql_server.database() as name:
        postgresql_server.sql(
            "CREATE ROLE poor LOGIN PASSWORD 'p'; "
            "REVOKE ALL ON FUNCTION pg_advisory_unlock_all() FROM PUBLIC",
            database=name,
        )
        try:
            config = PostgreSQLConfig(
                url=postgresql_server.url(user="poor", password="p", database=name), pool_size=1
            )
            with SQLSpec() as spec:
                spec.register_config(config, "main")
                pids = []
                for _ in range(3):
                    with spec.provide_session() as session:
                        pids.append(session.execute("SELECT pg_backend_pid()").scalar())
                        assert session.execute("SELECT current_setting('work_mem')").scalar() == "4MB"
                        session.execute("SET work_mem = '6MB'")
        finally:
            postgresql_server.sql("DROP ROLE poor")

    assert len(set(pids)) == 1


def test_the_reset_works_on_a_standby(own_postgresql_server: PostgreSQLServer) -> None:
    """Which has no channels, and no temporary tables."""
    with PostgreSQLServer(follows=own_postgresql_server) as standby, SQLSpec() as spec:
        hosts = f"127.0.0.1:{own_postgresql_server.port},127.0.0.1:{standby.port}"
        url = standby.url().replace(f"127.0.0.1:{standby.port}", hosts)
        spec.register_config(PostgreSQLConfig(url=url, target_session_attrs="standby", pool_size=1), "main")
        pids = []
        for _ in range(3):
            with spec.provide_session() as session:
                pids.append(session.execute("SELECT pg_backend_pid()").scalar())
                assert session.execute("SELECT pg_is_in_recovery()").scalar() is True
                assert session.execute("SELECT current_setting('work_mem')").scalar() == "4MB"
                session.execute("SET work_mem = '6MB'")

    assert len(set(pids)) == 1


def test_behind_pgbouncer_nothing_is_kept_on_a_connection(
    postgresql_server: PostgreSQLServer, postgresql_proxy: FaultProxy
) -> None:
    """No reset, nothing prepared, and no setting that would stay there."""
    url = postgresql_server.url(port=postgresql_proxy.port)
    with SQLSpec() as spec:
        spec.register_config(PostgreSQLConfig(url=url, pgbouncer=True, pool_size=1), "main")
        with spec.provide_session() as session:
            for _ in range(10):
                session.execute("SELECT ?::int", (1,))
            assert session.execute("SELECT count(*) FROM pg_prepared_statements").scalar() == 0
        postgresql_proxy.reset_counts()
        with spec.provide_session() as session:
            session.execute("SELECT 1")
        assert postgresql_proxy.round_trips == 3
        with (
            pytest.raises(NotSupportedError),
            spec.provide_session(autocommit=True, read_only=True) as session,
        ):
            session.execute("SELECT 1")
        with pytest.raises(NotSupportedError), spec.provide_session(autocommit=True) as session:
            list(session.stream("SELECT 1"))


@pytest.fixture(scope="module")
def encrypted() -> Iterator[PostgreSQLServer]:
    """A server that takes TLS, and plain connections of one user only."""
    with PostgreSQLServer(tls=True, hba=["hostnossl all all all reject"]) as server:
        yield server


IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def test_g34_a_mode_means_what_it_says(encrypted: PostgreSQLServer) -> None:
    """Never less, and nothing falls back to plain text."""
    authority = encrypted.authority
    assert authority is not None
    root = str(authority.path)
    base = PostgreSQLConfig(url=encrypted.url())
    named = PostgreSQLConfig(url=encrypted.url().replace("127.0.0.1", "localhost"))

    assert scalar(base.replace(ssl_mode="require"), IS_ENCRYPTED) is True
    assert scalar(base.replace(ssl_mode="require", ssl_root_cert="/etc/hostname"), IS_ENCRYPTED) is True
    assert scalar(base.replace(ssl_mode="verify-ca", ssl_root_cert=root), IS_ENCRYPTED) is True
    assert scalar(named.replace(ssl_mode="verify-full", ssl_root_cert=root), IS_ENCRYPTED) is True
    for mode in ("verify-ca", "verify-full"):
        with pytest.raises(ConnectError, match="not trusted"):
            scalar(named.replace(ssl_mode=mode), IS_ENCRYPTED)
    with pytest.raises(ConnectError):
        scalar(base.replace(ssl_mode="disable"), IS_ENCRYPTED)


def test_g34_a_server_without_encryption_is_refused(postgresql_server: PostgreSQLServer) -> None:
    """If it was asked for."""
    with pytest.raises(ConnectError, match="does not take encrypted"):
        scalar(PostgreSQLConfig(url=postgresql_server.url(), ssl_mode="require"), "SELECT 1")


def test_a_file_that_is_missing_is_named() -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidConfigError, match="ssl_root_cert"):
        scalar(PostgreSQLConfig(ssl_mode="verify-ca", ssl_root_cert="/no/file"), "SELECT 1")


def test_libpqs_words_are_answered_with_ours() -> None:
    """A URL from elsewhere is quickly put right."""
    with pytest.raises(InvalidConfigError, match="ssl_mode"):
        PostgreSQLConfig(url="postgresql://h/d?sslmode=require")
    with pytest.raises(InvalidConfigError):
        PostgreSQLConfig(url="postgresql://h/d?ssl_mode=prefer")


@pytest.mark.parametrize("side", ["sync", "async"])
async def test_g05_a_silent_server_is_given_up_in_time(
    postgresql_server: PostgreSQLServer, postgresql_proxy: FaultProxy, side: str
) -> None:
    """The handshake is part of the connect."""
    postgresql_proxy.stall()
    config = PostgreSQLConfig(url=postgresql_server.url(port=postgresql_proxy.port), connect_timeout=0.5)
    started = time.monotonic()

    with pytest.raises(SQLSpecError, match="connect_timeout"):
        if side == "sync":
            scalar(config, "SELECT 1")
        else:
            async with config.provide_session() as session:
                await session.execute("SELECT 1")

    assert time.monotonic() - started < 2
