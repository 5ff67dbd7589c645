# The source of test_state_sync.py, which tools/print_sync.py prints from it.
"""What a borrower leaves behind: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.json import JsonbDumper

from sqlspec import SQLSpec
from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_psycopg import PostgreSQLConfig


@pytest.fixture
async def spec(config: PostgreSQLConfig) -> AsyncIterator[SQLSpec]:
    """One connection to the test's own database, as `main`; as `bare`, one that is not reset."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "main")
        spec.register_config(config.replace(pool_size=1, reset="rollback"), "bare")
        yield spec


async def pid_of(spec: SQLSpec, name: str = "main") -> int:
    """Which backend serves."""
    async with spec.provide_session(name, autocommit=True) as session:
        return int(await session.execute("SELECT pg_backend_pid()").scalar())


async def test_g12_what_a_script_prepared_is_forgotten(spec: SQLSpec) -> None:
    """What psycopg prepared itself stays."""
    theirs = "SELECT count(*) FILTER (WHERE from_sql), count(*) FROM pg_prepared_statements"
    async with spec.provide_session("main") as session:
        for _ in range(7):
            await session.execute("SELECT 1")
        await session.execute_script("PREPARE one AS SELECT 1; SELECT 2")
        assert await session.execute(theirs, schema_type=tuple).one() == (1, 2)

    async with spec.provide_session("main") as session:
        assert await session.execute(theirs, schema_type=tuple).one() == (0, 1)


@pytest.mark.parametrize("name", ["main", "bare"])
async def test_g13_the_drivers_side_is_as_before(spec: SQLSpec, name: str) -> None:
    """Restored, or with another connection."""
    async with spec.provide_connection(name) as raw:
        await raw.set_autocommit(False)
        await raw.set_read_only(True)
        await raw.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
        raw.row_factory, raw.cursor_factory = dict_row, psycopg.AsyncRawCursor
        raw.add_notice_handler(print)
        raw.add_notify_handler(print)
        raw.adapters.register_dumper(dict, JsonbDumper)
        raw.prepare_threshold = 0
        await raw.execute("SELECT 1")

    async with spec.provide_session(name, autocommit=True) as session:
        assert await session.execute(
            "SELECT pg_typeof(?::text)::text AS t", ("x",), schema_type=tuple
        ).one() == ("text",)
    async with spec.provide_connection(name) as raw:
        assert raw.autocommit
        assert (raw.read_only, raw.isolation_level) == (None, None)
        assert (await (await raw.execute("SELECT 1")).fetchone()) == (1,)
        assert raw.prepare_threshold == 5
        assert [*raw._notice_handlers, *raw._notify_handlers] == []


async def test_a_read_only_session_is_undone_without_a_reset(spec: SQLSpec) -> None:
    """It is our doing, so we undo it."""
    async with spec.provide_session("bare", autocommit=True, read_only=True) as session:
        await session.execute("SELECT 1")

    async with spec.provide_session("bare", autocommit=True) as session:
        await session.execute("CREATE TABLE written (id int)")


async def test_a_session_that_did_nothing_costs_no_reset(spec: SQLSpec) -> None:
    """Known without asking the server."""
    before = await pid_of(spec)

    async with spec.provide_session("main", autocommit=True):
        pass
    async with spec.provide_connection("main"):
        pass

    assert await pid_of(spec) == before


async def test_a_type_that_is_taught_to_a_borrowed_connection_works_in_its_session(spec: SQLSpec) -> None:
    """And for this session alone."""
    async with spec.provide_session("main") as session:
        await session.execute("CREATE TYPE pair AS (a int, b text)")
        raw = await session.connection()
        info: Any = await CompositeInfo.fetch(raw, "pair")
        register_composite(info, raw)

        found = await session.execute("SELECT (1, 'x')::pair").scalar()

    assert (found.a, found.b) == (1, "x")


async def test_prepared_statements_that_grew_stale_are_prepared_anew(spec: SQLSpec) -> None:
    """Another connection's DDL costs an autocommit session nothing."""
    async with spec.provide_session("bare", autocommit=True) as other:
        await other.execute("CREATE TABLE wide (a int)")
        async with spec.provide_session("main", autocommit=True) as session:
            for _ in range(8):
                await session.execute("SELECT * FROM wide")
            await other.execute("ALTER TABLE wide ADD b int")

            result = await session.execute("SELECT * FROM wide")

            assert result.columns == ("a", "b")


async def test_in_a_transaction_they_are_prepared_anew_for_the_next_one(spec: SQLSpec) -> None:
    """In this one the server has given up, unless it was the first statement."""
    async with spec.provide_session("bare", autocommit=True) as other:
        await other.execute("CREATE TABLE wide (a int)")
        async with spec.provide_session("main") as session:
            for _ in range(8):
                await session.execute("SELECT * FROM wide")
            await session.commit()
            await other.execute("ALTER TABLE wide ADD b int")

            await session.execute("SELECT 1")
            with pytest.raises(StatementError):
                await session.execute("SELECT * FROM wide")
            await session.rollback()
            result = await session.execute("SELECT * FROM wide")

            assert result.columns == ("a", "b")


async def test_deallocated_statements_are_prepared_anew(spec: SQLSpec) -> None:
    """Behind psycopg's back."""
    async with spec.provide_session("main", autocommit=True) as session:
        for _ in range(8):
            await session.execute("SELECT 1 AS one")
        await session.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")

        assert await session.execute("SELECT 1 AS one").scalar() == 1
