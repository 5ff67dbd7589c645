"""`execute_many` gives the rows of all its statements, in order, and counts every change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

KEYS = [4, 9, 16, 25]
HEADS = {"plain": "", "after a comment": "-- why\n/* b */ "}


@dataclass
class Note:
    """A row."""

    id: int
    words: str | None


async def prepared(side: Side, spec: SQLSpec) -> None:
    """A table with a key, and two rows in it."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, words VARCHAR(40))")
        await session.execute("INSERT INTO note VALUES (4, 'old'), (9, 'older')")


async def words(side: Side, spec: SQLSpec) -> list[tuple[int, str]]:
    """What is stored."""
    async with side.session(spec) as session:
        return (await session.execute("SELECT id, words FROM note ORDER BY id", schema_type=tuple)).all()  # type: ignore[no-any-return]


def upsert(side: Side) -> str:
    """Nothing happens to the keys that are there; on MariaDB they are replaced."""
    if side.database.name == "asyncmy":
        return "REPLACE INTO note (id, words) VALUES (?, ?) RETURNING id, words"
    return "INSERT INTO note (id, words) VALUES (?, ?) ON CONFLICT (id) DO NOTHING RETURNING id, words"


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
async def test_inserts_give_their_rows(side: Side, spec: SQLSpec, head: str, *, autocommit: bool) -> None:
    """As dicts or as the type that was asked for."""
    await prepared(side, spec)
    rows = [(key + 100, "w" * key) for key in KEYS]
    async with side.session(spec, autocommit=autocommit) as session:
        sql = f"{head}INSERT INTO note (id, words) VALUES (?, ?) RETURNING id, words"
        result = await session.execute_many(sql, rows, schema_type=Note)

    assert result.all() == [Note(key, text) for key, text in rows]
    assert (result.columns, result.rowcount) == (("id", "words"), 4)
    assert (await words(side, spec))[2:] == rows


async def test_a_statement_that_returns_less_counts_less(side: Side, spec: SQLSpec) -> None:
    """Rows that were there already are not counted, or are replaced."""
    await prepared(side, spec)
    async with side.session(spec) as session:
        result = await session.execute_many(upsert(side), [(key, "new") for key in KEYS])

    replaces = side.database.name == "asyncmy"
    new = KEYS if replaces else KEYS[2:]
    assert [row["id"] for row in result.all()] == new
    assert [row["words"] for row in result.all()] == ["new"] * len(new)
    assert result.rowcount == len(new)


async def test_deletes_give_what_was_there(side: Side, spec: SQLSpec) -> None:
    """One statement may return no row, or one."""
    await prepared(side, spec)
    async with side.session(spec) as session:
        result = await session.execute_many(
            "DELETE FROM note WHERE id = ? RETURNING id, words", [(9,), (1,), (4,), (9,)]
        )

    assert [tuple(row.values()) for row in result.all()] == [(9, "older"), (4, "old")]
    assert (result.columns, result.rowcount) == (("id", "words"), 2)
    assert await words(side, spec) == []


async def test_without_returning_there_are_no_rows(side: Side, spec: SQLSpec) -> None:
    """And no columns; the count is of all."""
    await prepared(side, spec)
    async with side.session(spec) as session:
        result = await session.execute_many(
            "INSERT INTO note VALUES (:id, :words)", [{"id": 1, "words": None}] * 1
        )
        updated = await session.execute_many(
            "UPDATE note SET words = ? WHERE id > ?", [("x", 0), ("y", 3), ("z", 9)]
        )

    assert (result.all(), result.columns, result.rowcount) == ([], (), 1)
    assert (updated.all(), updated.columns, updated.rowcount) == ([], (), 5)


async def test_no_rows_of_parameters_do_nothing(side: Side, spec: SQLSpec) -> None:
    """And return nothing."""
    await prepared(side, spec)
    async with side.session(spec) as session:
        result = await session.execute_many("DELETE FROM note WHERE id = ? RETURNING id", [])

    assert (result.all(), result.rowcount) == ([], 0)
    assert len(await words(side, spec)) == 2


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_failure_keeps_none_of_it(side: Side, spec: SQLSpec, *, autocommit: bool) -> None:
    """The third row is there already."""
    await prepared(side, spec)
    with pytest.raises(SQLSpecError):
        async with side.session(spec, autocommit=autocommit) as session:
            await session.execute_many(
                "INSERT INTO note (id, words) VALUES (?, ?) RETURNING id",
                [(1, "a"), (2, "b"), (9, "c"), (3, "d")],
            )

    assert await words(side, spec) == [(4, "old"), (9, "older")]


@pytest.mark.parametrize("count", [1, 2000])
async def test_many_rows_come_back_in_order(side: Side, spec: SQLSpec, count: int) -> None:
    """However the driver sends them."""
    await prepared(side, spec)
    keys: list[Any] = list(range(10_000 + count, 10_000, -1))
    async with side.session(spec) as session:
        result = await session.execute_many(
            "INSERT INTO note (id, words) VALUES (?, ?) RETURNING id",
            [(key, "x") for key in keys],
            schema_type=int,
        )

    assert result.all() == keys
    assert result.rowcount == count
