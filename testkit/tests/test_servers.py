# ruff: noqa: S607 - clients on the PATH, wherever that is
"""Throw-away servers, asked by their own clients: what tests rely on when they start, stop, freeze them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec_testkit.servers import (
    Authority,
    ExistingMariaDB,
    ExistingPostgreSQL,
    ExistingRedis,
    MariaDBServer,
    PgBouncer,
    PostgreSQLServer,
    RedisServer,
    Server,
    ServerError,
)
from sqlspec_testkit.servers.clients import Address, run_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import MariaDB, PostgreSQL, Redis

KINDS: dict[str, type[Any]] = {
    "postgresql": PostgreSQLServer,
    "mariadb": MariaDBServer,
    "redis": RedisServer,
}


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def any_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One of each kind, in turn."""
    with KINDS[request.param]() as server:
        yield server


def greet(server: Server) -> bytes:
    """The first byte of the answer to a greeting; empty if there is none for a while."""
    greetings = {"postgresql": b"\0\0\0\x08\x04\xd2\x16\x2f", "mariadb": b"", "redis": b"PING\r\n"}
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(greetings[server.name])
        client.settimeout(0.3)
        try:
            return client.recv(1)
        except TimeoutError:
            return b""


def until(condition: Callable[[], object]) -> None:
    """Wait until it is so, for ten seconds at most."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end


# --- every server -------------------------------------------------------------------------------------


def test_a_server_is_somebody_without_privileges(any_server: Server) -> None:
    """If we are root; else it is ourselves."""
    uid = Path(f"/proc/{any_server.pid}").stat().st_uid

    assert uid != 0
    assert os.geteuid() in {0, uid}


def test_a_server_listens_on_the_loopback_interface_alone(any_server: Server) -> None:
    """Nobody else can reach a server whose password is no secret."""
    listening = Path("/proc/net/tcp").read_text("ascii") + Path("/proc/net/tcp6").read_text("ascii")
    here = [words[1] for line in listening.splitlines() if (words := line.split())[3] == "0A"]

    assert [address for address in here if address.endswith(f":{any_server.port:04X}")] == [
        f"0100007F:{any_server.port:04X}"
    ]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_was_stopped_starts_where_it_was(any_server: Server, mode: Any) -> None:
    """Nobody is there meanwhile; starting twice starts once."""
    port = any_server.port

    any_server.stop(mode)
    any_server.stop(mode)

    assert not any_server.is_running
    with pytest.raises(ConnectionRefusedError):
        greet(any_server)
    any_server.start()
    pid = any_server.pid
    any_server.start()
    assert (any_server.port, any_server.pid) == (port, pid)
    assert greet(any_server)


def test_a_frozen_server_takes_connections_and_is_silent(any_server: Server) -> None:
    """It goes on as if no time had passed."""
    with any_server.frozen():
        assert greet(any_server) == b""
        assert any_server.is_running

    assert greet(any_server)


def test_a_frozen_server_can_be_stopped(any_server: Server) -> None:
    """A test that fails while it is frozen must not hang at its end."""
    any_server.freeze()

    any_server.restart()

    assert greet(any_server)


def test_a_server_that_crashed_is_seen_to_be_down_and_starts_again(any_server: Server) -> None:
    """As with a test that kills it by its pid."""
    os.kill(any_server.pid, signal.SIGKILL)

    until(lambda: not any_server.is_running)
    any_server.start()
    assert greet(any_server)


def test_a_fork_can_not_stop_a_server(any_server: Server) -> None:
    """Its end, with all `finally` blocks of the test, is not the server's."""
    child = os.fork()
    if not child:
        code = 1
        try:
            any_server.close()
            code = 0
        finally:
            os._exit(code)

    assert os.waitpid(child, 0)[1] == 0
    assert greet(any_server)


