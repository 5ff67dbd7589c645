"""Which row it was: MariaDB remembers it, in whatever language it speaks, and not of what a routine did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DatabaseError, IntegrityError, StatementError, UniqueViolationError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

MANY = [(number, f"note {number}") for number in range(300)]
"""More than the bulk protocol wants; without a common type they go as text."""


@pytest.mark.parametrize("language", ["de_DE", "ja_JP", "ru_RU", "fr_FR"])
@pytest.mark.parametrize("mixed", [False, True], ids=["bulk protocol", "one insert"])
async def test_a_server_of_another_language_names_the_row(
    spec: SQLSpec, language: str, *, mixed: bool
) -> None:
    """Its words are not looked at."""
    rows = [*MANY[:123], (7, "again"), *MANY[123:]]
    sent = [(number, note if number % 2 else note.encode()) for number, note in rows] if mixed else rows
    with pytest.raises(
        UniqueViolationError, match=r"^row 124: two rows with one key \(error 1062\)"
    ) as caught:
        async with spec.provide_session() as session:
            await session.execute("SET SESSION lc_messages = ?", (language,))
            await session.execute_many("INSERT INTO item VALUES (?, ?)", sent)

    assert "Duplicate entry" not in str(caught.value.detail)


async def test_a_language_changes_no_class(spec: SQLSpec) -> None:
    """Nor does its encoding: `.detail` has its words."""
    async with spec.provide_session() as session:
        await session.execute("SET SESSION lc_messages = 'ru_RU'")
        with pytest.raises(StatementError, match="no such column") as caught:
            await session.execute("SELECT nothing FROM item")

    assert "Неизвестный" in str(caught.value.detail)


ROUTINES = """
CREATE TABLE log (n INTEGER UNIQUE);
CREATE FUNCTION logged(x INTEGER) RETURNS INTEGER BEGIN INSERT INTO log VALUES (x % 200); RETURN x; END;
CREATE TABLE watched (n INTEGER);
CREATE TRIGGER watching BEFORE INSERT ON watched FOR EACH ROW BEGIN INSERT INTO log VALUES (new.n % 200); END;
"""


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO item (id, note) VALUES (logged(?), ?)", "INSERT INTO watched VALUES (? + length(?))"],
    ids=["function", "trigger"],
)
async def test_a_row_of_a_routines_own_statement_is_not_taken_for_ours(spec: SQLSpec, statement: str) -> None:
    """The server counts the rows of the statement that failed, which is another one."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute_script(ROUTINES)
    with pytest.raises(IntegrityError) as caught:
        async with spec.provide_session() as session:
            await session.execute_many(statement, [(number, f"{number:03}") for number in range(300)])

    assert "row " not in str(caught.value)


async def test_a_session_without_notes_names_no_row(spec: SQLSpec) -> None:
    """Notes tell whether it was a routine."""
    with pytest.raises(IntegrityError) as caught:
        async with spec.provide_session() as session:
            await session.execute("SET SESSION sql_notes = 0")
            await session.execute_many("INSERT INTO item VALUES (?, ?)", [*MANY, MANY[0]])

    assert "row " not in str(caught.value)


async def test_a_row_of_a_late_part_is_counted_from_the_first(spec: SQLSpec) -> None:
    """Of values that need several commands."""
    rows = [(number, f"{number:04}" + "x" * 190) for number in range(12_000)]
    rows[11_111] = (11_111, "y" * 300)
    for load in (True, False):
        with pytest.raises(StatementError, match=r"^row 11112: a value is longer than its column"):
            async with spec.provide_session() as session:
                if load:
                    await session.load("item", rows, ("id", "note"))
                else:
                    await session.execute_many("INSERT INTO item VALUES (?, ?)", rows)


async def test_after_an_error_of_a_row_the_session_goes_on(spec: SQLSpec) -> None:
    """Nothing of the question is left in it."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1, 'kept')")
        with pytest.raises(DatabaseError, match=r"^row 300: "):
            async with session.begin():
                await session.execute_many(
                    "INSERT INTO item VALUES (?, ?)", [*MANY[2:], *MANY[:2], *MANY[:2], (1, "")]
                )
        assert await session.execute("SELECT id FROM item", schema_type=int).all() == [1]
