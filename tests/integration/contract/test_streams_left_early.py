"""A stream of a statement that writes is left after a few rows: all of its work is stored all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

COUNT = 30_000
"""Rows: more than fits into the buffers on the way."""

FILL = {
    "sqlite": (
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) "
        "SELECT n, hex(zeroblob(100)) FROM s"
    ),
    "duckdb": "SELECT n, repeat('k', 200) FROM generate_series(1, {}) AS s(n)",
    "psycopg": "SELECT n, repeat('k', 200) FROM generate_series(1, {}) AS s(n)",
    "asyncpg": "SELECT n, repeat('k', 200) FROM generate_series(1, {}) AS s(n)",
    "asyncmy": "SELECT seq, repeat('k', 200) FROM seq_1_to_{}",
}
WRITES: dict[str, tuple[str, bool, int]] = {
    "insert": ("INSERT INTO box {fill} RETURNING id, filler", False, COUNT),
    "insert after a comment": ("/* a */ -- b\nINSERT INTO box {fill} RETURNING *", False, COUNT),
    "delete": ("DELETE FROM box WHERE id > 10 RETURNING id, filler", True, 10),
    "update": ("UPDATE box SET filler = 'x' RETURNING id, filler", True, 0),
}
"""The statement, whether the table is filled before, and how many rows keep their filler."""


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("taken", [1, 3])
@pytest.mark.parametrize("is_closed", [False, True], ids=["left", "closed"])
@pytest.mark.parametrize("write", WRITES)
async def test_all_of_the_work_is_stored(
    side: Side, spec: SQLSpec, write: str, taken: int, *, autocommit: bool, is_closed: bool
) -> None:
    """Whether the stream was closed, or just left with its session."""
    if side.database.name == "asyncmy" and write == "update":
        pytest.skip("MariaDB 10 has no UPDATE … RETURNING")
    statement, is_filled, kept = WRITES[write]
    fill = FILL[side.database.name].format(COUNT)
    async with side.session(spec) as session:
        await session.execute("CREATE TABLE box (id INTEGER PRIMARY KEY, filler VARCHAR(250))")
        if is_filled:
            await session.execute(f"INSERT INTO box {fill}")
    async with side.session(spec, autocommit=autocommit) as session:
        rows: Any = session.stream(statement.format(fill=fill), batch_size=20)
        for _ in range(taken):
            await anext(rows)
        if is_closed:
            await rows.close()
            assert await session.execute("SELECT 7").scalar() == 7 if side.in_tasks else True

    async with side.session(spec) as session:
        stored = (await session.execute("SELECT count(*) FROM box WHERE filler <> 'x'")).scalar()
    assert stored == kept
