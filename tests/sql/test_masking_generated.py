"""Generated statements show nothing of the literals in them, and no text can break or slow the masking."""

from __future__ import annotations

import faulthandler

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.sql import DIALECTS, MYSQL, POSTGRESQL, SQLITE, STANDARD, Dialect, describe

DUCKDB_LIKE = Dialect(
    name="duckdb-like",
    identifier_quotes=('""', "``"),
    escape_prefixes="eE",
    dollar_quotes=True,
    newlines="\n\r",
    nested_comments=True,
    sigils="$",
    numbered_qmarks=True,
    colon_after_operand=True,
)
ALL = [*DIALECTS.values(), DUCKDB_LIKE]
SECRET = "zyx"
DIGITS = "987"

nasty = st.text("'\"`?:;[]()$@#-/*.!, \n\r1eE", max_size=5)
secrets = st.tuples(nasty, nasty).map(SECRET.join)


def quoted(text: str, quote: str, dialect: Dialect) -> str:
    """A string, as this dialect writes it."""
    if dialect.backslash_escapes:
        text = text.replace("\\", "\\\\")
    return quote + text.replace(quote, quote * 2) + quote


def plain(dialect: Dialect) -> st.SearchStrategy[str]:
    """Strings with the quotes and prefixes of every dialect and this one."""
    prefix = st.sampled_from(["", "N", "n", "X", "b", "U&", "_utf8", "_utf8 ", "DATE "])
    return st.builds(
        lambda before, quote, text: before + quoted(text, quote, dialect),
        prefix,
        st.sampled_from(dialect.string_quotes),
        secrets,
    )


def strings(dialect: Dialect) -> st.SearchStrategy[str]:
    """All kinds of strings of a dialect."""
    kinds = [plain(dialect)]
    if dialect.backslash_escapes:
        kinds.append(secrets.map(lambda text: '"' + text.replace('"', '\\"') + '"'))
    if dialect.escape_prefixes:
        escaped = secrets.map(lambda text: text.replace("'", "\\'"))
        kinds += [escaped.map("E'{}'".format), escaped.map("e'a'\n'{}'".format)]
    if dialect.dollar_quotes:
        bodies = secrets.map(lambda text: text.replace("$", ""))
        kinds += [bodies.map("$${}$$".format), bodies.map("$t${}$t$".format)]
    return st.one_of(kinds)


numbers = st.sampled_from(
    ["{}", "-{}", "{}.5", ".{}", "0.{}", "{}e5", "1e{}", "1.5E-{}", "0x{}", "1_{}", "{}::int", "({})", "+{}L"]
).map(lambda form: form.format(DIGITS))


def comments(dialect: Dialect) -> st.SearchStrategy[str]:
    """Comments, with secrets in them."""
    kinds = [secrets.map(lambda text: "/* {}*/".format(text.replace("*", "").replace("/", "")))]
    openings = ["-- ", *(opening for opening in dialect.line_comments if opening != "--")]
    lines = secrets.map(lambda text: text.translate({10: 32, 13: 32}) + "\n")
    kinds += [st.builds("{}{}".format, st.just(opening), lines) for opening in openings]
    return st.one_of(kinds)


def named(text: str, pair: str) -> str:
    """A name in quotes, which are doubled inside where they can be."""
    opening, closing = pair[0], pair[1]
    return opening + text.replace(closing, "" if closing == "]" else closing * 2) + "q" + closing


def names(dialect: Dialect) -> st.SearchStrategy[str]:
    """Names, quoted and not, with whatever the quotes allow."""
    kinds = [st.sampled_from(["t", "s.t", "a1", "_b2", "名前", "x$y"])]
    kinds += [st.builds(named, nasty, st.just(pair)) for pair in dialect.identifier_quotes]
    return st.one_of(kinds)


FIXED = st.sampled_from(
    [
        *("SELECT", "INSERT INTO", "VALUES", "FROM", "JOIN", "UPDATE", "SET", "TABLE", "INTO", "WITH", "AS"),
        *("WHERE", "IN", "(", ")", ",", "=", "||", "<", "->>", "- -", "*", "[", "::", "AND", "LIKE"),
        *("?", ":name1", "$1", "%s", "NULL", ";", "CREATE USER", "IDENTIFIED BY", "EXPLAIN", "COPY", "USING"),
    ]
)


