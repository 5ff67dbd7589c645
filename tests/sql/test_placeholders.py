"""What is a placeholder, and what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from sqlspec.errors import ParameterError
from sqlspec.sql import MYSQL, POSTGRESQL, SQLITE, STANDARD, Dialect, statements_for

DUCKDB_LIKE = Dialect(
    name="duckdb-like", dollar_quotes=True, sigils="$", numbered_qmarks=True, colon_after_operand=True
)

# Each text holds the sign ¿ where a placeholder stands, so that the table reads as what it claims.
EVERYWHERE = [
    "SELECT ¿",
    "¿",
    "SELECT 'it''s ?', ¿",
    "SELECT '?', ':a', '', ¿",
    "SELECT 'a\\', ¿",  # a backslash is a character like any other
    "SELECT x'ab', X'3f', ¿",
    'SELECT "a?b", "q""?", ¿',
    "SELECT ¿ -- ? :a '\n, ¿",
    "SELECT /* ? ' :a */ ¿ /* -- */",
    "SELECT ¿ /* ? :a",  # never closed: the database will say so
    "SELECT ¿, '? :a",
    'SELECT ¿, "? :a',
    "SELECT ¿ -- ?",
    "SELECT /*/ ? */ ¿",
    "SELECT a::int, ¿::int",
    "SELECT 1-¿, 1 -¿, 4/¿",
    "SELECT a := ¿",
    "SELECT a[1:2], ¿",
    "SELECT t.e'?', ¿",
    "SELECT nameE'?', ¿",
    "SELECT été, 名前, ¿",
    "SELECT (¿,¿),¿",
    "VALUES (¿, ¿);",
    "SELECT 'a' 'b?' ¿",
    "SELECT a->>'?', a->'$.b', ¿",
]
SQLITE_ONLY = [
    "SELECT [a?b], `c?d`, ¿",
    "SELECT [a ? 'b], ¿",
    "SELECT `q``?`, ¿",
    "SELECT foo$bar$, ¿",
    "SELECT /* /* ? */ ¿",  # comments do not nest
    "SELECT [? :a",
    "SELECT 1 LIMIT ¿",
    "SELECT 'a\r -- b', ¿ -- c \r ? ",  # only a line feed ends a line
]
STANDARD_ONLY = [
    "SELECT a[lo:hi], a[b.lo:hi], (a):b, 'key':b, ¿",
    "SELECT a -- ? \r, ¿",
    "SELECT {'key': ¿}",
]
POSTGRES_ONLY = [
    "SELECT E'\\'?', ¿",
    "SELECT E'a''\\'?', ¿",
    "SELECT nameE'\\', ¿, '?'",
    "SELECT $$ ? ; ' $$, ¿",
    "SELECT $a$ ? $$ ? $b$ $a$, ¿",
    "SELECT foo$a$, ¿, $a$",
    "SELECT /* /* ? */ ? */ ¿",
    "SELECT $x$ ? never closed",
    "SELECT ¿ /* /* */ ? never closed",
    "SELECT a ?| ¿, a ?& ¿, a @? ¿, f(a) ?| ¿",
    "SELECT ¿||'x', ¿&1, ¿|1",
    "SELECT 1 WHERE ¿|1 = 3 AND ¿&1 = 1",
    "SELECT /* a */ ¿|1, a /* b */ ?| ¿",
    "SELECT 'a' ?| ¿, \"b\" ?& ¿",
]
MYSQL_ONLY = [
    "SELECT 'a\\'?', \"\\\"?\", ¿",
    "SELECT 'a\\\\', ¿",
    "SELECT 'it''s \\' ?', ¿",
    "SELECT 1--¿",
    "SELECT ¿ -- ?\n, ¿ --\t?\n--\n, ¿",
    "SELECT ¿ # ? '\n, ¿",
    "SELECT @x, @@y, ¿",
    "SELECT /*!50000 ¿ */, /*M!100100 ¿ */ /* ? */ 1",
]
DUCKDB_ONLY = ["SELECT $tag$ ? $tag$, $$ ? $$, ¿", "SELECT {'a':b}, ¿"]
CASES = [
    *[(dialect, text) for text in EVERYWHERE for dialect in (STANDARD, SQLITE, POSTGRESQL, DUCKDB_LIKE)],
    *[(SQLITE, text) for text in SQLITE_ONLY],
    *[(STANDARD, text) for text in STANDARD_ONLY],
    *[(POSTGRESQL, text) for text in (*POSTGRES_ONLY, *STANDARD_ONLY)],
    *[(MYSQL, text) for text in MYSQL_ONLY],
    *[(DUCKDB_LIKE, text) for text in DUCKDB_ONLY],
]


@pytest.mark.parametrize(("dialect", "text"), CASES)
def test_placeholders_are_found_where_they_are_and_nowhere_else_g29(dialect: Dialect, text: str) -> None:
    """Literals, comments, identifiers, casts, slices and operators keep their question marks and colons."""
    count = text.count("¿")

    statement = statements_for(dialect, "format").compile(text.replace("¿", "?"))

    assert statement.text == text.replace("¿", "%s")
    assert statement.count == count


@pytest.mark.parametrize(("dialect", "text"), CASES)
def test_names_are_found_in_the_same_places_g29(dialect: Dialect, text: str) -> None:
    """`:name` stands wherever `?` may, unless it touches the operand before it where that means a slice."""
    statement = statements_for(dialect, "format").compile(text.replace("¿", ":名前"))

    assert statement.text == text.replace("¿", "%s")
    assert statement.names == (("名前",) if "¿" in text else ())


def test_a_keyword_may_touch_its_placeholder() -> None:
    """`LIMIT:n` and `IN(:a)` are placeholders in any dialect."""
    statement = statements_for(STANDARD, "qmark")["SELECT:a FROM t WHERE x IN(:b) LIMIT:n"]

    assert statement.text == "SELECT? FROM t WHERE x IN(?) LIMIT?"
    assert statement.names == ("a", "b", "n")


@pytest.mark.parametrize("paramstyle", ["numeric_dollar", "named"])
def test_marks_do_not_grow_together_with_their_neighbours(paramstyle: str) -> None:
    """LIMIT$1 would be an identifier, and $1 before a digit another number."""
    mark = {"numeric_dollar": "$1", "named": ":p1"}[paramstyle]
    statements = statements_for(STANDARD, paramstyle)

    assert statements["SELECT 1 LIMIT?"].text == f"SELECT 1 LIMIT {mark}"
    assert statements["SELECT ?5"].text == f"SELECT {mark} 5"
    assert statements["SELECT(?)"].text == f"SELECT({mark})"


def test_two_question_marks_are_a_literal_one_where_the_dialect_says_so() -> None:
    """With and without parameters; in other dialects they are two placeholders."""
    statements = statements_for(POSTGRESQL, "numeric_dollar")

    assert statements["SELECT a ?? ?"].text == "SELECT a ? $1"
    assert statements["SELECT a ?? 'b'"].text == "SELECT a ? 'b'"
    assert statements_for(STANDARD, "numeric_dollar")["SELECT ??"].count == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [("SELECT ?1, ?1", 1), ("SELECT @a", 1), ("SELECT $a, $a", 1), ("SELECT #a, @b, $c", 3)],
)
def test_sqlites_own_placeholders_pass_through(text: str, count: int) -> None:
    """They are native: counted, and not converted."""
    statement = statements_for(SQLITE, "qmark")[text]

    assert (statement.text, statement.style, statement.count) == (text, "native", count)


@pytest.mark.parametrize(
    ("paramstyle", "text", "given"),
    [
        ("numeric_dollar", "SELECT $1, $2", (1, 2)),
        ("format", "SELECT %s", (1,)),
        ("pyformat", "SELECT %(name)s, 10 %% 3", {"name": 1}),
        ("pyformat", "SELECT %b, %t", (1, 2)),
    ],
)
def test_the_drivers_own_style_passes_through(paramstyle: str, text: str, given: Any) -> None:
    """A text without `?` and `:name` is the driver's."""
    statement = statements_for(STANDARD, paramstyle)[text]

    assert (statement.text, statement.style) == (text, "native")
    assert statement.bind(given) == given


