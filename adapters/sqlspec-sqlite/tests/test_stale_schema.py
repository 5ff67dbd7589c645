"""What others change while a connection is kept: tables, columns, types, views, indexes, temporary tables."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import StatementError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

SETUP = (
    "CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'one'); CREATE VIEW v AS SELECT a FROM t;"
)


class Change(NamedTuple):
    """What is asked, what another one does, and the rows, or the error, that are found after it."""

    query: str
    script: str
    found: list[Any] | str


CHANGES = [
    Change("SELECT * FROM t", "ALTER TABLE t ADD COLUMN c DEFAULT 5", [{"a": 1, "b": "one", "c": 5}]),
    Change("SELECT * FROM t", "ALTER TABLE t RENAME COLUMN b TO z", [{"a": 1, "z": "one"}]),
    Change("SELECT * FROM t", "ALTER TABLE t DROP COLUMN b", [{"a": 1}]),
    Change(
        "SELECT a FROM t",
        "DROP TABLE t; CREATE TABLE t (b, a TEXT); INSERT INTO t VALUES (2, 3)",
        [{"a": "3"}],
    ),
    Change("SELECT * FROM v", "DROP VIEW v; CREATE VIEW v AS SELECT b FROM t", [{"b": "one"}]),
    Change("SELECT a FROM t WHERE b = 'one'", "CREATE UNIQUE INDEX i ON t (b); ANALYZE", [{"a": 1}]),
    Change("SELECT b FROM t", "VACUUM", [{"b": "one"}]),
    Change("SELECT b FROM t", "ALTER TABLE t DROP COLUMN b", "no such column"),
    Change("SELECT a FROM t", "DROP VIEW v; ALTER TABLE t RENAME TO u", "no such table"),
]


@pytest.mark.parametrize("by", ["connection", "process"])
@pytest.mark.parametrize("way", ["execute", "stream", "execute_many"])
@pytest.mark.parametrize("change", CHANGES, ids=[change.script for change in CHANGES])
def test_a_kept_statement_sees_what_another_one_changed(
    tmp_path: Path, change: Change, way: str, by: str
) -> None:
    """At once, with the columns that there are now, or the one error that is true."""
    path = tmp_path / "a.db"
    with SQLSpec() as spec, SQLSpec() as other:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1), "db")
        other.register_config(SQLiteConfig(database=str(path)), "db")
        with other.provide_session("db") as session:
            session.execute_script(SETUP)

        def ask() -> list[Any]:
            with spec.provide_session("db") as session:
                if way == "stream":
                    return list(session.stream(change.query))
                result = (
                    session.execute(change.query)
                    if way == "execute"
                    else session.execute_many(change.query, [()])
                )
                return result.all()

        assert [ask(), ask()] == [ask()] * 2
        if by == "process":
            code = f"import sqlite3; sqlite3.connect({str(path)!r}).executescript({change.script!r})"
            subprocess.run([sys.executable, "-c", code], check=True)
        else:
            with other.provide_session("db", autocommit=True) as session:
                session.execute_script(change.script)

        if isinstance(change.found, str):
            for _ in range(2):
                with pytest.raises(StatementError, match=change.found):
                    ask()
        else:
            assert [ask(), ask()] == [change.found] * 2


def test_a_temporary_table_hides_the_other_one_in_its_session_alone(tmp_path: Path) -> None:
    """The statement is the same, and was kept before."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(tmp_path / "a.db"), pool_size=1), "db")
        found = []
        with spec.provide_session("db") as session:
            session.execute_script(SETUP)
        for script in ("SELECT 1", "CREATE TEMP TABLE t (x); INSERT INTO temp.t VALUES (9)", "SELECT 1"):
            with spec.provide_session("db") as session:
                session.execute("SELECT * FROM t")
                session.execute_script(script)
                found.append(session.execute("SELECT * FROM t").all())

    assert found == [[{"a": 1, "b": "one"}], [{"x": 9}], [{"a": 1, "b": "one"}]]
