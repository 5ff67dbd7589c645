"""What statements return and count, however they are written, and whatever their columns are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sqlspec.errors import DatabaseError, TransactionAbortedError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

HEADS = {
    "plain": "",
    "dashes": "-- who asks\n",
    "nested": "/* SELECT /* 1; */ 2 */ ",
    "common table": "WITH start AS (SELECT 'INSERT' AS n) ",
    "comment and common table": "--SELECT\nWITH start (n) AS (VALUES (1)) ",
}
START = "INSERT INTO item VALUES (1, 'one'), (2, 'two')"


class Many(NamedTuple):
    """A statement and rows for it; what it returns, changes, and leaves in the table."""

    sql: str
    rows: list[Any]
    returned: list[Any]
    changed: int
    left: list[int]


MANY = [
    Many("INSERT INTO item (id, value) VALUES (?, 'x')", [(4,), (9,)], [], 2, [1, 2, 4, 9]),
    Many("INSERT INTO item VALUES (?, ?)", [(n, "x") for n in range(40, 80)], [], 40, [1, 2, *range(40, 80)]),
    Many("INSERT INTO item VALUES (?, ?) RETURNING id", [(9, "b"), (4, "a")], [(9,), (4,)], 2, [1, 2, 4, 9]),
    Many('INSERT INTO item VALUES (?, ?) RETURNING id AS "Count"', [(9, "b")], [(9,)], 1, [1, 2, 9]),
    Many(
        "INSERT INTO item VALUES (?, 'returning') Returning value AS \"Success\"",
        [(9,)],
        [("returning",)],
        1,
        [1, 2, 9],
    ),
    Many("INSERT INTO item VALUES (?, 'RETURNING')", [(9,)], [], 1, [1, 2, 9]),
    Many(
        "INSERT INTO item SELECT :n, NULL WHERE :n > 4 RETURNING id",
        [{"n": 4}, {"n": 5}],
        [(5,)],
        1,
        [1, 2, 5],
    ),
    Many(
        "INSERT INTO item VALUES (?, 'new') ON CONFLICT DO NOTHING RETURNING id",
        [(1,), (4,)],
        [(4,)],
        1,
        [1, 2, 4],
    ),
    Many("INSERT INTO item VALUES (?, 'new') ON CONFLICT DO NOTHING", [(1,), (4,)], [], 1, [1, 2, 4]),
    Many(
        "INSERT OR REPLACE INTO item VALUES (?, 'r') RETURNING id, value",
        [(1,), (4,)],
        [(1, "r"), (4, "r")],
        2,
        [1, 2, 4],
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
    Many('SELECT count(*) AS "Count" FROM item WHERE id >= ?', [(2,), (1,)], [(1,), (2,)], 0, [1, 2]),
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("many", MANY, ids=[many.sql for many in MANY])
@pytest.mark.parametrize("autocommit", [False, True])
def test_execute_many_returns_and_counts_all(spec: SQLSpec, head: str, many: Many, autocommit: bool) -> None:
    """Of all its rows, in their order, whatever precedes the statement."""
    with spec.provide_session(autocommit=autocommit) as session:
        session.execute(START)
        result = session.execute_many(HEADS[head] + many.sql, many.rows, schema_type=tuple)
        found = session.execute("SELECT id FROM item ORDER BY id").scalars()

    assert (result.all(), result.rowcount, found) == (many.returned, many.changed, many.left)
    assert bool(result.columns) is bool(many.returned)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("many", MANY, ids=[many.sql for many in MANY])
def test_each_statement_alone_returns_and_counts_the_same(spec: SQLSpec, head: str, many: Many) -> None:
    """By `execute`, and, as far as rows go, by `stream`; Arrow has them as well."""
    statement = HEADS[head] + many.sql
    with spec.provide_session() as session:
        session.execute(START)
        alone = [session.execute(statement, row, schema_type=tuple) for row in many.rows]
        assert [row for one in alone for row in one.all()] == many.returned
        assert sum(max(one.rowcount, 0) for one in alone) == many.changed
        session.rollback()

        session.execute(START)
        streamed = [
            row
            for one in many.rows
            for row in session.stream(statement, one, schema_type=tuple, batch_size=1)
        ]
        assert streamed == many.returned
        assert session.execute("SELECT id FROM item ORDER BY id").scalars() == many.left
        session.rollback()

        session.execute(START)
        for one, expected in zip(many.rows, alone, strict=True):
            result = session.execute(statement, one)
            assert result.arrow().num_rows == len(expected.all())
            assert result.rowcount == expected.rowcount


@pytest.mark.parametrize("tail", ["", " RETURNING id"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_execute_many_keeps_all_or_none(spec: SQLSpec, tail: str, autocommit: bool) -> None:
    """An error in a late row undoes those before it."""
    try:
        with spec.provide_session(autocommit=autocommit) as session, pytest.raises(DatabaseError):
            session.execute_many(f"INSERT INTO item (id) VALUES (?){tail}", [(1,), (2,), (1,), (3,)])
    except TransactionAbortedError:
        assert not autocommit

    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == []


def test_rows_of_many_become_arrow_with_their_types(spec: SQLSpec) -> None:
    """Those of the table, not those that the values suggest."""
    with spec.provide_session() as session:
        session.execute("CREATE TABLE typed (a SMALLINT, b DECIMAL(9, 2), c DATE)")
        insert = "INSERT INTO typed VALUES (?, NULL, NULL) RETURNING *"
        once = session.execute(insert, (1,)).arrow()
        many = session.execute_many(insert, [(1,), (2,)]).arrow()

    assert many.num_rows == 2
    assert many.schema == once.schema
