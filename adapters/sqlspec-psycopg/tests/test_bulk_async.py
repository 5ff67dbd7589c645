# The source of test_bulk_sync.py, which tools/print_sync.py prints from it.
"""Many rows: load, stream, scripts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import DatabaseError, ParameterError, StatementError, UniqueViolationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import AsyncSession
    from sqlspec_psycopg import PostgreSQLConfig


@pytest.fixture
async def spec(config: PostgreSQLConfig) -> AsyncIterator[SQLSpec]:
    """The test's own database."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        yield spec


@pytest.fixture
async def session(spec: SQLSpec) -> AsyncIterator[AsyncSession]:
    """A session with a table."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TABLE kept (id int4 PRIMARY KEY, day date, at timestamp)")
        yield session


async def test_load_takes_many_rows_in_batches(session: AsyncSession) -> None:
    """More than one batch of them, from a generator."""
    count = await session.load(
        "kept", ((number, None, None) for number in range(12_000)), ["id", "day", "at"]
    )

    assert count == 12_000
    assert await session.execute("SELECT count(*), sum(id) FROM kept", schema_type=tuple).one() == (
        12_000,
        12_000 * 11_999 // 2,
    )


NARROW: list[Any] = [(2**31, None, None), (-(2**40), None, None)]


@pytest.mark.parametrize("row", NARROW, ids=["by one", "by far"])
async def test_a_number_too_large_for_its_column_is_not_another_one(session: AsyncSession, row: Any) -> None:
    """The binary format would store its lower half."""
    with pytest.raises(StatementError):
        await session.load("kept", [(1, None, None), row], ["id", "day", "at"])

    assert await session.execute("SELECT count(*) FROM kept").scalar() == 0


async def test_what_fits_by_a_cast_is_loaded_like_a_parameter(session: AsyncSession) -> None:
    """As text, which the server judges."""
    await session.load("kept", [("5", datetime(2024, 1, 2, 3), date(2024, 1, 2))], ["id", "day", "at"])  # noqa: DTZ001

    rows = await session.execute("SELECT * FROM kept", schema_type=tuple).all()
    assert rows == [(5, date(2024, 1, 2), datetime(2024, 1, 2))]  # noqa: DTZ001


async def test_a_time_zone_is_not_dropped(session: AsyncSession) -> None:
    """A column without one does not take it."""
    with pytest.raises(ParameterError, match="row 1: at"):
        await session.load("kept", [(1, None, datetime(2024, 1, 2, tzinfo=UTC))], ["id", "day", "at"])


async def test_a_load_that_fails_is_undone_and_the_transaction_goes_on(session: AsyncSession) -> None:
    """All of it, or none."""
    await session.execute("INSERT INTO kept VALUES (7)")

    with pytest.raises(UniqueViolationError):
        await session.load("kept", [(6,), (7,)], ["id"])
    with pytest.raises(DatabaseError):
        await session.load("no such table", [(6,)], ["id"])
    with pytest.raises(DatabaseError):
        await session.load("kept", [(6,)], ["no such column"])

    assert await session.execute("SELECT id FROM kept").scalars() == [7]


async def test_a_table_that_was_changed_in_between_is_loaded_as_it_is_now(session: AsyncSession) -> None:
    """Types are asked for each time."""
    await session.load("kept", [(1,)], ["id"])
    await session.execute("ALTER TABLE kept ALTER id TYPE float4")

    await session.load("kept", [(2,)], ["id"])

    assert await session.execute("SELECT id FROM kept ORDER BY id").scalars() == [1.0, 2.0]


@pytest.mark.parametrize("autocommit", [False, True])
async def test_a_stream_is_read_in_batches(spec: SQLSpec, autocommit: bool) -> None:
    """In a transaction and without one."""
    async with spec.provide_session(autocommit=autocommit) as session:
        seen = []
        async for row in session.stream("SELECT generate_series(1, ?) AS n", (2500,), batch_size=1000):
            seen.append(row["n"])
            if row["n"] == 1500:
                assert await session.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''").scalar() == 1

        assert seen == list(range(1, 2501))
        assert await session.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''").scalar() == 0


async def test_a_stream_of_nothing_ends(spec: SQLSpec) -> None:
    """And so does one of what can not be declared."""
    async with spec.provide_session() as session:
        assert [row async for row in session.stream("SELECT 1 WHERE false")] == []
        await session.execute("CREATE TABLE kept (id int)")
        inserted = session.stream("INSERT INTO kept VALUES (1), (2) RETURNING id", batch_size=1)
        assert [row["id"] async for row in inserted] == [1, 2]


async def test_a_script_runs_to_its_end_or_says_where_not(spec: SQLSpec) -> None:
    """In a transaction and without one."""
    script = "CREATE TABLE kept (note text); -- a comment;\nINSERT INTO kept VALUES (';'), ('%') -- the end"
    for autocommit in (False, True):
        async with spec.provide_session(autocommit=autocommit) as session:
            await session.execute_script(script)
            assert await session.execute("SELECT note FROM kept").scalars() == [";", "%"]
            await session.execute("DROP TABLE kept")
            with pytest.raises(StatementError):
                await session.execute_script("SELECT 1; SELECT no_such_column")
            if not autocommit:
                await session.rollback()
