# Printed from test_bulk_async.py by tools/print_sync.py; do not edit.
"""Many rows at once: execute_many, load, execute_script and stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from sqlspec.errors import (
    InvalidArgumentError,
    MappingError,
    MultipleStatementsError,
    ParameterError,
    StatementError,
    TransactionControlError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import SQLSpec


@dataclass
class Point:
    """A dataclass for rows."""

    id: int
    name: str


class Pair(NamedTuple):
    """A NamedTuple for rows."""

    id: int
    name: str


class Record(msgspec.Struct):
    """A Struct for rows."""

    id: int
    name: str


class Invented(dict[str, object]):
    """A mapping that has a value for every key."""

    def __missing__(self, key: str) -> object:
        return key


ROWS = [(1, "one"), (2, "two"), (3, "three")]


def stored(spec: SQLSpec) -> list[Any]:
    """What the table holds."""
    with spec.provide_session("main") as session:
        return session.execute("SELECT id, name FROM t ORDER BY id", schema_type=tuple).all()


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": number, "name": name} for number, name in ROWS],
        [{"name": name, "id": number} for number, name in ROWS],
        [Point(*row) for row in ROWS],
        [Pair(*row) for row in ROWS],
        [Record(*row) for row in ROWS],
    ],
    ids=["dicts", "dicts in another order", "dataclasses", "NamedTuples", "Structs"],
)
def test_load_takes_rows_that_name_their_columns(spec: SQLSpec, rows: list[Any]) -> None:
    """And returns how many."""
    with spec.provide_session("main") as session:
        count = session.load("t", rows)

    assert count == 3
    assert stored(spec) == ROWS


def test_load_takes_tuples_with_columns(spec: SQLSpec) -> None:
    """In the order that is named."""
    with spec.provide_session("main") as session:
        session.load("t", [(name, number) for number, name in ROWS], columns=("name", "id"))

    assert stored(spec) == ROWS


def test_load_reads_a_generator_in_batches(spec: SQLSpec) -> None:
    """Never the whole of it in memory."""
    taken = 0

    def rows() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for number in range(12_345):
            taken += 1
            yield number, "x"

    with spec.provide_session("main") as session:
        count = session.load("t", rows(), columns=("id", "name"))

    assert (count, taken) == (12_345, 12_345)
    assert len(stored(spec)) == 12_345


def test_load_picks_the_columns_that_are_asked_for(spec: SQLSpec) -> None:
    """Of objects that have more."""
    with spec.provide_session("main") as session:
        session.load("t", [Point(1, "one")], columns=("name",))
        assert session.execute("SELECT name FROM t").scalar() == "one"


@pytest.mark.parametrize("kind", ["table", "batch", "reader"])
def test_load_takes_what_arrow_calls_rows(spec: SQLSpec, kind: str) -> None:
    """In its own batches, and the columns that are asked for."""
    arrow: Any = pytest.importorskip("pyarrow")
    table = arrow.table({"name": ["one", None, "three"], "odd": [1.5, 2.5, 3.5], "id": [1, 2, 3]})
    rows = {"table": table, "batch": table.to_batches()[0], "reader": table.to_reader(2)}[kind]

    with spec.provide_session() as session:
        assert session.load("t", rows, ("id", "name")) == 3
        assert session.load("t", table.select(["id", "name"]).slice(0, 0)) == 0

    assert stored(spec) == [(1, "one"), (2, None), (3, "three")]


def test_load_reads_a_long_arrow_table_to_its_end(spec: SQLSpec) -> None:
    """Part by part, and none twice."""
    arrow: Any = pytest.importorskip("pyarrow")
    table = arrow.table({"id": list(range(12_345)), "name": [str(number) for number in range(12_345)]})

    with spec.provide_session() as session:
        assert session.load("t", table) == 12_345

    assert stored(spec) == [(number, str(number)) for number in range(12_345)]


@pytest.mark.parametrize("columns", [(), "id"], ids=["none", "a text"])
def test_load_of_an_arrow_table_takes_names(spec: SQLSpec, columns: Any) -> None:
    """At least one, in a sequence."""
    arrow: Any = pytest.importorskip("pyarrow")

    with spec.provide_session() as session:
        with pytest.raises(InvalidArgumentError, match="at least one name"):
            session.load("t", arrow.table({"id": [1]}), columns)


def test_load_names_the_column_that_an_arrow_table_has_not(spec: SQLSpec) -> None:
    """With the nearest that it has."""
    arrow: Any = pytest.importorskip("pyarrow")

    with spec.provide_session() as session:
        with pytest.raises(ParameterError, match="Did you mean 'name'"):
            session.load("t", arrow.table({"id": [1], "name": ["x"]}), ("id", "nam"))


def test_load_of_nothing_is_nothing(spec: SQLSpec) -> None:
    """Zero rows are no error."""
    with spec.provide_session("main") as session:
        assert session.load("t", []) == 0


def test_load_keeps_all_or_nothing(spec: SQLSpec) -> None:
    """Over all of its batches, also when the error is swallowed, and what came before stays."""
    rows = [(number, "x") for number in range(2, 12_000)] + [(1, "again")]
    with spec.provide_session("main") as session:
        session.execute("INSERT INTO t VALUES (1, 'one')")
        with pytest.raises(UniqueViolationError):
            session.load("t", rows, columns=("id", "name"))

    assert stored(spec) == [(1, "one")]


def test_a_load_that_is_first_in_its_transaction_keeps_all_or_nothing(spec: SQLSpec) -> None:
    """Over all of its batches; what comes after it is in another transaction."""
    rows = [(number, "x") for number in range(12_000)] + [(1, "again")]
    with spec.provide_session("main") as session:
        with pytest.raises(UniqueViolationError):
            session.load("t", rows, columns=("id", "name"))
        session.execute("INSERT INTO t VALUES (1, 'one')")

    assert stored(spec) == [(1, "one")]


def test_load_keeps_all_or_nothing_in_autocommit_too(spec: SQLSpec) -> None:
    """It is a transaction of its own there."""
    rows = [(number, "x") for number in range(12_000)] + [(1, "again")]
    with spec.provide_session("main", autocommit=True) as session:
        with pytest.raises(UniqueViolationError):
            session.load("t", rows, columns=("id", "name"))
        assert session.execute("SELECT count(*) FROM t").scalar() == 0
        session.load("t", rows[:-1], columns=("id", "name"))

    assert len(stored(spec)) == 12_000


@pytest.mark.parametrize(
    ("rows", "columns", "says"),
    [
        ([(1, "one")], None, r"columns=\(…\)"),
        ([(1, "one", 2)], ("id", "name"), "row 1 has 3 values for 2 columns"),
        ([(1, "one"), (2,)], ("id", "name"), "row 2 has 1 value for 2 columns"),
        ([{"id": 1}, {"id": 2, "name": "x"}], None, "row 2"),
        ([{"id": 1, "name": "x"}, {"id": 2, "nam": "x"}], None, "row 2"),
        ([{"id": 1, "name": "x"}, {"id": 2}], None, "row 2"),
        ([Invented(id=1, name="x"), Invented(id=2, nam="x")], None, "row 2"),
        ([{"id": 1}, (2,)], None, "tuple"),
        ([Point(1, "x")], ("id", "nam"), "Did you mean 'name'"),
        ({"id": 1}, None, "iterable of rows"),
        ("rows", ("id",), "iterable of rows"),
        ([1, 2], ("id",), "rows of type int"),
        ([(1,)], (), "columns"),
        ([(1,)], "id", "columns"),
    ],
)
def test_load_refuses_rows_that_do_not_fit(spec: SQLSpec, rows: Any, columns: Any, says: str) -> None:
    """Nothing is lost in silence, and nothing stored."""
    with spec.provide_session("main") as session:
        with pytest.raises((InvalidArgumentError, ParameterError), match=says):
            session.load("t", rows, columns)

    assert stored(spec) == []


@pytest.mark.parametrize("name", ['t"; DROP TABLE t; --', "no such", "t.t.t"])
def test_names_are_quoted(spec: SQLSpec, name: str) -> None:
    """A table's name is a name, whatever it holds."""
    with spec.provide_session("main") as session:
        with pytest.raises(StatementError):
            session.load(name, ROWS, columns=("id", "name"))

    assert stored(spec) == []


