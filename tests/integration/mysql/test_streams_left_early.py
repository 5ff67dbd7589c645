"""A stream that is left early: what it writes is stored, what only reads is stopped at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import OperationalError, TransactionAbortedError, UniqueViolationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlspec import SQLSpec

N = 30_000
ENDLESS = 2_000_000_000
FILL = f"INTO box SELECT seq, REPEAT('k', 240) FROM seq_1_to_{N}"
NOTE = (
    "CREATE FUNCTION note(n INT) RETURNS INT MODIFIES SQL DATA "
    "BEGIN INSERT INTO box VALUES (n, 'f'); RETURN n; END"
)
COUNT = "CREATE FUNCTION counted(n INT) RETURNS INT READS SQL DATA RETURN (SELECT count(*) FROM box)"
# What is streamed, the rows before, and the rows that it leaves.
WRITES: dict[str, tuple[str, int, int]] = {
    "INSERT": (f"INSERT {FILL} RETURNING *", 0, N),
    "DELETE": ("DELETE FROM box WHERE id > 10 RETURNING id, filler", N, 10),
    "REPLACE": (f"REPLACE {FILL} RETURNING id, filler", 9, N),
    "comment": (f"/* well */ -- so\n INSERT {FILL} RETURNING *", 0, N),
    "executable comment": (f"/*! INSERT {FILL} RETURNING * */", 0, N),
    "SET STATEMENT": (f"SET STATEMENT max_statement_time=90 FOR INSERT {FILL} RETURNING *", 0, N),
    "EXECUTE IMMEDIATE": (
        f"EXECUTE IMMEDIATE 'INSERT INTO box SELECT seq, ''k'' FROM seq_1_to_{N} RETURNING *'", 0, N
    ),
    "function": (f"SELECT note(seq), repeat('k', 240) FROM seq_1_to_{N}", 0, N),
    "function in WITH": (
        f"WITH s AS (SELECT seq FROM seq_1_to_{N}) SELECT note(seq), repeat('k', 240) FROM s", 0, N
    ),
    "function in a view": ("SELECT v.*, repeat('k', 240) FROM noting v", 0, N),
    "function with options": (
        f"SET STATEMENT max_statement_time=90 FOR SELECT note(seq), repeat('k', 240) FROM seq_1_to_{N}", 0, N
    ),
    "CALL": ("CALL filling()", 0, N + 1),
}  # fmt: skip
READS = {
    "SELECT": f"SELECT seq, repeat('k', 240) FROM seq_1_to_{ENDLESS}",
    "in parentheses": f"(SELECT seq, repeat('k', 240) FROM seq_1_to_{ENDLESS})",
    "WITH": f"WITH s AS (SELECT seq FROM seq_1_to_{ENDLESS}) SELECT seq, repeat('k', 240) FROM s",
    "UNION": f"SELECT seq, 'a' FROM seq_1_to_{ENDLESS} UNION ALL SELECT 1, repeat('k', 240)",
    "a function that reads": f"SELECT seq, counted(seq) FROM seq_1_to_{ENDLESS}",
    "a view": "SELECT * FROM endless",
    "options": "SET STATEMENT max_statement_time=90 FOR "
    f"SELECT seq, repeat('k', 240) FROM seq_1_to_{ENDLESS}",
}


@pytest.fixture
async def spec(spec: SQLSpec) -> SQLSpec:
    """With a table and what writes into it."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("CREATE TABLE box (id INT PRIMARY KEY, filler VARCHAR(300))")
        await session.execute(NOTE)
        await session.execute(COUNT)
        await session.execute(f"CREATE VIEW noting AS SELECT note(seq) AS noted FROM seq_1_to_{N}")
        await session.execute(f"CREATE VIEW endless AS SELECT seq, repeat('k', 240) FROM seq_1_to_{ENDLESS}")
        await session.execute(
            f"CREATE PROCEDURE filling() BEGIN INSERT {FILL} RETURNING *; SELECT 1; "
            "INSERT INTO box VALUES (0, 'z'); END"
        )
    return spec


async def stored(spec: SQLSpec) -> int:
    """Rows of the table, as another session sees it."""
    async with spec.provide_session(autocommit=True) as session:
        count: int = await session.execute("SELECT count(*) FROM box").scalar()
    return count


async def leave(rows: Any, how: str) -> None:
    """Read a few rows, and no more."""
    if how == "break":
        async for _ in rows:
            break
        return
    _ = [await anext(rows) for _ in range(3)]
    if how == "close":
        await rows.close()
        await rows.close()
    if how == "generator":

        async def reading() -> AsyncGenerator[Any, None]:
            async for row in rows:
                yield row

        generator = reading()
        await anext(generator)
        await generator.aclose()


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("how", ["break", "close", "end", "generator"])
@pytest.mark.parametrize("name", WRITES)
async def test_all_that_the_statement_writes_is_stored(
    spec: SQLSpec, name: str, how: str, autocommit: bool
) -> None:
    """When the block ends without an error; the connection serves on."""
    statement, before, after = WRITES[name]
    async with spec.provide_session(autocommit=True) as session:
        await session.execute(
            "INSERT INTO box SELECT seq, 'b' FROM seq_1_to_?".replace("?", str(before or 1))
        )
        if not before:
            await session.execute("DELETE FROM box")

    async with spec.provide_session(autocommit=autocommit) as session:
        await leave(session.stream(statement, batch_size=20), how)

    assert await stored(spec) == after
    assert spec.stats("main").opened == 1


