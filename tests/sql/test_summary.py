"""What a statement does, and to which tables: read from words, as far as they tell."""

from __future__ import annotations

import gc
import sys

import pytest

from sqlspec.sql import DIALECTS, MYSQL, POSTGRESQL, SQLITE, STANDARD, Dialect, describe

ALL = list(DIALECTS.values())

# The text, its operation, and its tables.
EVERYWHERE = [
    ("", "", ""),
    (";;", "", ""),
    ("-- nothing", "", ""),
    ("'x'", "", ""),
    ("1", "", ""),
    ("a.b", "", ""),
    ("SELECT 1", "SELECT", ""),
    ("  /* x */ select 1 ; ", "SELECT", ""),
    ("((SELECT 1))", "SELECT", ""),
    (";SELECT a FROM t;;", "SELECT", "t"),
    ("SELECT a FROM t", "SELECT", "t"),
    ("select a from T", "SELECT", "T"),
    ("SELECT a FROM t WHERE b = 1", "SELECT", "t"),
    ("SELECT a FROM s.t, d.s.u x, v AS y WHERE b, c", "SELECT", "s.t d.s.u v"),
    ("SELECT a FROM t JOIN u ON t.a = u.b, v LEFT JOIN w USING (a, b)", "SELECT", "t u v w"),
    ("SELECT a FROM t NATURAL JOIN u CROSS JOIN v, LATERAL (SELECT 1 FROM w) x", "SELECT", "t u v w"),
    ("SELECT a FROM (t JOIN u ON t.a = u.b), (v, w)", "SELECT", "t u v w"),
    ("SELECT a FROM ONLY (t), ONLY u", "SELECT", "t u"),
    ("SELECT a FROM (SELECT b, c FROM t) AS x, u", "SELECT", "t u"),
    ("SELECT a FROM (VALUES (1, b), (2, c)) AS x (d, e), t", "SELECT", "t"),
    ("SELECT a, (SELECT b FROM t), c FROM u, v", "SELECT", "t u v"),
    ("SELECT a FROM t WHERE b IN (SELECT c FROM u) AND EXISTS (SELECT FROM v)", "SELECT", "t u v"),
    ("SELECT a FROM t, t JOIN u ON 1 JOIN t x ON 2", "SELECT", "t u"),
    ("SELECT a FROM t1, t2, t3, t4, t5, t6", "SELECT", "t1 t2 t3 t4 t5"),
    ("SELECT a FROM t GROUP BY b, c HAVING d ORDER BY e, f LIMIT 1, 2", "SELECT", "t"),
    ("SELECT a FROM t WINDOW w AS (PARTITION BY b), x AS (ORDER BY c)", "SELECT", "t"),
    ("SELECT a FROM t UNION SELECT b, c FROM u EXCEPT SELECT d, e FROM v", "SELECT", "t u v"),
    ("SELECT a FROM generate_series(1, 2) AS g, unnest(b) WITH ORDINALITY AS x (c, d), t", "SELECT", "t"),
    ("SELECT a FROM s.f(1) JOIN LATERAL g (2) ON true JOIN t ON true", "SELECT", "t"),
    ("SELECT a FROM ?, :name, $1, 'f', %s, t", "SELECT", "t"),
    ("SELECT extract(year FROM b), extract(day FROM now()) FROM t", "SELECT", "t"),
    ("SELECT trim(b FROM c), trim(FROM d), trim(BOTH 'x' FROM lower(e)) FROM t", "SELECT", "t"),
    ("SELECT substring(b FROM c FOR d), overlay(b PLACING c FROM d), substring(f(b) FROM c)", "SELECT", ""),
    ("SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM t", "SELECT", "t"),
    ("SELECT t.from, x.join FROM t", "SELECT", "t"),
    ("SELECT a FROM t FOR UPDATE OF u", "SELECT", "t"),
    ("SELECT a FROM t FOR NO KEY UPDATE OF u, v", "SELECT", "t"),
    ("SELECT a FROM t FOR UPDATE SKIP LOCKED", "SELECT", "t"),
    ("SELECT a, b INTO t FROM u", "SELECT", "t u"),
    ("SELECT a INTO TEMP TABLE t FROM u", "SELECT", "t u"),
    ("SELECT a FROM s.", "SELECT", ""),
    ("SELECT a FROM", "SELECT", ""),
    ("SELECT a FROM WHERE", "SELECT", ""),
    ("INSERT INTO t VALUES (1, trim(a FROM b))", "INSERT", "t"),
    ("INSERT INTO t (a, b) SELECT c, d FROM u", "INSERT", "t u"),
    ("INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1, c = 2", "INSERT", "t"),
    ("INSERT INTO t SELECT a FROM u ON DUPLICATE KEY UPDATE b = 1, c = 2", "INSERT", "t u"),
    ("INSERT OR REPLACE INTO t VALUES (1)", "INSERT", "t"),
    ("REPLACE INTO t VALUES (1)", "REPLACE", "t"),
    ("INSERT INTO t WITH x AS (SELECT 1 FROM u) SELECT a FROM x", "INSERT", "t u"),
    ("UPDATE t SET a = 1, b = 2 WHERE c", "UPDATE", "t"),
    ("UPDATE ONLY s.t AS x SET a = 1 FROM u, v WHERE c", "UPDATE", "s.t u v"),
    ("UPDATE OR IGNORE t SET a = 1", "UPDATE", "t"),
    ("UPDATE LOW_PRIORITY t, u SET a = 1, b = 2", "UPDATE", "t u"),
    ("DELETE FROM t WHERE a", "DELETE", "t"),
    ("DELETE FROM t USING u, v WHERE a", "DELETE", "t u v"),
    ("DELETE t FROM t JOIN u USING (a)", "DELETE", "t u"),
    ("MERGE INTO t USING u ON a WHEN MATCHED THEN UPDATE SET b = 1, c = 2", "MERGE", "t u"),
    (
        "MERGE INTO t USING (SELECT FROM u) x ON b WHEN NOT MATCHED THEN INSERT (c) VALUES (1)",
        "MERGE",
        "t u",
    ),
    ("WITH x AS (SELECT a FROM t) SELECT b FROM x, u", "SELECT", "t u"),
    (
        "WITH RECURSIVE x (a, b) AS (SELECT a FROM x), y AS (SELECT 2) SELECT c FROM y",
        "SELECT",
        "",
    ),
    (
        "WITH x AS NOT MATERIALIZED (DELETE FROM t RETURNING a) INSERT INTO u SELECT c FROM X",
        "INSERT",
        "t u",
    ),
    ("WITH x AS (SELECT 1), update AS (SELECT 2) UPDATE t SET a = b FROM x", "UPDATE", "t"),
    ("WITH x AS (SELECT 1) DELETE FROM t USING x", "DELETE", "t"),
    ("(WITH x AS (WITH y AS (SELECT 1) SELECT a FROM y) TABLE t)", "TABLE", "t"),
    ("WITH x AS (SELECT 1", "WITH", ""),
    ("EXPLAIN SELECT a FROM t", "EXPLAIN", "t"),
    ("EXPLAIN (ANALYZE, VERBOSE) UPDATE t SET a = 1", "EXPLAIN", "t"),
    ("EXPLAIN WITH x AS (SELECT 1) SELECT a FROM x, t", "EXPLAIN", "t"),
    ("FROM t", "SELECT", "t"),
    ("WITH x AS (FROM t) FROM x, u", "SELECT", "t u"),
    ("VALUES (1), (2)", "VALUES", ""),
    ("TABLE t", "TABLE", "t"),
    ("CREATE TABLE t (a int, b int REFERENCES u ON DELETE CASCADE ON UPDATE CASCADE)", "CREATE", "t"),
    ("CREATE TEMP TABLE IF NOT EXISTS t AS SELECT a FROM u", "CREATE", "t u"),
    ("CREATE FUNCTION f() RETURNS TABLE (a int)", "CREATE", ""),
    ("CREATE VIEW v AS SELECT a FROM t", "CREATE", "t"),
    ("ALTER TABLE t ADD a int, ADD b int", "ALTER", "t"),
    ("ALTER TABLE IF EXISTS ONLY t ALTER a TYPE int USING b", "ALTER", "t"),
    ("DROP TABLE IF EXISTS t, s.u CASCADE", "DROP", "t s.u"),
    ("TRUNCATE t, u", "TRUNCATE", "t u"),
    ("TRUNCATE TABLE ONLY t", "TRUNCATE", "t"),
    ("SELECT truncate(1, 2), copy FROM t", "SELECT", "t"),
    ("LOCK TABLE t, u IN SHARE MODE", "LOCK", "t u"),
    ("COPY t (a, b) FROM STDIN WITH (FORMAT csv)", "COPY", "t"),
    ("COPY s.t FROM 'f'", "COPY", "s.t"),
    ("COPY (SELECT a FROM t) TO STDOUT", "COPY", "t"),
    ("GRANT SELECT, UPDATE ON t TO u", "GRANT", ""),
    ("REVOKE SELECT ON t FROM u", "REVOKE", ""),
    ("FETCH 5 FROM c", "FETCH", ""),
    ("SHOW COLUMNS FROM t", "SHOW", "t"),
    ("SET x = 'y'", "SET", ""),
    ("COMMIT", "COMMIT", ""),
    ("SELECT a FROM t; SELECT b FROM u", "", "t u"),
    ("SELECT a FROM t; WITH x AS (SELECT 1) SELECT b FROM x, u", "", "t u"),
    ("COPY t FROM STDIN;\nfrom x\n\\.\nSELECT a FROM u", "", "t"),
]


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(("sql", "operation", "tables"), EVERYWHERE)
def test_a_statement_is_summed_up_by_its_verb_and_its_tables(
    sql: str, operation: str, tables: str, dialect: Dialect
) -> None:
    """No names of CTEs, functions or columns; of a script the tables alone."""
    found = describe(sql, dialect)

    assert (found.operation, " ".join(found.tables)) == (operation, tables)
    assert found.text == f"{operation} {tables}".strip()


