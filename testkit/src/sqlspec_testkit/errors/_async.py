# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PT012, S101, S301 - assertions are the point, what raises is the whole block, and the bytes are ours
"""Errors have the class that says what to do about them, and hold no value that was sent."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures

if TYPE_CHECKING:
    from sqlspec import SQLSpec

__all__ = ("AsyncErrors",)

CANARY = "c4n4ry"
"""A value that no text may hold."""
PARENTS = "CREATE TABLE sqlspec_kit_parents (id INTEGER NOT NULL PRIMARY KEY)"
CHILDREN = (
    "CREATE TABLE sqlspec_kit_children (id INTEGER NOT NULL UNIQUE, age INTEGER CHECK (age > 0), "
    "parent INTEGER, FOREIGN KEY (parent) REFERENCES sqlspec_kit_parents (id))"
)
NOTES = "CREATE TABLE sqlspec_kit_notes (id INTEGER NOT NULL UNIQUE, note VARCHAR(40))"
INSERT_CHILD = "INSERT INTO sqlspec_kit_children (id, age, parent) VALUES (?, ?, ?)"
VIOLATIONS: dict[str, tuple[tuple[Any, ...], type[errors.IntegrityError]]] = {
    "a key twice": ((1, 1, None), errors.UniqueViolationError),
    "nothing where there must be something": ((None, 1, None), errors.NotNullViolationError),
    "what a check refuses": ((2, -1, None), errors.CheckViolationError),
    "nobody for a parent": ((2, 1, 77), errors.ForeignKeyViolationError),
}
WRONG = {
    "a table that is not there": "SELECT id FROM sqlspec_kit_nowhere",
    "a column that is not there": "SELECT nothing FROM sqlspec_kit",
    "a typing error": "SELEKT id FROM sqlspec_kit",
    "a half statement": "SELECT id FROM",
}
TWICE = "INSERT INTO sqlspec_kit (id) VALUES (1)"
"""Wrong where it has run before."""


class AsyncErrors(AsyncFixtures):
    """By class: a program decides by it whether to try again, to tell the user, or to give up."""

    @pytest.mark.parametrize("violation", VIOLATIONS)
    async def test_a_violated_constraint_is_told_by_its_kind(self, spec: SQLSpec, violation: str) -> None:
        """As an `IntegrityError`, of the class for it."""
        row, kind = VIOLATIONS[violation]

        async with spec.provide_session(autocommit=True) as session:
            await session.execute(PARENTS)
            await session.execute(CHILDREN)
            try:
                await session.execute(INSERT_CHILD, (1, 1, None))
                with pytest.raises(errors.IntegrityError) as caught:
                    await session.execute(INSERT_CHILD, row)
            finally:
                await session.execute("DROP TABLE sqlspec_kit_children")
                await session.execute("DROP TABLE sqlspec_kit_parents")

        assert type(caught.value) is kind
        assert caught.value.__cause__ is not None

    @pytest.mark.parametrize("wrong", WRONG)
    async def test_a_wrong_statement_is_told_as_one(self, spec: SQLSpec, wrong: str) -> None:
        """Nobody tries it again: a `StatementError`, with the driver's own error for its cause."""
        with pytest.raises(errors.StatementError) as caught:
            async with spec.provide_session() as session:
                await session.execute(WRONG[wrong])

        assert caught.value.__cause__ is not None
        assert str(caught.value)

    @pytest.mark.parametrize("number", [None, 1], ids=["nothing", "twice"])
    @pytest.mark.parametrize("way", ["execute", "execute_many", "load"])
    async def test_no_text_of_an_error_holds_a_value(
        self, spec: SQLSpec, number: int | None, way: str
    ) -> None:
        """Not that of the error, nor of its notes and causes; whoever logs it logs no data."""
        rows, insert = [(number, CANARY)], INSERT.replace("sqlspec_kit", "sqlspec_kit_notes")

        async with spec.provide_session(autocommit=True) as session:
            await session.execute(NOTES)
            try:
                await session.execute(insert, (1, None))
                with pytest.raises(errors.IntegrityError) as caught:
                    if way == "load":
                        await session.load("sqlspec_kit_notes", rows, ("id", "note"))
                    elif way == "execute_many":
                        await session.execute_many(insert, rows)
                    else:
                        await session.execute(insert, rows[0])
            finally:
                await session.execute("DROP TABLE sqlspec_kit_notes")

        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert CANARY not in repr(caught.value)

    @pytest.mark.parametrize("statement", [WRONG["a table that is not there"], TWICE], ids=["wrong", "twice"])
    async def test_an_error_travels_between_processes(self, spec: SQLSpec, statement: str) -> None:
        """With its class, its text and its code."""
        with pytest.raises(errors.DatabaseError) as caught:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                await session.execute(statement)

        there = pickle.loads(pickle.dumps(caught.value))

        assert (type(there), str(there), there.code) == (
            type(caught.value),
            str(caught.value),
            caught.value.code,
        )

    async def test_an_error_has_the_code_of_the_database(self, spec: SQLSpec) -> None:
        """By which manuals list it: as `code`, or as `sqlstate`."""
        codes = []

        for statement in (WRONG["a table that is not there"], TWICE):
            with pytest.raises(errors.DatabaseError) as caught:
                async with spec.provide_session() as session:
                    await session.execute(INSERT, (1, None))
                    await session.execute(statement)
            codes.append(caught.value.code or caught.value.sqlstate)

        assert all(codes)
