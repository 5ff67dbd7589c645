"""Servers that go, come back and freeze; loops, threads and processes that end."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import ConnectError, DisconnectedError

if TYPE_CHECKING:
    from sqlspec_testkit.servers import MariaDB, MariaDBServer

SIZE = 4


async def occupy(spec: SQLSpec, count: int) -> None:
    """Have *count* connections in the pool."""
    gate, entered = asyncio.Event(), []

    async def one() -> None:
        async with spec.provide_session("main") as session:
            await session.execute("SELECT 1").scalar()
            entered.append(1)
            if len(entered) == count:
                gate.set()
            await gate.wait()

    await asyncio.gather(*(one() for _ in range(count)))


async def failures(spec: SQLSpec, count: int) -> list[Exception]:
    """What *count* sessions meet, one after another."""
    met: list[Exception] = []
    for _ in range(count):
        try:
            async with spec.provide_session("main") as session:
                await session.execute("SELECT 1").scalar()
        except Exception as exc:  # noqa: BLE001 - which it is, is asserted
            met.append(exc)
    return met


async def test_g07_killed_idle_connections_are_no_error(
    config: AsyncMyConfig, mariadb_server: MariaDB
) -> None:
    """The next borrower never meets one of them: a look at the socket tells."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=SIZE), "main")
        await occupy(spec, SIZE)
        killed = await asyncio.to_thread(mariadb_server.terminate, database=config.database)
        await asyncio.sleep(0.1)

        assert killed == SIZE
        assert await failures(spec, SIZE + 1) == []


@pytest.mark.parametrize("pre_ping", [True, False], ids=["pre-ping", "without"])
async def test_g07_g08_a_restart_costs_nothing_or_one_error(
    own_mariadb_server: MariaDBServer,
    pre_ping: bool,
) -> None:
    """However large the pool is."""
    async with SQLSpec() as spec:
        config = AsyncMyConfig(url=own_mariadb_server.url(), pool_size=SIZE, pool_pre_ping=pre_ping)
        spec.register_config(config, "main")
        await occupy(spec, SIZE)
        await asyncio.to_thread(own_mariadb_server.restart)
        await asyncio.sleep(0.6)  # past the half second in which nobody is pinged

        met = await failures(spec, SIZE + 2)

    assert len(met) <= (0 if pre_ping else 1)


async def test_a_server_that_stops_in_a_transaction_is_a_typed_error(
    own_mariadb_server: MariaDBServer,
) -> None:
    """And one that is down is told at once; back again, it serves."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncMyConfig(url=own_mariadb_server.url()), "main")
        with pytest.raises(DisconnectedError):
            async with spec.provide_session() as session:
                await session.execute("SELECT 1").scalar()
                await asyncio.to_thread(own_mariadb_server.stop, "immediate")
                await session.execute("SELECT 1").scalar()
        started = time.monotonic()
        with pytest.raises(ConnectError):
            async with spec.provide_session() as session:
                await session.execute("SELECT 1").scalar()
        down = time.monotonic() - started
        await asyncio.to_thread(own_mariadb_server.start)
        again = await failures(spec, 2)

    assert down < 3
    assert again == []


async def test_g05_a_frozen_server_holds_nobody_for_long(own_mariadb_server: MariaDBServer) -> None:
    """A ping has two seconds, a connect its timeout; thawed, it serves."""
    async with SQLSpec() as spec:
        config = AsyncMyConfig(url=own_mariadb_server.url(), pool_size=2, connect_timeout=1.0)
        spec.register_config(config, "main")
        await occupy(spec, 2)
        await asyncio.sleep(0.6)
        with own_mariadb_server.frozen():
            started = time.monotonic()
            met = await failures(spec, 1)
            took = time.monotonic() - started
        again = await failures(spec, 3)

    assert [type(one) for one in met] == [ConnectError]
    assert took < 8
    assert again == []


def test_g16_g17_every_loop_has_a_pool_of_its_own(config: AsyncMyConfig, mariadb_server: MariaDB) -> None:
    """And what a loop that is closed has left is let go of, without a word from asyncio."""
    spec = SQLSpec()
    spec.register_config(config, "main")

    async def ask() -> int:
        async with spec.provide_session() as session:
            return int(await session.execute("SELECT connection_id()").scalar())

    threads = [asyncio.run(ask()) for _ in range(3)]
    found: list[int] = []
    other = threading.Thread(target=lambda: found.append(asyncio.run(ask())))
    other.start()
    other.join()
    spec.close()
    gc.collect()

    assert len({*threads, *found}) == 4
    deadline = time.monotonic() + 3
    while mariadb_server.connections(database=config.database):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # the server takes a moment to notice


async def test_g18_a_forked_child_leaves_the_parents_connections_alone(config: AsyncMyConfig) -> None:
    """It may even end: nothing is sent, nothing is closed."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        async with spec.provide_session() as session:
            before = await session.execute("SELECT connection_id()").scalar()
            connection: Any = session._connection
            child = os.fork()
            if child == 0:
                connection.drop()
                os._exit(0)
            await asyncio.to_thread(os.waitpid, child, 0)
            after = await session.execute("SELECT connection_id()").scalar()

    assert before == after


async def test_g02_abort_wakes_who_waits_from_any_thread(config: AsyncMyConfig) -> None:
    """At once."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        started = time.monotonic()
        with pytest.raises(DisconnectedError):
            async with spec.provide_session() as session:
                connection: Any = session._connection
                threading.Timer(0.2, connection.drop).start()
                await session.execute("SELECT sleep(20)")

    assert time.monotonic() - started < 5


async def test_g20_a_lost_lease_comes_back(config: AsyncMyConfig) -> None:
    """A session that nobody ended: its connection is dropped, its room is free."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=5.0), "main")
        context = spec.provide_session("main")
        session: Any = await context.__aenter__()
        await session.execute("SELECT 1").scalar()
        with pytest.warns(ResourceWarning):  # noqa: PT031 - it is the collection that warns
            del context, session
            gc.collect()
            assert await failures(spec, 1) == []


async def test_g28_many_sessions_leave_nothing_behind(config: AsyncMyConfig, mariadb_server: MariaDB) -> None:
    """Sessions that end well, fail and are cancelled: file descriptors, tasks and connections stay few."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=3), "main")
        await mixture(spec, 60)
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only how many
        await mixture(spec, 300)
        gc.collect()
        await asyncio.sleep(0.1)

        assert len(os.listdir("/proc/self/fd")) <= before + 3  # noqa: PTH208
        assert len(asyncio.all_tasks()) == 1
        assert await asyncio.to_thread(mariadb_server.connections, database=config.database) <= 3
        assert spec.stats("main").in_use == 0


async def mixture(spec: SQLSpec, count: int) -> None:
    """A third each."""

    async def one(number: int) -> None:
        async with spec.provide_session("main") as session:
            await session.execute("SELECT ?", (number,)).scalar()
            if number % 3 == 1:
                await session.execute("SELECT nothing")
            if number % 3 == 2:
                await session.execute("SELECT sleep(5)")

    for number in range(count):
        task = asyncio.create_task(one(number))
        await asyncio.wait([task], timeout=0.01 if number % 3 == 2 else None)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
