"""`load` reaches every table, whatever its name holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from .sides import Side

NAMES = (
    "q3.2025",
    "group",
    'the "best"',
    "a.b.c",
    "Mixed Case",
    "`",
    "[b]",
    "ünï.cödé",
    "50%",
    "it's",
    "?:x;--",
)
"""Names that need quotes in SQL."""


def quoted(name: str, side: Side) -> str:
    """As the database's SQL has it."""
    quote = "`" if side.database.name == "asyncmy" else '"'
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def spellings(name: str, side: Side) -> dict[str, Any]:
    """The ways to say it."""
    found: dict[str, Any] = {"quoted": quoted(name, side), "alone": (name,), "list": [name]}
    if "." not in name and name[0] not in '"`[':
        found["bare"] = name
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_each_spelling_reaches_the_table(side: Side, request: pytest.FixtureRequest, name: str) -> None:
    """Quoted, as parts, and bare where nothing in the name asks for more."""
    async with SQLSpec() as spec:
        spec.register_config(side.database.config(request))
        async with side.session(spec, autocommit=True) as session:
            table = quoted(name, side)
            await session.execute(f"CREATE TABLE {table} (n INTEGER)")
            for number, spelling in enumerate(spellings(name, side).values()):
                assert await session.load(spelling, [(number,)], ("n",)) == 1
            stored = [row["n"] async for row in session.stream(f"SELECT n FROM {table} ORDER BY n")]

    assert stored == list(range(len(spellings(name, side))))


async def test_a_schema_goes_before_the_name(side: Side, request: pytest.FixtureRequest) -> None:
    """Its name may be odd too, and none of the two is ever cut."""
    schema = "odd.schema"
    async with SQLSpec() as spec:
        spec.register_config(side.database.config(request))
        async with side.session(spec, autocommit=True) as session:
            if side.database.name == "sqlite":
                await session.execute(f"ATTACH ':memory:' AS {quoted(schema, side)}")
            else:
                await session.execute(f"CREATE SCHEMA {quoted(schema, side)}")
            try:
                table = f"{quoted(schema, side)}.{quoted('the.table', side)}"
                await session.execute(f"CREATE TABLE {table} (n INTEGER)")
                await session.load(table, [(1,)], ("n",))
                await session.load((schema, "the.table"), [(2,)], ("n",))
                stored = (await session.execute(f"SELECT sum(n) FROM {table}")).scalar()
            finally:
                if side.database.name == "asyncmy":
                    await session.execute(f"DROP SCHEMA {quoted(schema, side)}")

    assert stored == 3


@pytest.mark.parametrize(
    "table",
    ["", ".", "a.", ".a", "a..b", '"a', '"a"b', '"a".', (), ("a", ""), ("a", 3), 7, "a\0b", None, b"a"],
)
async def test_what_is_no_name_is_refused(side: Side, request: pytest.FixtureRequest, table: Any) -> None:
    """Before anything is sent, with the spellings there are."""
    if side.database.name == "asyncmy" and isinstance(table, str):
        table = table.replace('"', "`")
    async with SQLSpec() as spec:
        spec.register_config(side.database.config(request))
        async with side.session(spec) as session:
            with pytest.raises(InvalidArgumentError, match=r"load\(\): "):
                await session.load(table, [(1,)], ("n",))
