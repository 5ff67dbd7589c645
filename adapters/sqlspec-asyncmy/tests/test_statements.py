"""Statements looked at and taken apart, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import ParameterError
from sqlspec_asyncmy.bulk_execute import bulk_statement
from sqlspec_asyncmy.literals import literal, render
from sqlspec_asyncmy.multi_row_insert import insert_statements, parse_insert
from sqlspec_asyncmy.statement_kind import CHARSET, INSERTS, LOCKS, READS, USES, statement_kind


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("SELECT 1", READS),
        ("  /* well */ select 1", READS),
        ("-- well\n# and\n(SELECT 1)", READS),
        ("/*! INSERT INTO t VALUES (1) */", 0),
        ("WITH x AS (SELECT 1) SELECT * FROM x", READS),
        ("WITH x AS (SELECT 1) DELETE FROM t", 0),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 0),
        ("SELECT * FROM t FOR UPDATE", 0),
        ("SELECT nextval(s)", 0),
        ("INSERT INTO t VALUES (1)", INSERTS),
        ("REPLACE INTO t VALUES (1)", INSERTS),
        ("UPDATE t SET a = 1", 0),
        ("CREATE TABLE t (a INT)", 0),
        ("USE other", USES | READS),
        ("SET @a = 1", READS),
        ("SET NAMES gbk", CHARSET),
        ("LOCK TABLES t READ", LOCKS),
        ("", 0),
    ],
)
def test_what_a_statement_does(statement: str, does: int) -> None:
    """By its first words; in doubt it writes."""
    assert statement_kind(statement) == does


@pytest.mark.parametrize(
    ("statement", "parts"),
    [
        ("INSERT INTO t VALUES (%s)", ("INSERT INTO t VALUES ", "(%s)", "")),
        ("INSERT INTO t (value) VALUES (%s, %s);", ("INSERT INTO t (value) VALUES ", "(%s, %s)", "")),
        ("REPLACE t VALUE (%s, now(), %s + 1)", ("REPLACE t VALUE ", "(%s, now(), %s + 1)", "")),
        (
            "INSERT INTO t VALUES (%s) ON DUPLICATE KEY UPDATE a = VALUES(a)",
            ("INSERT INTO t VALUES ", "(%s)", " ON DUPLICATE KEY UPDATE a = VALUES(a)"),
        ),
        ("INSERT INTO `a%%b` VALUES (%s)", ("INSERT INTO `a%b` VALUES ", "(%s)", "")),
    ],
)
def test_an_insert_in_three_parts(statement: str, parts: tuple[str, str, str]) -> None:
    """What comes before the row, the row, and what comes after."""
    assert parse_insert(statement) == parts


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t SELECT %s",
        "INSERT INTO t VALUES (%s), (%s)",
        "INSERT INTO t VALUES (%s) ON DUPLICATE KEY UPDATE a = %s",
        "INSERT INTO t VALUES (%s, 'a')",
        "INSERT INTO t VALUES (%s /* ) */)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SET a = %s",
        "INSERT INTO t VALUES (%(a)s)",
        "UPDATE t SET a = %s",
    ],
)
def test_what_is_no_plain_insert_runs_row_by_row(statement: str) -> None:
    """In doubt it is slower, and right."""
    assert parse_insert(statement) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.text("ab'\\%", max_size=9)), min_size=1, max_size=50),
    st.integers(60, 400),
)
def test_insert_statements_hold_every_row_once(rows: list[tuple[int, str]], largest: int) -> None:
    """In order, whatever the server takes at once; none is larger."""
    insert = parse_insert("INSERT INTO t VALUES (%s, %s)")
    assert insert is not None

    texts = insert_statements(insert, rows, largest)

    written = b",".join(text.removeprefix(b"INSERT INTO t VALUES ") for text in texts)
    assert written == b",".join(b"(%d,%s)" % (n, literal(s).encode()) for n, s in rows).replace(b",'", b", '")
    assert all(len(text) <= largest for text in texts)


@pytest.mark.parametrize(
    "column",
    [
        [1, "a"],
        [None, None],
        [2**63, 1],
        [float("nan"), 1.0],
        ["\ud800", "a"],
        [True, False],
        [object(), 1],
        [[1], 2],
    ],
    ids=["mixed", "null", "unsigned", "nan", "surrogate", "bool", "object", "list"],
)
def test_columns_that_do_not_fit_the_binary_way(column: list[Any]) -> None:
    """They go as text, which knows all types and says what it refuses."""
    rows = [(column[number % 2],) for number in range(100)]

    assert bulk_statement("INSERT INTO t VALUES (%s)", rows, 10**6) is None
    assert bulk_statement(
        "INSERT INTO t VALUES (%s)", [(None if number % 2 else 5,) for number in range(100)], 10**6
    )


def test_the_binary_way_in_parts() -> None:
    """As many rows at once as the server takes."""
    bulk = bulk_statement("INSERT INTO `%%s?` VALUES (%s)", [("x" * 1000,)] * 100, 20_000)

    assert bulk is not None
    assert bulk.statement == "INSERT INTO `%s?` VALUES (?)"
    assert sum(map(len, bulk.parts)) == 100
    assert all(sum(len(row[0]) for row in part) < 20_000 for part in bulk.parts)


def test_one_row_that_is_too_large_for_all() -> None:
    """Is for the other way to refuse, by its number."""
    rows = [("x",)] * 50 + [("x" * 30_000,)]
    insert = parse_insert("INSERT INTO t VALUES (%s)")
    assert insert is not None

    assert bulk_statement("INSERT INTO t VALUES (%s)", rows, 20_000) is None
    with pytest.raises(ParameterError, match="row 51"):
        insert_statements(insert, rows, 20_000)


def test_a_literal_percent_is_written_once() -> None:
    """Doubled only where there are parameters."""
    assert render("SELECT 7 %% %s", (4,)) == b"SELECT 7 % 4"
    assert render("SELECT 7 % 4", None) == b"SELECT 7 % 4"