def statements(dialect: Dialect) -> st.SearchStrategy[str]:
    """Pieces of SQL in any order, with blanks between them, as many databases would refuse them."""
    fixed = FIXED.filter(lambda piece: not (piece == "[" and dialect is SQLITE))
    pieces = st.one_of(fixed, fixed, names(dialect), strings(dialect), numbers, comments(dialect))
    return st.lists(st.tuples(pieces, st.sampled_from([" ", "  ", "\n"])), max_size=25).map(
        lambda pairs: "".join(piece + blank for piece, blank in pairs)
    )


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@given(data=st.data())
def test_no_literal_and_no_comment_is_shown_g33(dialect: Dialect, data: st.DataObject) -> None:
    """Strings and numbers of every form, beside anything; what was masked once has nothing more to mask."""
    found = describe(data.draw(statements(dialect)), dialect)

    for shown in (found.masked, found.text, *found.tables):
        assert SECRET not in shown
        assert DIGITS not in shown
    assert describe(found.masked, dialect).masked == found.masked


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@given(data=st.data(), cut=st.integers(0, 60))
def test_no_literal_is_shown_that_is_cut_g33(dialect: Dialect, data: st.DataObject, cut: int) -> None:
    """Wherever the cut is."""
    text = data.draw(statements(dialect))
    start = "SELECT a".ljust(2048 - cut) if dialect is not STANDARD else "/*" + "-" * (2044 - cut) + "*/"

    found = describe(start + text + " " * 100, dialect)

    assert SECRET not in found.masked
    assert DIGITS not in found.masked
    assert found.masked.endswith("…")
    assert describe(found.masked, dialect).masked == found.masked


PIECES = (
    *(
        "IN (?, ",
        "IN(",
        "/*!40101",
        "/*M!",
        "*/",
        "$$",
        "$t$",
        "E'",
        "N'",
        "COPY ",
        " FROM STDIN",
        ";\n",
        "\\",
    ),
    *("PRAGMA ", "WITH ", "FROM ", "SELECT ", "'a'", '"b"', "1.5", "-- ", "--", "…", "0x"),
)
soup = st.lists(
    st.one_of(
        st.text(max_size=5),
        st.text("'\"`?:;[]{}()$@#-/*\\%!&|=x1eE_.,é \n\r\u00a0\u0660", max_size=8),
        st.sampled_from(PIECES),
    ),
    max_size=20,
).map("".join)


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@given(text=soup)
def test_any_text_is_masked_and_masked_twice_is_masked_once(dialect: Dialect, text: str) -> None:
    """Nothing is raised, and nothing new is hidden."""
    found = describe(text, dialect)

    assert describe(found.masked, dialect).masked == found.masked
    assert len(found.masked) <= 2 * len(text) + 1
    assert len(found.text) <= 255
    assert len(found.tables) <= 5


HOSTILE = [
    *("'", '"', "`", "[", "/*", "/*!", "*/", "--", "-- ", "--\n", "#", "$", "$$", "$a$", "\\", "'\\", "E'"),
    *("(", ")", ",", ";", "?", "?,", "1", "1.", "1e", "1e-", "a.", "a .", "_", "_a", "IN(?", "IN(?,", "IN(-"),
    *(
        "COPY ",
        "STDIN ",
        "COPY STDIN;",
        "FROM(",
        "FROM a,",
        "WITH a AS (",
        "SELECT ",
        "'a' ",
        "/**/",
        "''--\n",
    ),
]


@pytest.mark.parametrize("dialect", [MYSQL, POSTGRESQL, SQLITE], ids=lambda dialect: dialect.name)
def test_a_hostile_text_takes_no_time(dialect: Dialect) -> None:
    """A megabyte of each; a step for every pair of characters would take an hour, and the guard ends that."""
    faulthandler.dump_traceback_later(60, exit=True)
    try:
        for pattern in HOSTILE:
            assert len(describe(pattern * (1_000_000 // len(pattern)), dialect).masked) <= 4096
    finally:
        faulthandler.cancel_dump_traceback_later()