def test_a_copy_has_the_data_and_its_own_life(prepared_postgresql_server: PostgreSQLServer) -> None:
    """Which may be of a server that was used and stopped, and not of one that runs."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server) as first:
        first.sql("CREATE TABLE t (id int)")
        with pytest.raises(ServerError, match="runs"):
            PostgreSQLServer(copy_of=first).start()
        first.stop()
        with PostgreSQLServer(copy_of=first) as second:
            second.sql("INSERT INTO t VALUES (1)")
            first.start()

            assert first.sql("SELECT count(*) FROM t") == "0"
            assert first.port != second.port
    assert not prepared_postgresql_server.is_running


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_nothing_is_left_of_a_server(kind: type[Server]) -> None:
    """No process, no directory; and closed twice is closed."""
    with kind() as server:
        directory, pid = server.directory, server.pid
        server.freeze()
    server.close()

    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(ServerError, match="call start"):
        _ = server.pid


def test_a_server_that_can_not_start_says_why() -> None:
    """In its own words; and nothing of it is left."""
    server = PostgreSQLServer(settings={"no_such_setting": "1"})

    with pytest.raises(ServerError, match="no_such_setting"):
        server.start()

    assert not server.is_running
    with pytest.raises(ServerError, match="call start"):
        _ = server.directory


def test_servers_find_another_port_if_theirs_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at a port and its use somebody else may come."""
    with socket.create_server(("127.0.0.1", 0)) as other, RedisServer() as first:
        ports = iter([other.getsockname()[1], first.port, 0])
        free = first.port + 1 if first.port < 31_000 else first.port - 1
        monkeypatch.setattr("sqlspec_testkit.servers.base.free_port", lambda: next(ports) or free)

        with RedisServer() as second:
            assert second.port == free


def test_several_threads_may_start_a_server() -> None:
    """Only one does."""
    server = RedisServer()
    pids: list[int] = []

    def start() -> None:
        server.start()
        pids.append(server.pid)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(pids) == 4
    assert len(set(pids)) == 1
    server.close()


# --- PostgreSQL -----------------------------------------------------------------------------------------


def psql(url: str, statement: str) -> str:
    """As a client would come."""
    return run_client("psql", "--no-psqlrc", "-At", "--dbname", url, "--command", statement)


