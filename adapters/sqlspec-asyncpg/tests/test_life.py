"""Connections, loops, threads and processes."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import DeadlineExceeded, DisconnectedError, SessionInUseError, SyncNotSupportedError
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit.servers import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import PostgreSQL


@pytest.fixture
def lone(url: str) -> Iterator[SQLSpec]:
    """A registry that no loop belongs to."""
    with SQLSpec() as spec:
        spec.register_config(AsyncpgConfig(url=url, application_name="lone"), "main")
        yield spec


async def ask(spec: SQLSpec) -> int:
    """Any statement; returns the backend that ran it."""
    async with spec.provide_session() as session:
        return int(await session.execute("SELECT pg_backend_pid()").scalar())


def backends(server: PostgreSQL) -> list[int]:
    """Who is connected under our name."""
    found = server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'lone'")
    return [int(line) for line in found.split()]


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it came to be."""
    latest = time.monotonic() + seconds
    while not is_so() and time.monotonic() < latest:
        threading.Event().wait(0.02)
    return is_so()


def test_each_loop_has_connections_of_its_own(lone: SQLSpec, postgresql_server: PostgreSQL) -> None:
    """Those of a loop that is closed are closed without it, and no warning is left behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = asyncio.run(ask(lone)), asyncio.run(ask(lone))
        gc.collect()

        assert first != second
        assert until(lambda: backends(postgresql_server) == [second])
        lone.close()
        gc.collect()
    assert until(lambda: backends(postgresql_server) == [])


def test_a_loop_that_stands_still_holds_up_no_abort(lone: SQLSpec, postgresql_server: PostgreSQL) -> None:
    """The server learns of it at once, and asyncpg when the loop goes on."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(ask(lone))
        lone.unregister_config("main")
        assert until(lambda: backends(postgresql_server) == [])
        loop.run_until_complete(asyncio.sleep(0.01))
    finally:
        loop.close()
    gc.collect()


def test_with_tls_too(postgresql_server: PostgreSQL) -> None:
    """There asyncio has two transports for each connection."""
    del postgresql_server
    with PostgreSQLServer(tls=True) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert server.authority is not None
        root = str(server.authority.path)
        with SQLSpec() as spec:
            spec.register_config(
                AsyncpgConfig(url=server.url(), ssl_mode="verify-full", ssl_root_cert=root), "main"
            )
            assert asyncio.run(ask(spec)) != asyncio.run(ask(spec))
        gc.collect()


def test_plain_with_names_what_has_both(lone: SQLSpec) -> None:
    """Asyncpg has no sync side."""
    with pytest.raises(SyncNotSupportedError, match="async with"), lone.provide_session("main"):
        pass


async def test_another_threads_loop_is_refused(spec: SQLSpec) -> None:
    """Before asyncpg is touched, which may crash there."""
    caught: list[BaseException] = []

    async def intrude(session: Any) -> None:
        try:
            await session.execute("SELECT 1")
        except SessionInUseError as exc:
            caught.append(exc)

    async with spec.provide_session() as session:
        await session.execute("SELECT 1")
        await asyncio.to_thread(lambda: asyncio.run(intrude(session)))
        assert await session.execute("SELECT 2").scalar() == 2

    assert "another event loop" in str(caught[0])


async def test_abort_wakes_a_pending_statement(spec: SQLSpec) -> None:
    """Called in its loop."""
    with pytest.raises(DisconnectedError):
        async with spec.provide_session() as session:
            asyncio.get_running_loop().call_later(0.1, session._connection.drop)
            await session.execute("SELECT pg_sleep(20)")


async def test_abort_from_another_thread_wakes_it_too(spec: SQLSpec) -> None:
    """Asyncpg itself is only touched in its loop."""
    with pytest.raises(DisconnectedError):
        async with spec.provide_session() as session:
            threading.Timer(0.1, session._connection.drop).start()
            await session.execute("SELECT pg_sleep(20)")


async def test_a_connection_that_was_aborted_is_known_to_be(spec: SQLSpec) -> None:
    """Twice does no harm, and neither does closing it then."""
    async with spec.provide_session() as session:
        connection = session._connection
        connection.drop()
        connection.drop()

        assert not connection.is_usable()
        await connection.close()


async def test_an_idle_connection_that_was_ended_is_not_lent(
    spec: SQLSpec, postgresql_server: PostgreSQL, database: str
) -> None:
    """Its socket is readable, which the loop may not have seen yet."""
    async with spec.provide_session() as session:
        connection = session._connection
        assert connection.is_usable()
        postgresql_server.terminate(database=database)  # the loop stands still meanwhile
        assert until(lambda: not connection.is_usable())

    assert await ask(spec)


def test_a_child_leaves_its_parents_connection_alone(lone: SQLSpec) -> None:
    """Closed or dropped there, the parent goes on with it."""

    async def scene() -> int:
        async with lone.provide_session() as session:
            await session.execute("SELECT 1")
            child = os.fork()
            if child == 0:
                session._connection.drop()
                os._exit(0)
            os.waitpid(child, 0)  # noqa: ASYNC222 - at once
            return int(await session.execute("SELECT 42").scalar())

    assert asyncio.run(scene()) == 42


async def test_a_deadline_is_kept_where_the_network_is_stalled(
    postgresql_server: PostgreSQL, postgresql_proxy: FaultProxy
) -> None:
    """The call ends in time, whatever becomes of asyncpg's own cancellation."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncpgConfig(url=postgresql_server.url(port=postgresql_proxy.port)), "main")
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            async with spec.provide_session(autocommit=True) as session:
                connection: Any = session._connection
                await session.execute("SELECT 1")
                postgresql_proxy.stall()
                try:
                    await connection.execute("SELECT 2", None, time.monotonic() + 0.3)
                except TimeoutError as exc:
                    raise connection.map_error(exc) from exc

        assert time.monotonic() - started < 4
        postgresql_proxy.calm()
