# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: DTZ001, PLR2004, S101 - assertions are the point, and these moments have no zone
"""A value that is stored is read as it was, whichever way it went in, or it is refused."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ParameterError, StatementError
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures

if TYPE_CHECKING:
    from sqlspec import Session, SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Values",)

WAYS = ("execute", "execute_many", "load")
"""How a value goes in."""
VALUES: dict[str, tuple[str, Any]] = {
    "an empty text": ("text", ""),
    "a text of blanks": ("text", "  \t\r\n "),
    "a text of many alphabets": ("text", "Ünïcödé ελληνικά עברית 漢字 e\u0301"),
    "a text beyond the basic plane": ("text", "🙂👩\u200d👩\u200d👧 \U0010ffff"),
    "a text that looks like a statement": ("text", "'; DROP TABLE sqlspec_kit; --"),
    "a text with marks of parameters": ("text", "? :name $1 %s %(name)s ?? {} \\ \\' \" `"),
    "a text that a file of rows has for NULL": ("text", "\\N"),
    "a text that SQL has for NULL": ("text", "NULL"),
    "a long text": ("text", "ab" * 500_000),
    "no bytes": ("bytes", b""),
    "every byte": ("bytes", bytes(range(256))),
    "many bytes": ("bytes", bytes(range(256)) * 4_000),
    "zero": ("bigint", 0),
    "minus one": ("bigint", -1),
    "more than 32 bits": ("bigint", 2**31),
    "more than a float holds": ("bigint", 2**53 + 1),
    "the highest of 64 bits": ("bigint", 2**63 - 1),
    "the lowest of 64 bits": ("bigint", -(2**63)),
    "a fraction": ("double", 0.1),
    "a large float": ("double", 1.7976931348623157e308),
    "a small float": ("double", -2.2250738585072014e-308),
    "a whole float": ("double", 4.0),
    "a day": ("date", date(2024, 2, 29)),
    "the first day": ("date", date(1, 1, 1)),
    "the last day": ("date", date(9999, 12, 31)),
    "a moment": ("timestamp", datetime(2024, 2, 29, 23, 59, 59, 123456)),
    "a whole second": ("timestamp", datetime(2000, 1, 1)),
    "a decimal": ("decimal", Decimal("-12345.6250")),
    "true": ("boolean", True),
    "false": ("boolean", False),
}
"""A value of each kind, and the column that it goes to, by its name in `AdapterTests.types`."""
REFUSABLE: dict[str, tuple[str, Any]] = {
    "a NUL in a text": ("text", "before\0after"),
    "a decimal of many digits": ("decimal", Decimal("12345678901234.5678")),
    "infinity": ("double", inf),
    "minus infinity": ("double", -inf),
    "not a number": ("double", nan),
}
"""Values that some databases do not have."""
PLAIN: dict[str, Any] = {"text": "text", "bytes": b"b\0", "bigint": 2**53 + 1, "double": 4.0}
"""A value of each kind that Python has a type for."""
LATER: dict[str, list[Any]] = {
    "bigint": [1, None, 2**40],
    "double": [1.0, 0.5, None],
    "text": [None, "a", "ab" * 300],
}
"""Values of one column, of which the first says too little."""


class Values(Fixtures):
    """Values of the kinds that every database has. Read into the type that they had."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("value", VALUES)
    def test_a_value_comes_back_as_it_was(self, spec: SQLSpec, value: str, way: str) -> None:
        """Also beside a NULL, which stays one."""
        kind, given = VALUES[value]

        assert self._brought_back(spec, kind, given, way) == [given, None]

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("value", REFUSABLE)
    def test_a_value_that_a_database_may_not_have_is_kept_or_refused(
        self, spec: SQLSpec, value: str, way: str
    ) -> None:
        """It becomes no other value, and no NULL."""
        kind, given = REFUSABLE[value]

        try:
            found, nothing = self._brought_back(spec, kind, given, way)
        except (ParameterError, StatementError):
            return
        assert nothing is None
        assert found == given or (isinstance(found, float) and isnan(found) and isnan(given))

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_is_not_empty(self, spec: SQLSpec, judge: Judge, way: str) -> None:
        """NULL is None, and an empty text is a text."""
        rows = [(1, None), (2, "")]

        with spec.provide_session() as session:
            _put(session, "sqlspec_kit", ("id", "note"), rows, way)
            found = session.execute("SELECT id FROM sqlspec_kit WHERE note IS NULL").scalars()

        assert found == [1]
        assert judge.ids() == [1, 2]

    @pytest.mark.parametrize("kind", PLAIN)
    def test_a_value_has_the_type_of_python(self, spec: SQLSpec, kind: str) -> None:
        """Also where nobody asks for a type."""
        create = f"CREATE TABLE sqlspec_kit_values (v {self.type_of(kind)})"

        with spec.provide_session(autocommit=True) as session:
            session.execute(create)
            try:
                session.execute("INSERT INTO sqlspec_kit_values (v) VALUES (?)", (PLAIN[kind],))
                found = session.execute("SELECT v FROM sqlspec_kit_values").scalar()
            finally:
                session.execute("DROP TABLE sqlspec_kit_values")

        assert found == PLAIN[kind]
        assert type(found) is type(PLAIN[kind])

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("kind", LATER)
    def test_a_row_may_have_more_than_the_first(self, spec: SQLSpec, kind: str, way: str) -> None:
        """A column has the type that the database gave it, and not that of the first value."""
        create = f"CREATE TABLE sqlspec_kit_values (id INTEGER NOT NULL PRIMARY KEY, v {self.type_of(kind)})"

        with spec.provide_session(autocommit=True) as session:
            session.execute(create)
            try:
                _put(session, "sqlspec_kit_values", ("id", "v"), list(enumerate(LATER[kind])), way)
                found = session.execute("SELECT v FROM sqlspec_kit_values ORDER BY id").scalars()
            finally:
                session.execute("DROP TABLE sqlspec_kit_values")

        assert found == LATER[kind]

    def test_parameters_go_to_their_places(self, spec: SQLSpec) -> None:
        """By their names, in any order, and as often as they are named."""
        select = "SELECT id FROM sqlspec_kit WHERE id > :low AND id < :high OR id = :low ORDER BY id"

        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, None) for number in range(10)])
            found = session.execute(select, {"high": 6, "low": 3}).scalars()

        assert found == [3, 4, 5]

    def test_marks_in_a_literal_are_text(self, spec: SQLSpec) -> None:
        """With parameters beside it, and without."""
        select = "SELECT id FROM sqlspec_kit WHERE note = '5% ? :x $1 %s'"

        with spec.provide_session() as session:
            session.execute(INSERT, (1, "5% ? :x $1 %s"))
            alone = session.execute(select).scalars()
            beside = session.execute(f"{select} AND id = ?", (1,)).scalars()

        assert (alone, beside) == ([1], [1])

    def test_a_value_of_a_stream_is_that_of_a_result(self, spec: SQLSpec) -> None:
        """Row by row, in the same order."""
        select = "SELECT id, note FROM sqlspec_kit ORDER BY id"

        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, f"é{number}" * 3) for number in range(50)])
            session.execute(INSERT, (50, None))
            result = session.execute(select).all()
            streamed = [row for row in session.stream(select, batch_size=7)]

        assert len(streamed) == 51
        assert streamed == result

    def _brought_back(self, spec: SQLSpec, kind: str, given: Any, way: str) -> list[Any]:
        """What is read, after *given* and NULL were stored."""
        create = f"CREATE TABLE sqlspec_kit_values (id INTEGER NOT NULL PRIMARY KEY, v {self.type_of(kind)})"
        with spec.provide_session(autocommit=True) as session:
            session.execute(create)
            try:
                _put(session, "sqlspec_kit_values", ("id", "v"), [(1, given), (2, None)], way)
                select = "SELECT v FROM sqlspec_kit_values ORDER BY id"
                return session.execute(select, schema_type=type(given) | None).scalars()
            finally:
                session.execute("DROP TABLE sqlspec_kit_values")


def _put(session: Session, table: str, columns: tuple[str, str], rows: Any, way: str) -> None:
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES (?, ?)"  # noqa: S608 - our own names
    if way == "load":
        session.load(table, rows, columns)
    elif way == "execute_many":
        session.execute_many(statement, rows)
    else:
        for row in rows:
            session.execute(statement, row)