def test_load_takes_a_schema_with_the_table(spec: SQLSpec) -> None:
    """As in `main.t`."""
    with spec.provide_session("main") as session:
        session.load("main.t", ROWS, columns=("id", "name"))

    assert stored(spec) == ROWS


def test_execute_many_runs_for_each_row(spec: SQLSpec) -> None:
    """With `?` or `:name`; the rowcount is the sum."""
    with spec.provide_session("main") as session:
        result = session.execute_many("INSERT INTO t VALUES (?, ?)", ROWS[:2])
        session.execute_many("INSERT INTO t VALUES (:id, :name)", [{"id": 3, "name": "three"}])

    assert result.rowcount == 2
    assert stored(spec) == ROWS


def test_execute_many_keeps_all_or_nothing(spec: SQLSpec) -> None:
    """Also when the error is swallowed."""
    with spec.provide_session("main") as session:
        session.execute("INSERT INTO t VALUES (1, 'one')")
        with pytest.raises(UniqueViolationError):
            session.execute_many("INSERT INTO t VALUES (?, ?)", [(2, "two"), (1, "again")])

    assert stored(spec) == [(1, "one")]


def test_execute_many_names_the_row_that_does_not_fit(spec: SQLSpec) -> None:
    """Before anything is sent."""
    with spec.provide_session("main") as session:
        with pytest.raises(ParameterError, match="row 2"):
            session.execute_many("INSERT INTO t VALUES (?, ?)", [(1, "one"), (2,)])

    assert stored(spec) == []


