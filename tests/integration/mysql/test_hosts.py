"""Several hosts: which of them serves, in what time, and who is asked first the next time."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import AuthenticationError, ConnectError, InvalidConfigError, ReadOnlyError
from sqlspec_testkit.servers import MariaDBServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = """
CREATE DATABASE app; CREATE TABLE app.item (id int);
CREATE USER app@'%' IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO app@'%'
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[MariaDBServer, MariaDBServer]]:
    """Two, with a user who may not write on one that is read-only."""
    with MariaDBServer() as one:
        one.sql(SETUP)
        one.stop()
        with MariaDBServer(copy_of=one) as two:
            one.start()
            yield one, two


@pytest.fixture
def pair(servers: tuple[MariaDBServer, MariaDBServer]) -> Iterator[tuple[MariaDBServer, MariaDBServer]]:
    """The first takes writes, the second takes none; both run."""
    for server, is_reader in zip(servers, (0, 1), strict=True):
        server.start()
        server.thaw()
        server.sql(f"SET GLOBAL read_only = {is_reader}")
    yield servers
    for server in servers:
        if server.is_running:
            server.thaw()


def config_for(*servers: MariaDBServer, **options: Any) -> AsyncMyConfig:
    """By a URL with the servers' hosts."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    given: dict[str, Any] = {"password": "pw", "pool_size": 4, **options}
    return AsyncMyConfig(url=f"mysql://app@{hosts}/app", **given)


async def port(spec: SQLSpec, **options: Any) -> int:
    """Which server a session meets."""
    async with spec.provide_session(**options) as session:
        return int(await session.execute("SELECT @@port").scalar())


def registry(config: AsyncMyConfig) -> SQLSpec:
    """With this one database."""
    spec = SQLSpec()
    spec.register_config(config, "db")
    return spec


async def until_running(server: MariaDBServer, count: int) -> None:
    """Wait until the server runs so many slow statements."""
    query = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT BENCHMARK%'"
    async with asyncio.timeout(10):
        while int(server.sql(query)) != count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


# --- which one ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attrs", "order", "expected"),
    [
        ("any", (1, 0), 1),
        ("read-write", (1, 0), 0),
        ("read-write", (0, 1), 0),
        ("read-only", (0, 1), 1),
        ("read-only", (1, 0), 1),
    ],
)
async def test_several_hosts_are_chosen_from(
    pair: tuple[MariaDBServer, MariaDBServer], attrs: Any, order: tuple[int, int], expected: int
) -> None:
    """By `target_session_attrs`, in the order of the URL."""
    config = config_for(*(pair[number] for number in order), target_session_attrs=attrs)

    async with registry(config) as spec:
        assert await port(spec) == pair[expected].port


@pytest.mark.parametrize("setting", ["innodb_read_only", "read_only"])
async def test_what_takes_no_writes_is_told_by_each_of_its_settings(setting: str) -> None:
    """Readers of a shared storage have the first one."""
    with MariaDBServer(settings={setting: "ON"}) as server:
        options: Any = {"username": server.user, "password": Secret(server.password), "host": "127.0.0.1"}
        wanted = AsyncMyConfig(port=server.port, target_session_attrs="read-only", **options)

        async with wanted.provide_session() as session:
            assert await session.execute("SELECT 7").scalar() == 7
        with pytest.raises(ConnectError, match="takes no writes"):
            async with wanted.replace(target_session_attrs="read-write").provide_session():
                pass


async def test_none_of_the_hosts_will_do(pair: tuple[MariaDBServer, MariaDBServer]) -> None:
    """The error says of each host why not."""
    config = config_for(pair[1], pair[0], target_session_attrs="read-write", pool_timeout=2)
    pair[0].stop()

    async with registry(config) as spec:
        with pytest.raises(ConnectError) as caught:
            await port(spec)

    text = str(caught.value)
    assert f"127.0.0.1:{pair[1].port}: the server takes no writes, and target_session_attrs is" in text
    assert f"can not connect to MySQL at 127.0.0.1:{pair[0].port}: no server listens there" in text
    assert caught.value.code == 2003


async def test_a_wrong_password_is_wrong_everywhere(pair: tuple[MariaDBServer, MariaDBServer]) -> None:
    """The next host is not asked."""
    config = config_for(*pair, password="no")

    with pytest.raises(AuthenticationError) as caught:
        async with config.provide_session():
            pass

    assert str(pair[1].port) not in str(caught.value)


@pytest.mark.parametrize("word", ["primary", "standby", "prefer-standby", "read_write"])
def test_what_mysql_does_not_tell_is_refused(word: Any) -> None:
    """With the words that there are."""
    with pytest.raises(InvalidConfigError, match=r"'any'.*'read-write'"):
        AsyncMyConfig(target_session_attrs=word)
    with pytest.raises(InvalidConfigError, match="target_session_attrs"):
        AsyncMyConfig(url=f"mysql://a,b/db?target_session_attrs={word}")


# --- in what time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_silent_host_uses_up_its_share_alone(
    pair: tuple[MariaDBServer, MariaDBServer], place: int
) -> None:
    """Wherever it stands, and once: then it is asked last."""
    addresses: list[tuple[str, int | None]] = [("127.0.0.1", server.port) for server in (pair[1], pair[0])]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses.insert(place, silent.getsockname())
        config = AsyncMyConfig(
            hosts=tuple(addresses),
            username="app",
            password=Secret("pw"),
            target_session_attrs="read-write",
            connect_timeout=3,
        )
        async with registry(config) as spec:
            started = time.monotonic()
            async with spec.provide_session() as first, spec.provide_session() as second:
                assert await first.execute("SELECT @@port").scalar() == pair[0].port
                once = time.monotonic() - started
                assert await second.execute("SELECT @@port").scalar() == pair[0].port

    assert once < 3
    assert time.monotonic() - started < once + 0.9


async def test_a_frozen_host_leaves_the_others_their_time(pair: tuple[MariaDBServer, MariaDBServer]) -> None:
    """It takes connections and says nothing; what is told of it says whose time was up."""
    config = config_for(*pair, connect_timeout=2, pool_timeout=5, target_session_attrs="read-write")
    with pair[0].frozen():
        async with registry(config) as spec:
            with pytest.raises(ConnectError, match="its share of connect_timeout=2 s"):
                await port(spec)
            pair[1].sql("SET GLOBAL read_only = 0")
            assert await port(spec) == pair[1].port


# --- the next time --------------------------------------------------------------------------------------


async def test_the_host_that_served_last_is_asked_first(pair: tuple[MariaDBServer, MariaDBServer]) -> None:
    """One that returns is not preferred, wherever it stands."""
    pair[0].stop()
    pair[1].sql("SET GLOBAL read_only = 0")
    async with registry(config_for(*pair, target_session_attrs="read-write")) as spec:
        assert await port(spec) == pair[1].port
        pair[0].start()

        async with spec.provide_session(), spec.provide_session() as second:
            assert await second.execute("SELECT @@port").scalar() == pair[1].port


async def test_after_a_switch_over_no_session_goes_to_the_old_primary(
    pair: tuple[MariaDBServer, MariaDBServer],
) -> None:
    """One write is refused; from then on all go to the new one, also when the old one takes writes again."""
    old, new = pair
    async with registry(config_for(old, new, target_session_attrs="read-write")) as spec:
        async with spec.provide_session(), spec.provide_session() as session:
            assert await session.execute("SELECT @@port").scalar() == old.port
        old.sql("SET GLOBAL read_only = 1")
        new.sql("SET GLOBAL read_only = 0")

        with pytest.raises(ReadOnlyError):
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO item VALUES (1)")

        seen = [await port(spec) for _ in range(3)]
        old.sql("SET GLOBAL read_only = 0")
        async with spec.provide_session(), spec.provide_session(), spec.provide_session() as third:
            seen.append(await third.execute("SELECT @@port").scalar())
        assert set(seen) == {new.port}


async def test_a_connection_to_the_old_primary_is_not_lent_once_a_session_has_met_the_new(
    pair: tuple[MariaDBServer, MariaDBServer],
) -> None:
    """Nor one that has rested, and has met no error: two servers may take writes for a while."""
    old, new = pair
    config = config_for(old, new, target_session_attrs="read-write", connect_timeout=1)
    async with registry(config) as spec:
        async with spec.provide_session() as one, spec.provide_session() as two:
            assert await one.execute("SELECT @@port").scalar() == old.port
            await two.execute("SELECT 1")
        async with spec.provide_session(), spec.provide_session():  # both that rest are in use
            new.sql("SET GLOBAL read_only = 0")
            with old.frozen():
                assert await port(spec) == new.port

        assert {await port(spec) for _ in range(4)} == {new.port}


async def test_a_cancelled_statement_is_stopped_on_the_server_that_runs_it(
    pair: tuple[MariaDBServer, MariaDBServer],
) -> None:
    """Not on the first of the hosts, where its connection's number is somebody else's."""
    async with registry(config_for(*pair, target_session_attrs="read-only")) as spec:

        async def work() -> None:
            async with spec.provide_session(autocommit=True) as session:
                # The server does not notice by itself that nobody waits for this.
                await session.execute("SELECT BENCHMARK(1000000000, MD5('a'))")

        task = asyncio.create_task(work())
        await until_running(pair[1], 1)
        started = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        await until_running(pair[1], 0)
        assert time.monotonic() - started < 5
