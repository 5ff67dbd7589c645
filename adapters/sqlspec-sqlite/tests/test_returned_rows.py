"""What statements return and count, however they are written: sqlite3 looks at the first word alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sqlspec.errors import DatabaseError, UniqueViolationError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

HEADS = {
    "plain": "",
    "dashes": "-- who asks\n",
    "block": "/* SELECT 1; */ ",
    "both": "--a\n/*b*/\n  ",
    "lower": "\n\t",
    "common table": "WITH start (n) AS (SELECT 0) ",
    "two common tables": (
        "WITH RECURSIVE \"as (\" (n) AS NOT MATERIALIZED (SELECT 0), /*)*/ b AS (VALUES ('INSERT')) "
    ),
    "comment and common table": "--SELECT\nWITH [replace] AS (SELECT 0 AS n) ",
}


class Many(NamedTuple):
    """A statement and rows for it; what it returns, changes, and leaves in the table."""

    sql: str
    rows: list[Any]
    returned: list[Any]
    changed: int
    left: list[int]


MANY = [
    Many("INSERT INTO item (id, value) VALUES (?, 'x')", [(4,), (9,), (16,)], [], 3, [1, 2, 4, 9, 16]),
    Many("INSERT INTO item VALUES (?, ?) RETURNING id", [(9, "b"), (4, "a")], [(9,), (4,)], 2, [1, 2, 4, 9]),
    Many(
        "INSERT INTO item VALUES (?1, ?1) RETURNING id, value",
        [(4,), (9,)],
        [(4, 4), (9, 9)],
        2,
        [1, 2, 4, 9],
    ),
    Many(
        "INSERT INTO item SELECT :n, NULL WHERE :n > 4 RETURNING id",
        [{"n": 4}, {"n": 5}],
        [(5,)],
        1,
        [1, 2, 5],
    ),
    Many(
        "INSERT INTO item VALUES (?, 0), (?, 0) RETURNING id",
        [(4, 5), (6, 7)],
        [(4,), (5,), (6,), (7,)],
        4,
        [1, 2, 4, 5, 6, 7],
    ),
    Many(
        "INSERT INTO item VALUES (?, 'new') ON CONFLICT DO NOTHING RETURNING id",
        [(1,), (4,)],
        [(4,)],
        1,
        [1, 2, 4],
    ),
    Many(
        "INSERT INTO item VALUES (?, 'new') ON CONFLICT (id) DO UPDATE SET value = excluded.value "
        "RETURNING id, value",
        [(1,), (4,), (1,)],
        [(1, "new"), (4, "new"), (1, "new")],
        3,
        [1, 2, 4],
    ),
    Many("REPLACE INTO item VALUES (?, 'r') RETURNING value", [(1,), (2,)], [("r",), ("r",)], 2, [1, 2]),
    Many(
        "UPDATE item SET value = ? WHERE id < 3 RETURNING id",
        [("a",), ("b",)],
        [(1,), (2,), (1,), (2,)],
        4,
        [1, 2],
    ),
    Many("UPDATE item SET value = ? WHERE id < 3", [("a",), ("b",)], [], 4, [1, 2]),
    Many("DELETE FROM item WHERE id = ? RETURNING value", [(1,), (7,)], [("one",)], 1, [2]),
    Many("DELETE FROM item WHERE id = ?", [(1,), (7,), (2,)], [], 2, []),
    Many(
        "SELECT value FROM item WHERE id >= ? ORDER BY id",
        [(2,), (1,)],
        [("two",), ("one",), ("two",)],
        0,
        [1, 2],
    ),
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("many", MANY, ids=[many.sql for many in MANY])
@pytest.mark.parametrize("autocommit", [False, True])
def test_execute_many_returns_and_counts_all(spec: SQLSpec, head: str, many: Many, autocommit: bool) -> None:
    """Of all its rows, in their order, whatever precedes the statement; and each statement alone as well."""
    statement = HEADS[head] + (many.sql.lower() if head == "lower" else many.sql)
    with spec.provide_session(autocommit=autocommit) as session:
        session.execute("INSERT INTO item VALUES (1, 'one'), (2, 'two')")
        result = session.execute_many(statement, many.rows, schema_type=tuple)
        found = session.execute("SELECT id FROM item ORDER BY id").scalars()
        session.execute("DELETE FROM item")
        session.execute("INSERT INTO item VALUES (1, 'one'), (2, 'two')")
        alone = [session.execute(statement, row, schema_type=tuple) for row in many.rows]

    assert (result.all(), result.rowcount, found) == (many.returned, many.changed, many.left)
    assert bool(result.columns) is bool(many.returned)
    assert [row for one in alone for row in one.all()] == many.returned
    assert sum(max(one.rowcount, 0) for one in alone) == many.changed


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("tail", ["", " RETURNING id"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_execute_many_keeps_all_or_none(spec: SQLSpec, head: str, tail: str, autocommit: bool) -> None:
    """An error in a late row undoes those before it, and what was done before the call stays."""
    statement = f"{HEADS[head]}INSERT INTO item (id) VALUES (?){tail}"
    with spec.provide_session(autocommit=autocommit) as session:
        session.execute("INSERT INTO item (id) VALUES (7)")
        with pytest.raises(UniqueViolationError):
            session.execute_many(statement, [(1,), (2,), (7,), (3,)])

    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [7]


def test_no_rows_are_no_rows(spec: SQLSpec) -> None:
    """And an error in the statement is one all the same."""
    with spec.provide_session() as session:
        nothing = session.execute_many("INSERT INTO item (id) VALUES (?) RETURNING id", [])
        assert (nothing.all(), nothing.rowcount) == ([], 0)
        with pytest.raises(DatabaseError):
            session.execute_many("INSERT INTO nowhere VALUES (?) RETURNING id", [])


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("INSERT INTO item (value) VALUES ('x')", 6),
        ("/* */ REPLACE INTO item (value) VALUES ('x')", 6),
        ("WITH a AS (SELECT 'x' AS x) INSERT INTO item (value) SELECT x FROM a", 6),
        ("INSERT INTO item (value) VALUES ('x') RETURNING id", 6),
        ("INSERT OR IGNORE INTO item VALUES (5, 'x')", None),
        ("SELECT 'INSERT', replace('a', 'a', 'b')", None),
        ("UPDATE item SET value = 'REPLACE'", None),
        ("EXPLAIN INSERT INTO item (value) VALUES ('x')", None),
        ("WITH a AS (SELECT 'INSERT') DELETE FROM item", None),
    ],
)
def test_a_key_is_told_by_what_inserts(spec: SQLSpec, sql: str, key: int | None) -> None:
    """And by nothing else: the driver's cursor remembers that of an earlier statement."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item VALUES (5, 'five')")
        assert session.execute(sql).lastrowid == key


@pytest.mark.parametrize("head", ["-- all of it\n", "/* a */", ""])
def test_rows_of_a_write_are_streamed(spec: SQLSpec, head: str) -> None:
    """A stream that is left early has done all of its work."""
    with spec.provide_session() as session:
        rows = session.stream(
            f"{head}WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50) "
            "INSERT INTO item (id) SELECT i FROM n RETURNING id",
            batch_size=2,
        )
        assert next(iter(rows)) == {"id": 1}
        rows.close()

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 50
