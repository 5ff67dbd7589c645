"""A server with synchronous standbys: what a COMMIT has come to when its wait for them is ended."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DisconnectedError,
    QueryTimeoutError,
    TransactionAbortedError,
)
from sqlspec_testkit.servers import PostgreSQLServer

from .sides import door_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from .sides import Door, Side

LOCALLY = "SET synchronous_commit = local; "
SETUP = """
CREATE TABLE item (id int);
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'; RETURN NULL; END $$;
CREATE TABLE warned (id int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON warned DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION warn();
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO item VALUES (1); COMMIT; END $$;
"""
INSERT = "INSERT INTO item VALUES (1)"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def server(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """Its standby does not exist."""
    settings = {"synchronous_standby_names": "nobody"}
    with PostgreSQLServer(copy_of=prepared_postgresql_server, settings=settings) as server:
        server.sql(LOCALLY + SETUP)
        yield server


@pytest.fixture
async def door(side: Side, server: PostgreSQLServer) -> AsyncIterator[Door]:
    """The way to it. At the end nobody waits any more."""
    server.sql(LOCALLY + "TRUNCATE item, warned")
    async with door_to(side, server.url(database="postgres"), commit_timeout=10, pool_size=2) as door:
        yield door
    server.sql(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) w")


async def waiting(server: PostgreSQLServer) -> str:
    """The backend that waits for its standby, once there is one."""
    until = time.monotonic() + 10
    while not (pid := await asyncio.to_thread(server.sql, WAITING)):
        assert time.monotonic() < until, "nobody waits"
        await asyncio.sleep(0.02)
    return pid


async def ended(server: PostgreSQLServer, how: str = "cancel") -> None:
    """End the wait of a COMMIT."""
    await asyncio.to_thread(server.sql, f"SELECT pg_{how}_backend({await waiting(server)})")


async def at_the_end(door: Door) -> None:
    """By the session's end."""
    async with door.session() as session:
        await session.execute(INSERT)


async def by_commit(door: Door) -> None:
    """By its method."""
    async with door.session() as session:
        await session.execute(INSERT)
        await session.commit()


async def by_a_block(door: Door, **options: Any) -> None:
    """By the end of a `begin()` block."""
    async with door.session(**options) as session, session.begin():
        await session.execute(INSERT)


async def by_a_block_in_autocommit(door: Door) -> None:
    """The same."""
    await by_a_block(door, autocommit=True)


async def by_itself(door: Door) -> None:
    """Of one statement in autocommit mode."""
    async with door.session(autocommit=True) as session:
        await session.execute(INSERT)


async def returning(door: Door) -> None:
    """The same, with rows."""
    async with door.session(autocommit=True) as session:
        await session.execute(INSERT + " RETURNING id")


async def by_a_procedure(door: Door) -> None:
    """That commits by itself."""
    async with door.session(autocommit=True) as session:
        await session.execute("CALL work()")


async def by_many(door: Door) -> None:
    """Of one statement for many rows, in autocommit mode."""
    async with door.session(autocommit=True) as session:
        await session.execute_many("INSERT INTO item VALUES (?)", [(1,)])


async def by_a_load(door: Door) -> None:
    """Of a load, in autocommit mode."""
    async with door.session(autocommit=True) as session:
        await session.load("item", [(1,)], columns=["id"])


async def by_a_script(door: Door) -> None:
    """That has a COMMIT of its own, and a comment before it."""
    async with door.session(autocommit=True) as session:
        await session.execute_script(f"BEGIN; {INSERT};\n-- now\n/* or */ commit; SELECT 1")


async def by_a_scripts_statement(door: Door) -> None:
    """Each by itself."""
    async with door.session(autocommit=True) as session:
        await session.execute_script(INSERT)


async def by_a_scripts_data(door: Door) -> None:
    """A COPY."""
    async with door.session(autocommit=True) as session:
        await session.execute_script("COPY item FROM STDIN;\n1\n\\.\n")


WAYS: tuple[Callable[[Door], Awaitable[None]], ...] = (
    at_the_end,
    by_commit,
    by_a_block,
    by_a_block_in_autocommit,
    by_itself,
    returning,
    by_a_procedure,
    by_many,
    by_a_load,
    by_a_script,
    by_a_scripts_statement,
    by_a_scripts_data,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_commit_whose_wait_was_cancelled_is_of_unknown_outcome(
    door: Door, server: PostgreSQLServer, way: Callable[[Door], Awaitable[None]]
) -> None:
    """The server says that it is done, and warns that its standbys may not have it."""
    work = asyncio.ensure_future(way(door))
    await ended(server)

    with pytest.raises(CommitOutcomeUnknownError, match="synchronous standbys"):
        await work

    assert server.sql("SELECT count(*) FROM item") == "1"
    async with door.session(autocommit=True) as session:  # of the next one nothing is said
        await session.execute("SELECT 1")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_commit_whose_server_ends_is_never_a_success(
    door: Door, server: PostgreSQLServer, way: Callable[[Door], Awaitable[None]]
) -> None:
    """The server committed, warned, and hung up without an answer."""
    work = asyncio.ensure_future(way(door))
    await ended(server, "terminate")

    with pytest.raises((CommitOutcomeUnknownError, DisconnectedError)):
        await work

    assert server.sql("SELECT count(*) FROM item") == "1"


async def test_a_warning_of_the_application_is_a_success(door: Door) -> None:
    """A trigger that runs within COMMIT has the same SQLSTATE, and here even the same words."""
    async with door.session() as session:
        await session.execute("SET synchronous_commit = local")
        await session.execute("INSERT INTO warned VALUES (1)")

    async with door.session(autocommit=True) as session:
        await session.execute("SET synchronous_commit = local")
        await session.execute("INSERT INTO warned VALUES (2)")
        await session.execute_script("BEGIN; INSERT INTO warned VALUES (3); COMMIT")
        assert (await session.execute("SELECT count(*) AS n FROM warned")).all() == [{"n": 3}]


# --- a COMMIT is never cancelled by us --------------------------------------------------------------


async def stands(server: PostgreSQLServer, pid: str) -> None:
    """The COMMIT still waits: nobody has asked the server to stop it."""
    await asyncio.sleep(0.3)  # a request to cancel goes over a connection of its own
    assert await asyncio.to_thread(server.sql, WAITING) == pid


async def test_commit_timeout_stops_no_commit(side: Side, server: PostgreSQLServer) -> None:
    """The connection is left, and the server goes on."""
    async with door_to(side, server.url(database="postgres"), commit_timeout=0.4) as door:
        for way in (at_the_end, by_commit, by_a_block):
            work = asyncio.ensure_future(way(door))
            pid = await waiting(server)
            with pytest.raises(CommitOutcomeUnknownError, match="not answered"):
                await work
            await stands(server, pid)
            server.sql(f"SELECT pg_terminate_backend({pid}), pg_sleep(0.2)")


@pytest.mark.parametrize("way", [at_the_end, by_commit, by_a_block, by_many, by_a_load, by_a_script])
async def test_a_cancellation_stops_no_commit(
    async_side: Side, server: PostgreSQLServer, way: Callable[[Door], Awaitable[None]]
) -> None:
    """Also not one that is a script's own."""
    async with door_to(async_side, server.url(database="postgres"), commit_timeout=10) as door:
        work = asyncio.ensure_future(way(door))
        pid = await waiting(server)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await stands(server, pid)
    server.sql(f"SELECT pg_terminate_backend({pid}), pg_sleep(0.2)")


def test_an_interruption_stops_no_commit(server: PostgreSQLServer) -> None:
    """Ctrl-C, in the thread that waits for it."""
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    found: list[str] = []

    def interrupt() -> None:
        found.append(asyncio.run(waiting(server)))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    thread = threading.Thread(target=interrupt)
    try:
        with SQLSpec() as spec:
            spec.register_config(server.url(database="postgres", scheme="postgresql+psycopg"), "main")
            with pytest.raises(KeyboardInterrupt), spec.provide_session("main") as session:
                session.execute(INSERT)
                thread.start()
        asyncio.run(stands(server, *found))
        server.sql(f"SELECT pg_terminate_backend({found[0]}), pg_sleep(0.2)")
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)


async def test_query_timeout_stops_no_commit(side: Side, server: PostgreSQLServer) -> None:
    """A script's own."""
    async with door_to(side, server.url(database="postgres"), query_timeout=0.3) as door:
        work = asyncio.ensure_future(by_a_script(door))
        pid = await waiting(server)
        with pytest.raises((QueryTimeoutError, TransactionAbortedError)):
            await work
        await stands(server, pid)
    server.sql(f"SELECT pg_terminate_backend({pid}), pg_sleep(0.2)")
