"""Cancelled statements: stopped on the server, soon over, and never answered to somebody else."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors

from .sides import door_to

if TYPE_CHECKING:
    from .sides import Door, Home, Side

GHOSTS = """
SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()
"""
SOON = 3.0


async def until(home: Home, sql: str, wanted: str) -> None:
    """Wait for what is bound to happen soon."""
    begun = time.monotonic()
    while (found := await asyncio.to_thread(home.sql, sql)) != wanted:
        assert time.monotonic() - begun < SOON, found
        await asyncio.sleep(0.01)


async def _storm(door: Door, cancels: int, seed: int) -> tuple[list[Any], int]:
    """Statements that are cancelled at random moments: wrong answers, and how many got none."""
    chance = random.Random(seed)
    wrong: list[Any] = []
    stopped: list[int] = []

    async def ask(number: int) -> None:
        async with door.session(autocommit=number % 3 == 0) as session:
            for part in range(2):
                sleep = chance.random() * 0.004
                found = (await session.execute("SELECT ?::int, pg_sleep(?)", (number + part, sleep))).all()
                if found[0]["int4"] != number + part:
                    wrong.append((number, found))

    async def worker(share: int) -> None:
        for turn in range(share):
            task = asyncio.create_task(ask(1000 * share + turn))
            await asyncio.sleep(chance.random() * 0.01)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                stopped.append(turn)

    await asyncio.gather(*(worker(cancels // 6) for _ in range(6)))
    return wrong, len(stopped)


@pytest.mark.parametrize("cancels", [60, pytest.param(600, marks=pytest.mark.storm)])
async def test_g01_random_cancels_and_no_wrong_row(async_side: Side, home: Home, cancels: int) -> None:
    """Whatever a cancelled statement left behind, nobody else reads it; and nothing of it goes on."""
    async with door_to(async_side, home.url(), pool_size=3) as door:
        wrong, stopped = await _storm(door, cancels, seed=cancels)

        assert wrong == []
        assert stopped > cancels / 3
        assert door.stats.in_use == 0
        assert await door.rows("SELECT ?::int, ?::text", (1, "a")) == [(1, "a")]
        await until(home, GHOSTS, "0")


async def test_g04_a_cancelled_query_is_stopped_on_the_server(async_door: Door, home: Home) -> None:
    """Not only given up by us."""
    task = asyncio.create_task(async_door.rows("SELECT pg_sleep(60)"))
    await until(home, GHOSTS, "1")
    begun = time.monotonic()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - begun < SOON
    await until(home, GHOSTS, "0")
    assert await async_door.value("SELECT 1") == 1


async def test_g04_a_timeout_around_a_session_stops_its_query(async_door: Door, home: Home) -> None:
    """`asyncio.timeout` is a cancellation too; what was done before is rolled back."""
    home.sql("CREATE TABLE t (a int)")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), async_door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            await session.execute("SELECT pg_sleep(60)")

    await until(home, GHOSTS, "0")
    assert home.sql("SELECT count(*) FROM t") == "0"
    assert await async_door.value("SELECT 1") == 1


async def test_g03_clean_up_survives_a_second_cancellation(async_door: Door, home: Home) -> None:
    """And a third; the connection is clean or gone."""
    home.sql("CREATE TABLE t (a int)")
    async with async_door.session(autocommit=True) as session:
        await session.execute("SELECT 1")

    async def work() -> None:
        async with async_door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            await session.execute("SELECT pg_sleep(60)")

    for pause in (0.0, 0.001, 0.01):
        task = asyncio.create_task(work())
        await until(home, GHOSTS, "1")
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(pause)
        with pytest.raises(asyncio.CancelledError):
            await task

        assert async_door.stats.in_use == 0
        assert await async_door.value("SELECT count(*) FROM t") == 0
    await until(home, GHOSTS, "0")


async def test_a_statement_that_is_caught_in_time_does_not_cost_the_session(async_door: Door) -> None:
    """The application may cancel one statement and go on in another transaction."""
    async with async_door.session() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.execute("SELECT pg_sleep(60)")
        try:
            await session.rollback()
            found = (await session.execute("SELECT 1")).scalar()
        except errors.SQLSpecError as exc:
            assert isinstance(exc, (errors.DisconnectedError, errors.TransactionAbortedError))  # noqa: PT017
            found = 1

    assert found == 1
    assert await async_door.value("SELECT 2") == 2


async def test_g28_cancelled_waiters_leave_no_connection_behind(async_side: Side, home: Home) -> None:
    """Those who wait for the only connection, and give up."""
    async with door_to(async_side, home.url(), pool_size=1) as door:
        async with door.session() as session:
            await session.execute("SELECT 1")
            waiters = [asyncio.create_task(door.value("SELECT 1")) for _ in range(20)]
            await asyncio.sleep(0.05)
            for waiter in waiters[::2]:
                waiter.cancel()
        results = await asyncio.gather(*waiters, return_exceptions=True)

        assert [result for result in results if result == 1] == [1] * 10
        assert (door.stats.in_use, door.stats.waiting, door.stats.opened) == (0, 0, 1)
