"""What the next borrower does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlspec import SQLSpec


async def test_an_exception_cleans_as_well(spec: SQLSpec) -> None:
    """By ROLLBACK, in the same message."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session() as session:
            await session.execute("SET search_path TO pg_catalog")
            await session.commit()
            await session.execute("SELECT 1")
            raise ZeroDivisionError

    async with spec.provide_session() as session:
        assert await session.execute("SHOW search_path").scalar() == '"$user", public'


async def test_codecs_of_a_borrower_go_with_the_connection(spec: SQLSpec) -> None:
    """Asyncpg can not tell what was there before them."""
    async with spec.provide_connection() as raw:
        await raw.set_type_codec("int4", schema="pg_catalog", encoder=str, decoder=lambda _: "mine")
        assert await raw.fetchval("SELECT 1") == "mine"

    async with spec.provide_session() as session:
        assert await session.execute("SELECT 1").scalar() == 1
    assert spec.stats("main").unclean == 1


async def test_listeners_of_a_borrower_are_forgotten(spec: SQLSpec) -> None:
    """On the server and in asyncpg; the connection serves on."""
    heard: list[object] = []
    async with spec.provide_connection() as raw:
        await raw.add_listener("news", lambda *_: heard.append(_))
        raw.add_log_listener(lambda *_: heard.append(_))
        raw.add_query_logger(heard.append)
        raw.add_termination_listener(heard.append)

    async with spec.provide_session() as session:
        await session.execute("DO $$ BEGIN RAISE WARNING 'heard'; END $$")
        await session.execute("NOTIFY news")
    await spec.aclose()

    assert heard == []
    assert spec.stats("main").unclean == 0


async def test_what_a_borrower_prepared_by_sql_is_forgotten(spec: SQLSpec) -> None:
    """In a script and on the driver's connection too; what we prepared ourselves stays."""
    async with spec.provide_session() as session:
        await session.execute("SELECT 1")
        await session.execute_script("PREPARE one AS SELECT 1; SELECT 2")
    async with spec.provide_connection() as raw:
        assert await raw.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE from_sql") == 0
        await raw.execute("PREPARE one AS SELECT 1")

    async with spec.provide_session() as session:
        names = (
            "SELECT count(*) FILTER (WHERE from_sql) AS theirs, count(*) AS all FROM pg_prepared_statements"
        )
        found = await session.execute(names).one()
        assert found["theirs"] == 0
        assert found["all"] > 0
    assert spec.stats("main").opened == 1


async def test_a_transaction_of_a_borrower_is_rolled_back(spec: SQLSpec) -> None:
    """Asyncpg's own object too: the next borrower may begin one."""
    async with spec.provide_connection() as raw:
        await raw.transaction().start()
        await raw.execute("INSERT INTO item VALUES (1)")

    async with spec.provide_connection() as raw, raw.transaction():
        assert await raw.fetchval("SELECT count(*) FROM item") == 0
    assert spec.stats("main").opened == 1


async def test_a_session_that_did_nothing_sends_nothing(spec: SQLSpec) -> None:
    """Its connection is as clean as it came."""
    async with spec.provide_session() as session:
        connection = session._connection
        assert connection.is_pristine()
        await session.execute("SELECT 1")
        assert not connection.is_pristine()


async def test_a_read_only_session_leaves_no_guard_behind(spec: SQLSpec) -> None:
    """Also where nothing else is reset."""
    spec.register_config(spec.get_config("main").replace(reset="rollback"), "bare")

    async with spec.provide_session("bare", autocommit=True, read_only=True) as session:
        assert await session.execute("SHOW transaction_read_only").scalar() == "on"
    async with spec.provide_session("bare", autocommit=True) as session:
        assert await session.execute("SHOW transaction_read_only").scalar() == "off"
    assert spec.stats("bare").opened == 1
