"""What is stored of a value is the same, whichever adapter and call brings it: psql judges.

A statement sends a number as a number, and the server converts it as it converts any; a load sends texts
where a value is not of its column's type, and the server reads them as in any COPY.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from sqlspec.errors import MappingError, SQLSpecError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .sides import Door, Home

LAST = datetime.max  # noqa: DTZ901 - naive
EAST = timezone(timedelta(hours=2))
REFUSED = None
LATIN = '<?xml version="1.0" encoding="latin1"?><a>é</a>'  # as a text it has the encoding of all texts

STORED: list[tuple[str, Any, str | None, str | None]] = [
    # type, value, by a statement, by a load
    ("smallint", 6.75, "7", REFUSED),
    ("int", 11.8, "12", REFUSED),
    ("bigint", Decimal("8.51"), "9", REFUSED),
    ("bigint", Decimal(8), "8", "8"),
    ("int", "23", "23", "23"),
    ("int", "2.5", REFUSED, REFUSED),
    ("int", True, REFUSED, REFUSED),
    ("int", 2**31, REFUSED, REFUSED),
    ("bigint", -(2**63), str(-(2**63)), str(-(2**63))),
    ("bigint", 2**63, REFUSED, REFUSED),
    ("smallint", 2**15, REFUSED, REFUSED),
    ("bigint", UUID(int=5), REFUSED, REFUSED),
    ("oid", 2**32 - 1, "4294967295", "4294967295"),
    ("float8", 3, "3", "3"),
    ("float8", 2**63, "9.223372036854776e+18", "9.223372036854776e+18"),
    ("float8", Decimal("0.1"), "0.1", "0.1"),
    ("float8", Decimal("1e400"), REFUSED, REFUSED),
    ("float8", True, REFUSED, REFUSED),
    ("float8", -0.0, "-0", "-0"),
    ("real", 0.1, "0.1", "0.1"),
    ("real", 1e300, REFUSED, REFUSED),
    ("real", 1e-50, REFUSED, REFUSED),
    ("real", 16_777_217, "1.6777216e+07", "1.6777216e+07"),
    ("numeric", 0.1, "0.1", "0.1"),
    ("numeric", Decimal("1E+5"), "100000", "100000"),
    ("numeric", Decimal("-1.50"), "-1.50", "-1.50"),
    ("numeric", Decimal("1E-30"), f"0.{'0' * 29}1", f"0.{'0' * 29}1"),
    ("numeric", 10**30, str(10**30), str(10**30)),
    ("numeric", Decimal("sNaN"), "NaN", "NaN"),
    ("numeric", -math.inf, "-Infinity", "-Infinity"),
    ("numeric", True, REFUSED, REFUSED),
    ("numeric", "1e3", "1000", "1000"),
    ("numeric(10,2)", 1.005, "1.01", "1.01"),
    ("bool", 1, REFUSED, "true"),
    ("bool", "yes", "true", "true"),
    ("text", 8, "8", "8"),
    ("text", 2.50, "2.5", "2.5"),
    ("text", False, "false", "f"),
    ("text", Decimal("2.50"), "2.50", "2.50"),
    ("text", date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    ("varchar(3)", "abcd", REFUSED, REFUSED),
    ("varchar(3)", 1234, REFUSED, REFUSED),
    ("name", "x" * 70, "x" * 63, "x" * 63),
    ('"char"', "ab", "a", "a"),
    ("xml", LATIN, LATIN, LATIN),
    ("bytea", bytearray(b"\0"), "\\x00", "\\x00"),
    ("bytea", "\\x00", "\\x00", "\\x00"),
    ("date", date.max, "9999-12-31", "9999-12-31"),
    ("date", date.min, "0001-01-01", "0001-01-01"),
    ("date", LAST, "9999-12-31", "9999-12-31"),
    ("date", "infinity", "infinity", "infinity"),
    ("date", math.inf, REFUSED, REFUSED),
    ("timestamp", LAST, "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
    ("timestamp", date(2024, 2, 29), "2024-02-29 00:00:00", "2024-02-29 00:00:00"),
    ("timestamp", datetime(2024, 1, 2, tzinfo=EAST), "2024-01-01 22:00:00", REFUSED),
    (
        "timestamptz",
        LAST.replace(tzinfo=UTC),
        "9999-12-31 23:59:59.999999+00",
        "9999-12-31 23:59:59.999999+00",
    ),
    ("timestamptz", datetime(2024, 1, 2), "2024-01-02 00:00:00+00", "2024-01-02 00:00:00+00"),  # noqa: DTZ001
    ("time", time(1, 2, 3, 4), "01:02:03.000004", "01:02:03.000004"),
    ("time", "24:00", "24:00:00", "24:00:00"),
    ("timetz", time(1, 2, tzinfo=EAST), "01:02:00+02", "01:02:00+02"),
    ("interval", timedelta.max, "999999999 days 23:59:59.999999", "999999999 days 23:59:59.999999"),
    ("interval", timedelta(microseconds=-1), "-1 days +23:59:59.999999", "-1 days +23:59:59.999999"),
    ("interval", True, REFUSED, REFUSED),
    ("interval", "1 mon", "1 mon", "1 mon"),
    ("uuid", "00000000000000000000000000000005", str(UUID(int=5)), str(UUID(int=5))),
    ("uuid", 5, REFUSED, REFUSED),
    ("jsonb", (1, {"a": None}), '[1, {"a": null}]', '[1, {"a": null}]'),
    ("jsonb", 5, REFUSED, "5"),
    ("jsonb", [Decimal(1)], REFUSED, REFUSED),
    ("int[]", [1, 2.5], REFUSED, REFUSED),
    ("int[]", (1, None), "{1,NULL}", "{1,NULL}"),
    ("int[]", [["1"], [2]], "{{1},{2}}", "{{1},{2}}"),
    ("float8[]", [1, 0.5, None], "{1,0.5,NULL}", "{1,0.5,NULL}"),
    ("numeric[]", [0.1, Decimal("1E+5")], "{0.1,100000}", "{0.1,100000}"),
    ("date[]", [date.max, None], "{9999-12-31,NULL}", "{9999-12-31,NULL}"),
    ("mood", "cross", REFUSED, REFUSED),
    ("mood[]", ["sad", None], "{sad,NULL}", "{sad,NULL}"),
    ("positive", 2.7, "3", REFUSED),
    ("positive", -1, REFUSED, REFUSED),
    ("pair", (1, 'x"y'), '(1,"x""y")', '(1,"x""y")'),
    ("pair[]", [(1, None)], '{"(1,)"}', '{"(1,)"}'),
    ("int4range", "[1,2]", "[1,3)", "[1,3)"),
    ("bit(3)", "101", "101", "101"),
    ("bit(3)", "10", REFUSED, REFUSED),
    ("money", "$1.50", "$1.50", "$1.50"),
    ("inet", "10.1.2.3/8", "10.1.2.3/8", "10.1.2.3/8"),
    ("inet", 5, REFUSED, REFUSED),
    ("point", (1, 2), "(1,2)", "(1,2)"),
    ("text", "a\0b", REFUSED, REFUSED),
]


async def _execute(session: Any, table: str, value: Any) -> None:
    await session.execute(f"INSERT INTO {table} VALUES (?)", (value,))


async def _execute_many(session: Any, table: str, value: Any) -> None:
    await session.execute_many(f"INSERT INTO {table} VALUES (?)", [(None,), (value,), (value,)])


async def _load(session: Any, table: str, value: Any) -> None:
    await session.load(table, [(None,), (value,)], ["v"])


@pytest.mark.parametrize("way", [_execute, _execute_many, _load], ids=["execute", "execute_many", "load"])
async def test_what_is_stored_is_what_the_server_makes_of_the_value(
    door: Door, home: Home, way: Callable[[Any, str, Any], Awaitable[None]]
) -> None:
    """Or nothing at all, and an error of ours."""
    home.sql(
        "CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN positive AS int CHECK (value > 0);"
        "CREATE TYPE pair AS (a int, b text);"
        + "".join([f"CREATE TABLE t{at} (v {row[0]});" for at, row in enumerate(STORED)])
    )
    wrong: dict[str, str] = {}

    for number, (kind, value, by_statement, by_load) in enumerate(STORED):
        right = by_load if way is _load else by_statement
        try:
            async with door.session() as session:
                await way(session, f"t{number}", value)
        except SQLSpecError as exc:
            found: str | None = None if right is None else str(exc)
        else:
            found = home.sql(f"SELECT DISTINCT v::text FROM t{number} WHERE v IS NOT NULL").strip()
        if found != right or (right is None and home.sql(f"SELECT FROM t{number}").strip()):
            wrong[f"{kind} {value!r}"] = f"{found}, not {right}"

    assert wrong == {}


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_rows_of_several_types_are_stored_in_their_order(door: Door, autocommit: bool) -> None:
    """All of them, and none if one is refused."""
    await door.run("CREATE TABLE t (n serial, v int)")
    rows = [(1,), (2.4,), (Decimal("3.1"),), ("4",), (None,), (5,)]

    async with door.session(autocommit=autocommit) as session:
        result = await session.execute_many("INSERT INTO t (v) VALUES (?)", rows)
        assert result.rowcount == 6
    with pytest.raises(SQLSpecError):
        async with door.session(autocommit=autocommit) as session:
            await session.execute_many("INSERT INTO t (v) VALUES (?)", [*rows, ("x",)])

    assert [v for (v,) in await door.rows("SELECT v FROM t ORDER BY n")] == [1, 2, 3, 4, None, 5]


@pytest.mark.parametrize("numbers", [(3, 4), (69_999, 1), (0, -2_500_000), (10**12, 10**12), (0, 0)])
async def test_a_sum_of_integers_is_read_into_an_int_whichever_it_is(door: Door, numbers: Any) -> None:
    """It is a numeric without a fraction; one with two digits is never an int."""
    total = "SELECT sum(n) FROM (VALUES (?::bigint), (?::bigint)) numbers (n)"
    price = "SELECT sum(n)::numeric(20,2) FROM (VALUES (?::bigint), (?::bigint)) numbers (n)"
    async with door.session() as session:
        assert (await session.execute(total, numbers, schema_type=int)).one() == sum(numbers)
        with pytest.raises(MappingError):
            (await session.execute(price, numbers, schema_type=int)).one()