def test_a_script_runs_in_the_sessions_transaction(spec: SQLSpec) -> None:
    """Triggers and their semicolons included."""
    script = """
        CREATE TABLE log (name TEXT);
        CREATE TRIGGER watch AFTER INSERT ON t BEGIN
            INSERT INTO log VALUES (new.name); INSERT INTO log VALUES ('; ' || new.name);
        END;
        INSERT INTO t VALUES (1, 'one'); -- a comment; with a semicolon
    """
    with pytest.raises(ZeroDivisionError):
        with spec.provide_session("main") as session:
            session.execute_script(script)
            assert session.execute("SELECT count(*) FROM log").scalar() == 2
            _ = 1 // 0

    assert stored(spec) == []


def test_a_script_may_not_end_the_transaction(spec: SQLSpec) -> None:
    """The session is the transaction; nothing of the script has run."""
    with spec.provide_session("main") as session:
        with pytest.raises(TransactionControlError, match="session"):
            session.execute_script("INSERT INTO t VALUES (1, 'one'); COMMIT;")

    assert stored(spec) == []


def test_execute_takes_one_statement(spec: SQLSpec) -> None:
    """Nothing of two is sent."""
    with spec.provide_session("main") as session:
        with pytest.raises(MultipleStatementsError):
            session.execute("INSERT INTO t VALUES (1, 'one'); DELETE FROM t")

    assert stored(spec) == []


def test_a_stream_gives_every_row_in_batches(spec: SQLSpec) -> None:
    """Typed, and with other statements in between."""
    with spec.provide_session("main") as session:
        session.load("t", [(number, "x") for number in range(2500)], columns=("id", "name"))
        total = 0
        for row in session.stream("SELECT id, name FROM t", schema_type=Record, batch_size=100):
            total += row.id
            if row.id % 500 == 0:
                assert session.execute("SELECT count(*) FROM t").scalar() == 2500

    assert total == sum(range(2500))


def test_a_stream_takes_parameters(spec: SQLSpec) -> None:
    """As execute does."""
    with spec.provide_session("main") as session:
        session.load("t", ROWS, columns=("id", "name"))
        rows = [row for row in session.stream("SELECT name FROM t WHERE id > ?", (1,))]

    assert rows == [{"name": "two"}, {"name": "three"}]


def test_a_stream_that_is_left_early_ends_with_its_session(spec: SQLSpec) -> None:
    """And what was written is committed."""
    with spec.provide_session("main") as session:
        session.load("t", ROWS, columns=("id", "name"))
        for _ in session.stream("SELECT id FROM t", batch_size=1):
            break

    assert stored(spec) == ROWS


def test_a_stream_tells_which_row_does_not_fit(spec: SQLSpec) -> None:
    """Counted over all batches."""
    with spec.provide_session("main") as session:
        session.load("t", [*ROWS, (4, None)], columns=("id", "name"))

        with pytest.raises(MappingError, match="row 4"):
            _ = [row for row in session.stream("SELECT * FROM t", schema_type=Record, batch_size=2)]


def test_a_stream_of_nothing_is_refused(spec: SQLSpec) -> None:
    """Batches hold one row at least."""
    with spec.provide_session("main") as session:
        with pytest.raises(InvalidArgumentError, match="batch_size"):
            session.stream("SELECT 1", batch_size=0)