def test_each_test_has_a_postgresql_database_of_its_own(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    """It is empty, and dropped even though somebody is still connected."""
    psql(postgresql_url, "CREATE TABLE t (id int)")

    with postgresql_server.database() as name:
        assert (
            psql(postgresql_server.url(database=name), "SELECT count(*) FROM pg_tables WHERE tablename = 't'")
            == "0"
        )
        sleeper = subprocess.Popen(
            ["psql", postgresql_server.url(database=name), "-c", "SELECT pg_sleep(60)"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: postgresql_server.connections(database=name))

    assert sleeper.wait(10) != 0
    assert name not in postgresql_server.sql("SELECT datname FROM pg_database")


def test_postgresql_wants_the_password_on_every_way(own_postgresql_server: PostgreSQLServer) -> None:
    """Else a test of a wrong password would test nothing."""
    for via in ("tcp", "socket"):
        assert psql(own_postgresql_server.url(via=via), "SELECT 1") == "1"
        with pytest.raises(ServerError, match="password authentication failed"):
            psql(own_postgresql_server.url(via=via, password="wrong"), "SELECT 1")


def test_clients_of_postgresql_are_counted_and_thrown_out(own_postgresql_server: PostgreSQLServer) -> None:
    """Not the one who asks."""
    assert own_postgresql_server.connections() == 0
    sleeper = subprocess.Popen(
        ["psql", own_postgresql_server.url(), "-c", "SELECT pg_sleep(60)"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: own_postgresql_server.connections(database="postgres"))

    assert own_postgresql_server.connections(database="template1") == 0
    assert own_postgresql_server.terminate() == 1
    assert sleeper.wait(10) != 0


def test_what_was_committed_survives_a_crash_of_postgresql(own_postgresql_server: PostgreSQLServer) -> None:
    """Fault tests count rows after one."""
    own_postgresql_server.sql("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")

    own_postgresql_server.restart("immediate")

    assert own_postgresql_server.sql("SELECT id FROM t") == "1"
    assert own_postgresql_server.sql("SHOW synchronous_commit") == "on"  # or the row is there by chance


def test_freezing_postgresql_freezes_its_backends() -> None:
    """Not only the process that takes connections."""
    with PostgreSQLServer() as server:
        sleeper = subprocess.Popen(
            ["psql", "-At", server.url(), "-c", "SELECT pg_sleep(2)", "-c", "SELECT 7"],
            stdout=subprocess.PIPE,
            text=True,
        )
        until(server.connections)

        with server.frozen(), pytest.raises(subprocess.TimeoutExpired):
            sleeper.wait(2.5)

        assert sleeper.communicate(timeout=10)[0].split() == ["7"]


def test_settings_and_access_rules_reach_postgresql() -> None:
    """Also when they contradict the kit's own."""
    with PostgreSQLServer(
        max_connections=7, settings={"fsync": "on"}, hba=["host template1 all all reject"]
    ) as server:
        assert server.sql("SHOW max_connections; SHOW fsync").split() == ["7", "on"]
        with pytest.raises(ServerError, match="rejects connection"):
            psql(server.url(database="template1"), "SELECT 1")


def test_postgresql_with_tls_can_be_verified(tmp_path: Path) -> None:
    """By who trusts its authority, and by nobody else; plain connections go on."""
    with PostgreSQLServer(tls=True) as server:
        assert server.authority is not None
        question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

        def answer(**options: str) -> str:
            return psql(server.url(options=options), question)

        assert answer(sslmode="verify-full", sslrootcert=str(server.authority.path)) == "t"
        assert answer(sslmode="disable") == "f"
        with pytest.raises(ServerError, match="certificate verify failed"):
            answer(sslmode="verify-ca", sslrootcert=str(Authority(tmp_path / "other").path))


def test_a_hot_standby_has_what_was_committed(own_postgresql_server: PostgreSQLServer) -> None:
    """It can be read, and not be written."""
    with PostgreSQLServer(follows=own_postgresql_server) as standby:
        own_postgresql_server.sql("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
        standby.catch_up()

        assert standby.sql("SELECT id FROM t") == "1"
        with pytest.raises(ServerError, match="read-only"):
            standby.sql("INSERT INTO t VALUES (2)")
        with pytest.raises(ServerError, match="only a standby"):
            own_postgresql_server.catch_up()


def test_an_existing_postgresql_is_used_the_same_way(own_postgresql_server: PostgreSQLServer) -> None:
    """`SQLSPEC_TEST_POSTGRESQL_URL` may point to anything."""
    existing = ExistingPostgreSQL(own_postgresql_server.url(options={"application_name": "a b"}))

    with existing.database() as name:
        url = existing.url(database=name)
        assert psql(url, "SELECT current_database(), current_setting('application_name')") == f"{name}|a b"
    with pytest.raises(ServerError, match="of the kit's own"):
        existing.url(via="socket")


def test_round_trips_to_postgresql_are_counted(
    postgresql_server: PostgreSQL, postgresql_proxy: FaultProxy
) -> None:
    """The login is one, and each statement is one."""
    url = postgresql_server.url(port=postgresql_proxy.port)

    run_client("psql", "--no-psqlrc", "-At", "--dbname", url, text="SELECT 1;\nSELECT 2;\n")

    assert postgresql_proxy.round_trips == 3


def test_round_trips_of_encrypted_connections_are_not_guessed() -> None:
    """An error instead of a wrong number."""
    with PostgreSQLServer(tls=True) as server, server.proxy() as proxy:
        psql(server.url(port=proxy.port, options={"sslmode": "require"}), "SELECT 1")

        with pytest.raises(RuntimeError, match="encrypted"):
            _ = proxy.round_trips


def test_pgbouncer_shares_one_connection_between_clients(own_postgresql_server: PostgreSQLServer) -> None:
    """In transaction mode, by the same users and passwords."""
    with PgBouncer(own_postgresql_server, pool_size=1) as bouncer:
        first = psql(bouncer.url(), "SELECT pg_backend_pid()")
        second = psql(bouncer.url(), "SELECT pg_backend_pid()")

        assert first == second
        assert "transaction" in bouncer.admin("SHOW POOLS")
        with pytest.raises(ServerError, match=r"(SASL|password) authentication failed"):
            psql(bouncer.url(password="wrong"), "SELECT 1")
        bouncer.restart()
        assert psql(bouncer.url(), "SELECT 1") == "1"


# --- MariaDB ----------------------------------------------------------------------------------------------


def mariadb(url: str, statement: str, *options: str) -> str:
    """As a client would come."""
    address = Address.parse(url, port=3306)
    place = (
        "--protocol=tcp",
        "--host",
        address.host,
        "--port",
        str(address.port),
        "--database",
        address.database,
    )
    who = ("--user", address.user, f"--password={address.password}")
    return run_client("mariadb", "--no-defaults", "-BN", *place, *who, *options, "--execute", statement)


def test_each_test_has_a_mariadb_database_of_its_own(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """It is empty, and dropped even though somebody is still connected."""
    mariadb(mariadb_url, "CREATE TABLE t (id int)")

    with mariadb_server.database() as name:
        assert mariadb(mariadb_server.url(database=name), "SHOW TABLES") == ""
        sleeper = threading.Thread(
            target=pytest.raises,
            args=(ServerError, mariadb),
            kwargs={"url": mariadb_server.url(database=name), "statement": "SELECT sleep(60)"},
        )
        sleeper.start()
        until(lambda: mariadb_server.connections(database=name))

    sleeper.join(10)
    assert not sleeper.is_alive()
    assert name not in mariadb_server.sql("SHOW DATABASES")


def test_mariadb_wants_the_password(own_mariadb_server: MariaDBServer) -> None:
    """Else a test of a wrong password would test nothing."""
    assert mariadb(own_mariadb_server.url(database="mysql"), "SELECT 1") == "1"
    for wrong in ("wrong", ""):
        with pytest.raises(ServerError, match="Access denied"):
            mariadb(own_mariadb_server.url(database="mysql", password=wrong), "SELECT 1")


def test_what_was_committed_survives_a_crash_of_mariadb(own_mariadb_server: MariaDBServer) -> None:
    """Fault tests count rows after one."""
    own_mariadb_server.sql("CREATE DATABASE d; CREATE TABLE d.t (id int); INSERT INTO d.t VALUES (1)")

    own_mariadb_server.restart("immediate")

    assert own_mariadb_server.sql("SELECT id FROM d.t") == "1"


def test_mariadb_with_tls_can_be_verified() -> None:
    """By who trusts its authority; plain connections go on."""
    with MariaDBServer(tls=True, max_connections=11) as server:
        assert server.authority is not None
        question, url = "SHOW STATUS LIKE 'Ssl_cipher'", server.url(database="mysql")

        verified = mariadb(url, question, f"--ssl-ca={server.authority.path}", "--ssl-verify-server-cert")

        assert "TLS" in verified
        assert mariadb(url, question, "--skip-ssl").split() == ["Ssl_cipher"]
        assert server.sql("SELECT @@max_connections") == "11"


def test_round_trips_to_mariadb_are_counted(mariadb_server: MariaDB, mariadb_proxy: FaultProxy) -> None:
    """Each command is one; the login is none, and COM_QUIT is not answered."""
    url = mariadb_server.url(database="mysql", port=mariadb_proxy.port)

    mariadb(url, "SELECT 1", "--skip-ssl", "--skip-auto-rehash")
    once = mariadb_proxy.round_trips
    mariadb(url, "SELECT 1; SELECT 2; SELECT 3", "--skip-ssl", "--skip-auto-rehash")

    assert mariadb_proxy.round_trips == 2 * once + 2


def test_an_existing_mariadb_is_used_the_same_way(own_mariadb_server: MariaDBServer) -> None:
    """`SQLSPEC_TEST_MYSQL_URL` may point to anything."""
    existing = ExistingMariaDB(own_mariadb_server.url())

    with existing.database() as name:
        assert mariadb(existing.url(database=name), "SELECT database()") == name
    assert existing.connections() == 0
    assert existing.terminate() == 0


# --- Redis ------------------------------------------------------------------------------------------------


def redis(url: str, *words: str) -> str:
    """As a client would come."""
    return run_client("redis-cli", "-e", "--no-auth-warning", "-u", for_cli(url), *words)


def for_cli(url: str) -> str:
    """As redis-cli wants it: without a user, it would name the one whose name is empty."""
    return url.replace("://:", "://default:")


def test_each_test_has_a_redis_database_of_its_own(redis_server: Redis, redis_url: str) -> None:
    """It is empty, and nobody else has it."""
    redis(redis_url, "SET", "key", "value")

    with redis_server.database() as number:
        assert redis_server.command("DBSIZE", database=number) == "0"
        assert redis_server.url(database=number) != redis_url
    assert redis(redis_url, "GET", "key") == "value"


def test_redis_wants_its_password_if_it_has_one(own_redis_server: RedisServer) -> None:
    """Else a test of a wrong password would test nothing."""
    assert redis(own_redis_server.url(), "PING") == "PONG"
    with pytest.raises(ServerError, match="NOAUTH"):
        redis(own_redis_server.url(password=""), "SET", "a", "b")
    with RedisServer(needs_password=False) as open_to_all:
        assert redis(open_to_all.url(), "PING") == "PONG"
        assert open_to_all.command("PING") == "PONG"


def test_clients_of_redis_are_counted_and_thrown_out(own_redis_server: RedisServer) -> None:
    """Not the one who asks."""
    url = own_redis_server.url(database=3)
    sleeper = subprocess.Popen(
        ["redis-cli", "-u", for_cli(url), "BLPOP", "list", "60"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: own_redis_server.connections(database=3))

    assert own_redis_server.connections() == 1
    assert own_redis_server.terminate() == 1
    assert sleeper.wait(10) is not None
    assert own_redis_server.connections() == 0


def test_redis_with_tls_can_be_verified() -> None:
    """On a port of its own; and by the unix socket it serves, too."""
    with RedisServer(tls=True, settings={"maxclients": 33}) as server:
        assert server.authority is not None
        url = server.url(port=server.tls_port, scheme="rediss")

        trusting = ("redis-cli", "--no-auth-warning", "--cacert", str(server.authority.path))
        assert run_client(*trusting, "-u", for_cli(url), "PING") == "PONG"
        with pytest.raises(ServerError, match="certificate verify failed"):
            redis(url, "PING")
        assert run_client("redis-cli", "-s", server.socket_path, "PING").startswith("NOAUTH")
        assert "33" in server.command("CONFIG", "GET", "maxclients")


def test_round_trips_to_redis_are_counted(redis_server: Redis, redis_proxy: FaultProxy) -> None:
    """Each command that is answered is one."""
    password = redis_server.address.password

    with socket.create_connection(("127.0.0.1", redis_proxy.port), 10) as client:
        for line in (f"AUTH {password}", "PING", "CLIENT INFO"):
            client.sendall(f"{line}\r\n".encode())
            client.recv(4096)

    assert redis_proxy.round_trips == 3


def test_an_existing_redis_must_be_empty_and_is_emptied(own_redis_server: RedisServer) -> None:
    """`SQLSPEC_TEST_REDIS_URL` may point to anything: nobody's data are thrown away."""
    existing = ExistingRedis(own_redis_server.url(database=5))

    with existing.database() as number:
        assert number == 5
        existing.command("SET", "a", "b")
    existing.command("SET", "precious", "1")

    with pytest.raises(ServerError, match="not empty"), existing.database():
        pass
    assert existing.command("GET", "precious") == "1"
