"""The same Python values go in, and the same come out, by either adapter."""

from __future__ import annotations

import enum
import math
import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from sqlspec.errors import DatabaseError, ParameterError, SQLSpecError

if TYPE_CHECKING:
    from .sides import Door

PAGE = Path(__file__).parents[3] / "docs" / "postgresql.md"
LINE = re.compile(r"^\| `([^`]+)`[^|]*\| `([^`]+)` \|(?: `([^`]+)`)? \|$", re.MULTILINE)
MADE = """
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN positive AS int CHECK (value > 0);
"""


class Mood(enum.Enum):
    """As an application has one for a type of the database."""

    HAPPY = "happy"


class Count(enum.IntEnum):
    """Its members are numbers besides."""

    ONE = 1


KNOWN = {
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "Decimal": Decimal,
    "UUID": UUID,
    "IPv4Address": IPv4Address,
    "IPv4Interface": IPv4Interface,
    "IPv4Network": IPv4Network,
    "IPv6Address": IPv6Address,
    "Mood": Mood,
    "Count": Count,
    "utc": UTC,
    "east": timezone(timedelta(hours=2)),
}
SUBCLASSED = {UUID}  # by asyncpg, whose own is faster
LINES: list[tuple[str, str, str]] = LINE.findall(PAGE.read_text("utf-8"))


def test_the_page_has_a_line_for_every_type() -> None:
    """And no line is of a form that the test would skip."""
    table = PAGE.read_text("utf-8").partition("| PostgreSQL |")[2].partition("\n\n")[0]

    assert len(LINES) == len(re.findall(r"^\|", table, re.MULTILINE)) - 2  # the rule, and the line of NULL
    assert {kind for kind, _, _ in LINES} >= {
        *("smallint", "int", "bigint", "float", "bool", "text", "bytea", "numeric", "date", "time", "timetz"),
        *(
            "timestamp",
            "timestamptz",
            "interval",
            "uuid",
            "json",
            "jsonb",
            "int[]",
            "mood",
            "int4range",
            "inet",
        ),
    }


async def _ways(session: Any, table: str, kind: str, value: Any) -> list[Any]:
    """The value as it comes back: from a column, by each way in, and as a parameter."""
    async with session.begin():
        await session.execute_script(f"CREATE TABLE {table} (n int, v {kind})")
        await session.execute(f"INSERT INTO {table} VALUES (1, ?)", (value,))
        await session.execute_many(f"INSERT INTO {table} VALUES (?, ?)", [(2, value), (3, value)])
        await session.load(table, [(4, value)], ["n", "v"])
        found: list[Any] = (await session.execute(f"SELECT v FROM {table} ORDER BY n")).scalars()
        return [*found, (await session.execute(f"SELECT ?::{kind}", (value,))).scalar()]


def _are(found: list[Any], wanted: Any) -> bool:
    kinds = {type(one) for one in found}
    return found == [wanted] * 5 and (
        kinds == {type(wanted)}
        or (type(wanted) in SUBCLASSED and all(isinstance(one, UUID) for one in found))
    )


async def test_every_line_of_the_page_is_true(door: Door) -> None:
    """Each value, by each way in: the same value comes back, of the same type."""
    names = {**KNOWN, "Range": door.side.range_type()}
    wrong: dict[str, Any] = {}

    async with door.session() as session:
        await session.execute_script(MADE)
        for number, (kind, given, expected) in enumerate(LINES):
            wanted = eval(expected or given, names)  # noqa: S307 - our own page
            try:
                found = await _ways(session, f"t{number}", kind, eval(given, names))  # noqa: S307
            except SQLSpecError as exc:
                wrong[f"{kind} {given}"] = exc
            else:
                wrong |= {} if _are(found, wanted) else {f"{kind} {given}": found}

    assert wrong == {}


