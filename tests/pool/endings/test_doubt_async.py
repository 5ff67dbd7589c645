# The source of test_doubt_sync.py, which tools/print_sync.py prints from it.
"""What ends late, or in doubt: every ending has its time, and a connection in doubt is not lent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DatabaseError,
    DeadlineExceeded,
    SerializationError,
    TransactionAbortedError,
)
from tests.pool.endings._async import Scene
from tests.pool.script import Driver, new_async_pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec import AsyncSession


async def commit(session: AsyncSession) -> None:
    """Early."""
    await session.execute("INSERT 1")
    await session.commit()


async def block(session: AsyncSession) -> None:
    """By the end of a block."""
    async with session.begin():
        await session.execute("INSERT 1")


@pytest.mark.parametrize("act", [commit, block], ids=["commit", "block"])
@pytest.mark.parametrize(("timeout", "given"), [(30.0, {}), (5.0, {"commit_timeout": 5.0})], ids=["30", "5"])
async def test_g44_an_early_commit_has_the_same_timeout(
    act: Callable[[AsyncSession], Awaitable[None]], timeout: float, given: dict[str, float]
) -> None:
    """Thirty seconds, or what the config says, and nothing is waited for after it."""
    scene = Scene(**given)
    scene.script.next("commit").lose_reply()

    with pytest.raises(CommitOutcomeUnknownError):
        async with scene.spec.provide_session("db") as session:
            await act(session)

    assert scene.passed == pytest.approx(timeout, abs=0.5)
    await scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["hang", "lose_reply"])
async def test_g05_a_reset_after_a_commit_has_two_seconds(how: str) -> None:
    """Not what the COMMIT before it was given: the work is stored, and its caller waits for nothing."""
    scene = Scene()
    getattr(scene.script.next("reset"), how)()

    await scene.insert()

    assert scene.passed == pytest.approx(2.0, abs=0.5)
    await scene.judge(rows=[1], opened=2)


async def test_g05_a_rollback_after_a_failed_commit_has_two_seconds() -> None:
    """The error of COMMIT is known; what follows must not hold it back."""
    scene = Scene()
    scene.script.next("commit").fail("serialization", leaves="open")
    scene.script.next("rollback").hang()

    with pytest.raises(SerializationError):
        await scene.insert()

    assert scene.passed == pytest.approx(2.0, abs=0.5)
    await scene.judge(rows=[], opened=2)


async def test_g05_a_short_commit_timeout_bounds_the_reset_too() -> None:
    """Both together take no longer than the config says."""
    scene = Scene(commit_timeout=0.5)
    scene.script.next("reset").hang()

    await scene.insert()

    assert scene.passed == pytest.approx(0.5, abs=0.4)
    await scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["hang", "half_done", "lose_reply"])
async def test_g01_an_early_rollback_without_an_answer_is_in_doubt(how: str) -> None:
    """The application may look away; its clean end says so, and the connection is not lent again."""
    scene = Scene()
    getattr(scene.script.next("rollback"), how)()

    with pytest.raises(TransactionAbortedError):
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            with pytest.raises(DatabaseError):
                await session.rollback()

    assert scene.passed <= 2.5
    await scene.judge(rows=[], opened=2)


@pytest.mark.parametrize("how", ["raised", "swallowed"])
async def test_g01_a_statement_past_its_deadline_is_in_doubt(how: str) -> None:
    """Its reply may come yet. Nothing is open and nothing to reset, and still it is not lent again."""
    scene = Scene(reset="rollback")
    scene.script.next("execute").fail(DeadlineExceeded("scripted: too late"))

    async def run() -> None:
        async with scene.spec.provide_session("db", autocommit=True) as session:
            try:
                await session.execute("INSERT 1")
            except DeadlineExceeded:
                if how == "raised":
                    raise

    if how == "raised":
        with pytest.raises(DeadlineExceeded):
            await run()
    else:
        await run()

    assert scene.server.open == []
    await scene.judge(rows=[], opened=2)


async def test_g12_without_a_full_reset_nothing_is_reset() -> None:
    """It is opt-out: what one owner sets, the next one finds, and no round trip is made."""
    scene = Scene(reset="rollback")

    async with scene.spec.provide_session("db") as session:
        await session.execute("SET x = 1")
        await session.execute("INSERT 1")
    async with scene.spec.provide_session("db") as session:
        assert await session.execute("SHOW x").scalar() == "1"

    assert scene.server.count("reset") == 0
    await scene.judge(rows=[1], opened=1)


async def test_g12_a_full_reset_leaves_nothing() -> None:
    """By default, and on the same connection."""
    scene = Scene()

    async with scene.spec.provide_session("db") as session:
        await session.execute("SET x = 1")
        await session.execute("INSERT 1")
    async with scene.spec.provide_session("db") as session:
        assert await session.execute("SHOW x").scalar() is None

    await scene.judge(rows=[1], opened=1)


async def test_g11_what_the_drivers_own_connection_left_open_is_undone() -> None:
    """Its transaction and its settings; it serves on."""
    scene = Scene()

    async with scene.spec.provide_connection("db") as raw:
        raw.run("SET x = 1")
        raw.run("BEGIN")
        raw.run("INSERT 2")
    assert (scene.server.count("rollback"), scene.server.count("reset")) == (1, 1)
    await scene.insert()

    await scene.judge(rows=[1], opened=1)


@pytest.mark.parametrize("step", ["rollback", "reset"])
@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply", "not_sent"])
async def test_g03_the_bodys_exception_is_not_replaced_by_the_drivers_own_connection(
    step: str, how: str
) -> None:
    """However its clean-up ends, and within its two seconds."""
    scene = Scene()
    getattr(scene.script.next(step), how)()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        async with scene.spec.provide_connection("db") as raw:
            raw.run("BEGIN")
            raw.run("INSERT 2")
            raise body

    assert caught.value is body
    assert scene.passed <= 2.5
    await scene.insert()
    await scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply"])
async def test_g03_nor_is_it_by_a_savepoint(how: str) -> None:
    """Why it could not be undone is a note."""
    scene = Scene()
    body: Any = ZeroDivisionError("the body's own")
    getattr(scene.script.next("execute", statement="ROLLBACK TO"), how)()

    with pytest.raises(ZeroDivisionError) as caught:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            async with session.begin():
                raise body

    assert caught.value is body
    assert "rolling back failed too" in body.__notes__[0]
    assert scene.passed <= 2.5
    await scene.judge(rows=[], opened=1 if how == "fail" else 2)


async def test_g03_nor_by_the_end_of_a_stream() -> None:
    """What was being read is closed with the session, and cannot speak up."""
    scene = Scene()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            async for _ in session.stream("SELECT", batch_size=1):
                break
            cursor: Any = session._streams[0]._cursor  # type: ignore[index]
            cursor.close = scene.broken
            raise body

    assert caught.value is body
    await scene.judge(rows=[], opened=1)


@pytest.mark.parametrize("again", [True, False], ids=["good", "bad"])
@pytest.mark.parametrize("ok", [True, False], ids=["good first", "bad first"])
async def test_g24_a_lease_that_is_given_back_again_is_nobodys(ok: bool, again: bool) -> None:
    """Whatever is said of it: the connection may be another's by then."""
    driver = Driver()
    pool = new_async_pool(driver, pool_size=1)
    lease = await pool.acquire()
    await pool.release(lease, ok)
    other = await pool.acquire()

    await pool.release(lease, again)

    stats = pool.stats()
    assert (stats.size, stats.in_use) == (1, 1)
    assert other.connection.raw.ended is None
    await pool.release(other, True)
    assert pool.stats().idle == 1
