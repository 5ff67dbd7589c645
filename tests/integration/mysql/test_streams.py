"""Results that are read while the server sends them."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import OperationalError, StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

MANY = "SELECT seq, concat('row ', seq) AS text FROM seq_1_to_{}"


async def test_a_long_stream_takes_little_memory(spec: SQLSpec) -> None:
    """A million rows, a thousand at a time."""
    count = 0
    async with spec.provide_session() as session:
        tracemalloc.start()
        try:
            async for row in session.stream(MANY.format(1_000_000), schema_type=tuple):
                count += row[0]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert count == 500_000_500_000
    assert peak < 20 * 1024 * 1024


async def test_a_stream_that_is_read_slowly_takes_little_memory(spec: SQLSpec) -> None:
    """The server waits for who reads; what was not asked for is not taken in."""
    count = 0
    async with spec.provide_session() as session:
        tracemalloc.start()
        try:
            async for _ in session.stream(MANY.format(1_000_000)):
                count += 1
                if count in {1, 5_000, 50_000}:
                    await asyncio.sleep(0.3)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert await session.execute("SELECT 7").scalar() == 7

    assert count == 1_000_000
    assert peak < 20 * 1024 * 1024


async def test_a_stream_that_is_left_early_costs_no_more_than_it_must(spec: SQLSpec) -> None:
    """The server is told to stop; the transaction goes on, on the same connection."""
    started = time.monotonic()
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1, NULL)")
        rows = session.stream(MANY.format(2_000_000_000))
        async for _ in rows:
            break
        await rows.close()
        assert await session.execute("SELECT 7").scalar() == 7
        async for _ in session.stream(MANY.format(2_000_000_000)):
            break

    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 1
    assert time.monotonic() - started < 10
    assert spec.stats("main").opened == 1


async def test_a_short_stream_that_is_left_early_is_read_to_its_end(spec: SQLSpec) -> None:
    """By us, without a second connection."""
    async with spec.provide_session() as session:
        for _ in range(20):
            async for _ in session.stream(MANY.format(100), batch_size=1):
                break

    assert spec.stats("main").opened == 1


async def test_two_streams_at_once_give_each_its_own_rows(spec: SQLSpec) -> None:
    """The second brings in the rest of the first."""
    async with spec.provide_session() as session:
        first = session.stream("SELECT seq FROM seq_1_to_50", schema_type=int, batch_size=3)
        second = session.stream("SELECT seq FROM seq_101_to_150", schema_type=int, batch_size=4)
        pairs = [(one, await anext(second)) async for one in first]

    assert pairs == [(number, number + 100) for number in range(1, 51)]


async def test_a_stream_of_what_gives_no_rows_is_empty(spec: SQLSpec) -> None:
    """And has done its work."""
    async with spec.provide_session() as session:
        assert [row async for row in session.stream("INSERT INTO item VALUES (1, NULL)")] == []
        assert [row async for row in session.stream("SELECT id FROM item WHERE id = 9")] == []
    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1]


async def test_an_error_opens_no_stream_or_ends_it(spec: SQLSpec) -> None:
    """Before the first row, or between two; the session goes on."""
    async with spec.provide_session() as session:
        with pytest.raises(StatementError):
            async for _ in session.stream("SELECT nothing FROM item"):
                pass
        seen = 0
        with pytest.raises(OperationalError):
            async for _ in session.stream(
                "SET STATEMENT max_statement_time=0.2 FOR SELECT seq, sleep(0.0005) FROM seq_1_to_100000",
                batch_size=10,
            ):
                seen += 1
        await session.execute("INSERT INTO item VALUES (1, NULL)")

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1]
    assert spec.stats("main").opened == 1


async def test_ddl_by_a_stream_is_seen(spec: SQLSpec) -> None:
    """As by `execute`: alone it is no error."""
    async with spec.provide_session() as session:
        assert [row async for row in session.stream("CREATE TABLE other (id INTEGER)")] == []
        await session.execute("INSERT INTO other VALUES (1)")
        await session.rollback()
        assert await session.execute("SELECT count(*) FROM other").scalar() == 0
