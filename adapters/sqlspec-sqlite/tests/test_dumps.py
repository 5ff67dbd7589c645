"""Dumps of a rich database are read back by `execute_script`, and the copy is compared with the original."""

from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = r"""
CREATE TABLE "odd; ""one"" two" (
    "the; id" INTEGER PRIMARY KEY AUTOINCREMENT, "naïve 🦆" TEXT DEFAULT 'it''s; ok',
    n NUMERIC CHECK (n IS NULL OR n <> ';'), r REAL, b BLOB
);
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE) STRICT;
CREATE TABLE child (
    id INTEGER PRIMARY KEY,
    parent INTEGER REFERENCES parent (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    twice AS (id * 2) STORED, thrice AS (id * 3)
) WITHOUT ROWID;
CREATE INDEX "by; name" ON parent (name) WHERE name <> 'a;b';
CREATE TABLE log (at TEXT, what TEXT);
CREATE VIEW "a view" AS SELECT id AS "begin", name AS "end" FROM parent -- a comment; with a semicolon
WHERE name <> '--';
CREATE TRIGGER "t;1" AFTER INSERT ON parent WHEN new.id > 0 BEGIN
  INSERT INTO log VALUES ('now', 'BEGIN; ' || CASE WHEN new.id > 5 THEN 'large' ELSE 'small' END);
  UPDATE log SET at = CASE at WHEN 'now' THEN 'then' END WHERE what LIKE '%;%';
END;
CREATE TRIGGER t2 INSTEAD OF DELETE ON "a view" BEGIN DELETE FROM parent WHERE id = old."begin"; END;
INSERT INTO parent VALUES (1, 'one'), (7, 'semi;colon'), (8, NULL);
INSERT INTO child (id, parent) VALUES (1, 7), (2, NULL);
"""
ROWS: list[tuple[Any, ...]] = [
    ("line\nbreak\r\n\ttab; 'q' \"d\" -- no /* no", 5, 0.1, b"\x00\xff'"),
    ("\U0001f986 ; ?1 :a @b $c COMMIT;", 1e300, -0.0, b""),
    (None, -(2**63), 5e-300, None),
    ("", 0.1, 12345678.901234567, None),
]
VIRTUAL = "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('a fox; jumps'), ('BEGIN');"
INFINITE: list[tuple[Any, ...]] = [("inf", -math.inf, math.inf, None)]
"""Of this and of virtual tables Python's own dump makes what SQLite does not read."""


def make(path: Path, tool: str) -> None:
    """The original."""
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(SCHEMA + (VIRTUAL if tool == "shell" else ""))
        rows = [*ROWS, *(INFINITE if tool == "shell" else [])]
        raw.executemany('INSERT INTO "odd; ""one"" two" VALUES (NULL, ?, ?, ?, ?)', rows)
        raw.execute('DELETE FROM "odd; ""one"" two" WHERE "the; id" = 1')
        raw.commit()


def dump(path: Path, tool: str) -> str:
    """The database as SQL."""
    if tool == "iterdump":
        with closing(sqlite3.connect(path)) as raw:
            return "\n".join(raw.iterdump())
    command = ["sqlite3", "-batch", "-init", "/dev/null", str(path), ".dump"]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def content(path: Path) -> dict[str, Any]:
    """All that a database has: definitions and rows."""
    with closing(sqlite3.connect(path)) as raw:
        defined = raw.execute(
            "SELECT name, type, sql FROM sqlite_schema WHERE sql <> '' ORDER BY name"
        ).fetchall()
        found: dict[str, Any] = {name: sql.replace("IF NOT EXISTS ", "") for name, _, sql in defined}
        for name in [name for name, kind, _ in defined if kind in {"table", "view"}]:
            quoted = name.replace('"', '""')
            found[f"rows of {name}"] = raw.execute(f'SELECT * FROM "{quoted}"').fetchall()
        return found


@pytest.mark.parametrize("tool", ["iterdump", "shell"])
def test_a_dump_is_read_back(tmp_path: Path, tool: str) -> None:
    """With triggers, views, generated columns, virtual tables, blobs and odd names."""
    if tool == "shell" and shutil.which("sqlite3") is None:
        pytest.skip("there is no sqlite3 shell on this machine")
    original, copy = tmp_path / "original.db", tmp_path / "copy.db"
    make(original, tool)
    script = dump(original, tool)
    # Python's has no such line, and tables in the order of their names; README tells so.
    script = script if tool == "shell" else f"PRAGMA foreign_keys = OFF;\n{script}"

    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(copy)), "copy")
        with spec.provide_session("copy", autocommit=True) as session:
            session.execute_script(script)
        with spec.provide_session("copy") as session:
            assert session.execute("PRAGMA foreign_keys").scalar() == 1
            if tool == "shell":
                assert session.execute("SELECT body FROM words ('fox')").scalars() == ["a fox; jumps"]

    assert content(copy) == content(original)
    assert content(copy)["rows of child"] == [(1, 7, 2, 3), (2, None, 4, 6)]


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_script_sets_what_pragmas_set(tmp_path: Path, autocommit: bool) -> None:
    """What belongs to the database stays; what belongs to the connection goes with it."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(tmp_path / "a.db")), "db")
        with spec.provide_session("db", autocommit=autocommit) as session:
            session.execute_script(
                "PRAGMA user_version = 7; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = 77;"
            )
            assert session.execute("SELECT 'a' LIKE 'A'").scalar() == 0
        with spec.provide_session("db") as session:
            assert session.execute("PRAGMA user_version").scalar() == 7
            assert session.execute("SELECT 'a' LIKE 'A'").scalar() == 1
            assert session.execute("PRAGMA cache_size").scalar() != 77
