"""Both adapters, asked the same with values that nobody thought of, answer the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.array import ListDumper

from sqlspec.errors import SQLSpecError

from .sides import ASYNCPG, PSYCOPG, Door, door_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .sides import Home

MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

WIDE = [*map(chr, (0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))]
"""Spaces that psycopg writes in quotes, within the text of an array, in some of its versions."""
CHARACTERS = st.characters(exclude_characters=["\0", *WIDE], exclude_categories=["Cs"])
texts = st.text(CHARACTERS, max_size=9)
edges = st.sampled_from([edge + step for edge in (0, 2**15, 2**31, 2**63) for step in (-1, 0, 1)])
integers = edges | edges.map(lambda number: -number) | st.integers(-(10**25), 10**25)
decimals = st.decimals(-(10**25), 10**25) | st.sampled_from(
    [Decimal(text) for text in ("1E+5", "-0", "1.50", "NaN", "Infinity", "1E-30", "1E+30")]
)
zones = st.integers(-15 * 60, 15 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes() | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=zones)  # noqa: DTZ001
words = st.sampled_from(
    ["23", "-4", "2.5", "true", "2023-11-30", "infinity", "{1,2}", "[1,2)", "10.0.0.1/8", "1 day", "happy"]
)
scalars = (
    (st.none() | st.booleans() | integers | st.floats() | decimals | texts | words | st.binary(max_size=5))
    | (st.dates() | moments | st.times() | st.times(timezones=zones) | st.timedeltas() | st.uuids())
    | (st.ip_addresses() | st.sampled_from([bytearray(b"a"), memoryview(b"b")]))
)
documents = st.dictionaries(texts, st.integers() | texts | st.lists(st.none() | st.booleans()), max_size=2)
# Of one type: a list of several is refused where no array is, and read as an array where one is.
lists = st.one_of(
    [
        st.lists(st.none() | one, max_size=3)
        for one in (st.integers(-(2**31), 2**31 - 1), st.floats(), decimals, texts, st.dates(), st.booleans())
    ]
)
values = scalars | documents | lists | lists.map(tuple)

TYPES = (
    *(
        "smallint",
        "int",
        "bigint",
        "real",
        "float8",
        "numeric",
        "numeric(10,2)",
        "bool",
        "uuid",
        "json",
        "jsonb",
    ),
    *("text", "varchar(5)", "char(3)", "name", "bytea", "mood", "positive", "inet", "cidr"),
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval"),
    *("int[]", "float8[]", "numeric[]", "text[]", "date[]"),
)
EXPRESSIONS = (
    "SELECT ?",
    "SELECT 10 / ?",
    "SELECT ? + 1",
    "SELECT ? * 2::float8",
    "SELECT 1.5::numeric - ?",
    "SELECT coalesce(?, 0)",
    "SELECT coalesce(?, 'x')",
    "SELECT jsonb_build_object('a', ?)",
    "SELECT ARRAY[?]",
    "SELECT pg_typeof(?)::text",
    "SELECT n FROM generate_series(1, 3) n WHERE n < ? ORDER BY n LIMIT 1",
    "SELECT 'b' || ?",
    "SELECT 5 = ANY(?)",
    "SELECT now() > ?",
    *[f"SELECT ?::{kind}" for kind in TYPES],
)


@pytest.fixture
async def doors(home: Home) -> AsyncIterator[tuple[Door, Door]]:
    """To one database, by both adapters."""
    home.sql("CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN positive AS int CHECK (value > 0)")
    async with door_to(ASYNCPG, home.url()) as one, door_to(PSYCOPG, home.url()) as other:
        yield one, other


async def _answer(door: Door, sql: str, value: Any) -> Any:
    try:
        return [_spelled(answer) for (answer,) in await door.rows(sql, (value,))]
    except SQLSpecError as exc:
        return type(exc)


async def _stored(door: Door, table: str, kind: str, value: Any, way: str) -> Any:
    try:
        async with door.session() as session:
            await session.execute(f"CREATE TABLE {table} (v {kind})")
            if way == "load":
                await session.load(table, [(value,), (None,)], ["v"])
            else:
                await session.execute_many(f"INSERT INTO {table} VALUES (?)", [(value,), (None,)])
            found: list[Any] = (await session.execute(f"SELECT v::text FROM {table}")).scalars()
            await session.rollback()
    except SQLSpecError:
        return SQLSpecError
    return found


def _spelled(value: Any) -> Any:
    """Whose UUID it is, and which zone a moment names, differs."""
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value - datetime(1, 1, 1, tzinfo=UTC)
    return type(value), str(value)


@pytest.mark.parametrize("sql", EXPRESSIONS)
@MANY
@given(value=values)
async def test_both_answer_the_same(doors: tuple[Door, Door], sql: str, value: Any) -> None:
    """The same value, or the same class of error."""
    one, other = doors

    assert await _answer(one, sql, value) == await _answer(other, sql, value)


async def test_wide_spaces_in_an_array_are_in_quotes(doors: tuple[Door, Door]) -> None:
    """Where no array is expected its text is what comes back."""
    if b'"' not in (ListDumper(list).dump(["\u2028"]) or b""):
        pytest.skip("this version of psycopg writes no quotes around them")
    for sql in ("SELECT ?", "SELECT coalesce(?, 'x')"):
        one, other = [await _answer(door, sql, WIDE) for door in doors]

        assert one == other


@pytest.mark.parametrize("way", ["execute_many", "load"])
@pytest.mark.parametrize("kind", TYPES)
@settings(MANY, max_examples=15)
@given(value=values, number=st.integers(0, 10**12))
async def test_both_store_the_same(
    doors: tuple[Door, Door], kind: str, way: str, value: Any, number: int
) -> None:
    """As the server writes it, or an error of ours."""
    one, other = doors

    assert await _stored(one, f"t{number}", kind, value, way) == await _stored(
        other, f"t{number}", kind, value, way
    )