async def test_null_is_none(door: Door) -> None:
    """Of every type, by each way in."""
    wrong: dict[str, Any] = {}

    async with door.session() as session:
        await session.execute_script(MADE)
        for number, kind in enumerate(dict.fromkeys(kind for kind, _, _ in LINES)):
            try:
                found = await _ways(session, f"t{number}", kind, None)
            except SQLSpecError as exc:
                wrong[kind] = exc
            else:
                wrong |= {kind: found} if found != [None] * 5 else {}

    assert wrong == {}


@pytest.mark.parametrize(
    "bounds",
    [(1, 5, True, False), (None, 5, False, False), (1, None, True, False), (None, None, False, False)],
    ids=["both", "no lower", "no upper", "none"],
)
async def test_a_range_has_the_same_attributes(door: Door, bounds: tuple[Any, ...]) -> None:
    """Whichever driver's it is."""
    lower, upper, lower_inc, upper_inc = bounds

    found = await door.value("SELECT ?::int4range", (door.side.range_type()(lower, upper),))

    assert (found.lower, found.upper, found.lower_inc, found.upper_inc) == (
        lower,
        upper,
        lower_inc,
        upper_inc,
    )
    assert (found.lower_inf, found.upper_inf, found.isempty) == (lower is None, upper is None, False)


async def test_nan_is_nan(door: Door) -> None:
    """Which equals nothing, so it is no line of the table."""
    numbers = await door.rows("SELECT ?::float, ?::numeric", (math.nan, Decimal("NaN")))

    assert math.isnan(numbers[0][0])
    assert numbers[0][1].is_nan()


REFUSED: dict[str, Any] = {
    "text": "a\0b",
    "varchar": "\ud800",
    "jsonb": {"a": math.nan},
    "json": [math.inf],
    "int": 2**31,
    "bigint": 2**63,
    "smallint": -(2**15) - 1,
    "bytea": object(),
    "jsonb[]": [{"a": object()}],
    "uuid": "no uuid",
    "int[]": ["a"],
    "inet": "no address",
    "date": "no date",
}


async def test_what_no_column_holds_is_refused(door: Door) -> None:
    """With an error of ours, one by one and in bulk, and the session's next transaction is fine."""
    stored: dict[str, Any] = {}
    async with door.session() as session:
        for number, (kind, value) in enumerate(REFUSED.items()):
            table = f"t{number}"
            await session.execute_script(f"CREATE TABLE {table} (v {kind})")
            await session.commit()
            insert = f"INSERT INTO {table} VALUES (?::{kind})"
            for call in (
                partial(session.execute, insert, (value,)),
                partial(session.execute_many, insert, [(value,)]),
                partial(session.load, table, [(value,)], ["v"]),
            ):
                with pytest.raises((ParameterError, DatabaseError)):
                    await call()
                await session.rollback()
            stored[kind] = (await session.execute(f"SELECT count(*) FROM {table}")).scalar()

    assert set(stored.values()) == {0}


@pytest.mark.parametrize(
    ("before", "after"),
    [(("jsonb", [1]), ("int[]", [2])), (("int[]", [1]), ("jsonb", [2])), (("xml", None), ("bytea", b"a"))],
    ids=["json to array", "array to json", "xml to bytea"],
)
async def test_a_column_that_changes_its_type_is_met_with_the_same_statement(
    door: Door, before: tuple[str, Any], after: tuple[str, Any]
) -> None:
    """What an adapter remembers of a statement may cost one error, and no more."""
    insert = "INSERT INTO t VALUES (?)"
    await door.run(f"CREATE TABLE t (v {before[0]})")
    for _ in range(7):
        await door.rows(f"{insert} RETURNING v", (before[1],))
    await door.run(f"DROP TABLE t; CREATE TABLE t (v {after[0]})")

    with suppress(SQLSpecError):
        await door.rows(f"{insert} RETURNING v", (after[1],))

    assert await door.value(f"{insert} RETURNING v", (after[1],)) == after[1]
