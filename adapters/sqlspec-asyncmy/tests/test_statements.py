"""Statements looked at and taken apart, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place
from sqlspec_asyncmy.bulk_execute import bulk_statement
from sqlspec_asyncmy.literals import literal, render
from sqlspec_asyncmy.multi_row_insert import insert_statements, parse_insert
from sqlspec_asyncmy.statement_kind import (
    BULK,
    CHARSET,
    COMMITS,
    DOUBTFUL,
    INSERTS,
    LOCKS,
    PROGRAM,
    READS,
    SELECTS,
    SETS,
    SHOWS,
    USES,
    statement_kind,
)


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("SELECT 1", READS | SELECTS),
        ("  /* well */ select 1", READS | SELECTS),
        ("-- well\n# and\n(SELECT 1)", READS | SELECTS | DOUBTFUL),
        ("--\nINSERT INTO t VALUES (1)\n--\n", INSERTS | BULK),
        ("SELECT a FROM t", READS | SELECTS | DOUBTFUL),
        ("SET STATEMENT max_statement_time=9 FOR SELECT 1", READS | SELECTS),
        ("SET STATEMENT max_statement_time=9 FOR INSERT INTO t VALUES (1)", INSERTS),
        ("SET STATEMENT sql_mode='a FOR b' FOR CALL p()", PROGRAM | USES),
        ("/*! INSERT INTO t VALUES (1) */", PROGRAM | USES),
        ("WITH x AS (SELECT 1) SELECT * FROM x", READS | SELECTS | DOUBTFUL),
        ("WITH x AS (SELECT 1) DELETE FROM t", SELECTS),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", SELECTS),
        ("SELECT * FROM t FOR UPDATE", SELECTS),
        ("SELECT nextval(s)", SELECTS),
        ("INSERT INTO t VALUES (1)", INSERTS | BULK),
        ("INSERT INTO t VALUES (1) RETURNING id", INSERTS),
        ("REPLACE INTO t VALUES (1)", INSERTS | BULK),
        ("UPDATE t SET a = 1", BULK),
        ("CREATE TABLE t (a INT)", COMMITS),
        ("DROP DATABASE d", COMMITS | USES),
        ("USE other", USES | READS),
        ("SHOW TABLES", READS | SHOWS),
        ("SET @a = 1", READS | SETS),
        ("SET @a = f(1)", SETS),
        ("DO f(1)", 0),
        ("CALL p(1)", INSERTS | PROGRAM),
        ("EXECUTE IMMEDIATE 'COMMIT'", PROGRAM | USES),
        ("over: BEGIN NOT ATOMIC SELECT 1; END", PROGRAM | USES),
        ("select_1: LOOP COMMIT; END LOOP", PROGRAM | USES),
        ("LOCK TABLES t READ", LOCKS),
        ("", PROGRAM | USES),
    ],
)
def test_what_a_statement_does(statement: str, does: int) -> None:
    """By its first words; in doubt it writes, and may hold any other statement."""
    assert statement_kind(statement) == does


@pytest.mark.parametrize(
    ("statement", "is_refused"),
    [
        ("SET NAMES gbk", True),
        ("SET NAMES utf8mb4", False),
        ("set names 'utf8' COLLATE utf8_bin", False),
        ("SET /* well */ NAMES latin1", True),
        ("SET @a = 1, NAMES latin1", True),
        ("SET @a = 'NAMES latin1'", False),
        ("SET CHARACTER SET latin1", True),
        ("SET character_set_client = utf8mb4", False),
        ("SET @@session.character_set_results = latin1", True),
        ("SET `character_set_connection` := 'latin1'", True),
        ("SET collation_connection = latin1_bin", True),
        ("SET collation_connection = utf8mb4_bin", False),
        ("SET character_set_client = @saved", True),
        ("/*!40101 SET NAMES gbk */", True),
        ("/*!40101 SET NAMES utf8mb4 */", False),
        ("EXECUTE IMMEDIATE 'SET NAMES gbk'", True),
        ("UPDATE t SET names = 'gbk'", False),
        ("INSERT INTO t VALUES ('SET NAMES gbk')", False),
    ],
)
def test_what_changes_how_text_is_read(statement: str, is_refused: bool) -> None:
    """To anything but UTF-8, in which our text is."""
    assert bool(statement_kind(statement) & CHARSET) == is_refused


def test_no_long_statement_is_kept() -> None:
    """It has values in it, and is seldom sent again."""
    from sqlspec_asyncmy import statement_kind as module

    known = module._known_kind.cache_info().currsize
    for number in range(50):
        statement_kind(f"SELECT {number}, '{'x' * 5000}'")
        parse_insert(f"INSERT INTO t VALUES ({number}, '{'x' * 5000}')")

    assert module._known_kind.cache_info().currsize == known


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

    counts, texts = zip(*insert_statements(insert, rows, largest), strict=True)

    assert sum(counts) == len(rows)
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
    """Is for the other way to refuse, with its place."""
    rows = [("x",)] * 50 + [("x" * 30_000,)]
    insert = parse_insert("INSERT INTO t VALUES (%s)")
    assert insert is not None

    assert bulk_statement("INSERT INTO t VALUES (%s)", rows, 20_000) is None
    with pytest.raises(ParameterError, match="max_allowed_packet") as caught:
        insert_statements(insert, rows, 20_000)
    assert vars(caught.value) == vars(with_place(ParameterError(), 50))


def test_a_literal_percent_is_written_once() -> None:
    """Doubled only where there are parameters."""
    assert render("SELECT 7 %% %s", (4,)) == b"SELECT 7 % 4"
    assert render("SELECT 7 % 4", None) == b"SELECT 7 % 4"
