"""A session and one GET, beside redis-py's own client, which lives long and has a pool of its own.

A private Redis is started. The client beside it has the same options: no retries, the same timeouts. Redis is
on the same machine, so what is measured is almost all Python; the processor's time of the server is its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.redis import RedisConfig

from .harness import Row, micro, on, ratio

if TYPE_CHECKING:
    from .harness import Bench, Round

GET, SESSION, CONNECTION, FRESH = "client", "session", "connection", "fresh client"


def rows(bench: Bench) -> list[Row]:
    """How many GETs of a long-lived client each takes."""
    from sqlspec_testkit.servers import RedisServer

    with RedisServer(needs_password=False) as server:
        sync, tasks = sync_rounds(bench, server.url()), async_rounds(bench, server.url())
    return [row for side, rounds in (("sync", sync), ("async", tasks)) for row in told(side, rounds)]


def told(side: str, rounds: list[Round]) -> list[Row]:
    """One side's figures."""
    limit = 1.05
    return [
        Row(f"{side}: session and GET, over a client's GET", ratio(rounds, SESSION, GET), "×", limit),
        Row(f"{side}: a GET of redis-py's long-lived client", micro(rounds, GET), "µs"),
        Row(f"{side}: connection and GET, over a client's GET", ratio(rounds, CONNECTION, GET), "×"),
        Row(f"{side}: a client for each GET, on its own pool", ratio(rounds, FRESH, GET), "×"),
    ]


def registry(url: str) -> SQLSpec:
    """One database."""
    spec = SQLSpec()
    spec.register_config(RedisConfig(url=url), name="cache")
    return spec


def sync_rounds(bench: Bench, url: str) -> list[Round]:
    """For threads."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
    client.set("key", "value")
    spec = registry(url)

    def get(count: int) -> None:
        for _ in range(count):
            client.get("key")

    def session(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("cache") as cache:
                cache_of(cache).get("key")

    def connection(count: int) -> None:
        for _ in range(count):
            with spec.provide_connection("cache") as raw:
                raw.get("key")

    def fresh(count: int) -> None:
        for _ in range(count):
            redis.Redis(connection_pool=client.connection_pool).get("key")

    try:
        return bench.interleave({GET: get, SESSION: session, CONNECTION: connection, FRESH: fresh})
    finally:
        client.close()
        spec.close()


def async_rounds(bench: Bench, url: str) -> list[Round]:
    """For tasks."""
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    client: Any = redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
    spec = registry(url)

    async def get(count: int) -> None:
        for _ in range(count):
            await client.get("key")

    async def session(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("cache") as cache:
                await cache_of(cache).get("key")

    async def connection(count: int) -> None:
        for _ in range(count):
            async with spec.provide_connection("cache") as raw:
                await raw.get("key")

    async def fresh(count: int) -> None:
        for _ in range(count):
            await redis.asyncio.Redis(connection_pool=client.connection_pool).get("key")

    cases = {GET: get, SESSION: session, CONNECTION: connection, FRESH: fresh}
    loop = asyncio.new_event_loop()
    try:
        return bench.interleave({name: on(loop, run) for name, run in cases.items()})
    finally:
        loop.run_until_complete(client.aclose())
        loop.run_until_complete(spec.aclose())
        loop.close()


def cache_of(session: Any) -> Any:
    """A name tells checkers of SQL sessions; here it is redis-py's client."""
    return session
