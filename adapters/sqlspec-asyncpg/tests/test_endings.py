# pyright: reportMissingTypeStubs=false
"""The end of a session in one message: what is known of the COMMIT, and what of the reset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ForeignKeyViolationError,
    TransactionAbortedError,
)
from sqlspec.plugin import TransactionStatus
from sqlspec_asyncpg import AsyncpgConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import PostgreSQL

INSERT = "INSERT INTO item (id) VALUES (?)"


@pytest.fixture
async def proxied(
    spec: SQLSpec, postgresql_server: PostgreSQL, database: str, postgresql_proxy: FaultProxy
) -> AsyncIterator[SQLSpec]:
    """The registry, with the same database behind the proxy too."""
    address = postgresql_server.url(database=database, port=postgresql_proxy.port)
    spec.register_config(AsyncpgConfig(url=address, pool_size=1), "proxied")
    yield spec
    postgresql_proxy.calm()


@pytest.fixture
def role(postgresql_server: PostgreSQL, database: str) -> Iterator[str]:
    """Somebody who may little."""
    postgresql_server.sql("CREATE ROLE teller LOGIN PASSWORD 'teller'")
    yield "teller"
    postgresql_server.sql(
        "GRANT EXECUTE ON FUNCTION pg_advisory_unlock_all() TO PUBLIC; DROP OWNED BY teller",
        database=database,
    )
    postgresql_server.sql("DROP ROLE teller")


async def ids(spec: SQLSpec) -> list[int]:
    """What is stored."""
    async with spec.provide_session("main", autocommit=True) as session:
        return await session.execute("SELECT id FROM item ORDER BY id").scalars()


def status_of(connection: Any) -> TransactionStatus:
    """By a function, because checkers believe that it stays."""
    return connection.transaction_status  # type: ignore[no-any-return]


def stats(spec: SQLSpec, name: str = "main") -> Any:
    """Of the only pool."""
    return spec.stats(name)


async def test_a_session_of_one_statement_is_two_round_trips(
    proxied: SQLSpec, postgresql_proxy: FaultProxy
) -> None:
    """Once it is prepared: the statement with BEGIN ahead of it, and COMMIT with the reset behind it."""
    for _ in range(2):
        postgresql_proxy.reset_counts()
        async with proxied.provide_session("proxied") as session:
            await session.execute("SELECT count(*) FROM item WHERE id = ?", (1,)).scalar()

    assert postgresql_proxy.round_trips == 2


@pytest.mark.parametrize("commits", [True, False])
async def test_an_error_that_was_swallowed_on_the_raw_connection_is_seen(
    spec: SQLSpec, commits: bool
) -> None:
    """The server knows, although asyncpg does not tell."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1,))
            raw = await session.connection()
            with pytest.raises(asyncpg.PostgresError):
                await raw.execute("SELECT 1/0")
            if commits:
                await session.commit()

    assert await ids(spec) == []


async def test_a_savepoint_on_the_raw_connection_heals(spec: SQLSpec) -> None:
    """After ROLLBACK TO the transaction is open again, and its work is kept."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1,))
        raw = await session.connection()
        await raw.execute("SAVEPOINT mine")
        with pytest.raises(asyncpg.PostgresError):
            await raw.fetch("SELECT 1/0")
        await raw.execute("ROLLBACK TO SAVEPOINT mine")
        await session.execute(INSERT, (2,))

    assert await ids(spec) == [1, 2]


async def test_a_transaction_that_was_ended_on_the_raw_connection_is_missed(spec: SQLSpec) -> None:
    """Nobody committed what comes after."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session:
            raw = await session.connection()
            await raw.execute("ROLLBACK")


async def test_a_commit_that_fails_keeps_the_connection(spec: SQLSpec) -> None:
    """Its error is its own, and the reset is made up for."""
    for _ in range(2):
        with pytest.raises(ForeignKeyViolationError) as caught:
            async with spec.provide_session() as session:
                await session.execute("SET search_path TO public, pg_catalog")
                await session.execute("INSERT INTO child VALUES (1, 99, 'a@b', 20)")

        assert caught.value.constraint == "child_item_fkey"
    async with spec.provide_session() as session:
        assert await session.execute("SHOW search_path").scalar() == '"$user", public'
    assert stats(spec).opened == 1


async def test_a_reset_that_fails_after_a_good_commit_is_no_error(
    spec: SQLSpec, postgresql_server: PostgreSQL, database: str, role: str
) -> None:
    """The work is stored, and only the connection is given up."""
    postgresql_server.sql("GRANT ALL ON item TO teller", database=database)
    address = postgresql_server.url(database=database, user=role, password=role)
    spec.register_config(AsyncpgConfig(url=address), "teller")

    async with spec.provide_session("teller") as session:
        await session.execute(INSERT, (1,))
        await asyncio.to_thread(
            postgresql_server.sql,
            "REVOKE EXECUTE ON FUNCTION pg_advisory_unlock_all() FROM PUBLIC",
            database=database,
        )

    assert await ids(spec) == [1]
    assert stats(spec, "teller").unclean == 1


@pytest.mark.parametrize("cut", [True, False])
async def test_a_commit_whose_reply_is_lost_is_unknown(
    proxied: SQLSpec, postgresql_proxy: FaultProxy, cut: bool
) -> None:
    """It ran once, and nobody says that it did not."""
    proxied.register_config(
        proxied.get_config("proxied").replace(commit_timeout=0.5), "proxied", override=True
    )
    with pytest.raises(CommitOutcomeUnknownError):
        async with proxied.provide_session("proxied") as session:
            await session.execute(INSERT, (1,))
            postgresql_proxy.swallow_replies_after(b"COMMIT", count=1, cut=cut)

    assert await ids(proxied) in ([], [1])
    assert stats(proxied, "proxied").in_use == 0


async def test_cancelled_in_the_middle_of_a_statement_the_status_is_unknown(spec: SQLSpec) -> None:
    """Until the server has acknowledged it; then the transaction is aborted, and a rollback heals."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1,))
        connection = session._connection
        task = asyncio.ensure_future(connection.execute("SELECT pg_sleep(20)", None, None))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert status_of(connection) is TransactionStatus.UNKNOWN
        with pytest.raises(TransactionAbortedError):
            await session.execute(INSERT, (2,))
        assert status_of(connection) is TransactionStatus.ABORTED
        await session.rollback()
        await session.execute(INSERT, (3,))

    assert await ids(spec) == [3]
