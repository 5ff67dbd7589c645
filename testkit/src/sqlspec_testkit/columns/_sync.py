# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, S101, S608 - assertions are the point, and the names are our own
"""What a result tells besides its values: the names of its columns, and how many rows were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import StatementError
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Columns",)

THREE = [(1, "a"), (2, "b"), (3, "b")]
MANY = 2_500
ODD_NAMES = ["select", "Mixed Case", "ünï", "semi;colon", "per%cent", "quest?ion", "a:b"]
"""Names of columns that work only when they are quoted."""


class Columns(Fixtures):
    """Names and counts, of every kind of statement."""

    def test_columns_have_the_names_of_the_statement(self, spec: SQLSpec) -> None:
        """In their order, and in their case where they are quoted."""
        mixed = self.quoted("MixedCase")

        with spec.provide_session() as session:
            session.execute(INSERT, (1, "one"))
            result = session.execute(f"SELECT note AS second, id AS {mixed} FROM sqlspec_kit")

        assert result.columns == ("second", "MixedCase")
        assert result.all() == [{"second": "one", "MixedCase": 1}]

    def test_a_result_without_rows_has_columns(self, spec: SQLSpec) -> None:
        """So that a table made of it has them."""
        with spec.provide_session() as session:
            result = session.execute("SELECT id, note FROM sqlspec_kit")

        assert result.columns == ("id", "note")
        assert result.all() == []

    def test_a_column_without_a_name_has_its_value(self, spec: SQLSpec) -> None:
        """Whatever the database calls it."""
        with spec.provide_session() as session:
            result = session.execute("SELECT 1 + 1")

        assert len(result.columns) == 1
        assert isinstance(result.columns[0], str)
        assert result.scalar() == 2

    def test_a_statement_that_returns_nothing_has_no_columns(self, spec: SQLSpec) -> None:
        """Nor those of the statement before it."""
        with spec.provide_session() as session:
            session.execute("SELECT id, note FROM sqlspec_kit")
            result = session.execute(INSERT, (1, None))

        assert result.columns == ()
        assert result.all() == []

    def test_columns_are_those_of_now(self, spec: SQLSpec) -> None:
        """And not those that the same statement had before somebody changed the table."""
        select = "SELECT * FROM sqlspec_kit"

        with spec.provide_session(autocommit=True) as session:
            before = (session.execute(select)).columns
            session.execute("ALTER TABLE sqlspec_kit ADD COLUMN extra INTEGER")
            after = (session.execute(select)).columns

        assert (before, after) == (("id", "note"), ("id", "note", "extra"))

    def test_a_result_has_all_its_rows(self, spec: SQLSpec) -> None:
        """Also when they are more than a driver fetches at a time."""
        with spec.provide_session() as session:
            session.load("sqlspec_kit", [(number, None) for number in range(MANY)], ("id", "note"))
            found = session.execute("SELECT id FROM sqlspec_kit ORDER BY id").scalars()

        assert found == list(range(MANY))

    def test_two_columns_of_one_name_are_two_values(self, spec: SQLSpec) -> None:
        """By their place; a mapping that would lose one of them is refused."""
        with spec.provide_session() as session:
            result = session.execute("SELECT 1 AS a, 2 AS a", schema_type=tuple)

        assert len(result.columns) == 2
        assert [tuple(row) for row in result.all()] == [(1, 2)]

    def test_a_statement_says_how_many_rows_it_changed(self, spec: SQLSpec) -> None:
        """None of them, one, or several."""
        with spec.provide_session() as session:
            counts = [
                (session.execute(INSERT, (9, None))).rowcount,
                (session.execute_many(INSERT, THREE)).rowcount,
                (session.execute("UPDATE sqlspec_kit SET note = 'c' WHERE note = 'b'")).rowcount,
                (session.execute("UPDATE sqlspec_kit SET note = 'd' WHERE id = 77")).rowcount,
                (session.execute("DELETE FROM sqlspec_kit WHERE id > 1")).rowcount,
                (session.execute("DELETE FROM sqlspec_kit WHERE id > 1")).rowcount,
            ]

        assert counts == [1, 3, 2, 0, 3, 0]

    def test_a_load_says_how_many_rows_it_stored(self, spec: SQLSpec, judge: Judge) -> None:
        """And none is none."""
        with spec.provide_session() as session:
            stored = session.load("sqlspec_kit", THREE, ("id", "note"))
            nothing = session.load("sqlspec_kit", [], ("id", "note"))

        assert (stored, nothing) == (3, 0)
        assert judge.ids() == [1, 2, 3]

    def test_a_load_may_leave_columns_out_and_name_them_in_another_order(self, spec: SQLSpec) -> None:
        """What is left out is NULL."""
        with spec.provide_session() as session:
            session.load("sqlspec_kit", [("one", 1)], ("note", "id"))
            session.load("sqlspec_kit", [(2,)], ("id",))
            found = session.execute("SELECT id, note FROM sqlspec_kit ORDER BY id").all()

        assert found == [{"id": 1, "note": "one"}, {"id": 2, "note": None}]

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_a_load_quotes_names(self, spec: SQLSpec, name: str) -> None:
        """Of a table, and of a column; they are names and not SQL."""
        table, column = self.quoted(f"kit {name}"), self.quoted(name)

        with spec.provide_session(autocommit=True) as session:
            session.execute(f"CREATE TABLE {table} ({column} INTEGER)")
            try:
                session.load((f"kit {name}",), [(7,)], (name,))
                result = session.execute(f"SELECT * FROM {table}")
            finally:
                session.execute(f"DROP TABLE {table}")

        assert result.columns == (name,)
        assert result.scalar() == 7

    def test_a_script_that_fails_says_so_and_keeps_nothing(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """What stood before the wrong statement is undone with it."""
        script = "INSERT INTO sqlspec_kit (id) VALUES (1); SELECT nothing FROM nowhere_at_all"

        with pytest.raises(StatementError):
            with spec.provide_session() as session:
                session.execute_script(script)

        assert judge.ids() == []

    def test_a_script_stops_at_its_first_wrong_statement(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Nothing that stands after it runs, also where each statement is kept at once."""
        first, last = (f"INSERT INTO sqlspec_kit (id) VALUES ({number})" for number in (1, 2))
        script = f"{first}; SELECT nothing FROM nowhere_at_all; {last}"

        with pytest.raises(StatementError):
            with spec.provide_session(autocommit=True) as session:
                session.execute_script(script)

        assert judge.ids() in ([], [1])

    def test_a_statement_runs_once(self, spec: SQLSpec, judge: Judge) -> None:
        """Whatever the adapter wants to know of it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            result = session.execute("UPDATE sqlspec_kit SET id = id + 1")

        assert result.rowcount == 1
        assert judge.ids() == [2]
