"""Python's values there and back, and those that are refused before the wire."""
# ruff: noqa: DTZ001 - MySQL stores naive ones

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlspec.errors import ParameterError, StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec


class Colour(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Level(enum.IntEnum):
    """An enum of numbers."""

    HIGH = 3


class Word(str):
    """A text of the application's own."""

    __slots__ = ()


# The column's type, what is passed, what comes back.
TABLE: list[tuple[str, Any, Any]] = [
    ("INTEGER", None, None),
    ("BOOLEAN", True, 1),
    ("INTEGER", -(2**31), -(2**31)),
    ("BIGINT", -(2**63), -(2**63)),
    ("BIGINT UNSIGNED", 2**64 - 1, 2**64 - 1),
    ("DOUBLE", 0.1, 0.1),
    ("DOUBLE", 1.7976931348623157e308, 1.7976931348623157e308),
    ("FLOAT", 1.5, 1.5),
    ("DECIMAL(65,30)", Decimal("12345.678901234567890123456789"), Decimal("12345.678901234567890123456789")),
    ("DECIMAL(65,0)", Decimal(10) ** 64, Decimal(10) ** 64),
    ("VARCHAR(50)", "Grüße 😀", "Grüße 😀"),
    ("TEXT", "a\0b", "a\0b"),
    ("BLOB", bytes(range(256)), bytes(range(256))),
    ("BLOB", bytearray(b"\0'\\"), b"\0'\\"),
    ("BLOB", memoryview(b"\0'\\"), b"\0'\\"),
    ("VARBINARY(9)", b"", b""),
    ("DATE", date(2024, 2, 29), date(2024, 2, 29)),
    ("DATETIME(6)", datetime(2024, 2, 29, 1, 2, 3, 45), datetime(2024, 2, 29, 1, 2, 3, 45)),
    ("TIMESTAMP(6)", datetime(2024, 2, 29, 1, 2, 3, 45), datetime(2024, 2, 29, 1, 2, 3, 45)),
    ("TIME(6)", time(1, 2, 3, 45), timedelta(hours=1, minutes=2, seconds=3, microseconds=45)),
    ("TIME(6)", timedelta(hours=-800, microseconds=-1), timedelta(hours=-800, microseconds=-1)),
    ("YEAR", 2024, 2024),
    ("CHAR(36)", UUID(int=5), str(UUID(int=5))),
    ("VARCHAR(9)", Colour.RED, "red"),
    ("INTEGER", Level.HIGH, 3),
    ("VARCHAR(9)", Word("it's"), "it's"),
    ("ENUM('red', 'blue')", "blue", "blue"),
    ("SET('a', 'b')", "a,b", "a,b"),
    ("JSON", '{"a": [1]}', '{"a": [1]}'),
    ("BIT(3)", 5, b"\x05"),
]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    TABLE,
    ids=[f"{column}-{type(value).__name__}" for column, value, _ in TABLE],
)
async def test_the_table_of_types(spec: SQLSpec, column: str, value: Any, expected: Any) -> None:
    """By `execute`, by `execute_many` and by `load`, in text and in binary."""
    async with spec.provide_session() as session:
        await session.execute(f"CREATE TABLE kept (id INTEGER, value {column})")
        await session.execute("INSERT INTO kept VALUES (?, ?)", (1, value))
        await session.execute_many("INSERT INTO kept VALUES (?, ?)", [(2, value)])
        await session.execute_many("INSERT INTO kept VALUES (?, ?)", [(3, value)] * 40)
        await session.load("kept", [(4, value)] * 40, ("id", "value"))
        values = await session.execute("SELECT value FROM kept").scalars()

    assert values == [expected] * 82
    assert {type(found) for found in values} == {type(expected)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (0.5, 0.5),
        (Decimal("1.50"), Decimal("1.50")),
        ("x", "x"),
        (b"x", b"x"),
        (date(2024, 1, 2), date(2024, 1, 2)),
        (datetime(2024, 1, 2, 3, 4), datetime(2024, 1, 2, 3, 4)),
        (datetime(1, 1, 1), datetime(1, 1, 1)),
        (timedelta(hours=30), timedelta(hours=30)),
        (None, None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_parameter_has_its_own_type(spec: SQLSpec, value: Any, expected: Any) -> None:
    """Not the text's: `SELECT ?` gives back what was passed."""
    async with spec.provide_session() as session:
        found = await session.execute("SELECT ?", (value,)).scalar()

    assert found == expected
    assert type(found) is type(expected)


REFUSED: list[tuple[str, Any]] = [
    ("dict", {"a": 1}),
    ("list", [1]),
    ("tuple", (1, 2)),
    ("set", {1}),
    ("frozenset", frozenset({1})),
    ("nan", float("nan")),
    ("inf", float("inf")),
    ("minus inf", float("-inf")),
    ("decimal nan", Decimal("nan")),
    ("decimal inf", Decimal("-Infinity")),
    ("decimal with 66 digits", Decimal(10) ** 65),
    ("decimal of a billion digits", Decimal("1e999999999")),
    ("decimal with a billion places", Decimal("1e-999999999")),
    ("lone surrogate", "a\ud800b"),
    ("byte as a surrogate", "a\udc80b"),
    ("huge int", 2**64),
    ("huge negative int", -(2**63) - 1),
    ("aware datetime", datetime(2024, 1, 1, tzinfo=UTC)),
    ("aware time", time(1, 2, tzinfo=timezone(timedelta(hours=1)))),
    ("long timedelta", timedelta(hours=839)),
    ("complex", 1j),
    ("object", object()),
    ("type", int),
]


@pytest.mark.parametrize("value", [value for _, value in REFUSED], ids=[name for name, _ in REFUSED])
async def test_g31_what_can_not_be_sent_is_refused(spec: SQLSpec, value: Any) -> None:
    """With a typed error, before anything is sent: the transaction goes on."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1, 'before')")
        with pytest.raises(ParameterError):
            await session.execute("INSERT INTO item VALUES (2, ?)", (value,))
        for count in (1, 50):
            rows = [*((10 + number, f"row {number}") for number in range(count)), (2, value)]
            with pytest.raises(ParameterError, match=f"row {count + 1}"):
                await session.execute_many("INSERT INTO item VALUES (?, ?)", rows)
            with pytest.raises(ParameterError):
                await session.load("item", rows, ("id", "note"))

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            # MariaDB has no literal for a negative zero.
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False).map(lambda one: one + 0.0)),
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
            st.one_of(st.none(), st.binary()),
            st.one_of(st.none(), st.datetimes(datetime(1000, 1, 1)).map(lambda one: one.replace(fold=0))),
        ),
        min_size=1,
        max_size=40,
    )
)
async def test_rows_come_back_as_they_went(spec: SQLSpec, rows: list[tuple[Any, ...]]) -> None:
    """Whatever is in them, in one statement or in one for each, in text or in binary."""
    async with spec.provide_session() as session:
        await session.execute(
            "CREATE TEMPORARY TABLE many (n BIGINT, f DOUBLE, t LONGTEXT, b LONGBLOB, d DATETIME(6))"
        )
        await session.load("many", rows, ("n", "f", "t", "b", "d"))
        loaded = await session.execute("SELECT * FROM many", schema_type=tuple).all()
        await session.execute("DELETE FROM many")
        for row in rows[:3]:
            await session.execute("INSERT INTO many VALUES (?, ?, ?, ?, ?)", row)
        inserted = await session.execute("SELECT * FROM many", schema_type=tuple).all()

    assert sorted(map(repr, loaded)) == sorted(map(repr, rows))
    assert sorted(map(repr, inserted)) == sorted(map(repr, rows[:3]))


async def test_a_statement_larger_than_the_server_takes_is_not_sent(spec: SQLSpec) -> None:
    """The server would cut the connection for it."""
    async with spec.provide_session() as session:
        largest = int(await session.execute("SELECT @@max_allowed_packet").scalar())
        with pytest.raises(ParameterError, match="max_allowed_packet"):
            await session.execute("SELECT length(?)", ("x" * largest,))
        with pytest.raises(ParameterError, match="row 2"):
            await session.execute_many("INSERT INTO item VALUES (?, ?)", [(1, "x"), (2, "x" * largest)])
        fits = await session.execute("SELECT length(?)", ("x" * (largest - 100),)).scalar()

    assert fits == largest - 100


async def test_a_value_that_does_not_fit_its_column_is_an_error(spec: SQLSpec) -> None:
    """In the server's strict mode, which is its default; the value is in no text."""
    async with spec.provide_session() as session:
        with pytest.raises(StatementError) as caught:
            await session.execute("INSERT INTO item VALUES (1, ?)", ("canary" * 50,))

    assert "canary" not in str(caught.value)
