"""Tasks that are cancelled at any moment."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers.redis import Redis


@pytest.fixture
async def spec(redis_server: Redis, redis_proxy: FaultProxy) -> AsyncIterator[SQLSpec]:
    """Three connections, each reply two milliseconds late."""
    with redis_server.database() as number:
        url = redis_server.url(database=number, port=redis_proxy.port)
        async with SQLSpec() as spec:
            spec.register_config(RedisConfig(url=url, pool_size=3), "cache")
            redis_proxy.delay(0.002)
            yield spec


async def shout(spec: SQLSpec, number: int, wrong: list[Any]) -> None:
    """Ask for one's own number in one of several ways, and look at the answer."""
    async with spec.provide_session(RedisConfig) as cache:
        answers: Any
        if number % 3 == 0:
            answers = [await cache.echo(number)]
        elif number % 3 == 1:
            pipe: Any = cache.pipeline(transaction=False)
            answers = await pipe.echo(number).echo(number).execute()
        else:
            answers = await asyncio.gather(cache.echo(number), cache.echo(number))
    wrong.extend(answer for answer in answers if int(answer) != number)


async def test_g1_six_hundred_cancellations_and_no_wrong_reply(spec: SQLSpec) -> None:
    """Whenever it comes; the pool is whole afterwards."""
    chance = random.Random(7)
    wrong: list[Any] = []
    cancelled = 0
    for number in range(600):
        task = asyncio.ensure_future(shout(spec, number, wrong))
        await asyncio.sleep(chance.random() * 0.008)
        if task.cancel():
            cancelled += 1
        await asyncio.gather(task, return_exceptions=True)
        if number % 5 == 0:
            await shout(spec, number, wrong)

    assert wrong == []
    assert cancelled > 200
    stats = spec.stats("cache")
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    assert stats.size <= 3


async def test_g1_cancelled_waiters_swallow_no_connection(spec: SQLSpec) -> None:
    """A crowd of them, over three connections."""
    chance = random.Random(8)
    wrong: list[Any] = []

    async def impatient(number: int) -> None:
        await asyncio.wait_for(shout(spec, number, wrong), 0.002 + chance.random() * 0.02)

    await asyncio.gather(*(impatient(number) for number in range(200)), return_exceptions=True)
    await asyncio.wait_for(asyncio.gather(*(shout(spec, number, wrong) for number in range(12))), 20)

    assert wrong == []
    assert spec.stats("cache").in_use == 0


async def test_g2_a_cancelled_block_ends_at_once_on_a_stalled_network(
    spec: SQLSpec, redis_proxy: FaultProxy
) -> None:
    """Giving back sends nothing, so nothing is waited for."""
    begun = asyncio.Event()

    async def work() -> None:
        async with spec.provide_session(RedisConfig) as cache:
            await cache.ping()
            redis_proxy.stall()
            begun.set()
            await cache.get("a")

    task = asyncio.ensure_future(work())
    await begun.wait()
    await asyncio.sleep(0.05)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - started < 1
    redis_proxy.resume()


async def test_g3_a_second_cancellation_changes_nothing(spec: SQLSpec) -> None:
    """The connection is given up, the place is free."""

    async def work() -> None:
        async with spec.provide_session(RedisConfig) as cache:
            await cache.blpop("nothing", timeout=3)

    for _ in range(10):
        task = asyncio.ensure_future(work())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert spec.stats("cache").in_use == 0
    await shout(spec, 1, [])


async def test_g1_a_cancelled_reconnect_leaves_no_half_open_connection(
    spec: SQLSpec, redis_proxy: FaultProxy
) -> None:
    """The next command greets the server anew, with password and database."""
    async with spec.provide_session(RedisConfig) as cache:
        await cache.set("a", 1)
        redis_proxy.cut()
        with pytest.raises(redis.ConnectionError):
            await cache.get("a")
        redis_proxy.stall()
        task = asyncio.ensure_future(cache.get("a"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        redis_proxy.resume()

        assert await cache.get("a") == b"1"


async def test_a_task_that_outlives_its_session_gets_no_reply_of_the_next(spec: SQLSpec) -> None:
    """It was at work when its session ended; its connection is given up."""
    async with spec.provide_session(RedisConfig) as cache:
        task = asyncio.ensure_future(cache.blpop("nothing", timeout=3))
        await asyncio.sleep(0.02)

    wrong: list[Any] = []
    await asyncio.gather(*(shout(spec, number, wrong) for number in range(9)))

    assert wrong == []
    done = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(done[0], Exception)
