"""The text that logs and traces show: every literal a question mark, and no comments."""

from __future__ import annotations

import pytest

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

EVERYWHERE = [
    ("", ""),
    ("   ", ""),
    ("SELECT 'a'", "SELECT ?"),
    ("SELECT 'it''s', ''", "SELECT ?, ?"),
    ("SELECT 'a' 'b'\n'c' = 'd'", "SELECT ? = ?"),
    ("SELECT 'a' /* and */ 'b' c", "SELECT ? c"),
    ("SELECT E'a', e'b', N'c', n'd', X'4F', x'4f', B'01', b'01'", "SELECT ?, ?, ?, ?, ?, ?, ?, ?"),
    ("SELECT U&'d\\0061t', u&'b', _utf8'c', _latin1 'd'", "SELECT ?, ?, ?, _latin1 ?"),
    ("SELECT name'a', nameE'b'", "SELECT name?, nameE?"),
    ("SELECT DATE '2020-01-01', INTERVAL '1 day'", "SELECT DATE ?, INTERVAL ?"),
    ("SELECT 1, -2, +3, 4.5, .5, 6., 7e8, 7E+8, 1.5e-3, .5e1", "SELECT ?, -?, +?, ?, ?, ?, ?, ?, ?, ?"),
    ("SELECT 0xFF, 0XaB_1, 0b101, 0o17, 1_000_000", "SELECT ?, ?, ?, ?, ?"),
    ("SELECT 1+2*3-4/5%6=7<8>9", "SELECT ?+?*?-?/?%?=?<?>?"),
    ("SELECT 1e5+2, 0x1e-5", "SELECT ?+?, ?"),  # hexadecimal or not: more is hidden
    ("SELECT 12abc, 12$3, 1.2.3", "SELECT ?, ?, ?"),
    ("SELECT 1\u00a0 + \u2003 2, ٣٤", "SELECT ?\u00a0 + \u2003 ?, ?"),
    ("SELECT a1, b2c3, _4, é5, t1.c2, x$6", "SELECT a1, b2c3, _4, é5, t1.c2, x$6"),
    ("SELECT a1::int4, f1(x), 1::int8", "SELECT a1::int4, f1(x), ?::int8"),
    ("SELECT ?, :name1, :n_2, $1, %s, %(name1)s", "SELECT ?, :name1, :n_2, $1, %s, %(name1)s"),
    ("SELECT a[1], b[2:3]", None),
    ("SELECT NULL, TRUE, false", "SELECT NULL, TRUE, false"),
    ("SELECT a -- it's 1\n, b", "SELECT a , b"),
    ("SELECT a/* it's 1 */,/**/b", "SELECT a , b"),
    ("/* trace=00-4bf9 */ SELECT a -- 4bf9", "SELECT a"),
    ("SELECT a /* never closed 'x", "SELECT a"),
    ("a/**/b", "a b"),
    ("  SELECT\t\n a ,\r\n  b  ;  ", "SELECT a , b ;"),
    ("SELECT a <> 1 AND b || 'x' LIKE 'y' ESCAPE '\\\\'", "SELECT a <> ? AND b || ? LIKE ? ESCAPE ?"),
    ("SELECT 'never closed 1, 2", "SELECT ?"),
    ("SELECT 1; SELECT 'a';", "SELECT ?; SELECT ?;"),
    ("a IN (1, 2, 3)", "a IN (?)"),
    ("a in( 'x' ,'y' )", "a in (?)"),
    ("a IN (1)", "a IN (?)"),
    ("a IN (-1, +2, - 3)", "a IN (?)"),
    ("a NOT IN (1,2) AND b IN (3, 4)", "a NOT IN (?) AND b IN (?)"),
    ("a IN (?, ?) OR b IN ($1, $2)", "a IN (?) OR b IN ($1, $2)"),
    ("a IN (1, b, 2)", "a IN (?, b, ?)"),
    ("a IN (SELECT 1, 2)", "a IN (SELECT ?, ?)"),
    ("VALUES (1, 2), (3, 4)", "VALUES (?, ?), (?, ?)"),
    ("min(1, 2), bin (1, 2)", "min(?, ?), bin (?, ?)"),
    ("CREATE USER u PASSWORD 'x'", "CREATE USER u PASSWORD ?"),
    ("CREATE USER u IDENTIFIED BY 'x'", "CREATE USER u IDENTIFIED BY ?"),
    ("SET x = 'y'", "SET x = ?"),
    ("ATTACH 'postgres:password=x' AS y", "ATTACH ? AS y"),
    ("'u'@'h'", "?@?"),
    ("SELECT data->'a'->>'b', c->>1", "SELECT data->?->>?, c->>?"),
    ("COPY t FROM STDIN;\n1\tsecret\n\\.\nSELECT a", "COPY t FROM STDIN;…"),
    ("/* 1 */ copy t (a) from stdin (format csv)\n1,secret\n\\.", "copy t (a) from stdin (format csv)…"),
    ("SELECT a; COPY t FROM STDIN;\n1\tsecret", "SELECT a; COPY t FROM STDIN;…"),
    ("COPY t FROM STDIN;\n", "COPY t FROM STDIN;"),
    ("COPY t FROM 'f' WITH (FORMAT csv);\nSELECT 1", "COPY t FROM ? WITH (FORMAT csv); SELECT ?"),
    ("COPY t TO STDOUT\nWITH CSV", "COPY t TO STDOUT WITH CSV"),
    ("SELECT stdin\nFROM stdin", "SELECT stdin FROM stdin"),
    ("\\restrict secret\nSELECT 1", "…"),
    ("SELECT a;\n\\connect password=x", "SELECT a; …"),
    ("\ufeffSELECT 1", "SELECT ?"),
]


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(("sql", "masked"), EVERYWHERE)
def test_literals_are_masked_and_nothing_else_in_every_dialect_g33(
    sql: str, masked: str | None, dialect: Dialect
) -> None:
    """What one dialect alone reads in its own way stands in the tables below."""
    if masked is None:
        masked = "SELECT a[1], b[2:3]" if dialect is SQLITE else "SELECT a[?], b[?:?]"

    assert describe(sql, dialect).masked == masked
    assert describe(masked, dialect).masked == masked


