"""What the server makes of a value is the same, whichever adapter sends it.

The right values are PostgreSQL's own: a number has its own type, and a str is read like a literal.
"""

from __future__ import annotations

import enum
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from sqlspec.errors import NoRowError, ParameterError, SQLSpecError, StatementError

if TYPE_CHECKING:
    from .sides import Door

MADE = """
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TYPE pair AS (a int, b text);
"""
LAST, FIRST = datetime.max, datetime.min  # noqa: DTZ901 - naive
WEST = timezone(timedelta(hours=-5, minutes=-30))


class Colour(enum.Enum):
    """Of neither type besides."""

    RED, SEVEN = "red", 7


class Label(enum.StrEnum):
    """A text besides."""

    EIGHT = "8"


class Count(enum.IntEnum):
    """A number besides."""

    ONE = 1


ASKED: list[tuple[str, Any, Any]] = [
    # A number that an integer's place would cut.
    ("SELECT 10 / ?", 4.0, 2.5),
    ("SELECT 10 / ?", 4, 2),
    ("SELECT 10 / ?", Decimal(4), Decimal("2.5000000000000000")),
    ("SELECT sum(n) * ? FROM generate_series(2, 5) n", 0.25, 3.5),
    ("SELECT ? / 4", 1.0, 0.25),
    ("SELECT count(*) FROM generate_series(1, 3) n WHERE n < ?", 1.5, 1),
    ("SELECT count(*) FROM generate_series(1, 3) n WHERE n = ?", 2**40, 0),
    ("SELECT ?::int", 6.75, 7),
    ("SELECT ?::int", 2.5, 2),
    ("SELECT ?::int", Decimal("2.5"), 3),
    ("SELECT ?::smallint", 2**15, StatementError),
    ("SELECT ?::int", 2**31, StatementError),
    ("SELECT ?::bigint", 2**63, StatementError),
    ("SELECT ?::bigint", -(2**63), -(2**63)),
    ("SELECT ?::int", math.inf, StatementError),
    ("SELECT ?::int", True, 1),
    ("SELECT 1 + ?", True, StatementError),
    ("SELECT 1.5::numeric + ?", 0.1, 1.6),
    ("SELECT 0.1::real = ?", 0.1, False),
    ("SELECT 1 LIMIT ?", 0.3, NoRowError),
    # One without a type in the statement.
    ("SELECT ?", 17, 17),
    ("SELECT ?", 2.5, 2.5),
    ("SELECT ?", True, True),
    ("SELECT ?", Decimal("1E+5"), Decimal(100000)),
    ("SELECT ?", 2**63, Decimal(2**63)),
    ("SELECT ?", date(2024, 2, 29), date(2024, 2, 29)),
    ("SELECT ?", UUID(int=5), UUID(int=5)),
    ("SELECT ?", b"\0", b"\0"),
    ("SELECT ?", [1, 2], [1, 2]),
    ("SELECT ?", [1, 2.5], ParameterError),
    ("SELECT ?", {"a": 1}, '{"a":1}'),
    ("SELECT ?", Colour.SEVEN, "7"),
    ("SELECT ?", Count.ONE, 1),
    ("SELECT ? + 1", Count.ONE, 2),
    ("SELECT pg_typeof(?)::text", 2**31, "bigint"),
    ("SELECT pg_typeof(?)::text", datetime(2024, 1, 1, tzinfo=UTC), "timestamp with time zone"),
    ("SELECT abs(?)", -3, 3),
    ("SELECT round(?)", 2.5, 2.0),
    ("SELECT jsonb_build_object('a', ?)", 1, {"a": 1}),
    ("SELECT concat('a', ?)", date(2024, 2, 29), "a2024-02-29"),
    ("SELECT ? IS NULL", 1.5, False),
    ("SELECT ? IS NULL", "a", StatementError),
    ("SELECT ARRAY[?]", 1.5, [1.5]),
    ("SELECT coalesce(?, 0)", 2.5, 2.5),
    ("SELECT coalesce(?, 'x')", 8, StatementError),
    ("SELECT CASE WHEN true THEN ? ELSE 1 END", 1.5, 1.5),
    ("SELECT date '2024-01-01' + ?", 7, date(2024, 1, 8)),
    ("SELECT 'b' || ?", 8, "b8"),
    # A text, which its place reads.
    ("SELECT ?::int", "23", 23),
    ("SELECT ?::bigint + 1", "-4", -3),
    ("SELECT ?::int", "2.5", StatementError),
    ("SELECT ?::date", "2023-11-30", date(2023, 11, 30)),
    ("SELECT ?::timestamp", "2023-11-30 12:00", datetime(2023, 11, 30, 12)),  # noqa: DTZ001 - naive
    ("SELECT ?::interval", "1 day 2:00", timedelta(days=1, hours=2)),
    ("SELECT ?::uuid", "{00000000-0000-0000-0000-000000000005}", UUID(int=5)),
    ("SELECT ?::int[]", "{1,NULL}", [1, None]),
    ("SELECT ?::inet", "10.1.2.3/8", IPv4Interface("10.1.2.3/8")),
    ("SELECT ?::bytea", "\\x00ff", b"\0\xff"),
    ("SELECT ?::numeric", "1e3", Decimal(1000)),
    ("SELECT (?::point)[0]", "(1,2)", 1.0),
    ("SELECT ?::bit(3)::text", "101", "101"),
    ("SELECT (?::pair).a", "(1,x)", 1),
    ("SELECT (?::pair).b", (1, 'a"b,c'), 'a"b,c'),
    ("SELECT (?::pair).a", (1.5, "x"), StatementError),
    ("SELECT ?::int4range::text", "[1,2]", "[1,3)"),
    ("SELECT ?::money::numeric", "$12.50", Decimal("12.50")),
    ("SELECT ?::name::text", "x" * 70, "x" * 63),
    ("SELECT ?::positive", "5", 5),
    ("SELECT ?::positive", 2.7, 3),
    ("SELECT ?::positive", -1, SQLSpecError),
    ("SELECT ?::mood", "cross", StatementError),
    ("SELECT ?::mood", 1, StatementError),
    ("SELECT ?::int", Label.EIGHT, 8),
    ("SELECT ?::int", Colour.SEVEN, 7),
    ("SELECT 1 + ?", "x", StatementError),
    # Another type than its place's.
    ("SELECT ?::text", 8, "8"),
    ("SELECT ?::text", 2.50, "2.5"),
    ("SELECT ?::text", Decimal("2.50"), "2.50"),
    ("SELECT ?::text", True, "true"),
    ("SELECT ?::text", ["a", None, ""], '{a,NULL,""}'),
    ("SELECT ?::date", datetime(2024, 1, 2, 3, 4), date(2024, 1, 2)),  # noqa: DTZ001 - naive
    ("SELECT ?::timestamp", date(2024, 1, 2), datetime(2024, 1, 2)),  # noqa: DTZ001 - naive
    ("SELECT ?::timestamp", datetime(2024, 1, 2, tzinfo=WEST), datetime(2024, 1, 2, 5, 30)),  # noqa: DTZ001
    ("SELECT ?::timestamptz", datetime(2024, 1, 2), datetime(2024, 1, 2, tzinfo=UTC)),  # noqa: DTZ001
    ("SELECT ?::time", time(1, 2, tzinfo=WEST), time(1, 2)),
    ("SELECT ?::time", datetime(2024, 1, 2, 3, 4), time(3, 4)),  # noqa: DTZ001 - naive
    ("SELECT ?::bigint", UUID(int=5), StatementError),
    ("SELECT ?::bigint", IPv4Interface("10.0.0.1"), StatementError),
    ("SELECT ?::jsonb", 5, StatementError),
    ("SELECT ?::jsonb", "5", 5),
    ("SELECT ?::jsonb", (1, "a"), [1, "a"]),
    ("SELECT ?::int", {"a": 1}, StatementError),
    # What is in a list.
    ("SELECT ?::int[]", [1, 2.5], StatementError),
    ("SELECT ?::int[]", [1.5], StatementError),
    ("SELECT ?::int[]", (1, None), [1, None]),
    ("SELECT ?::int[]", ["1", "2"], [1, 2]),
    ("SELECT ?::int[]", [2**31], StatementError),
    ("SELECT ?::int[]", {1}, ParameterError),
    ("SELECT ?::float[]", [1, 2.5], [1.0, 2.5]),
    ("SELECT ?::numeric[]", [1, 0.1, Decimal("1E+5")], [Decimal(1), Decimal("0.1"), Decimal(100000)]),
    ("SELECT ?::text[]", [1, None], ["1", None]),
    ("SELECT ?::pair[]::text", [(1, "a")], '{"(1,a)"}'),
    ("SELECT 5 = ANY(?)", [1, 5], True),
    ("SELECT ?::date[]", [date.max, date.min], [date.max, date.min]),
    # The ends of the calendar are days like others; beyond them Python has none.
    ("SELECT (?::date)::text", date.max, "9999-12-31"),
    ("SELECT (?::date)::text", date.min, "0001-01-01"),
    ("SELECT (?::timestamp)::text", LAST, "9999-12-31 23:59:59.999999"),
    ("SELECT (?::timestamp)::text", FIRST, "0001-01-01 00:00:00"),
    ("SELECT ?::timestamptz", LAST.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC)),
    ("SELECT extract(year FROM ?::timestamptz)::int", LAST.replace(tzinfo=WEST), 10000),
    ("SELECT isfinite(?::timestamp)", LAST, True),
    ("SELECT isfinite(?::date)", "infinity", False),
    *[
        (f"SELECT ?::{kind} AS gone", value, "column 'gone'")
        for kind, value in (
            *(
                ("date", "infinity"),
                ("date", "-infinity"),
                ("date", "0044-03-15 BC"),
                ("date", "10000-01-01"),
            ),
            *(("timestamp", "infinity"), ("timestamptz", "-infinity"), ("timestamptz", "12000-01-01")),
            *(("time", "24:00"), ("timetz", "24:00+02")),
        )
    ],
    ("SELECT ARRAY[?::date]", "infinity", StatementError),
    ("SELECT daterange(?, NULL)", "infinity", StatementError),
    # A numeric has the digits that the server shows.
    *[
        ("SELECT ?::numeric", Decimal(text), Decimal(text))
        for text in ("0", "0.00", "100000", "-2500000", "1.50", "0.00001", "12345678.000", "-0.0500")
    ],
    ("SELECT 1e5::numeric + ?", 0, Decimal(100000)),
    ("SELECT ?::numeric", Decimal("1E+140000"), StatementError),
    ("SELECT ?::numeric::text", Decimal("sNaN"), "NaN"),
    ("SELECT (numrange(?, NULL))::text", Decimal("1E+5"), "[100000,)"),
    # What nothing holds.
    ("SELECT ?", object(), ParameterError),
    ("SELECT ? IS NULL", 1j, ParameterError),
    ("SELECT ?::text", "a\0b", ParameterError),
    ("SELECT ?::jsonb", {"a": math.nan}, ParameterError),
]


