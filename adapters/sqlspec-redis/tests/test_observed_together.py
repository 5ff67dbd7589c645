"""Threads and tasks that share a session or an observer, and commands that are stopped half-way."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers.redis import Redis


@pytest.fixture
async def spec(redis_server: Redis, redis_proxy: FaultProxy, recorder: Any) -> AsyncIterator[Any]:
    """One database through the proxy, observed."""
    with redis_server.database() as number:
        url = redis_server.url(database=number, port=redis_proxy.port)
        async with SQLSpec() as spec:
            spec.register_config(RedisConfig(url=url, pool_size=3), "cache")
            spec.plugins.register(recorder)
            yield spec


def echoed(recorder: Any) -> list[Any]:
    """For each ECHO what was sent, if that is what came back."""
    assert sorted(map(id, recorder.started)) == sorted(id(heard.event) for heard in recorder.ended)
    assert {heard.event.statement for heard in recorder.ended} == {"ECHO ?"}
    assert all(list(rows) == [(f"{sent}".encode(),)] for _, (sent,), rows in recorder.ended)
    return sorted(heard.parameters[0] for heard in recorder.ended)


async def test_tasks_that_share_a_session_are_told_apart(spec: Any, recorder: Any) -> None:
    """Each command has its own event, with its own argument and reply."""
    async with spec.provide_session("cache") as cache:
        await asyncio.gather(*(cache.echo(number) for number in range(50)))

    assert echoed(recorder) == list(range(50))


async def test_threads_that_share_a_session_are_told_apart(spec: Any, recorder: Any) -> None:
    """Likewise; and sessions of several threads are."""

    def work() -> None:
        with spec.provide_session("cache") as cache, ThreadPoolExecutor(8) as threads:
            list(threads.map(cache.echo, range(100)))

        def one(number: int) -> None:
            with spec.provide_session("cache") as cache:
                cache.echo(number)

        with ThreadPoolExecutor(3) as threads:
            list(threads.map(one, range(100, 150)))

    await asyncio.to_thread(work)

    assert echoed(recorder) == list(range(150))


async def test_a_cancelled_command_is_told(spec: Any, recorder: Any, redis_proxy: FaultProxy) -> None:
    """Of a command, of a pipeline, and of one that watches; while it waits for the reply."""

    async def stopped(work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with spec.provide_session("cache") as cache:
        await stopped(cache.blpop("nothing", timeout=3))
        async with cache.pipeline() as pipe:
            await pipe.watch("a")
            redis_proxy.delay(1.0)
            await stopped(pipe.get("a"))
        await stopped(cache.pipeline().get("a").execute())
        redis_proxy.delay(0)

    assert recorder.outcomes == [
        ("BLPOP ?", "CancelledError"),
        ("WATCH ?", None),
        ("GET ?", "CancelledError"),
        ("MULTI: GET", "CancelledError"),
    ]
