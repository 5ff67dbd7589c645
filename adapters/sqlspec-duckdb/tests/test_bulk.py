"""Many rows at once: all of them or none, by a way that does not take a hundred times as long."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    DatabaseError,
    ForeignKeyViolationError,
    IntegrityError,
    ParameterError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec_duckdb import bulk, loading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import SQLSpec

INSERT = "INSERT INTO item VALUES (?, ?)"
ROWS = [(number, f"n{number}") for number in range(5000)]


def ids(spec: SQLSpec, table: str = "item") -> list[int]:
    """What is committed."""
    with spec.provide_session("main") as session:
        return session.execute(f"SELECT id FROM {table} ORDER BY id").scalars()


@pytest.mark.parametrize(
    "statement",
    [
        INSERT,
        "insert into main.item (id, value) values (?,?);",
        'INSERT INTO "item" ("id", "value") VALUES ( ? , ? )',
        "INSERT INTO item SELECT ?, ?",
        "INSERT INTO item VALUES (:id, :value)",
        "INSERT INTO item VALUES ($1, $2)",
        "INSERT INTO item VALUES (?, ? || '')",
    ],
    ids=["plain", "columns", "quoted", "select", "named", "numbered", "expression"],
)
@pytest.mark.parametrize("count", [0, 1, 30])
def test_execute_many_does_what_its_statement_does(spec: SQLSpec, statement: str, count: int) -> None:
    """Once for each row, however it is done; and says how many."""
    rows: list[Any] = list(ROWS[:count])
    if ":id" in statement:
        rows = [{"id": number, "value": value} for number, value in rows]

    with spec.provide_session() as session:
        done = session.execute_many(statement, rows)

    assert ids(spec) == list(range(count))
    assert done.rowcount == count


def test_execute_many_counts_what_it_changed(spec: SQLSpec) -> None:
    """Over all rows."""
    with spec.provide_session() as session:
        session.load("item", ROWS[:100], ("id", "value"))
        changed = session.execute_many("UPDATE item SET value = ? WHERE id < ?", [("a", 10), ("b", 20)])
        deleted = session.execute_many("DELETE FROM item WHERE id = ?", [(1,), (2,), (1,)])

    assert (changed.rowcount, deleted.rowcount) == (30, 2)


def test_rows_may_refer_to_rows_before_them(spec: SQLSpec) -> None:
    """DuckDB looks for what a row refers to before the statement inserts it: then each has its own."""
    with spec.provide_session() as session:
        session.execute("CREATE TABLE tree (id INTEGER PRIMARY KEY, above INTEGER REFERENCES tree (id))")
        session.execute_many(
            "INSERT INTO tree VALUES (?, ?)",
            [(number, number - 1 if number else None) for number in range(50)],
        )

    assert ids(spec, "tree") == list(range(50))


@pytest.mark.parametrize("way", ["execute_many", "load"])
@pytest.mark.parametrize(
    "values", [("a", 1.5, None), (1, "b", 2), (b"x", None, b"y")], ids=["text", "mixed", "bytes"]
)
def test_each_value_is_cast_as_if_it_were_alone(spec: SQLSpec, way: str, values: tuple[Any, ...]) -> None:
    """A column of values of several types does not become text on the way, but in the table."""
    rows = [(number, value) for number, value in enumerate(values * 10)]
    with spec.provide_session() as session:
        session.execute("CREATE TABLE loose (id INTEGER, value VARCHAR)")
        for number, value in rows:
            session.execute("INSERT INTO loose VALUES (?, ?)", (number + 1000, value))
        if way == "load":
            session.load("loose", rows, ("id", "value"))
        else:
            session.execute_many("INSERT INTO loose VALUES (?, ?)", rows)
        found = session.execute("SELECT value FROM loose ORDER BY id").scalars()

    assert found[: len(rows)] == found[len(rows) :]


@pytest.mark.parametrize("statement", [INSERT, "INSERT INTO item SELECT ?, ?"], ids=["plain", "select"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_an_error_half_way_keeps_nothing(spec: SQLSpec, statement: str, autocommit: bool) -> None:
    """A value that does not convert, after rows that went in: swallowed, it commits none of them."""
    rows: list[Any] = [*ROWS[:50], ("no number", "x"), *ROWS[50:60]]
    kept = []
    try:
        with spec.provide_session(autocommit=autocommit) as session:
            with pytest.raises(DatabaseError):
                session.execute_many(statement, rows)
            session.execute("INSERT INTO item VALUES (7000, 'after')")
        kept = [7000]
    except TransactionAbortedError:
        pass

    assert ids(spec) == kept


def test_a_row_that_the_statement_can_not_take_undoes_those_before_it(spec: SQLSpec) -> None:
    """1.x finds that out for each row, and would go on with the transaction."""
    kept = []
    try:
        with spec.provide_session() as session:
            with pytest.raises(DatabaseError):
                session.execute_many("INSERT INTO item SELECT ? + 0, NULL", [(1,), (2,), ([3],)])
            session.execute("INSERT INTO item VALUES (7000, 'after')")
        kept = [7000]
    except TransactionAbortedError:
        pass

    assert ids(spec) == kept


def batches(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Loads in small batches."""
    from sqlspec_duckdb.connection import DuckDBConnection

    monkeypatch.setattr(DuckDBConnection, "load_batch", size)


