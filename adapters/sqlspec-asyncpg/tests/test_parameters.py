"""Statements with values of other types than the server infers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sqlspec.errors import StatementError
from sqlspec_asyncpg import AsyncpgConfig

if TYPE_CHECKING:
    from sqlspec import SQLSpec

PREPARED = "SELECT count(*) FROM pg_prepared_statements"


@pytest.mark.parametrize(
    ("statement", "values", "columns"),
    [
        ("SELECT ?", (1,), ["?column?"]),
        ("SELECT ? AS one, ?, 3 AS three", (1.5, 2), ["one", "?column?", "three"]),
        ("SELECT ? + ?", (1, 2), ["?column?"]),
        ("SELECT abs(?), x FROM (SELECT ? AS x) q", (1, 2), ["abs", "x"]),
        ("SELECT ? IS NULL, ?::text", (1, 2), ["?column?", "text"]),
        ("SELECT jsonb_build_object('a', ?), ?", (1, 2), ["jsonb_build_object", "?column?"]),
        ("SELECT q.* FROM (VALUES (?, 'x')) q (n, t) ORDER BY ?", (1.5, 1), ["n", "t"]),
    ],
)
@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_a_cast_of_ours_changes_no_name(
    spec: SQLSpec, statement: str, values: Any, columns: list[str], autocommit: bool
) -> None:
    """Of a result or a stream."""
    async with spec.provide_session(autocommit=autocommit) as session:
        for _ in range(2):
            assert list((await session.execute(statement, values)).columns) == columns
        async for row in session.stream(statement, values):
            assert list(row) == columns


async def test_what_only_looks_like_a_parameter_stays(spec: SQLSpec) -> None:
    """In literals, quoted names and comments."""
    statement = """SELECT '$1' AS "$1", $$ $1 $$ AS b, E'\\'$1' AS c, /* $1 /* $1 */ */ $1::int AS d -- $1"""

    async with spec.provide_session() as session:
        row = (await session.execute(statement, (2.5,), schema_type=tuple)).one()

    assert row == ("$1", " $1 ", "'$1", 2)


async def test_a_statement_without_types_costs_no_transaction(spec: SQLSpec) -> None:
    """What was done before it is kept, whether it then runs or not."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1)")
        assert await session.execute("SELECT ? + ?", (1, 2.5)).scalar() == 3.5
        assert await session.execute("SELECT ? + ?", ("1", 2)).scalar() == 3
        await session.execute("INSERT INTO item VALUES (2)")
    with pytest.raises(StatementError):
        async with spec.provide_session() as session:
            await session.execute("SELECT no_such_function(?)", (1,))

    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 2


async def test_no_number_of_types_makes_the_caches_grow(url: str) -> None:
    """Statements with casts are kept among the others, and so many in all."""
    values = [1, 1.5, "1", Decimal(1), True, None, 2**40, 2**70, [1], {"a": 1}, b"1"]

    async with AsyncpgConfig(url=url, statement_cache_size=8).provide_session(autocommit=True) as session:
        for one in values:
            for other in values:
                await session.execute("SELECT ?, ?", (one, other))
                kinds = tuple(type(f"Number{number}", (int,), {}) for number in range(3))
                for kind in kinds:
                    await session.execute("SELECT ?::int", (kind(5),))
        kept = await session.execute(PREPARED).scalar()

    assert kept <= 16  # and what is about to be closed, and what asyncpg itself asks about types


async def test_numerics_are_the_same_beside_ranges_composites_and_records(spec: SQLSpec) -> None:
    """Which asyncpg reads in another way than numerics alone; so it does after a load."""
    alone, price = "SELECT 100000::numeric", Decimal(100000)
    async with spec.provide_session() as session:
        await session.execute("CREATE TABLE price (n numeric)")
        assert str(await session.execute(alone).scalar()) == "100000"
        await session.load("price", [(price,), (Decimal("1.50"),), (Decimal("1E+5"),)], ["n"])
        record = await session.execute("SELECT ROW(1.50, 100000::numeric, -0.05, 'NaN'::numeric)").scalar()
        ranges = await session.execute("SELECT numrange(0.0001, 100000)").scalar()
        await session.load("price", [(7,), (Decimal("12345678901234567890.0123456789"),)], ["n"])
        found = [str(n) for n in await session.execute("SELECT n FROM price ORDER BY n").scalars()]
        sent = await session.execute("SELECT ?::numeric::text", (Decimal("-1E-7"),)).scalar()

    assert [str(one) for one in record] == ["1.50", "100000", "-0.05", "NaN"]
    assert [str(ranges.lower), str(ranges.upper)] == ["0.0001", "100000"]
    assert found == ["1.50", "7", "100000", "100000", "12345678901234567890.0123456789"]
    assert sent == "-0.0000001"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (np.int64(7), "bigint", "7"),
        (np.int8(7), "smallint", "7"),
        (np.float64(0.1), "double precision", "0.1"),
        (np.float32(0.1), "real", "0.1"),
        (np.bool_(True), "boolean", "true"),
        (np.str_("a"), "text", "a"),
    ],
)
async def test_a_number_of_numpy_is_a_number(spec: SQLSpec, value: Any, kind: str, text: str) -> None:
    """Of its own width."""
    async with spec.provide_session() as session:
        assert await session.execute("SELECT ?::text", (value,)).scalar() == text
        found = await session.execute("SELECT pg_typeof(coalesce(?, NULL))::text", (value,)).scalar()
        assert found == kind
