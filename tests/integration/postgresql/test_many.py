"""Statements that return rows, run once for each row of parameters: nothing that comes back is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from .sides import Door

MADE = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE t (id int PRIMARY KEY, word text, moods mood[] DEFAULT '{good,bad}');
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
"""
STATEMENTS: dict[str, tuple[str, list[Any], list[tuple[Any, ...]], int]] = {
    "insert": (
        "INSERT INTO t VALUES (?, ?) RETURNING id, word",
        [(9, "z"), (4, "d"), (7, None)],
        [(9, "z"), (4, "d"), (7, None)],
        3,
    ),
    "names": (
        "INSERT INTO t VALUES (:id, :word) RETURNING word, id",
        [{"id": 9, "word": "z"}, {"id": 4, "word": "d"}],
        [("z", 9), ("d", 4)],
        2,
    ),
    "types that were never met": (
        "INSERT INTO t VALUES (?, ?) RETURNING moods",
        [(4, "d"), (5, "e")],
        [(["good", "bad"],), (["good", "bad"],)],
        2,
    ),
    "conflicts that do nothing": (
        "INSERT INTO t VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
        [(1, "x"), (4, "d"), (2, "y"), (5, "e")],
        [(4,), (5,)],
        2,
    ),
    "only conflicts": (
        "INSERT INTO t VALUES (?, 'x') ON CONFLICT DO NOTHING RETURNING id",
        [(1,), (2,)],
        [],
        0,
    ),
    "conflicts that update": (
        "INSERT INTO t VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET word = 'was ' || t.word RETURNING *",
        [(1, "x"), (4, "d")],
        [(1, "was a", ["good", "bad"]), (4, "d", ["good", "bad"])],
        2,
    ),
    "update of several, of none and of one": (
        "UPDATE t SET word = word || '!' WHERE id > ? RETURNING id, word",
        [(1,), (9,), (2,)],
        [(2, "b!"), (3, "c!"), (3, "c!!")],
        3,
    ),
    "delete": ("DELETE FROM t WHERE id = ? RETURNING word", [(3,), (5,), (1,)], [("c",), ("a",)], 2),
    "a CTE that writes": (
        "WITH gone AS (DELETE FROM t WHERE id = ? RETURNING word) SELECT word || '.' AS said FROM gone",
        [(2,), (3,)],
        [("b.",), ("c.",)],
        2,
    ),
    "select": ("SELECT word FROM t WHERE id >= ? ORDER BY id", [(3,), (2,)], [("c",), ("b",), ("c",)], 3),
    "one row": ("INSERT INTO t VALUES (?, 'd') RETURNING id", [(4,)], [(4,)], 1),
    "no rows to run it for": ("INSERT INTO t VALUES (?, 'd') RETURNING id", [], [], 0),
    "nothing returned": ("INSERT INTO t VALUES (?, 'd')", [(4,), (5,)], [], 2),
}  # fmt: skip


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("name", STATEMENTS)
async def test_all_that_is_returned_arrives_in_order(door: Door, name: str, *, autocommit: bool) -> None:
    """And `rowcount` is how many rows were changed, or found."""
    statement, rows, wanted, count = STATEMENTS[name]
    await door.run(MADE)

    async with door.session(autocommit=autocommit) as session:
        result = await session.execute_many(statement, rows)
        await session.execute_script("DROP TABLE t; DROP TYPE mood;" + MADE)
        result = await session.execute_many(statement, rows)  # it was prepared, for what is gone

    assert [tuple(row.values()) for row in result.all()] == wanted
    assert result.rowcount == count


async def test_merge_returns_what_it_did(door: Door) -> None:
    """From PostgreSQL 17 on it has RETURNING; until then it has a count."""
    await door.run(MADE)
    is_new = await door.value("SELECT current_setting('server_version_num')::int >= 170000")
    merge = (
        "MERGE INTO t USING (SELECT ?::int AS id) given ON t.id = given.id WHEN MATCHED THEN UPDATE "
        f"SET word = 'met' WHEN NOT MATCHED THEN INSERT VALUES (given.id, 'new'){' RETURNING word' * is_new}"
    )

    async with door.session() as session:
        result = await session.execute_many(merge, [(1,), (8,)])

    assert result.rowcount == 2
    assert result.scalars() == (["met", "new"] if is_new else [])


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_what_fails_half_way_keeps_nothing(door: Door, *, autocommit: bool) -> None:
    """All of it or none, with RETURNING as without."""
    await door.run(MADE)

    with pytest.raises(SQLSpecError):
        async with door.session(autocommit=autocommit) as session:
            await session.execute_many(
                "INSERT INTO t VALUES (?, 'd') RETURNING id", [(number,) for number in [*range(10, 400), 10]]
            )

    assert await door.value("SELECT count(*) FROM t") == 3
