# The source of test_pool_sync.py, which tools/print_sync.py prints from it.
"""The pool: bounded, fair, and honest about what it has."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, PoolFullError, PoolRetiredError, PoolTimeoutError
from sqlspec.plugin import ConnectionEvent, hookimpl
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def spec(config: RedisConfig) -> AsyncIterator[SQLSpec]:
    """One database, `cache`, with one connection."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=0.1), "cache")
        yield spec


async def client_id(spec: SQLSpec) -> int:
    """Which connection serves."""
    async with spec.provide_session(RedisConfig) as cache:
        return int(await cache.client_id())


async def test_g6_an_exhausted_pool_names_the_database_and_counts(spec: SQLSpec) -> None:
    """After `pool_timeout`, not before."""
    async with spec.provide_session(RedisConfig):
        started = time.monotonic()
        with pytest.raises(PoolTimeoutError) as caught:
            await client_id(spec)
        waited = time.monotonic() - started

    assert 0.1 <= waited < 5
    text = str(caught.value)
    assert text.startswith("no connection to 'cache' became free in 0.1 s: pool_size=1, 1 in use")
    assert "longest held for" in text
    assert await client_id(spec)


async def test_a_full_queue_is_refused(config: RedisConfig) -> None:
    """At once."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_max_waiting=0), "cache")
        async with spec.provide_session(RedisConfig):
            with pytest.raises(PoolFullError, match="pool_max_waiting=0"):
                await client_id(spec)
        assert spec.stats("cache").refused == 1


async def test_beside_a_watching_pipeline_a_command_needs_a_second_connection(spec: SQLSpec) -> None:
    """There is none: so it says what is wrong, and works again."""
    async with spec.provide_session(RedisConfig) as cache:
        pipe: Any = cache.pipeline()
        await pipe.watch("a")
        with pytest.raises(PoolTimeoutError):
            await cache.get("a")
        await pipe.reset()
        assert await cache.get("a") is None

    assert spec.stats("cache").waiting == 0


async def test_a_command_waits_for_its_sessions_connection_no_longer_than_pool_timeout(spec: SQLSpec) -> None:
    """Another one of the session has it; there is no use in waiting for the pool."""
    cache: Any
    async with spec.provide_session(RedisConfig) as cache:
        taken = await cache.connection_pool.get_connection()
        with pytest.raises(PoolTimeoutError, match="this session's connection was not free within"):
            await cache.get("a")
        await cache.connection_pool.release(taken)
        assert await cache.get("a") is None

    assert (spec.stats("cache").opened, spec.stats("cache").unclean) == (1, 0)


async def test_a_connection_that_broke_in_a_session_is_replaced_with_its_siblings(
    config: RedisConfig,
) -> None:
    """Also when the session has connected again, and nothing was raised out of its block."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_min_size=2, pool_pre_ping=False), "cache")
        async with spec.provide_session(RedisConfig), spec.provide_session(RedisConfig):
            pass
        async with spec.provide_session(RedisConfig) as cache:
            with pytest.raises(redis.ConnectionError):
                await cache.client_kill_filter(_id=str(await cache.client_id()), skipme=False)
                await cache.ping()
            assert await cache.ping()

        assert await client_id(spec)
        assert (spec.stats("cache").unclean, spec.stats("cache").aged) == (1, 1)


async def test_its_connections_are_told_to_observers(config: RedisConfig) -> None:
    """As those of every adapter."""
    seen: list[str] = []

    class Observer:
        @hookimpl
        def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
            seen.append(f"{event.name} {event.kind}")

    spec = SQLSpec()
    spec.plugins.register(Observer())
    async with spec:
        spec.register_config(config, "cache")
        await client_id(spec)

    assert seen == ["cache opened", "cache closed"]


async def test_g9_pool_recycle_is_kept_at_checkout(config: RedisConfig) -> None:
    """A connection older than that is replaced."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_recycle=0.000001), "cache")
        assert await client_id(spec) != await client_id(spec)
        assert spec.stats("cache").aged >= 1


async def test_what_nobody_wants_is_closed(config: RedisConfig) -> None:
    """By who comes past; `pool_min_size` stay."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_idle_timeout=0.000001, pool_min_size=1), "cache")
        async with spec.provide_session(RedisConfig), spec.provide_session(RedisConfig):
            await client_id(spec)
        await client_id(spec)
        stats = spec.stats("cache")
    assert stats.cold >= 1
    assert stats.size >= 1


async def test_g20_a_lost_lease_is_reported_and_its_place_is_free(config: RedisConfig) -> None:
    """Nobody closed the block; what it left can be used by nobody."""
    async with SQLSpec() as spec:
        spec.register_config(
            config.replace(pool_size=1, pool_timeout=2.0, leak_detection_threshold=60.0), "cache"
        )
        block: Any = spec.provide_session(RedisConfig)
        lost = await (await block.__aenter__()).client_id()

        with pytest.warns(ResourceWarning, match="'cache' was dropped.*acquired at") as warned:  # noqa: PT031
            del block
            gc.collect()

        assert "test_pool_" in str(warned[0].message)
        assert await client_id(spec) != lost
        assert (spec.stats("cache").reclaimed, spec.stats("cache").in_use) == (1, 0)


async def test_g20_a_lease_that_lasts_is_reported(config: RedisConfig) -> None:
    """With the place where it was acquired."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(leak_detection_threshold=0.000001), "cache")
        with pytest.warns(ResourceWarning, match="longer than leak_detection_threshold"):
            await client_id(spec)


async def test_g22_an_override_drains_the_old_pool(spec: SQLSpec, config: RedisConfig) -> None:
    """A session that is open ends in peace; the next one is the new config's."""
    async with spec.provide_session(RedisConfig) as cache:
        before = await cache.client_id()
        spec.register_config(config.replace(client_name="new"), "cache", override=True)
        assert await cache.client_id() == before
        async with spec.provide_session(RedisConfig) as other:
            assert await other.client_getname() == "new"

    assert await client_id(spec) != before


async def test_g21_closing_is_final_until_it_is_opened(spec: SQLSpec) -> None:
    """Twice is as good as once."""
    await client_id(spec)
    await spec.aclose()
    await spec.aclose()

    with pytest.raises(ConfigClosedError):
        await client_id(spec)


async def test_a_pool_of_ones_own_says_that_it_was_closed(config: RedisConfig) -> None:
    """What core asks for another by."""
    pool = config.create_async_pool()
    lease = await pool.acquire()
    await pool.close()
    await pool.release(lease, True)
    await pool.release(lease, True)

    with pytest.raises(PoolRetiredError):
        await pool.acquire()
    assert pool.stats().size == 0


async def test_stats_add_up(spec: SQLSpec) -> None:
    """In every snapshot."""
    async with spec.provide_session(RedisConfig):
        stats = spec.stats("cache")
        assert (stats.size, stats.in_use, stats.idle, stats.opened) == (1, 1, 0, 1)
    stats = spec.stats("cache")
    assert (stats.size, stats.in_use, stats.idle) == (1, 0, 1)
    assert stats.hold_seconds > 0
