# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, S101 - assertions are the point, and the names are our own
"""`load`: many rows by the driver's fastest way, of every type, and all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sqlspec.errors import SQLSpecError
from sqlspec_testkit.adapter import AdapterTests
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.values._sync import VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Loads",)

MANY = 300
SMALL = 1000
"""Values are repeated often; longer ones are left to the tests of single values."""


class SourceError(Exception):
    """What the application's own rows raise."""


class Pair(NamedTuple):
    """A row with names."""

    id: int
    note: str | None


@dataclass
class Record:
    """A row that is an object."""

    id: int
    note: str | None


FORMS: dict[str, Any] = {
    "tuples": (lambda number, note: (number, note), ("id", "note")),
    "mappings": (lambda number, note: {"id": number, "note": note}, None),
    "named tuples": (Pair, None),
    "dataclasses": (Record, None),
}
"""How rows may be given, and the columns that are named beside them."""


def faulty(fault: str) -> Iterator[Any]:
    """Many rows, and in their middle one that can not be stored."""
    for number in range(100, 100 + MANY):
        yield (number, "many")
        if number == 100 + MANY // 2:
            if fault == "a source that raises":
                raise SourceError
            yield {
                "a key twice": (100, "many"),
                "no key": (None, "many"),
                "a short row": (99_999,),
                "a long row": (99_999, "many", 3),
            }[fault]


FAULTS = [
    "a key twice",
    "no key",
    "a short row",
    "a long row",
    "a source that raises",
]


class Loads(Fixtures):
    """As many rows as fill several messages to a server."""

    @pytest.mark.parametrize("kind", AdapterTests.types)
    def test_a_load_keeps_many_rows_of_a_type(self, spec: SQLSpec, kind: str) -> None:
        """In their order, with NULLs among them."""
        values = [value for found, value in VALUES.values() if found == kind and _size(value) < SMALL]
        given = [(number, values[number % len(values)] if number % 7 else None) for number in range(MANY)]
        create = f"CREATE TABLE sqlspec_kit_values (id INTEGER NOT NULL PRIMARY KEY, v {self.type_of(kind)})"
        select = "SELECT v FROM sqlspec_kit_values ORDER BY id"

        with spec.provide_session(autocommit=True) as session:
            session.execute(create)
            try:
                stored = session.load("sqlspec_kit_values", iter(given), ("id", "v"))
                found = session.execute(select, schema_type=type(values[0]) | None).scalars()
            finally:
                session.execute("DROP TABLE sqlspec_kit_values")

        assert stored == MANY
        assert found == [value for _, value in given]

    @pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_load_that_meets_a_faulty_row_stores_none(
        self, spec: SQLSpec, judge: Judge, fault: str, autocommit: Any
    ) -> None:
        """Neither those before it nor those after it; the session goes on."""
        with spec.provide_session(autocommit=autocommit) as session:
            with pytest.raises((SQLSpecError, SourceError)):
                session.load("sqlspec_kit", faulty(fault), ("id", "note"))
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    @pytest.mark.parametrize("form", FORMS)
    def test_a_load_takes_rows_in_every_form(self, spec: SQLSpec, judge: Judge, form: str) -> None:
        """Read from a generator, which is used up once."""
        make, columns = FORMS[form]
        rows = (make(number, None if number % 3 else "ünï") for number in range(MANY))

        with spec.provide_session() as session:
            assert session.load("sqlspec_kit", rows, columns) == MANY
            noted = session.execute("SELECT count(note) FROM sqlspec_kit").scalar()

        assert noted == MANY // 3
        assert judge.ids() == list(range(MANY))

    def test_a_load_takes_a_table_of_arrow(self, spec: SQLSpec, judge: Judge) -> None:
        """By the names of its columns, whatever their order."""
        pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        table = pyarrow.table({"note": [None, "two"], "id": [1, 2]})

        with spec.provide_session() as session:
            assert session.load("sqlspec_kit", table) == 2
            found = session.execute("SELECT note FROM sqlspec_kit ORDER BY id").scalars()

        assert found == [None, "two"]
        assert judge.ids() == [1, 2]


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes)) else 1