@pytest.mark.parametrize(
    ("dialect", "paramstyle", "text"),
    [
        (STANDARD, "qmark", "SELECT ?, :a"),
        (STANDARD, "numeric_dollar", "SELECT $1, ?"),
        (STANDARD, "numeric_dollar", "SELECT $1, :a"),
        (SQLITE, "qmark", "SELECT ?, @a"),
        (SQLITE, "qmark", "SELECT :a, $b"),
        (SQLITE, "qmark", "SELECT ?, ?1"),
    ],
)
def test_mixed_styles_are_refused(dialect: Dialect, paramstyle: str, text: str) -> None:
    """Nobody could say which parameter belongs where."""
    with pytest.raises(ParameterError, match="mixes placeholders"):
        statements_for(dialect, paramstyle).compile(text)


def test_percent_signs_are_doubled_only_beside_parameters() -> None:
    """A driver that is given no parameters reads no % at all; see that it is given none."""
    statements = statements_for(STANDARD, "pyformat")

    assert statements["SELECT '10%', 7 % 2"].text == "SELECT '10%', 7 % 2"
    assert statements["SELECT '10%', 7 % 2"].bind(()) is None
    assert statements["SELECT '10%s', 7 % ? -- %"].text == "SELECT '10%%s', 7 %% %s -- %%"
    assert statements["SELECT '%' || :a"].text == "SELECT '%%' || %(a)s"


@pytest.mark.parametrize(
    ("paramstyle", "text"),
    [
        ("qmark", "SELECT ?, ?, ?"),
        ("format", "SELECT %s, %s, %s"),
        ("numeric_dollar", "SELECT $1, $2, $1"),
        ("named", "SELECT :b, :a, :b"),
        ("pyformat", "SELECT %(b)s, %(a)s, %(b)s"),
    ],
)
def test_a_name_may_come_twice(paramstyle: str, text: str) -> None:
    """Numbers and names are reused; where places count, the value is repeated."""
    statement = statements_for(STANDARD, paramstyle)["SELECT :b, :a, :b"]
    bound = statement.bind({"a": 1, "b": 2})

    assert statement.text == text
    assert statement.names == ("b", "a")
    assert bound in ({"a": 1, "b": 2}, (2, 1) if statement.count == 2 else (2, 1, 2))


def test_more_marks_than_are_kept_ready_are_numbered_on() -> None:
    """$65 and beyond."""
    statement = statements_for(STANDARD, "numeric_dollar").compile("SELECT " + ", ".join("?" * 100))

    assert statement.text.endswith("$64, $65, $66" + "".join(f", ${n}" for n in range(67, 101)))
    assert statement.count == 100
