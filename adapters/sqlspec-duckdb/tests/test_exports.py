"""What EXPORT DATABASE writes is read back by `execute_script`; the copy is compared with the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from sqlspec import SQLSpec
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from pathlib import Path

STATEMENTS = [
    'CREATE SCHEMA "odd.one"',
    "CREATE SEQUENCE numbers START 5",
    "CREATE TYPE mood AS ENUM ('sad;', 'ok')",
    """CREATE TABLE "t; ""1"" x" (
        id INTEGER PRIMARY KEY DEFAULT nextval('numbers'),
        "naïve" VARCHAR NOT NULL DEFAULT 'it''s; x', m mood,
        d DECIMAL(10, 2) CHECK (d < 100 OR d IS NULL), b BLOB, ts TIMESTAMP, tz TIMESTAMPTZ, dt DATE, tm TIME,
        iv INTERVAL, u UUID, f DOUBLE, l INTEGER[], st STRUCT(a INTEGER, "b c" VARCHAR),
        mp MAP(VARCHAR, INTEGER), h HUGEINT, bt BIT, twice INTEGER AS (id * 2)
    )""",
    'CREATE TABLE "odd.one"."select" ("from" INTEGER, UNIQUE ("from"))',
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    "CREATE TABLE child (p INTEGER REFERENCES parent (id))",
    'CREATE INDEX "i;x" ON parent (id)',
    "CREATE VIEW v AS SELECT id, ';' AS \"semi;\" FROM parent -- a comment; with a semicolon\n",
    "CREATE MACRO plus(a, b := 1) AS a + b",
    "CREATE MACRO one() AS TABLE SELECT 1 AS x",
    """INSERT INTO "t; ""1"" x" BY NAME SELECT 'line\nbreak,"q" 🦆' AS "naïve", 'sad;' AS m, 1.10 AS d,
        '\\x00\\xff'::BLOB AS b, 'infinity'::TIMESTAMP AS ts,
        '2024-01-02 03:04:05.123456+02'::TIMESTAMPTZ AS tz,
        DATE '9999-12-31' AS dt, TIME '23:59:59.999999' AS tm, INTERVAL '1 month 2 days' AS iv,
        '00000000-0000-0000-0000-000000000001'::UUID AS u, 'inf'::DOUBLE AS f, [1, NULL] AS l,
        {'a': 1, 'b c': 'x;'} AS st, MAP {'k;': 1} AS mp,
        -(10::HUGEINT ** 37)::HUGEINT AS h, '0101'::BIT AS bt""",
    """INSERT INTO "t; ""1"" x" ("naïve", f) VALUES ('', '-0.0'), ('NULL', 'nan')""",
    'INSERT INTO "odd.one"."select" VALUES (1), (NULL)',
    "INSERT INTO parent VALUES (1), (2)",
    "INSERT INTO child VALUES (2), (NULL)",
]
DEFINITIONS = [
    "SELECT schema_name, table_name, sql FROM duckdb_tables() ORDER BY ALL",
    "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT index_name, sql FROM duckdb_indexes() ORDER BY ALL",
    "SELECT sequence_name, sql FROM duckdb_sequences() ORDER BY ALL",
    "SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal ORDER BY ALL",
    "SELECT type_name, labels FROM duckdb_types() WHERE NOT internal ORDER BY ALL",
]


def content(path: Path) -> dict[str, str]:
    """All that a database has: definitions and rows."""
    with duckdb.connect(str(path)) as raw:
        found: dict[str, Any] = {query: raw.execute(query).fetchall() for query in DEFINITIONS}
        for schema, table, _ in found[DEFINITIONS[0]]:
            quoted = '"{}"."{}"'.format(schema, table.replace('"', '""'))
            found[quoted] = raw.execute(f"FROM {quoted}").fetchall()
        return {name: repr(rows) for name, rows in found.items()}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("way", ["transaction", "autocommit", "its own transaction"])
def test_an_export_is_read_back(tmp_path: Path, kind: str, way: str) -> None:
    """With all types, views, macros, sequences, constraints and odd names."""
    original, copy, folder = tmp_path / "original.db", tmp_path / "copy.db", tmp_path / "export"
    with duckdb.connect(str(original)) as raw:
        for statement in STATEMENTS:
            raw.execute(statement)
        raw.execute(f"EXPORT DATABASE '{folder}' (FORMAT {kind})")
    script = "".join((folder / name).read_text(encoding="utf-8") for name in ("schema.sql", "load.sql"))
    if way == "its own transaction":
        script = f"BEGIN TRANSACTION;\n{script}\nCOMMIT;\n"

    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(copy)), "copy")
        with spec.provide_session("copy", autocommit=way != "transaction") as session:
            session.execute_script(script)

    assert content(copy) == content(original)