@pytest.mark.parametrize("fault", ["duplicate", "no number", "too short", "surrogate", "own"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_a_load_that_breaks_in_a_later_batch_keeps_nothing(
    spec: SQLSpec, monkeypatch: pytest.MonkeyPatch, fault: str, autocommit: bool
) -> None:
    """Whoever raises: DuckDB, the driver, core, or the rows themselves."""
    batches(monkeypatch, 100)

    def rows() -> Iterator[Any]:
        yield from ROWS[:350]
        yield (
            {
                "duplicate": (1, "x"),
                "no number": ("no", "x"),
                "too short": (1,),
                "surrogate": (400, "\ud800"),
            }.get(fault, ZeroDivisionError)
            if fault != "own"
            else 1 // 0
        )

    expected = {"duplicate": IntegrityError, "no number": StatementError, "own": ZeroDivisionError}
    kept = []
    try:
        with spec.provide_session(autocommit=autocommit) as session:
            with pytest.raises(expected.get(fault, ParameterError)):
                session.load("item", rows(), ("id", "value"))
            session.execute("INSERT INTO item VALUES (7000, 'after')")
        kept = [7000]
    except TransactionAbortedError:
        pass

    assert ids(spec) == kept


def test_a_load_in_batches_keeps_everything(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is part of the transaction."""
    batches(monkeypatch, 999)
    with spec.provide_session() as session:
        assert session.load("item", iter(ROWS), ("id", "value")) == 5000
        session.rollback()
        assert session.load("main.item", ROWS, ("id", "value")) == 5000

    assert ids(spec) == list(range(5000))


def test_a_load_fills_what_it_does_not_name(spec: SQLSpec) -> None:
    """Defaults, generated columns, and names that need quotes."""
    with spec.provide_session() as session:
        session.execute('CREATE SCHEMA "odd.one"')
        session.execute(
            'CREATE TABLE "odd.one"."a ""b""" ("the id" INTEGER, twice INTEGER AS ("the id" * 2), '
            "note VARCHAR DEFAULT 'none', price DECIMAL(8, 2))"
        )
        session.execute("SET search_path = '\"odd.one\"'")
        session.load('a "b"', [(1, Decimal("1.5")), (2, None)], ("the id", "price"))
        found = session.execute('SELECT * FROM "a ""b"""', schema_type=tuple).all()

    assert found == [(1, 2, "none", Decimal("1.50")), (2, 4, "none", None)]


@pytest.mark.parametrize(
    ("table", "columns"), [("nope", ("id",)), ("item", ("nope",))], ids=["table", "column"]
)
def test_a_load_into_nowhere_says_so(spec: SQLSpec, table: str, columns: tuple[str, ...]) -> None:
    """With the name."""
    with spec.provide_session(autocommit=True) as session, pytest.raises(StatementError, match="nope"):
        session.load(table, [(1,)], columns)


def test_a_decimal_that_would_be_rounded_is_refused_by_load(spec: SQLSpec) -> None:
    """The driver would make a float of it, and a DECIMAL of that."""
    with spec.provide_session() as session:
        session.execute("CREATE TABLE price (id INTEGER, value DECIMAL(38, 20))")
        with pytest.raises(ParameterError, match="digits"):
            session.load("price", [(1, Decimal("1." + "1" * 40))], ("id", "value"))
        session.execute("SELECT 1")


@pytest.mark.parametrize("way", ["lists", "one by one"])
def test_the_other_ways_of_old_versions(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Without an appender and without Arrow."""
    monkeypatch.setattr(bulk, "HAS_APPENDER", False)
    monkeypatch.setattr(loading, "HAS_APPENDER", False)
    monkeypatch.setattr(loading, "_arrow", lambda _: None)
    rows = ROWS if way == "lists" else [*ROWS[:100], (9000, None), (9001, 5)]

    with spec.provide_session() as session:
        assert session.load("item", rows, ("id", "value")) == len(rows)

    assert ids(spec) == [row[0] for row in rows]


def test_execute_many_takes_time_in_proportion(spec: SQLSpec) -> None:
    """A hundred thousand rows are seconds by the driver's own call, ten or more; here a fraction of one."""
    rows = [(number, "x") for number in range(100_000)]
    with spec.provide_session() as session:
        started = time.perf_counter()
        session.execute_many(INSERT, rows)
        assert time.perf_counter() - started < 8
        assert session.execute("SELECT count(*) FROM item").scalar() == 100_000


def test_a_foreign_key_holds_for_many_rows_too(spec: SQLSpec) -> None:
    """Into another table, which the statement does not fill."""
    rows = [(number, 1, f"{number}@x", 20) for number in range(40)]
    with spec.provide_session() as session:
        session.execute("INSERT INTO parent VALUES (1)")
        session.execute_many("INSERT INTO child VALUES (?, ?, ?, ?)", rows)
    with spec.provide_session(autocommit=True) as session, pytest.raises(ForeignKeyViolationError):
        session.execute_many("INSERT INTO child VALUES (?, ?, ?, ?)", [(99, 2, "z@x", 20), *rows])

    assert ids(spec, "child") == list(range(40))
