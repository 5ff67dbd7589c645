"""A value is the same by every entry point: what the server makes of it, or an error before it is sent."""
# ruff: noqa: DTZ001 - MySQL stores naive ones

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest

from sqlspec.errors import DatabaseError, NotSupportedError, ParameterError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

pd: Any = import_module("pandas")


class Rate(enum.Enum):
    """An enum of decimals."""

    HALF = Decimal("2.5")


class Word(str):
    """A text of the application's own."""

    __slots__ = ()


LONGEST = timedelta(hours=838, minutes=59, seconds=59, microseconds=999_999)
REFUSED, DENIED = ParameterError, DatabaseError
"""By us, before anything is sent; by the server, which says why."""
# The column's type, what is passed, what is stored.
TABLE: list[tuple[str, Any, Any]] = [
    ("INT", 2.5, 2),  # a DOUBLE is rounded to even
    ("INT", Decimal("2.5"), 3),  # a DECIMAL away from zero
    ("INT", "2.5", 3),
    ("INT", True, 1),
    ("INT", 2**31, DENIED),
    ("INT", 1e300, DENIED),
    ("INT", "abc", DENIED),
    ("INT", "1abc", DENIED),
    ("INT", float("nan"), REFUSED),
    ("INT", Rate.HALF, 3),
    ("TINYINT(1)", 5, 5),
    ("TINYINT UNSIGNED", -1, DENIED),
    ("BIGINT UNSIGNED", 2**64 - 1, 2**64 - 1),
    ("BIGINT UNSIGNED", np.uint64(2**64 - 1), 2**64 - 1),
    ("BIGINT", np.int8(-5), -5),
    ("BIGINT", 2**64, REFUSED),
    ("DOUBLE", 2.0**53 + 2, 2.0**53 + 2),
    ("DOUBLE", 5e-324, 5e-324),
    ("DOUBLE", -1.7976931348623157e308, -1.7976931348623157e308),
    ("DOUBLE", np.float32(2.5), 2.5),
    ("DOUBLE", np.float64(0.1), 0.1),
    ("DOUBLE", np.longdouble("0.1"), REFUSED),
    ("DOUBLE", np.float64("inf"), REFUSED),
    ("FLOAT", 0.1, 0.1),
    ("BOOLEAN", np.bool_(True), 1),
    ("DECIMAL(10,2)", Decimal("1.005"), Decimal("1.01")),
    ("DECIMAL(10,2)", Decimal("1E+5"), Decimal("100000.00")),
    ("DECIMAL(10,2)", 0.1, Decimal("0.10")),
    ("DECIMAL(10,2)", Decimal(10) ** 9, DENIED),
    ("DECIMAL(65,30)", Decimal("1." + "1" * 30), Decimal("1." + "1" * 30)),
    ("DECIMAL(65,0)", 10**18, Decimal(10**18)),
    ("VARCHAR(9)", Word("it's \\"), "it's \\"),
    ("VARCHAR(9)", np.str_("ü"), "ü"),
    ("VARCHAR(9)", 5, "5"),
    ("VARCHAR(9)", "1" * 10, DENIED),
    ("VARCHAR(9)", b"\xff", DENIED),
    ("VARCHAR(9) CHARACTER SET utf8mb3", "😀", DENIED),
    ("VARCHAR(9) CHARACTER SET latin1", "ü€", "ü€"),
    ("VARCHAR(9) CHARACTER SET latin1", "Ω", DENIED),
    ("VARBINARY(9)", b"\xff'\\\0", b"\xff'\\\0"),
    ("VARBINARY(9)", "ü", "ü".encode()),
    ("DATE", date(1, 1, 1), date(1, 1, 1)),
    ("DATE", "2024-02-30", DENIED),
    ("DATETIME", datetime(2024, 1, 2, 3, 4, 5, 600_000), datetime(2024, 1, 2, 3, 4, 5)),
    ("DATETIME(6)", datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(9999, 12, 31, 23, 59, 59, 999_999)),
    ("DATETIME(6)", np.datetime64("2024-01-02T03:04:05.5"), datetime(2024, 1, 2, 3, 4, 5, 500_000)),
    ("DATETIME(6)", pd.Timestamp("2024-01-02 03:04:05.000006"), datetime(2024, 1, 2, 3, 4, 5, 6)),
    ("DATETIME(6)", pd.Timestamp("2024-01-02 03:04:05.000000006"), REFUSED),
    ("DATETIME(6)", np.datetime64("2024-01-02T03:04:05.000000006"), REFUSED),
    ("DATETIME(6)", np.datetime64("12024-01-02"), REFUSED),
    ("DATETIME(6)", pd.NaT, REFUSED),
    ("DATETIME(6)", np.datetime64("NaT"), REFUSED),
    ("DATETIME(6)", datetime(2024, 1, 2, tzinfo=UTC), REFUSED),
    ("TIMESTAMP", datetime(1969, 1, 1), DENIED),
    ("TIME(6)", LONGEST, LONGEST),
    ("TIME(6)", -LONGEST, -LONGEST),
    ("TIME(6)", LONGEST + timedelta(microseconds=1), REFUSED),
    ("TIME(6)", np.timedelta64(5, "ms"), timedelta(milliseconds=5)),
    ("TIME(6)", pd.Timedelta(seconds=5, nanoseconds=3), REFUSED),
    ("TIME", time(1, 2, 3), timedelta(hours=1, minutes=2, seconds=3)),
    ("YEAR", 1900, DENIED),
    ("BIT(8)", 300, DENIED),
    ("BIT(8)", 5, b"\x05"),
    ("JSON", "[1, 2]", "[1, 2]"),
    ("JSON", "{", DENIED),
    ("JSON", {"a": 1}, REFUSED),
    ("JSON", [1], REFUSED),
    ("ENUM('a', '1')", "b", DENIED),
    ("SET('a', 'b')", "a,b", "a,b"),
    ("UUID", UUID(int=7), str(UUID(int=7))),
]
INSERT = "INSERT INTO kept VALUES (?, ?)"