@pytest.mark.parametrize("name", READS)
async def test_what_only_reads_is_stopped_at_once(spec: SQLSpec, name: str) -> None:
    """Nobody waits for its end, and nothing of the transaction is lost."""
    started = time.monotonic()
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO box VALUES (1, 'x')")
        await leave(session.stream(READS[name], batch_size=20), "close")
        assert await session.execute("SELECT 7").scalar() == 7
        await leave(session.stream(READS[name], batch_size=20), "end")

    assert time.monotonic() - started < 10
    assert await stored(spec) == 1
    assert spec.stats("main").opened == 1


@pytest.mark.parametrize("exception", [KeyError, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("name", WRITES)
async def test_an_exception_undoes_it_and_waits_for_nothing(
    spec: SQLSpec, name: str, exception: type[BaseException]
) -> None:
    """Of the session's block, whatever its kind; none of the work is stored."""
    statement, before, _ = WRITES[name]
    async with spec.provide_session(autocommit=True) as session:
        if before:
            await session.execute(f"INSERT INTO box SELECT seq, 'b' FROM seq_1_to_{before}")

    with pytest.raises(exception):
        async with spec.provide_session() as session:
            await leave(session.stream(statement, batch_size=20), "end")
            raise exception

    assert await stored(spec) == before


async def test_reading_on_takes_little_memory(spec: SQLSpec) -> None:
    """The rows are dropped as they come."""
    async with spec.provide_session() as session:
        rows = session.stream("INSERT INTO box SELECT seq, REPEAT('k', 240) FROM seq_1_to_150000 RETURNING *")
        await anext(rows)
        tracemalloc.start()
        try:
            await rows.close()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert await stored(spec) == 150_000
    assert peak < 5_000_000


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_an_error_in_the_rest_is_told_by_the_block(spec: SQLSpec, autocommit: bool) -> None:
    """The server has undone the statement: a clean end would say that it is stored."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("INSERT INTO box VALUES (25000, 'in the way')")

    with pytest.raises(UniqueViolationError):
        async with spec.provide_session(autocommit=autocommit) as session:
            if not autocommit:
                await session.execute("INSERT INTO item VALUES (1, 'before')")
            await leave(session.stream(f"INSERT {FILL} RETURNING *", batch_size=20), "end")

    assert await stored(spec) == 1
    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0


async def test_a_task_that_is_cancelled_while_it_waits_for_the_rest(spec: SQLSpec) -> None:
    """Goes at once, and nothing is stored."""
    arrived = asyncio.Event()

    async def work() -> None:
        async with spec.provide_session() as session:
            rows = session.stream(
                "SELECT note(seq), sleep(0.001), repeat('k', 240) FROM seq_1_to_30000", batch_size=5
            )
            await anext(rows)
            arrived.set()
            await rows.close()

    task = asyncio.create_task(work())
    await arrived.wait()
    await asyncio.sleep(0.3)
    started = time.monotonic()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert task.cancelled()
    assert time.monotonic() - started < 5
    assert await stored(spec) == 0


async def test_where_it_can_not_be_found_out_an_error_says_so(
    spec: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a temporary table no other connection knows: it is read on for a while, then stopped."""
    from sqlspec_asyncmy import streams

    monkeypatch.setattr(streams, "DOUBT_SECONDS", 0.2)
    async with spec.provide_session() as session:
        await session.execute("CREATE TEMPORARY TABLE mine (id INT)")
        await session.execute("INSERT INTO mine VALUES (1)")
        short = session.stream(f"SELECT mine.id, repeat('k', 240) FROM mine, seq_1_to_{N}", batch_size=5)
        await leave(short, "close")
        long = session.stream(f"SELECT mine.id, repeat('k', 240) FROM mine, seq_1_to_{ENDLESS}", batch_size=5)
        with pytest.raises(OperationalError, match="stopped"):
            await leave(long, "close")
        assert await session.execute("SELECT id FROM mine").scalar() == 1


@pytest.mark.parametrize("name", ["CALL", "EXECUTE IMMEDIATE"])
async def test_a_stream_whose_statement_commits_is_seen(spec: SQLSpec, name: str) -> None:
    """It ended our transaction, though another one is open."""
    statement = {
        "CALL": "CALL committing()",
        "EXECUTE IMMEDIATE": "EXECUTE IMMEDIATE 'CALL committing()'",
    }[name]
    async with spec.provide_session(autocommit=True) as session:
        await session.execute(
            "CREATE PROCEDURE committing() BEGIN INSERT INTO box VALUES (1, 'a'); COMMIT; START TRANSACTION; "
            "SELECT 1; END"
        )
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session:
            assert [row async for row in session.stream(statement)] == [{"1": 1}]