OWN = [
    (POSTGRESQL, 'SELECT a FROM "s 1"."t""2", "FROM", u', "SELECT", ['"s 1"."t""2"', '"FROM"', "u"]),
    (POSTGRESQL, 'WITH "x y" AS (SELECT 1) SELECT a FROM "x y", t', "SELECT", ["t"]),
    (POSTGRESQL, "SELECT $$ FROM a $$ FROM t", "SELECT", ["t"]),
    (
        POSTGRESQL,
        "CREATE RULE r AS ON UPDATE TO t DO (UPDATE u SET a = 1; TABLE v)",
        "CREATE",
        ["u", "v"],
    ),
    (SQLITE, "SELECT a FROM [s 1].[t 2], `u v`", "SELECT", ["[s 1].[t 2]", "`u v`"]),
    (
        SQLITE,
        "CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE u SET a = 1; INSERT INTO v SELECT b FROM w; END",
        "CREATE",
        ["u", "v", "w"],
    ),
    (MYSQL, "SELECT a FROM `s 1`.`t``2` USE INDEX FOR JOIN (b)", "SELECT", ["`s 1`.`t``2`"]),
    (MYSQL, "SELECT a FROM \"t\", 'u', v", "SELECT", ["v"]),
    (MYSQL, "SELECT a FROM s.1t, u", "SELECT", ["u"]),  # a name that begins like a number is masked
    (MYSQL, "/*!40101 SET NAMES utf8 */", "SET", []),
    (MYSQL, "/*!50000 INSERT */ INTO t VALUES (1)", "INSERT", ["t"]),
    (MYSQL, "LOAD DATA LOCAL INFILE 'f' INTO TABLE t", "LOAD", ["t"]),
    (MYSQL, "SELECT a FROM t INTO OUTFILE 'f'", "SELECT", ["t"]),
    (MYSQL, "SELECT a, b FROM t INTO @c, @d", "SELECT", ["t"]),
]


