"""What is streamed is what the server makes a cursor of, however the statement begins."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .sides import Door

MEMORY = Path("/proc/self/statm")
LARGE = "SELECT n, repeat('y', 300) AS filler FROM generate_series(1, 150000) n"
MADE = """
CREATE TABLE t (n int);
INSERT INTO t SELECT generate_series(1, 5);
CREATE FUNCTION written(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (n + 10) RETURNING n';
CREATE FUNCTION large() RETURNS TABLE (n int, filler text) LANGUAGE plpgsql AS $$
BEGIN RETURN QUERY SELECT g, repeat('y', 300) FROM generate_series(1, 9) g; END $$;
CREATE PROCEDURE doubled(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n * 2; END';
"""
LARGE_ONES = {
    "plain": LARGE,
    "a comment": f"-- all of it\n{LARGE}",
    "comments": f"/* who /* asks */ */ --a\n/*b*/ {LARGE}",
    "parentheses": f"( ( {LARGE} ) )",
    "a comment in parentheses": f"(/* ( */ {LARGE})",
    "a CTE": f"WITH x AS ({LARGE}) SELECT * FROM x",
    "values": f"VALUES (0, '') UNION ALL {LARGE}",
    "small letters": f"\n\t select * from ({LARGE}) x",
    "a parameter": f"{LARGE} WHERE n > ?",
    "a list": f"/* ? */ {LARGE} WHERE NOT n = ANY(?)",
}
PARAMETERS: dict[str, Any] = {"a parameter": (0,), "a list": ([0],)}
SMALL_ONES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "table": ("/* all */ TABLE t", [(1,), (2,), (3,), (4,), (5,)]),
    "values": ("(VALUES (1), (2)) -- two", [(1,), (2,)]),
    "insert": ("-- new\nINSERT INTO t VALUES (6), (7) RETURNING n", [(6,), (7,)]),
    "insert in a CTE": (
        "WITH x AS (INSERT INTO t VALUES (6), (7) RETURNING n) SELECT n FROM x",
        [(6,), (7,)],
    ),
    "a CTE before an insert": ("WITH x AS (SELECT 8 AS n) INSERT INTO t SELECT n FROM x RETURNING n", [(8,)]),
    "update": ("UPDATE t SET n = n + 1 WHERE n > 3 RETURNING n", [(5,), (6,)]),
    "a union": ("(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1", [(1,), (2,)]),
    "explain": ("EXPLAIN (COSTS off) SELECT 1", [("Result",)]),
    "show": ("/* ? */ SHOW transaction_read_only", [("off",)]),
    "a function that writes": ("SELECT written(n) AS n FROM generate_series(1, 3) n", [(11,), (12,), (13,)]),
    "a function of rows": ("SELECT n FROM large() WHERE n < 3", [(1,), (2,)]),
    "a procedure": ("CALL doubled(21)", [(42,)]),
    "locked rows": ("SELECT n FROM t WHERE n < 3 ORDER BY n FOR UPDATE", [(1,), (2,)]),
    "a percent sign": ("SELECT 7 % 4 AS n, '%s' AS said", [(3, "%s")]),
    "no rows": ("CREATE TEMP TABLE other (n int)", []),
    "rows into a table": ("SELECT 1 AS n INTO TEMP other", []),
}
WRITTEN = {"insert": 2, "insert in a CTE": 2, "a CTE before an insert": 1, "a function that writes": 3}


def _resident() -> float:
    gc.collect()
    return int(MEMORY.read_text("ascii").split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not MEMORY.exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("name", LARGE_ONES)
async def test_a_large_result_is_never_in_memory(door: Door, name: str, *, autocommit: bool) -> None:
    """Its size does not matter: 45 MB would come at once."""
    async with door.session(autocommit=autocommit) as session:
        await session.execute("SELECT 1")
        rows = session.stream(LARGE_ONES[name], PARAMETERS.get(name), batch_size=50)
        before = _resident()
        found = [row async for row in _first(rows, 120)]
        after = _resident()

    assert len(found) == 120
    assert after - before < 15


async def _first(rows: AsyncIterator[Any], count: int) -> AsyncIterator[Any]:
    async for row in rows:
        yield row
        count -= 1
        if not count:
            return


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("name", SMALL_ONES)
async def test_every_statement_can_be_streamed(door: Door, name: str, *, autocommit: bool) -> None:
    """The rows are those that `execute` gives, and what it writes is stored."""
    statement, wanted = SMALL_ONES[name]
    await door.run(MADE)

    async with door.session(autocommit=autocommit) as session:
        found = [tuple(row.values()) async for row in session.stream(statement, batch_size=1)]

    assert found == wanted
    assert await door.value("SELECT count(*) FROM t") == 5 + WRITTEN.get(name, 0)


async def test_a_cursor_of_the_sessions_own_is_streamed(door: Door) -> None:
    """FETCH returns rows, and no cursor can be made of it."""
    async with door.session() as session:
        await session.execute("DECLARE mine CURSOR FOR SELECT generate_series(1, 9) AS n")

        found = [row["n"] async for row in session.stream("FETCH 4 FROM mine", batch_size=3)]

        assert found == [1, 2, 3, 4]


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_statement_that_is_wrong_is_refused_as_execute_refuses_it(
    door: Door, *, autocommit: bool
) -> None:
    """With the words of the server about the statement itself."""
    async with door.session(autocommit=autocommit) as session:
        with pytest.raises(SQLSpecError, match="no_such_table"):
            async for _ in session.stream("/* a */ SELECT * FROM no_such_table"):
                pass
        await session.rollback()
        with pytest.raises(SQLSpecError, match="SELEC"):
            async for _ in session.stream("SELEC 1"):
                pass
        await session.rollback()


async def test_a_procedure_may_commit_where_no_transaction_is_open(door: Door) -> None:
    """In an autocommit session; in another one the server refuses it, and nothing is half done."""
    await door.run(
        "CREATE TABLE t (n int); CREATE PROCEDURE many() LANGUAGE plpgsql AS "
        "'BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END'"
    )
    block = "DO 'BEGIN INSERT INTO t VALUES (9); COMMIT; INSERT INTO t VALUES (10); END'"

    for statement in ("/* a */ CALL many()", block):
        with pytest.raises(SQLSpecError, match="transaction termination"):
            async with door.session() as session:
                await session.execute("INSERT INTO t VALUES (0)")
                await session.execute(statement)
        assert await door.value("SELECT count(*) FROM t") == 0
    async with door.session(autocommit=True) as session:
        await session.execute("CALL many()")
        await session.execute(block)
        await session.execute_script(f"CALL many(); {block}")

    assert await door.value("SELECT count(*) FROM t") == 10


@pytest.mark.parametrize(
    ("sql", "value"), [("SELECT 1 / (n - 3) FROM t WHERE n > ?", 0), ("SELECT ?::date", "infinity")]
)
async def test_a_stream_that_failed_is_no_concern_of_the_next_transaction(
    door: Door, sql: str, value: Any
) -> None:
    """The server could not compute a row, or Python has no such value: after a rollback all is as ever."""
    await door.run(MADE)

    async with door.session() as session:
        with pytest.raises(SQLSpecError):
            async for _ in session.stream(sql, (value,), batch_size=2):
                pass
        await session.rollback()
        await session.execute("INSERT INTO t VALUES (?)", (9,))

    assert await door.value("SELECT max(n) FROM t") == 9
