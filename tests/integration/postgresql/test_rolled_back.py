"""PostgreSQL inside of `override(…, rollback=True)`: what COMMIT decides, and what a savepoint keeps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.errors import (
    ForeignKeyViolationError,
    QueryTimeoutError,
    SessionInUseError,
    StatementError,
    TransactionAbortedError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TABLES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (
    id INTEGER PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE,
    parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED
);
CREATE SEQUENCE numbers;
"""
ORPHAN = "INSERT INTO child VALUES (?, 99)"


@pytest.fixture(params=[PostgreSQLConfig, AsyncpgConfig], ids=["psycopg", "asyncpg"])
async def spec(request: pytest.FixtureRequest, postgresql_url: str) -> AsyncIterator[SQLSpec]:
    """Inside of the block."""
    async with SQLSpec() as spec:
        spec.register_config(request.param(url=postgresql_url), "main")
        async with spec.provide_session(autocommit=True) as session:
            await session.execute_script(TABLES)
        async with spec.override("main", rollback=True):
            yield spec


async def count(spec: SQLSpec) -> Any:
    """How many children there are."""
    async with spec.provide_session() as session:
        return await session.execute("SELECT count(*) FROM child").scalar()


async def test_deferred_constraints_are_checked_by_each_commit(spec: SQLSpec) -> None:
    """That of a block, an explicit one, and that of an autocommit statement; nothing of it is kept."""
    with pytest.raises(ForeignKeyViolationError):
        async with spec.provide_session() as session:
            await session.execute(ORPHAN, (1,))
    async with spec.provide_session() as session:
        await session.execute(ORPHAN, (2,))
        with pytest.raises(ForeignKeyViolationError):
            await session.commit()
    async with spec.provide_session(autocommit=True) as session:
        with pytest.raises(ForeignKeyViolationError):
            await session.execute(ORPHAN, (3,))

    assert await count(spec) == 0


async def test_they_are_deferred_as_ever_afterwards(spec: SQLSpec) -> None:
    """Only to the next commit; and a constraint that is immediate stays so."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO parent VALUES (1)")
    async with spec.provide_session() as session:
        await session.execute(ORPHAN, (1,))
        await session.execute("INSERT INTO parent VALUES (99)")
    async with spec.provide_session() as session:
        with pytest.raises(UniqueViolationError):
            async with session.begin():
                await session.execute(ORPHAN, (1,))

    assert await count(spec) == 1


async def test_a_session_within_another_is_not_judged_for_it(spec: SQLSpec) -> None:
    """What the outer session will put right before its own commit is none of the inner one's business."""
    async with spec.provide_session() as outer:
        await outer.execute(ORPHAN, (1,))
        async with spec.provide_session() as inner:
            await inner.execute("INSERT INTO parent VALUES (1)")
        await outer.execute("INSERT INTO parent VALUES (99)")

    assert await count(spec) == 1


async def test_settings_end_with_their_session(spec: SQLSpec) -> None:
    """Those of SET, and of SET LOCAL, which would last as long as the transaction; and roles."""
    async with spec.provide_session() as session:
        await session.execute("SET LOCAL application_name = 'local'")
        await session.execute("SET search_path = 'elsewhere'")
        await session.execute("SET ROLE pg_monitor")
        await session.execute("CREATE TEMPORARY TABLE mine (id INTEGER)")
    async with spec.provide_session(autocommit=True) as session:
        found = await session.execute(
            "SELECT current_setting('application_name') AS name, current_setting('search_path') AS path, "
            "current_user = session_user AS same, to_regclass('mine') AS mine"
        ).one()

    assert found == {"name": found["name"], "path": '"$user", public', "same": True, "mine": None}
    assert found["name"] != "local"


async def test_settings_stay_within_a_session(spec: SQLSpec) -> None:
    """Also when another one has begun and ended meanwhile."""
    async with spec.provide_session() as outer:
        await outer.execute("SET LOCAL application_name = 'mine'")
        await count(spec)
        assert await outer.execute("SELECT current_setting('application_name')").scalar() == "mine"


async def test_sequences_are_not_undone(spec: SQLSpec) -> None:
    """As in any transaction: the page says so."""
    async with spec.provide_session() as session:
        assert await session.execute("SELECT nextval('numbers')").scalar() == 1
    async with spec.override("main", rollback=True), spec.provide_session() as session:
        assert await session.execute("SELECT nextval('numbers')").scalar() == 2
    async with spec.provide_session() as session:
        assert await session.execute("SELECT nextval('numbers')").scalar() == 3


async def test_another_session_meets_an_aborted_transaction(spec: SQLSpec) -> None:
    """Until the session whose statement failed has rolled back: it is told at once, and waits for nothing."""
    async with spec.provide_session() as first:
        await first.execute("SELECT 1")
        async with spec.provide_session() as second:
            with pytest.raises(UniqueViolationError):
                await second.execute("INSERT INTO parent VALUES (1), (1)")
            with pytest.raises(TransactionAbortedError, match="another session failed"):
                await first.execute("SELECT 1")
            await second.rollback()
        assert await count(spec) == 0


async def test_a_turn_that_does_not_come(spec: SQLSpec) -> None:
    """One who waits for another's statement waits no longer than its own limit of time."""
    async with spec.provide_session() as first:
        await first.execute("SELECT 1")
        slow = asyncio.ensure_future(first.execute("SELECT pg_sleep(1)").one())
        await asyncio.sleep(0.1)
        async with spec.provide_session() as second:
            with pytest.raises((SessionInUseError, QueryTimeoutError)):
                await second.execute("SELECT 1", query_timeout=0.2)
            assert not slow.done()
        await slow
    assert await count(spec) == 0


async def test_what_needs_no_transaction_is_refused_by_the_server(spec: SQLSpec) -> None:
    """And costs its statement alone."""
    async with spec.provide_session(autocommit=True) as session:
        with pytest.raises(StatementError):
            await session.execute("VACUUM child")
        await session.execute("INSERT INTO child VALUES (1)")

    assert await count(spec) == 1
