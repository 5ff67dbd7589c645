"""Rows that execute_many returns: of all statements, in order, with a true count, whichever way they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import UniqueViolationError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

ROWS: dict[str, list[Any]] = {
    "three": [(n, f"note {n}") for n in (4, 9, 16)],
    "many of one type": [(n, f"note {n}") for n in range(200)],
    "many of several types": [(n, n if n % 2 else f"note {n}") for n in range(200)],
    "large ones": [(n, "x" * 180 + str(n)) for n in range(8000)],
}
INSERTS = [
    "INSERT INTO item VALUES (?, ?) RETURNING id, note",
    "INSERT INTO item (id, note) VALUES (?, ?) RETURNING *",
    "INSERT IGNORE INTO item VALUES (?, ?) RETURNING id, note",
    "REPLACE INTO item VALUES (?, ?) RETURNING id, note",
    "/* well */ INSERT INTO item VALUES (?, ?) RETURNING id, note",
    "INSERT INTO item SELECT ?, ? RETURNING id, note",
    "SET STATEMENT max_statement_time=60 FOR INSERT INTO item VALUES (?, ?) RETURNING id, note",
]


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("statement", INSERTS)
async def test_inserts_return_their_rows(spec: SQLSpec, statement: str, rows: str, autocommit: bool) -> None:
    """And the count is of what was stored."""
    if rows == "large ones" and ("SELECT" in statement or "SET" in statement):
        pytest.skip("one statement for each row, which takes long and shows nothing more")
    given = ROWS[rows]
    async with spec.provide_session(autocommit=autocommit) as session:
        result = await session.execute_many(statement, given, schema_type=tuple)
        stored = await session.execute("SELECT count(*) FROM item").scalar()

    assert result.columns == ("id", "note")
    assert result.all() == [(number, str(note)) for number, note in given]
    assert result.rowcount == stored == len(given)


async def test_deletes_return_their_rows(spec: SQLSpec) -> None:
    """One, several or none for each statement."""
    async with spec.provide_session() as session:
        await session.execute_many("INSERT INTO item VALUES (?, ?)", ROWS["many of one type"])
        result = await session.execute_many(
            "DELETE FROM item WHERE id BETWEEN ? AND ? RETURNING id", [(1, 3), (500, 600), (10, 10)]
        )
        left = await session.execute("SELECT count(*) FROM item").scalar()

    assert (result.scalars(), result.rowcount, left) == ([1, 2, 3, 10], 4, 196)


@pytest.mark.parametrize("count", [2, 100])
async def test_an_error_undoes_all_of_them(spec: SQLSpec, count: int) -> None:
    """As without RETURNING."""
    rows: list[Any] = [*((n, f"note {n}") for n in range(count)), (0, "again")]
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1000, 'before')")
        with pytest.raises(UniqueViolationError):
            await session.execute_many("INSERT INTO item VALUES (?, ?) RETURNING id", rows)
        with pytest.raises(UniqueViolationError):
            await session.execute_many("INSERT INTO item SELECT ?, ? RETURNING id", rows)

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1000]


async def test_statements_without_rows_return_none(spec: SQLSpec) -> None:
    """No columns; no rows of parameters, no result."""
    async with spec.provide_session() as session:
        for rows in ROWS.values():
            await session.execute("DELETE FROM item")
            plain = await session.execute_many("INSERT INTO item VALUES (?, ?)", rows)
            assert (plain.columns, plain.all(), plain.rowcount) == ((), [], len(rows))
        nothing = await session.execute_many("INSERT INTO item VALUES (?, ?) RETURNING id", [])

    assert (nothing.columns, nothing.rowcount) == ((), 0)
