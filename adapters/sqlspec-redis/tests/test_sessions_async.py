# The source of test_sessions_sync.py, which tools/print_sync.py prints from it.
"""A session is redis-py's own client, and does what redis-py does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError, NotSupportedError, SessionClosedError
from sqlspec_redis import RedisConfig
from sqlspec_redis.drivers import AsyncRedis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def spec(config: RedisConfig) -> AsyncIterator[SQLSpec]:
    """One database, `cache`, with two connections at most."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2, pool_timeout=2.0), "cache")
        yield spec


async def test_a_session_is_the_drivers_own_client(spec: SQLSpec) -> None:
    """Not something that looks like it."""
    async with spec.provide_session(RedisConfig) as cache:
        kind: type[object] = type(cache)
        assert kind is AsyncRedis
        await cache.set("greeting", "hello")

        assert await cache.get("greeting") == b"hello"


async def test_opening_a_session_makes_nothing(spec: SQLSpec) -> None:
    """No client, no pool, no connection: all of it was made with the connection."""
    async with spec.provide_session(RedisConfig) as cache:
        first, connection = cache, await cache.client_id()

    async with spec.provide_session(RedisConfig) as cache:
        assert cache is first
        assert await cache.client_id() == connection


async def test_provide_connection_gives_a_single_connection_client(spec: SQLSpec) -> None:
    """All its commands go the same way."""
    async with spec.provide_connection(RedisConfig) as raw:
        assert type(raw) is AsyncRedis
        assert raw.connection is not None
        assert len({await raw.client_id() for _ in range(5)}) == 1

    assert spec.stats("cache").size == 1


async def test_a_session_and_a_connection_take_turns(spec: SQLSpec) -> None:
    """On one place of the pool; neither can be used in the other's time."""
    async with spec.provide_connection(RedisConfig) as raw:
        await raw.set("a", 1)
    async with spec.provide_session(RedisConfig) as cache:
        assert await cache.get("a") == b"1"
    async with spec.provide_connection(RedisConfig) as raw:
        with pytest.raises(SessionClosedError):
            await cache.get("a")
        assert await raw.get("a") == b"1"
    with pytest.raises(SessionClosedError):
        await raw.get("a")

    assert spec.stats("cache").opened == 1


async def test_a_pipeline_uses_the_sessions_connection(spec: SQLSpec) -> None:
    """A transaction is a pipeline, as ever."""
    async with spec.provide_session(RedisConfig) as cache:
        own = await cache.client_id()
        async with cache.pipeline(transaction=True) as pipe:
            pipe.incr("n")
            pipe.client_id()

            assert await pipe.execute() == [1, own]

    assert spec.stats("cache").unclean == 0


async def test_a_watching_pipeline_leaves_the_client_free(spec: SQLSpec) -> None:
    """It holds its connection, so what the client does meanwhile goes over another."""
    async with spec.provide_session(RedisConfig) as cache:
        await cache.set("stock", 5)
        pipe: Any
        async with cache.pipeline() as pipe:
            await pipe.watch("stock")
            seen = await cache.get("stock")
            pipe.multi()
            pipe.decr("stock")
            assert await pipe.execute() == [4]

    assert seen == b"5"
    stats = spec.stats("cache")
    assert (stats.in_use, stats.unclean) == (0, 0)


async def test_pipelines_of_a_connection_borrow_another(spec: SQLSpec) -> None:
    """`provide_connection` gives a client whose own connection is its own alone, as redis-py has it."""
    async with spec.provide_connection(RedisConfig) as raw:
        own = await raw.client_id()
        async with raw.pipeline(transaction=True) as pipe:
            pipe.client_id()
            (other,) = await pipe.execute()

        assert other != own
        assert await raw.client_id() == own
    assert (spec.stats("cache").idle, spec.stats("cache").unclean) == (2, 0)


async def test_what_others_change_under_a_watch_is_noticed(spec: SQLSpec) -> None:
    """redis-py's own error, not one of ours."""
    pipe: Any
    async with spec.provide_session(RedisConfig) as cache, cache.pipeline() as pipe:
        await pipe.watch("stock")
        await cache.set("stock", 1)
        pipe.multi()
        pipe.incr("stock")

        with pytest.raises(redis.WatchError):
            await pipe.execute()


async def test_errors_of_commands_are_the_drivers_own(spec: SQLSpec) -> None:
    """And leave the connection as good as before."""
    async with spec.provide_session(RedisConfig) as cache:
        await cache.set("text", "hello")
        with pytest.raises(redis.ResponseError):
            await cache.incr("text")
        with pytest.raises(redis.DataError):
            await cache.set("text", {"no": "codec"})

        assert await cache.get("text") == b"hello"

    assert spec.stats("cache").idle == 1


async def test_an_error_of_the_block_costs_no_connection(spec: SQLSpec) -> None:
    """There is nothing to roll back, and the connection is as clean as it was."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session(RedisConfig) as cache:
            await cache.set("a", 1)
            raise ZeroDivisionError

    assert (spec.stats("cache").idle, spec.stats("cache").opened) == (1, 1)


@pytest.mark.parametrize(
    "options",
    [{"read_only": True}, {"isolation": "serializable"}, {"autocommit": False}],
    ids=["read_only", "isolation", "autocommit"],
)
async def test_what_redis_has_not_is_refused(spec: SQLSpec, options: dict[str, Any]) -> None:
    """Before a command is sent; the connection goes back."""
    with pytest.raises(NotSupportedError):
        async with spec.provide_session(RedisConfig, **options):
            pass

    assert spec.stats("cache").in_use == 0


async def test_a_misspelled_option_is_an_error(spec: SQLSpec) -> None:
    """As everywhere."""
    ask: Any = spec.provide_session

    with pytest.raises((TypeError, InvalidArgumentError)):
        ask(RedisConfig, readonly=True)


async def test_autocommit_is_what_redis_does(spec: SQLSpec) -> None:
    """So it may be said."""
    async with spec.provide_session(RedisConfig, autocommit=True) as cache:
        assert await cache.ping()


async def test_a_config_alone_connects_for_one_block(config: RedisConfig) -> None:
    """Without a registry."""
    async with config.provide_session() as cache:
        await cache.set("a", 1)
    async with config.provide_connection() as raw:
        assert await raw.get("a") == b"1"
