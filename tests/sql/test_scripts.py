"""Scripts are cut where the database would cut them: SQLite is the judge."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlspec.errors import MultipleStatementsError
from sqlspec.sql import SQLITE, STANDARD, split_statements, statements_for

TRIGGER = """CREATE TEMP TRIGGER log AFTER INSERT ON t BEGIN
    INSERT INTO audit SELECT CASE WHEN new.a > 1 THEN 'big; END;' ELSE 'small' END;
    UPDATE t SET b = 'x;y' WHERE a = new.a; -- END;
/* ; */ END"""
SCRIPT = f"""
-- the tables; both
CREATE TABLE t (a, "b;c" TEXT DEFAULT ';', b); ; ;
CREATE TABLE audit (what); /* and now; */
{TRIGGER};
INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (2) -- no semicolon; at the end
"""

PIECES = [
    *("CREATE", "TEMP", "TEMPORARY", "TRIGGER", "EXPLAIN CREATE", "BEGIN", "END", "SELECT", "x", "é", "1"),
    *(";", ";", ";", " ", "\n", "-- a; '\n", "-- a;", "/* ; */", "/* ;", "*/", "/", "-", "(", "$a$"),
    *("'a;b'", "'", '"', '"a;b"', "`", "`;`", "[", "]", "[;]", "''", "end", "Trigger", "\r", "?", ":a"),
]


def script(sql: str) -> list[str]:
    """As a SQLite session cuts it."""
    return list(map(str, statements_for(SQLITE, "qmark").script(sql)))


def test_a_script_runs_statement_by_statement() -> None:
    """Comments, literals and triggers keep their semicolons; empty statements are dropped."""
    with closing(sqlite3.connect(":memory:")) as connection, closing(sqlite3.connect(":memory:")) as other:
        for statement in script(SCRIPT):
            connection.execute(statement)
        other.executescript(SCRIPT)

        assert list(connection.iterdump()) == list(other.iterdump())
        assert connection.execute("SELECT what FROM audit").fetchall() == [("small",), ("big; END;",)]
    assert len(script(SCRIPT)) == 5


def test_comments_stay_with_the_statement_they_precede() -> None:
    """And those after the last statement go."""
    sql = "-- one\nSELECT 1; /* two */ SELECT 2 -- still two\n; -- nothing"

    assert script(sql) == ["-- one\nSELECT 1", "/* two */ SELECT 2 -- still two"]


def test_a_trigger_is_one_statement() -> None:
    """For `execute` as well, with or without the last semicolon; a second statement after it is refused."""
    statements = statements_for(SQLITE, "qmark")

    assert statements.compile(TRIGGER).text == TRIGGER
    assert statements.compile(f"{TRIGGER};").text == TRIGGER
    assert statements.compile(TRIGGER).verb == "CREATE"
    with pytest.raises(MultipleStatementsError):
        statements.compile(f"{TRIGGER}; SELECT 1")


def test_other_dialects_know_no_triggers_with_bodies() -> None:
    """Where the dialect does not say so, a semicolon ends a statement."""
    assert len(split_statements(TRIGGER, STANDARD)) == 3
    assert split_statements("SELECT ';'; SELECT ?; COMMIT") == ["SELECT ';'", "SELECT ?", "COMMIT"]


@pytest.mark.parametrize("sql", ["", "  ", ";", " ; ;; ", "-- a", "/* a */; -- b"])
def test_an_empty_script_has_no_statements(sql: str) -> None:
    """Nothing is nothing."""
    assert script(sql) == []


def test_scripts_may_set_pragmas_and_hold_question_marks() -> None:
    """No placeholder is converted: scripts take no parameters."""
    assert script("PRAGMA user_version = 3; SELECT '?' ?? :a") == [
        "PRAGMA user_version = 3",
        "SELECT '?' ?? :a",
    ]


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", " "]))
@example(["CREATE", "TRIGGER", "x", ";", "END", ";"], " ")
@example(["CREATE", "TRIGGER", ";", "END", "x", ";"], " ")
@example(["CREATE", "TRIGGER", ";", "'a;b'", "END", ";"], " ")
@example(["CREATE", "TRIGGER", ";", "/* ; */", "end", "-- a; '\n", ";"], " ")
@example(["CREATE", "'a;b'", "TRIGGER", ";", "x", ";"], " ")
def test_a_statement_ends_where_sqlite_says_it_is_complete(pieces: list[str], glue: str) -> None:
    """sqlite3_complete and the scanner agree on any sequence of quotes, comments, triggers and semicolons."""
    text = "x;" + glue.join(pieces)

    before, after = split_statements(text, SQLITE), split_statements(f"{text}\nlast", SQLITE)

    # Complete means: whatever follows on a new line is a statement of its own.
    assert (len(after) == len(before) + 1) == sqlite3.complete_statement(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_cutting_loses_nothing_but_empty_statements(pieces: list[str]) -> None:
    """A cut script, cut again, stays as it is."""
    once = split_statements(" ".join(pieces), SQLITE)

    assert (
        split_statements(";\n".join(f"{statement}\n" for statement in once), SQLITE)[: len(once) - 1]
        == once[:-1]
    )
