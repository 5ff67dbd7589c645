"""A placeholder that is none, and one that is given a list: the error says what to write, and that works."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ParameterError, StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

SECRET = "plum-tree-88"
FORMS: dict[str, tuple[str, Any]] = {
    "sqlite": ("id IN (SELECT value FROM json_each(?))", (json.dumps([1, 2]),)),
    "duckdb": ("list_contains(?, id)", ([1, 2],)),
    "asyncmy": ("id IN (?, ?)", (1, 2)),
}
POSTGRESQL: tuple[str, Any] = ("id = ANY(?)", ([1, 2],))
LIKE = {"asyncmy": "name LIKE CONCAT('%', ?, '%')"}
OTHERS_LIKE = "name LIKE '%' || ? || '%'"
LISTS: dict[str, tuple[str, Any]] = {
    "in parentheses": ("id IN (?)", ([1, 2],)),
    "a tuple": ("id IN (?)", ((1, 2),)),
    "texts": ("name IN (?)", (["a", "b"],)),
    "without parentheses": ("id IN ?", ([1, 2],)),
    "by name": ("id IN (:ids)", {"ids": [1, 2]}),
    "as all parameters": ("id IN (?)", [1, 2]),
    "not in": ("id NOT IN ( ? )", ([1, 2],)),
    "beside another": ("name = ? AND id IN (?)", ("a", [1, 2])),
    "equal": ("id = ?", ([1, 2],)),
}
TAKEN = {("duckdb", "without parentheses")}
MARKS: dict[str, tuple[str, Any, str]] = {
    "%s": ("id = %s", (1,), "write ? or :name, and not %s"),
    "%(name)s": ("id = %(id)s", {"id": 1}, "write ? or :name, and not %(id)s"),
    "$1": ("id = $1", (1,), "write ? or :name, and not $1"),
    "beside a mark": ("id = ? AND name = %s", (1, "a"), "write ? or :name, and not %s"),
    "? in quotes": ("name = '?'", ("a",), "a ? in quotes is text; write it without quotes"),
    "names in quotes": (
        "name = ':name'",
        {"name": "a"},
        "a :name in quotes is text; write it without quotes",
    ),
    "one of two in quotes": ("id = ? AND name = '?'", (1, "a"), "a ? in quotes is text"),
    "? in a pattern": ("name LIKE '%?%'", ("a",), "a ? in quotes is text; write {like}"),
    "%s in a pattern": ("name LIKE '%s'", ("a",), "a %s in quotes is text; write {like}"),
    "%s in a pattern of signs": ("name LIKE '%%s%'", ("a",), "a %s in quotes is text; write {like}"),
    "what is in quotes is kept": (f"name = '{SECRET} :{SECRET} ?'", ("a",), "a :name in quotes is text"),
}
TAKEN_MARKS = {
    "%s": {"asyncmy", "psycopg"},
    "%(name)s": {"asyncmy", "psycopg"},
    "$1": {"duckdb", "asyncpg"},
}
"""A driver's own, which it may be given."""
WAYS = ("execute", "stream", "execute_many")


async def filled(side: Side, spec: SQLSpec) -> None:
    """A table with three rows."""
    async with side.session(spec) as session:
        await session.execute("CREATE TABLE t (id INTEGER, name VARCHAR(20))")
        await session.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")


async def found(
    side: Side, spec: SQLSpec, condition: str, parameters: Any, how: str = "execute"
) -> list[int]:
    """The ids that fit."""
    sql = f"SELECT id FROM t WHERE {condition} ORDER BY id"
    async with side.session(spec) as session:
        if how == "stream":
            return [row["id"] async for row in session.stream(sql, parameters)]
        if how == "execute_many":
            await session.execute_many(f"DELETE FROM t WHERE {condition}", [parameters])
            return []
        return [row["id"] for row in (await session.execute(sql, parameters)).all()]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_for_one_placeholder_says_what_to_write(
    side: Side, spec: SQLSpec, kind: str, how: str
) -> None:
    """In the words of docs/questions.md, for that database."""
    name = side.database.name
    if (name, kind) in TAKEN:
        pytest.skip("DuckDB reads it as it is meant")
    await filled(side, spec)
    form, values = FORMS.get(name, POSTGRESQL)

    with pytest.raises((ParameterError, StatementError)) as caught:
        await found(side, spec, *LISTS[kind], how)

    text = str(caught.value)
    assert text.count("one ? is one value. For a list write ") == 1
    advised = form.removeprefix("id ") if name != "asyncmy" else "one ? for each value, as in IN (?, ?)"
    assert f"For a list write {advised}" in text
    assert await found(side, spec, form, values) == [1, 2]


async def test_a_list_outside_of_comparisons_gets_no_such_advice(side: Side, spec: SQLSpec) -> None:
    """Nor does a name that is wrong, beside one value."""
    await filled(side, spec)
    for condition, parameters in (("nmae IN (?)", (1,)), ("id = ? AND nmae = ?", (1, 2)), ("id = ?", (1, 2))):
        with pytest.raises((ParameterError, StatementError)) as caught:
            await found(side, spec, condition, parameters)
        assert "For a list" not in str(caught.value)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("kind", MARKS)
async def test_a_mark_that_is_none_says_what_to_write(side: Side, spec: SQLSpec, kind: str, how: str) -> None:
    """And what stands in quotes is not told."""
    name = side.database.name
    if name in TAKEN_MARKS.get(kind, ()):
        pytest.skip("the driver's own mark")
    await filled(side, spec)
    condition, parameters, advice = MARKS[kind]
    if (name, kind) == ("sqlite", "$1"):
        advice = "takes a mapping with $1, not a value of type tuple; for values by position write ? for each"
    like = LIKE.get(name, OTHERS_LIKE)

    with pytest.raises(
        ParameterError, match=re.escape(advice.format(like=like.removeprefix("name ")))
    ) as caught:
        await found(side, spec, condition, parameters, how)

    assert SECRET not in str(caught.value)
    assert await found(side, spec, like, ("a",)) == [1]
