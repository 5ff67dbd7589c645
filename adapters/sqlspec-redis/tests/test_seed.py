"""The line of the seed, `await cache.set(f"order:{order_id}", order)`, whatever the order is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec_redis import RedisConfig, decode

if TYPE_CHECKING:
    from sqlspec_testkit.servers.redis import Redis


async def test_the_seeds_cache(redis_server: Redis, redis_url: str) -> None:
    """By name, and by URL alone, as the seed registers it."""
    spec = SQLSpec()
    spec.register_config(f"{redis_url}?codec=json", name="cache")
    order_id, order = 7, {"id": 7, "items": ["a", "b"]}

    cache: Any
    async with spec, spec.provide_session("cache") as cache:
        await cache.set(f"order:{order_id}", order)

        assert decode(await cache.get("order:7"), dict) == order

    number = RedisConfig(url=redis_url).database
    assert redis_server.command("GET", "order:7", database=number) == '{"id":7,"items":["a","b"]}'
