# The source of test_values_sync.py, which tools/print_sync.py prints from it.
"""Values, there and back."""

from __future__ import annotations

import enum
import ipaddress
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ParameterError, StatementError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import AsyncSession
    from sqlspec_psycopg import PostgreSQLConfig


class Mood(enum.Enum):
    """As an application has it."""

    GOOD = "good"


class Size(enum.StrEnum):
    """A text besides."""

    LARGE = "large"


@pytest.fixture
async def session(config: PostgreSQLConfig) -> AsyncIterator[AsyncSession]:
    """A session of the test's own database."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        async with spec.provide_session() as session:
            yield session


KINDS: list[tuple[str, Any]] = [
    ("int2", 7),
    ("int8", 2**62),
    ("float8", 1.5),
    ("float8", -math.inf),
    ("bool", True),
    ("text", "Grüße % ? :x"),
    ("bytea", b"\x00\xff"),
    ("numeric", Decimal("1.50")),
    ("date", date(2024, 2, 29)),
    ("time", time(23, 59, 59, 5)),
    ("timetz", time(23, 59, tzinfo=timezone(timedelta(hours=2)))),
    ("timestamp", datetime(2024, 2, 29, 12)),  # noqa: DTZ001 - the naive one
    ("timestamptz", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("interval", timedelta(days=3, seconds=5, microseconds=7)),
    ("uuid", UUID(int=5)),
    ("json", {"a": [1, None, "é"]}),
    ("jsonb", {"a": {"b": []}}),
    ("jsonb", [1, {"a": 2}]),
    ("json", []),
    ("int4[]", [1, 2, None]),
    ("text[]", ["a,b", '"', "{}"]),
    ("int4[]", []),
    ("int4[]", [[1, 2], [3, 4]]),
    ("inet", ipaddress.ip_address("10.0.0.1")),
    ("cidr", ipaddress.ip_network("10.0.0.0/8")),
]


@pytest.mark.parametrize(("kind", "value"), KINDS, ids=[f"{i}-{kind}" for i, (kind, _) in enumerate(KINDS)])
async def test_a_value_comes_back_as_it_went(session: AsyncSession, kind: str, value: Any) -> None:
    """By a parameter, in a column, by `execute_many` and by `load`; and NULL does."""
    await session.execute(f"CREATE TABLE kept (id int, value {kind})")

    await session.execute("INSERT INTO kept VALUES (?, ?)", (1, value))
    await session.execute("INSERT INTO kept VALUES (:id, :value)", {"id": 2, "value": value})
    await session.execute_many("INSERT INTO kept VALUES (?, ?)", [(3, value), (4, None)])
    await session.load("kept", [(5, value), (6, None)], ["id", "value"])

    found = await session.execute("SELECT value FROM kept ORDER BY id").scalars()
    assert found == [value, value, value, None, value, None]
    assert {type(each) for each in found} == {type(value), type(None)}
    assert await session.execute(f"SELECT ?::{kind}", (value,)).scalar() == value


async def test_a_text_is_a_document_as_it_stands(session: AsyncSession) -> None:
    """As in any other client."""
    assert await session.execute("SELECT ?::jsonb", ('{"a": 1}',)).scalar() == {"a": 1}


async def test_members_of_enums_are_their_values(session: AsyncSession) -> None:
    """For texts and for PostgreSQL's own enums."""
    await session.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
    await session.execute("CREATE TABLE moods (mood mood, size text)")

    await session.execute("INSERT INTO moods VALUES (?, ?)", (Mood.GOOD, Size.LARGE))
    await session.load("moods", [(Mood.GOOD, Size.LARGE)], ["mood", "size"])

    assert await session.execute("SELECT * FROM moods", schema_type=tuple).all() == [("good", "large")] * 2


BAD: list[Any] = [object(), "a\0b", "\ud800", {1: object()}, {"a": math.nan}]


@pytest.mark.parametrize("value", BAD, ids=["object", "nul", "surrogate", "no document", "nan"])
async def test_what_can_not_be_sent_is_refused(session: AsyncSession, value: Any) -> None:
    """Before anything is sent: the transaction goes on."""
    await session.execute("CREATE TABLE kept (value text)")

    with pytest.raises(ParameterError):
        await session.execute("INSERT INTO kept VALUES (?)", (value,))
    with pytest.raises((ParameterError, StatementError)):  # a NUL is the server's to refuse
        await session.load("kept", [(value,)], ["value"])

    assert await session.execute("SELECT count(*) FROM kept").scalar() == 0


async def test_a_list_that_nobody_expects_is_an_array(session: AsyncSession) -> None:
    """The question for types does not break the transaction where the server can not tell."""
    assert await session.execute("SELECT array_length(?, 1)", ([1, 2],)).scalar() == 2
    assert await session.execute("SELECT 1 WHERE 5 = ANY(?)", ([4, 5],)).scalar() == 1
    assert await session.execute("SELECT 1 WHERE 5 = ANY(:many) AND :one = 1", {"many": [5], "one": 1}).all()


async def test_percent_signs_are_themselves(session: AsyncSession) -> None:
    """With parameters and without."""
    assert await session.execute("SELECT 'a%b' LIKE 'a%%' AND 5 % 2 = 1").scalar() is True
    assert await session.execute("SELECT ? LIKE 'a%' AND 5 % 2 = ?", ("ab", 1)).scalar() is True


async def test_the_driver_never_sends_two_statements_as_one(session: AsyncSession) -> None:
    """Also where its own cursor would: what the scanner takes for a text may not be one."""
    await session.execute("SET standard_conforming_strings = off")

    with pytest.raises(StatementError):
        await session.execute(r"SELECT '\''; CREATE TABLE owned (); --'")
    await session.rollback()

    assert await session.execute("SELECT to_regclass('owned')").scalar() is None
