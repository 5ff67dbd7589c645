"""What stands between a text and SQLite: one statement or a script, placeholders, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import (
    DatabaseError,
    InvalidArgumentError,
    MultipleStatementsError,
    ParameterError,
    TransactionControlError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from sqlspec import SQLSpec

TRIGGER = """
-- A body with semicolons; and a comment with one.
CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER item_log AFTER INSERT ON item
BEGIN
    INSERT INTO log (what) VALUES ('inserted; ' || NEW.id);
    UPDATE item SET value = CASE WHEN NEW.value IS NULL THEN 'none' ELSE NEW.value END WHERE id = NEW.id;
END;
INSERT INTO item (id) VALUES (1);
INSERT INTO item (id, value) VALUES (2, 'a;b');
"""


def test_a_script_with_a_trigger(spec: SQLSpec) -> None:
    """The semicolons of its body and of literals part nothing."""
    with spec.provide_session() as session:
        session.execute_script(TRIGGER)

    with spec.provide_session() as session:
        assert session.execute("SELECT value FROM item ORDER BY id").scalars() == ["none", "a;b"]
        assert session.execute("SELECT what FROM log ORDER BY id").scalars() == ["inserted; 1", "inserted; 2"]


def test_a_trigger_is_one_statement(spec: SQLSpec) -> None:
    """Also for `execute`."""
    with spec.provide_session() as session:
        session.execute(
            "CREATE TRIGGER guard BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'no; ever'); SELECT 1; END;"
        )

    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (1)")
        with pytest.raises(DatabaseError, match="no; ever"):
            session.execute("DELETE FROM item")


def test_a_script_that_fails_is_undone_with_its_session(spec: SQLSpec) -> None:
    """All of it, if the error leaves the block."""
    with pytest.raises(UniqueViolationError), spec.provide_session() as session:
        session.execute_script("INSERT INTO item (id) VALUES (1); INSERT INTO item (id) VALUES (1);")

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


@pytest.mark.parametrize("script", ["", ";", " ; ;\n;", "-- nothing", "/* nothing */ ;", "-- one\n;-- two"])
def test_a_script_of_nothing(spec: SQLSpec, script: str) -> None:
    """Does nothing."""
    with spec.provide_session() as session:
        session.execute_script(script)
        assert session.execute("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; SELECT 2",
        "SELECT 1;; SELECT 2;",
        "INSERT INTO item (id) VALUES (?); DELETE FROM item",
        "SELECT ';'; DELETE FROM item",
        "SELECT 1 -- ;\n; DELETE FROM item",
        "CREATE TRIGGER t AFTER INSERT ON item BEGIN SELECT 1; END; DELETE FROM item",
    ],
)
def test_g30_stacked_statements_are_refused(spec: SQLSpec, statement: str) -> None:
    """Before the first of them runs; by every method that takes one statement."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (7)")
        with pytest.raises(MultipleStatementsError, match="execute_script"):
            session.execute(statement)
        with pytest.raises(MultipleStatementsError):
            session.execute_many(statement, [(1,)])
        with pytest.raises(MultipleStatementsError):
            list(session.stream(statement))

    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [7]


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1;", "SELECT 1 ; ", "SELECT 1; -- done", "; SELECT 1", "SELECT 1;;", "SELECT 1 /* ; */"],
)
def test_semicolons_around_one_statement_are_no_others(spec: SQLSpec, statement: str) -> None:
    """People type them."""
    with spec.provide_session() as session:
        assert session.execute(statement).scalar() == 1


