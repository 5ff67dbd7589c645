"""What others change while a session is kept: tables, columns, types, views, macros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec


class Change(NamedTuple):
    """What is asked, what another one does, and the rows, or the error, that are found after it."""

    query: str
    script: str
    found: list[Any] | str


SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (a INTEGER, b VARCHAR, m mood);
INSERT INTO t VALUES (1, 'x', 'ok');
CREATE VIEW v AS SELECT a FROM t; CREATE MACRO twice(n) AS n * 2;
"""
CHANGES = [
    Change(
        "SELECT * FROM t",
        "ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 5",
        [{"a": 1, "b": "x", "m": "ok", "c": 5}],
    ),
    Change("SELECT * FROM t", "ALTER TABLE t RENAME b TO z", [{"a": 1, "z": "x", "m": "ok"}]),
    Change("SELECT * FROM t", "ALTER TABLE t DROP COLUMN b", [{"a": 1, "m": "ok"}]),
    Change("SELECT a FROM t", "ALTER TABLE t ALTER a TYPE DECIMAL(5, 1)", [{"a": 1}]),
    Change(
        "SELECT a FROM t",
        "CREATE OR REPLACE TABLE t (b INTEGER, a VARCHAR); INSERT INTO t VALUES (2, '3')",
        [{"a": "3"}],
    ),
    Change("SELECT * FROM v", "CREATE OR REPLACE VIEW v AS SELECT b FROM t", [{"b": "x"}]),
    Change("SELECT twice(a) AS n FROM t", "CREATE OR REPLACE MACRO twice(n) AS n || '!'", [{"n": "1!"}]),
    Change("SELECT a FROM t WHERE b = 'x'", "CREATE INDEX i ON t (b)", [{"a": 1}]),
    Change(
        "SELECT m FROM t",
        "ALTER TABLE t ALTER m TYPE VARCHAR; DROP TYPE mood; CREATE TYPE mood AS ENUM ('ok', 'new'); "
        "ALTER TABLE t ALTER m TYPE mood; INSERT INTO t VALUES (2, 'y', 'new')",
        [{"m": "ok"}, {"m": "new"}],
    ),
    Change("SELECT b FROM t", "ALTER TABLE t DROP COLUMN b", 'column "b" not found'),
    Change("SELECT a FROM t", "DROP VIEW v; ALTER TABLE t RENAME TO u", "name t does not exist"),
]


@pytest.mark.parametrize("way", ["execute", "arrow", "stream", "execute_many"])
@pytest.mark.parametrize("change", CHANGES, ids=[change.script for change in CHANGES])
def test_a_kept_session_sees_what_another_one_changed(spec: SQLSpec, change: Change, way: str) -> None:
    """At once, with the columns that there are now, or the one error that is true."""
    with spec.provide_session() as session:
        session.execute_script(SETUP)

    with spec.provide_session(autocommit=True) as session:

        def ask() -> list[Any]:
            if way == "stream":
                return list(session.stream(change.query))
            if way == "execute_many":
                return session.execute_many(change.query, [()]).all()
            result = session.execute(change.query)
            return result.all() if way == "execute" else result.arrow().to_pylist()

        assert [ask(), ask()] == [ask()] * 2
        with spec.provide_session() as other:
            other.execute_script(change.script)

        if isinstance(change.found, str):
            for _ in range(2):
                with pytest.raises(StatementError, match=change.found):
                    ask()
        else:
            assert [ask(), ask()] == [change.found] * 2