OWN = [
    (POSTGRESQL, "SELECT E'it\\'s 1', 'a\\', b", "SELECT ?, ?, b"),
    (POSTGRESQL, "SELECT E'a'\n'b\\'c' d", "SELECT ? d"),
    (POSTGRESQL, "SELECT $$it's$$, $t$ $$ 1 $t$, a$1, b$$c", "SELECT ?, ?, a$1, b$$c"),
    (POSTGRESQL, "DO $$ secret", "DO ?"),
    (POSTGRESQL, "SELECT $$a$$$t$ secret $t$", "SELECT ?…"),
    (POSTGRESQL, "SELECT /* a /* 1 */ 'b */ c", "SELECT c"),
    (POSTGRESQL, 'SELECT "a 1", "b""2", U&"c"', 'SELECT "a 1", "b""2", U&"c"'),
    (POSTGRESQL, 'SELECT "b IN (1, ?, ?) c", "IN (?, ?)"', 'SELECT "b IN (1, ?, ?) c", "IN (?, ?)"'),
    (POSTGRESQL, "SELECT a ?| b, c ?& d, e ? 'f', g @? 'h', i ?? j", None),
    (POSTGRESQL, "SELECT a #>> '{b,1}'", "SELECT a #>> ?"),
    (POSTGRESQL, "SELECT ?1", "SELECT ??"),  # no placeholder here
    (POSTGRESQL, 'WHERE a = "O"Brien" AND b = \'secret\'', 'WHERE a = "O"Brien?'),
    (SQLITE, 'SELECT "a 1", [b 2], `c 3`', 'SELECT "a 1", [b 2], `c 3`'),
    (SQLITE, "SELECT ?1, @a1, $b1, #c1", "SELECT ?1, @a1, $b1, #c1"),
    (SQLITE, "SELECT 'a\\', b, [never closed 1", "SELECT ?, b, ?"),
    (SQLITE, 'PRAGMA key = "secret"', "PRAGMA key = ?"),
    (
        SQLITE,
        'INSERT INTO t ("a", b) VALUES ("x", 1), ("y", "z")',
        'INSERT INTO t ("a", b) VALUES (?, ?), (?, ?)',
    ),
    (
        SQLITE,
        'SELECT "a" FROM "t" WHERE "a" = "x" AND b IN ("y", "z")',
        'SELECT "a" FROM "t" WHERE "a" = ? AND b IN (?)',
    ),
    (SQLITE, 'UPDATE t SET "a" = "x" || "y" WHERE a LIKE "z%"', 'UPDATE t SET "a" = ? || ? WHERE a LIKE ?'),
    (SQLITE, 'SELECT a LIKE /* b */ "c", "d" IN (/* e */ "f")', 'SELECT a LIKE ?, "d" IN (?)'),
    (
        SQLITE,
        'SELECT * FROM t JOIN u ON "t"."id" = "u"."t_id"',
        'SELECT * FROM t JOIN u ON "t"."id" = "u"."t_id"',
    ),
    (POSTGRESQL, 'SELECT * FROM t WHERE "a" = "b"', 'SELECT * FROM t WHERE "a" = "b"'),
    (SQLITE, 'ATTACH "secret" AS x; SELECT "a"', 'ATTACH ? AS x; SELECT "a"'),
    (DUCKDB_LIKE, "SELECT ?1, $1, $b1, $$c$$", "SELECT ?1, $1, $b1, ?"),
    (DUCKDB_LIKE, "SELECT {'a': 1, b: [2, 3]}", "SELECT {?: ?, b: [?, ?]}"),
    (MYSQL, "SELECT \"a 'b\", 'it\\'s', `c 1`, \"d\" 'e'", "SELECT ?, ?, `c 1`, ?"),
    (MYSQL, "SELECT _utf8mb4\"a\", _binary 'b', @c1, @@d1", "SELECT ?, _binary ?, @c1, @@d1"),
    (MYSQL, "SELECT a # it's 1\n, b -- c's", "SELECT a , b"),
    (MYSQL, "SELECT a--1, b --/**/2", "SELECT a- -?, b - - ?"),  # or it would become a comment
    (MYSQL, "/*!40101 SET a = 'b' */;", "/*! SET a = ? */;"),
    (MYSQL, "SELECT /*!123456789secret*/ a", "SELECT /*!secret*/ a"),
    (MYSQL, "SELECT /*M!100101 'a', 1 */ b", "SELECT /*M! ?, ? */ b"),
    (MYSQL, "/*! a */ 'b*/', \"c\"", "/*! a */ ?, ?"),
    # A server that skips the comment reads on behind the first */, where the quotes are the other way around.
    (MYSQL, "/*!99999 it's */ SELECT 'secret'", "/*! it…"),
    (MYSQL, "/*!99999 -- */ SELECT 'a\n secret'", "/*! …"),
    (STANDARD, "SELECT 'a\\', \"b 1\", c # d", 'SELECT ?, "b 1", c # d'),
]