@pytest.mark.parametrize(
    "statement",
    ["BEGIN", "begin immediate", "COMMIT", "END", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE a"],
)
def test_transaction_control_names_the_method(spec: SQLSpec, statement: str) -> None:
    """In every spelling that SQLite knows, with autocommit too; and in a script within a transaction."""
    for autocommit in (False, True):
        with spec.provide_session(autocommit=autocommit) as session:
            with pytest.raises(TransactionControlError, match=r"begin\(\)|commit\(\)|rollback\(\)"):
                session.execute(statement)
            with session.begin(), pytest.raises(TransactionControlError):
                session.execute_script(f"SELECT 1; {statement};")


def test_placeholders_by_position_and_by_name(spec: SQLSpec) -> None:
    """And SQLite's own, which go through as they are."""
    with spec.provide_session() as session:
        assert session.execute("SELECT ? + ?", (1, 2)).scalar() == 3
        assert session.execute("SELECT :a - :b + :a", {"a": 5, "b": 3}).scalar() == 7
        assert session.execute("SELECT ?2 - ?1", (1, 4)).scalar() == 3
        assert session.execute("SELECT $a", {"a": 1}).scalar() == 1
        assert session.execute("SELECT @a", {"a": 1}).scalar() == 1
        assert session.execute('SELECT \'?\', "?", :a AS ":b" -- ?\n', {"a": 1}, schema_type=tuple).first()


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT ?", None),
        ("SELECT ?", (1, 2)),
        ("SELECT ?, ?", (1,)),
        ("SELECT ?", {"a": 1}),
        ("SELECT :a", (1,)),
        ("SELECT :a", {"b": 1}),
        ("SELECT :a", {"a": 1, "b": 2}),
        ("SELECT 1", (1,)),
        ("SELECT ?, :a", (1, 2)),
        ("SELECT ?2", (1,)),
        ("SELECT ?", "a"),
        ("SELECT ?", 1),
    ],
)
def test_parameters_that_do_not_fit(spec: SQLSpec, statement: str, parameters: object) -> None:
    """Are refused; no error is the driver's."""
    with spec.provide_session() as session:
        with pytest.raises(ParameterError):
            session.execute(statement, parameters)  # type: ignore[call-overload]
        assert session.execute("SELECT 1").scalar() == 1


@pytest.mark.parametrize("statement", [b"SELECT 1", None, 1])
def test_a_text_that_is_none(spec: SQLSpec, statement: object) -> None:
    """Is a wrong argument."""
    with spec.provide_session() as session, pytest.raises(InvalidArgumentError):
        session.execute(statement)  # type: ignore[call-overload]


def test_what_a_result_knows(spec: SQLSpec) -> None:
    """Columns, counts and the last rowid, also when asked late and after other statements."""
    with spec.provide_session() as session:
        inserted = session.execute("INSERT INTO item (id, value) VALUES (5, 'a'), (6, 'b')")
        selected = session.execute("SELECT id, value AS v FROM item ORDER BY id")
        changed = session.execute("UPDATE item SET value = 'c'")
        empty = session.execute("SELECT id FROM item WHERE 0")
        returned = session.execute("INSERT INTO item (value) VALUES ('d') RETURNING id, value")

    assert (inserted.rowcount, inserted.lastrowid, inserted.all()) == (2, 6, [])
    assert (selected.columns, selected.rowcount) == (("id", "v"), -1)
    assert selected.all() == [{"id": 5, "v": "a"}, {"id": 6, "v": "b"}]
    assert changed.rowcount == 2
    assert (empty.columns, empty.all()) == (("id",), [])
    assert returned.one() == {"id": 7, "value": "d"}


def test_execute_many_counts(spec: SQLSpec) -> None:
    """All the rows it changed."""
    with spec.provide_session() as session:
        result = session.execute_many("INSERT INTO item (id) VALUES (?)", [(number,) for number in range(10)])
        nothing = session.execute_many("INSERT INTO item (id) VALUES (?)", [])

    assert result.rowcount == 10
    assert nothing.rowcount <= 0


def test_a_table_changed_by_another_connection(spec: SQLSpec) -> None:
    """Statements in the driver's cache are compiled anew."""
    with spec.provide_session(autocommit=True) as first, spec.provide_session(autocommit=True) as second:
        assert first.execute("SELECT * FROM parent").columns == ("id",)
        second.execute("ALTER TABLE parent ADD COLUMN name TEXT")
        assert first.execute("SELECT * FROM parent").columns == ("id", "name")
