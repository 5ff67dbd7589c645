# The source of test_endings_sync.py, which tools/print_sync.py prints from it.
"""How sessions end when something is in the way: every answer to COMMIT and the reset is looked at."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DisconnectedError,
    TransactionAbortedError,
    UniqueViolationError,
)
from sqlspec_psycopg import PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import PostgreSQLServer

TABLE = "CREATE TABLE kept (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"


@pytest.fixture
async def spec(
    postgresql_url: str, postgresql_proxy: FaultProxy, postgresql_server: PostgreSQLServer
) -> AsyncIterator[SQLSpec]:
    """The test's own database: `main` through a proxy, `judge` directly."""
    main = postgresql_url.replace(f":{postgresql_server.port}/", f":{postgresql_proxy.port}/")
    async with SQLSpec() as spec:
        spec.register_config(PostgreSQLConfig(url=main, pool_size=1, commit_timeout=1.0), "main")
        spec.register_config(PostgreSQLConfig(url=postgresql_url), "judge")
        async with spec.provide_session("judge") as session:
            await session.execute(TABLE)
        yield spec


async def ids(spec: SQLSpec) -> list[int]:
    """What is stored."""
    async with spec.provide_session("judge") as session:
        return await session.execute("SELECT id FROM kept ORDER BY id").scalars()


async def pid_of(spec: SQLSpec) -> int:
    """Which backend serves."""
    async with spec.provide_session("main", autocommit=True) as session:
        return int(await session.execute("SELECT pg_backend_pid()").scalar())


@pytest.mark.parametrize("cut", [False, True], ids=["silence", "reset"])
async def test_g44_a_commit_without_an_answer_is_unknown(
    spec: SQLSpec, postgresql_proxy: FaultProxy, cut: bool
) -> None:
    """Never a success, and run once."""
    trap = postgresql_proxy.swallow_replies_after(b"COMMIT", cut=cut)
    started = time.monotonic()
    with pytest.raises(CommitOutcomeUnknownError):
        async with spec.provide_session("main") as session:
            await session.execute("INSERT INTO kept VALUES (1)")

    assert time.monotonic() - started < 2.5
    assert trap.hits == 1
    assert await ids(spec) == [1]


async def test_g44_a_commit_that_the_server_refuses_is_its_own_error(spec: SQLSpec) -> None:
    """The connection serves on, and is reset."""
    before = await pid_of(spec)

    with pytest.raises(UniqueViolationError) as caught:
        async with spec.provide_session("main") as session:
            await session.execute("SET search_path = public, pg_catalog")
            await session.execute("INSERT INTO kept VALUES (1), (1)")

    assert caught.value.constraint == "kept_pkey"
    assert await ids(spec) == []
    async with spec.provide_session("main") as session:
        assert "$user" in await session.execute("SELECT current_setting('search_path')").scalar()
    assert await pid_of(spec) == before


async def test_g14_a_reset_that_fails_is_no_error_of_the_caller(spec: SQLSpec) -> None:
    """What was committed is; the connection is not lent again."""
    before = await pid_of(spec)

    async with spec.provide_session("main") as session:
        await session.execute("INSERT INTO kept VALUES (1)")
        connection: Any = session._connection
        connection._control.phrases.commit_and_reset += b";SELECT 1/0"

    assert await ids(spec) == [1]
    assert await pid_of(spec) != before


async def test_g14_a_server_that_dies_in_the_reset_is_none_either(spec: SQLSpec) -> None:
    """Its answer to COMMIT came first."""
    async with spec.provide_session("main") as session:
        await session.execute("INSERT INTO kept VALUES (1)")
        connection: Any = session._connection
        connection._control.phrases.commit_and_reset += b";SELECT pg_terminate_backend(pg_backend_pid())"

    assert await ids(spec) == [1]
    assert await pid_of(spec)


async def test_g42_a_transaction_that_the_borrower_broke_is_not_committed(spec: SQLSpec) -> None:
    """On the driver's own connection, where we do not see it."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session("main") as session:
            await session.execute("INSERT INTO kept VALUES (1)")
            raw = await session.connection()
            with suppress(Exception):  # swallowed, as applications do
                await raw.execute("SELECT no_such_column")

    assert await ids(spec) == []


async def test_a_connection_that_is_lost_in_the_middle_is_not_committed(
    spec: SQLSpec, postgresql_proxy: FaultProxy
) -> None:
    """And that is known: COMMIT was never sent."""
    with pytest.raises(DisconnectedError):
        async with spec.provide_session("main") as session:
            await session.execute("INSERT INTO kept VALUES (1)")
            postgresql_proxy.cut()
            await session.execute("INSERT INTO kept VALUES (2)")

    assert await ids(spec) == []
    assert await pid_of(spec)


async def test_g05_a_frozen_network_does_not_hold_a_rollback(
    spec: SQLSpec, postgresql_proxy: FaultProxy
) -> None:
    """Two seconds at most, and the body's exception is what is seen."""
    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session("main") as session:
            await session.execute("INSERT INTO kept VALUES (1)")
            postgresql_proxy.stall()
            raise ZeroDivisionError
    took = time.monotonic() - started
    postgresql_proxy.resume()

    assert took < 3.5
    assert await ids(spec) == []


async def test_a_transaction_takes_three_round_trips(spec: SQLSpec, postgresql_proxy: FaultProxy) -> None:
    """BEGIN, the statement, and COMMIT with the reset."""
    for _ in range(8):
        await pid_of(spec)
        async with spec.provide_session("main") as session:
            await session.execute("SELECT 1")
    postgresql_proxy.reset_counts()

    async with spec.provide_session("main") as session:
        await session.execute("SELECT 1")

    assert postgresql_proxy.round_trips == 3


async def test_g42_an_answer_of_rollback_is_no_commit(spec: SQLSpec) -> None:
    """Even if nobody looked at the transaction before: COMMIT of a broken one "succeeds"."""
    async with spec.provide_session("main", autocommit=True) as session:
        connection: Any = session._connection
        await connection._query(b"BEGIN", None)
        await connection._query(b"SELECT no_such_column", None)

        outcome = await connection.finish(True, True, None)

    assert (outcome.committed, outcome.reset_ok) == (False, True)
    assert isinstance(outcome.error, TransactionAbortedError)