async def by_execute(session: Any, value: Any) -> None:
    """One row."""
    await session.execute(INSERT, (1, value))


async def by_name(session: Any, value: Any) -> None:
    """The same, with parameters that have names."""
    await session.execute("INSERT INTO kept VALUES (:id, :value)", {"id": 1, "value": value})


async def by_few(session: Any, value: Any) -> None:
    """As text."""
    await session.execute_many(INSERT, [(1, value)] * 2)


async def by_many(session: Any, value: Any) -> None:
    """In binary, where the type is one of those."""
    await session.execute_many(INSERT, [(1, value)] * 40)


async def by_update(session: Any, value: Any) -> None:
    """The same, for rows that are there."""
    await session.execute("INSERT INTO kept VALUES (1, NULL)")
    await session.execute_many("UPDATE kept SET value = ? WHERE id = ?", [(value, 1)] * 40)


async def by_load(session: Any, value: Any) -> None:
    """With NULLs between."""
    await session.load("kept", [(1, value), (1, None)] * 20, ("id", "value"))


async def by_stream(session: Any, value: Any) -> None:
    """That writes."""
    async for _ in session.stream(f"{INSERT} RETURNING id", (1, value)):
        pass


@pytest.mark.parametrize(("column", "value", "stored"), TABLE, ids=[f"{c}-{v!r:.40}" for c, v, _ in TABLE])
async def test_a_value_is_kept_or_refused(spec: SQLSpec, column: str, value: Any, stored: Any) -> None:
    """By every entry point alike."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute(f"CREATE TABLE kept (id INT, value {column})")
        for way in (by_execute, by_name, by_few, by_many, by_update, by_load, by_stream):
            await session.execute("DELETE FROM kept")
            if isinstance(stored, type):
                with pytest.raises(stored) as caught:
                    await way(session, value)
                assert isinstance(caught.value, ParameterError) == (stored is REFUSED), way
                continue
            await way(session, value)
            found = await session.execute("SELECT value FROM kept WHERE value IS NOT NULL").scalars()
            assert found, way
            assert set(found) == {stored}, way
            assert {type(one) for one in found} == {type(stored)}, way


@pytest.mark.parametrize(
    ("statement", "value", "expected"),
    [
        ("SELECT 10 / ?", 4.0, 2.5),
        ("SELECT 10 / ?", 4, Decimal("2.5000")),
        ("SELECT 10 / ?", Decimal(4), Decimal("2.5000")),
        ("SELECT 1 / ?", 3.0, 1 / 3),
        ("SELECT ? + 0.1", 0.2, 0.2 + 0.1),
        ("SELECT ? + 0.1", Decimal("0.2"), Decimal("0.3")),
        ("SELECT 9007199254740993 = ?", 9007199254740993, 1),
        ("SELECT 9007199254740993 = ?", Decimal(9007199254740993), 1),
        ("SELECT ? = 'A'", "a", 1),  # as the collation has it
        ("SELECT ? = 'A'", b"a", 0),
        ("SELECT length(?)", "a\\b'c\0", 6),
    ],
)
async def test_an_expression_is_computed_with_the_values_own_type(
    spec: SQLSpec, statement: str, value: Any, expected: Any
) -> None:
    """A float is a DOUBLE, a Decimal a DECIMAL."""
    async with spec.provide_session() as session:
        found = await session.execute(statement, (value,)).scalar()

    assert (found, type(found)) == (expected, type(expected))


async def test_no_literal_is_sent_where_backslashes_mean_something_else(spec: SQLSpec) -> None:
    """By no entry point: the server would read another value."""
    rows = [(number, f"it's \\ {number}") for number in range(2)]
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("CREATE TABLE kept (id INT, value TEXT)")
        await session.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        for work in (
            lambda: session.execute(INSERT, rows[0]),
            lambda: session.execute_many(INSERT, rows),
            lambda: session.execute_many(INSERT, rows * 40),
            lambda: session.load("kept", rows, ("id", "value")),
            lambda: anext(session.stream(f"{INSERT} RETURNING id", rows[0])),
        ):
            with pytest.raises(NotSupportedError, match="NO_BACKSLASH_ESCAPES"):
                await work()
        assert await session.execute("SELECT count(*) FROM kept").scalar() == 0