@pytest.mark.parametrize(("dialect", "sql", "masked"), OWN)
def test_each_dialect_has_its_own_literals_g33(dialect: Dialect, sql: str, masked: str | None) -> None:
    """Backslashes, dollar quotes, double quotes, comments that are code, placeholders and operators."""
    if masked is None:
        masked = "SELECT a ?| b, c ?& d, e ? ?, g @? ?, i ?? j"

    assert describe(sql, dialect).masked == masked
    assert describe(masked, dialect).masked == masked


LIMIT = 2048
FILL = "SELECT a FROM t WHERE "


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("sql", "masked"),
    [
        ("a" * LIMIT, "a" * LIMIT),
        ("a" * (LIMIT + 1), "a" * LIMIT + "…"),
        (FILL + "b = 'x' " + "-- " + "c" * LIMIT, FILL + "b = ?…"),
        (FILL + f"b = '{'c' * LIMIT}' AND d = 1", FILL + "b = ?…"),
        (FILL + f"b = {'1' * LIMIT} AND d = 1", FILL + "b = ?…"),
        (FILL + f'b = "{"c" * LIMIT}" AND d = 1', FILL + "b = ?…"),
        (FILL + f"b IN ({'1, ' * LIMIT} 2)", FILL + "b IN (?…"),
        (FILL + f"b IN ({'11, ' * LIMIT} 2)", FILL + "b IN (?…"),
        (" " * LIMIT + "SELECT 1", "…"),
    ],
)
def test_a_long_text_is_cut_before_it_is_read(sql: str, masked: str, dialect: Dialect) -> None:
    """A literal that the cut opens is masked to the end; a list that it opens is one literal."""
    assert describe(sql, dialect).masked == masked
    assert describe(masked, dialect).masked == masked