async def _answer(session: Any, sql: str, value: Any) -> Any:
    async with session.begin():
        return (await session.execute(sql, (value,))).scalar()


async def _from_stream(session: Any, sql: str, value: Any) -> Any:
    found = [row async for row in session.stream(sql, (value,), schema_type=tuple)]
    if not found:
        raise NoRowError
    return found[0][0]


def _is_right(answer: Any, right: Any) -> bool:
    if isinstance(right, type):
        return isinstance(answer, right)
    if isinstance(answer, SQLSpecError):
        return type(answer) is StatementError and isinstance(right, str) and right in str(answer)
    return bool(_spelled(answer) == _spelled(right))


def _spelled(value: Any) -> Any:
    """1 is not True, and 1.50 not 1.5; whose zone and whose UUID it is does not matter."""
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value - datetime(1, 1, 1, tzinfo=UTC)
    return type(value), str(value)


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_a_statement_computes_with_the_value_that_was_given(door: Door, autocommit: bool) -> None:
    """By `execute`, the second time too, in a transaction that has begun, and by `stream`."""
    await door.run(MADE)
    wrong: dict[str, Any] = {}

    for sql, value, right in ASKED:
        async with door.session(autocommit=autocommit) as session:
            ways = [partial(_answer, session), partial(_answer, session), partial(_from_stream, session)]
            for way in ways:
                try:
                    answer = await way(sql, value)
                except SQLSpecError as exc:
                    answer = exc
                    await session.rollback()
                if not _is_right(answer, right):
                    wrong[f"{sql} {value!r}"] = answer

    assert wrong == {}
