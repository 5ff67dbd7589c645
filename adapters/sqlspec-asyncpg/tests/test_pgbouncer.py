"""Behind PgBouncer in transaction mode, where the next transaction may find another server connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import NotSupportedError, ReadOnlyError
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit.servers import PgBouncer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_testkit.servers import PostgreSQL


@pytest.fixture
async def pooled(url: str, postgresql_server: PostgreSQL, database: str) -> AsyncIterator[SQLSpec]:
    """A registry with one database, by way of two server connections that all clients share."""
    del url
    with PgBouncer(postgresql_server, pool_size=2) as bouncer:
        async with SQLSpec() as spec:
            spec.register_config(AsyncpgConfig(url=bouncer.url(database=database), pgbouncer=True), "main")
            async with spec.provide_session() as session:
                await session.execute("CREATE TABLE item (id integer PRIMARY KEY, value text)")
            yield spec


async def test_sessions_of_any_kind_work(pooled: SQLSpec) -> None:
    """Interleaved, over and over; no prepared statement is missed, or in the way."""
    for number in range(20):
        async with pooled.provide_session() as one, pooled.provide_session(autocommit=True) as two:
            await one.execute("INSERT INTO item VALUES (?, ?)", (number, "x"))
            assert await two.execute("SELECT count(*) FROM item").scalar() == number
            assert await one.execute("SELECT count(*) FROM item").scalar() == number + 1
    async with pooled.provide_session() as session:
        assert await session.load("item", [(100, "y"), (101, "z")], ("id", "value")) == 2
        await session.execute_many("UPDATE item SET value = ? WHERE id = ?", [("q", 1), ("r", 2)])
        assert len([row async for row in session.stream("SELECT * FROM item", batch_size=3)]) == 22


@pytest.mark.parametrize(
    ("leave", "is_gone"),
    [
        ("SET ROLE pg_read_all_data", "SELECT current_user = session_user"),
        ("SELECT pg_advisory_lock(7)", "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"),
        ("CREATE TEMP TABLE leak (id int)", "SELECT to_regclass('leak') IS NULL"),
    ],
    ids=["role", "lock", "table"],
)
async def test_what_a_transaction_left_is_gone_with_it(pooled: SQLSpec, leave: str, is_gone: str) -> None:
    """In the same message as its COMMIT, which is the last that is sure to meet that server connection."""
    async with pooled.provide_session() as session:
        await session.execute(leave)
    for _ in range(4):
        async with pooled.provide_session() as one, pooled.provide_session() as two:
            assert await one.execute(is_gone).scalar() is True
            assert await two.execute(is_gone).scalar() is True


async def test_read_only_is_a_matter_of_transactions(pooled: SQLSpec) -> None:
    """A setting would stay with a server connection that others use."""
    with pytest.raises(ReadOnlyError):
        async with pooled.provide_session(read_only=True) as session:
            await session.execute("INSERT INTO item VALUES (1)")
    with pytest.raises(NotSupportedError, match="PgBouncer"):
        async with pooled.provide_session(read_only=True, autocommit=True) as session:
            await session.execute("SELECT 1")


async def test_an_exception_rolls_back(pooled: SQLSpec) -> None:
    """As ever."""
    with pytest.raises(ZeroDivisionError):
        async with pooled.provide_session() as session:
            await session.execute("INSERT INTO item VALUES (1)")
            raise ZeroDivisionError
    async with pooled.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0