@pytest.mark.parametrize(("dialect", "sql", "operation", "tables"), OWN)
def test_names_are_shown_as_typed(dialect: Dialect, sql: str, operation: str, tables: list[str]) -> None:
    """With the quotes of their dialect; what is a string there is no name."""
    found = describe(sql, dialect)

    assert (found.operation, list(found.tables)) == (operation, tables)


def test_a_name_that_is_cut_off_is_no_table() -> None:
    """Half a name is the name of another table."""
    start = "SELECT a FROM t, "
    found = describe(start + "u" * 3000, STANDARD)

    assert found.masked == start + "u" * (2048 - len(start)) + "…"
    assert found.tables == ("t",)


def test_the_text_ends_with_a_whole_name() -> None:
    """Of 255 characters at most, as OpenTelemetry has it."""
    names = [letter * 80 for letter in "abcde"]
    found = describe(f"SELECT x FROM {', '.join(names)}", STANDARD)

    assert found.tables == tuple(names)
    assert found.text == f"SELECT {' '.join(names[:3])}"
    assert describe(f"SELECT x FROM {'a' * 300}", STANDARD).text == "SELECT"


def test_a_word_that_is_long_or_strange_is_no_operation() -> None:
    """Labels of metrics are made of it."""
    assert describe("x" * 33, STANDARD).operation == ""
    assert describe("sélect 1", STANDARD).operation == ""


def test_long_and_many_texts_are_not_kept() -> None:
    """The cache holds what is shown, and forgets the oldest."""
    text = "SELECT '" + "x" * 1_000_000 + "'"
    before = sys.getrefcount(text)
    summary = describe(text, STANDARD)

    assert describe(text, STANDARD) is summary
    assert sys.getrefcount(text) == before
    for number in range(2000):
        describe(f"SELECT {number}", STANDARD)
    gc.collect()
    assert describe(text, STANDARD) is not summary
