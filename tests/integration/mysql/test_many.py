"""One statement for many rows: all of them or none, whichever way they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import IntegrityError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

INSERT = "INSERT INTO item VALUES (?, ?)"
UPDATE = "UPDATE item SET note = ? WHERE id = ?"
WAYS = {"in binary": str, "as text": lambda number: number if number % 2 else str(number)}
"""Columns of one type go in binary, mixed ones as text."""


@pytest.fixture(params=WAYS, ids=str)
def noted(request: pytest.FixtureRequest) -> Any:
    """How a number is noted."""
    return WAYS[request.param]


async def test_rows_are_inserted_updated_and_deleted(spec: SQLSpec, noted: Any) -> None:
    """And counted."""
    numbers = range(100)
    async with spec.provide_session() as session:
        inserted = await session.execute_many(INSERT, [(number, noted(number)) for number in numbers])
        updated = await session.execute_many(UPDATE, [(noted(number + 1000), number) for number in numbers])
        kept = await session.execute("SELECT note FROM item ORDER BY id").scalars()
        again = await session.execute_many(
            "INSERT INTO item VALUES (?, ?) ON DUPLICATE KEY UPDATE note = concat('again ', id)",
            [(number, noted(number + 1000)) for number in numbers],
        )
        deleted = await session.execute_many(
            "DELETE FROM item WHERE id = ?", [(number,) for number in numbers]
        )
        left = await session.execute("SELECT count(*) FROM item").scalar()

    assert kept == [str(number + 1000) for number in numbers]
    assert [inserted.rowcount, updated.rowcount, deleted.rowcount, left] == [100, 100, 100, 0]
    assert again.rowcount >= 100  # the server counts an update twice


@pytest.mark.parametrize("statement", [INSERT, UPDATE], ids=["insert", "update"])
@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_an_error_in_the_middle_undoes_all_of_them(
    spec: SQLSpec,
    noted: Any,
    statement: str,
    autocommit: bool,
) -> None:
    """And nothing else: the rest of the transaction goes on."""
    places = range(100, 200) if statement is INSERT else range(1, 101)
    notes = [noted(number + 5000) for number in range(100)]
    notes[70] = noted(5001)  # which is there since the second
    rows = [
        (place, note) if statement is INSERT else (note, place)
        for place, note in zip(places, notes, strict=True)
    ]
    async with spec.provide_session(autocommit=autocommit) as session:
        await session.execute_many(INSERT, [(number, f"note {number}") for number in range(1, 101)])
        with pytest.raises(IntegrityError):
            await session.execute_many(statement, rows)
        await session.execute(INSERT, (1000, "after"))

    async with spec.provide_session() as session:
        found = await session.execute("SELECT note FROM item ORDER BY id").scalars()
    assert found == [*(f"note {number}" for number in range(1, 101)), "after"]


async def test_more_than_the_server_takes_at_once(spec: SQLSpec, noted: Any) -> None:
    """In as many commands as it needs."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TABLE large (id INTEGER, note VARCHAR(9), body LONGTEXT)")
        rows = [(number, noted(number), "x" * 300_000) for number in range(100)]
        loaded = await session.load("large", rows, ("id", "note", "body"))
        many = await session.execute_many("INSERT INTO large VALUES (?, ?, ?)", rows)
        kept = await session.execute("SELECT count(*), sum(length(body)) FROM large", schema_type=tuple).one()

    assert (loaded, many.rowcount, kept) == (100, 100, (200, 200 * 300_000))


async def test_a_statement_that_can_not_be_prepared_runs_row_by_row(spec: SQLSpec) -> None:
    """The server says which; no rows at all are no statement."""
    async with spec.provide_session() as session:
        await session.execute_many("SET @a = ?", [(number,) for number in range(50)])
        last = await session.execute("SELECT @a").scalar()
        await session.execute_many("KILL QUERY ?", [])
        none = await session.execute_many(INSERT, [])

    assert (last, none.rowcount) == (49, 0)
