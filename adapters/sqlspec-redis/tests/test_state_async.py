# The source of test_state_sync.py, which tools/print_sync.py prints from it.
"""What a borrower leaves behind: nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import SessionClosedError
from sqlspec_redis import RedisConfig
from sqlspec_redis.drivers import async_pause

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SETTINGS = [
    ("SELECT", 0),
    (b"select", 0),
    ("CLIENT SETNAME", "gossip"),
    ("CLIENT", "SETNAME", "gossip"),
    ("client no-evict", "on"),
    ("CLIENT NO-EVICT", "ON"),
]
DIRT = [
    *SETTINGS,
    ("MULTI",),
    ("WATCH", "a"),
    (b"watch", "a"),
    ("MULTI\n",),
    ("RESET",),
    ("CLIENT REPLY", "SKIP"),
]


def spelled(words: tuple[Any, ...]) -> str:
    """An id for a test."""
    return " ".join(map(str, words)).strip()


@pytest.fixture
async def spec(config: RedisConfig) -> AsyncIterator[Any]:
    """One connection, as `cache`; as `bare`, one that keeps its settings."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=1.0), "cache")
        spec.register_config(config.replace(pool_size=1, reset="rollback"), "bare")
        yield spec


async def state(spec: Any, name: str = "cache") -> dict[str, Any]:
    """What the server says of the connection that serves."""
    async with spec.provide_session(name) as cache:
        told = await cache.client_info()
    return {key: str(told[key]) for key in ("id", "db", "name", "sub", "multi", "flags")}


@pytest.mark.parametrize("words", DIRT, ids=map(spelled, DIRT))
@pytest.mark.parametrize("raw", [False, True], ids=["session", "connection"])
async def test_g12_state_does_not_reach_the_next_borrower(
    spec: Any, words: tuple[Any, ...], raw: bool
) -> None:
    """Whoever sent it, and however it was spelled."""
    before = await state(spec)

    block: Any = spec.provide_connection("cache") if raw else spec.provide_session("cache")
    async with block as cache:
        if words[0] == "CLIENT REPLY":
            connection = cache.connection or await cache.connection_pool.get_connection()
            await connection.send_command(*words)  # never answered
        else:
            await cache.execute_command(*words)

    after = await state(spec)
    assert after.pop("id") != before.pop("id")
    assert after == before


@pytest.mark.parametrize("words", SETTINGS, ids=map(spelled, SETTINGS))
async def test_reset_rollback_keeps_settings(spec: Any, words: tuple[Any, ...]) -> None:
    """That is the opt-out: the connection serves on as it is."""
    before = await state(spec, "bare")

    async with spec.provide_session("bare") as cache:
        await cache.execute_command(*words)

    assert (await state(spec, "bare"))["id"] == before["id"]


@pytest.mark.parametrize("words", [("MULTI",), ("WATCH", "a")], ids=["MULTI", "WATCH"])
async def test_reset_rollback_keeps_no_transaction(spec: Any, words: tuple[Any, ...]) -> None:
    """Those are what a rollback is about."""
    before = await state(spec, "bare")

    async with spec.provide_session("bare") as cache:
        await cache.execute_command(*words)

    assert (await state(spec, "bare"))["id"] != before["id"]


HARMLESS = [
    ("CLIENT ID",),
    ("CLIENT", "LIST"),
    ("client getname",),
    ("SET", "a", 1),
    (b"get", "a"),
    ("EVAL", "return 1", 0),
]


@pytest.mark.parametrize("words", HARMLESS, ids=map(spelled, HARMLESS))
async def test_what_leaves_nothing_costs_nothing(spec: Any, words: tuple[Any, ...]) -> None:
    """The connection serves on."""
    before = await state(spec)

    async with spec.provide_session("cache") as cache:
        await cache.execute_command(*words)

    assert await state(spec) == before


@pytest.mark.parametrize("end", ["EXEC", "DISCARD", "exec"])
async def test_a_transaction_that_was_ended_leaves_nothing(spec: Any, end: str) -> None:
    """By hand, as a pipeline does it."""
    before = await state(spec)

    async with spec.provide_session("cache") as cache:
        for words in (("WATCH", "a"), ("MULTI",), ("UNWATCH",), (end,)):
            await cache.execute_command(*words)

    assert await state(spec) == before


async def test_an_unwatch_in_the_queue_ends_nothing(spec: Any) -> None:
    """It would be run with the rest; the transaction is still open."""
    before = await state(spec)

    async with spec.provide_session("cache") as cache:
        for words in (("WATCH", "a"), ("MULTI",), ("UNWATCH",)):
            await cache.execute_command(*words)

    assert (await state(spec))["id"] != before["id"]


async def test_a_failed_exec_ends_nothing(spec: Any) -> None:
    """With an argument it is an error."""
    before = await state(spec)

    async with spec.provide_session("cache") as cache:
        await cache.execute_command("MULTI")
        with pytest.raises(redis.ResponseError):
            await cache.execute_command("EXEC", "now")

    assert (await state(spec))["id"] != before["id"]


async def test_a_subscription_ends_with_its_session(config: RedisConfig) -> None:
    """Even when it is kept; it can not be used afterwards, and does not come back by itself."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2, pool_timeout=1.0), "cache")

        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            told = cache.pubsub()
            await told.subscribe("news")
            assert await cache.publish("news", "first") == 1  # by another connection

        async with spec.provide_session(RedisConfig) as cache:
            until = time.monotonic() + 5
            while await cache.publish("news", "second") and time.monotonic() < until:
                await async_pause(0.01)  # the server has yet to notice
            assert await cache.publish("news", "third") == 0
            with pytest.raises(redis.ConnectionError, match="has ended"):
                await told.subscribe("more")
            assert await cache.publish("more", "fourth") == 0
        await told.aclose()

        assert spec.stats("cache").in_use == 0


async def test_all_connections_of_a_session_come_back_when_it_ends(config: RedisConfig) -> None:
    """A second subscription has borrowed another one, and both are kept."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2, pool_timeout=1.0), "cache")
        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            kept = [cache.pubsub(), cache.pubsub()]
            for one in kept:
                await one.subscribe("news")
            assert spec.stats("cache").in_use == 2

        assert (spec.stats("cache").in_use, spec.stats("cache").unclean) == (0, 2)
        for one in kept:
            with pytest.raises(redis.ConnectionError, match="has ended"):
                await one.subscribe("more")
            await one.aclose()


async def test_a_subscription_that_was_closed_gives_its_connection_back(config: RedisConfig) -> None:
    """A pool of one is enough for those who clean up."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=1.0), "cache")
        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            told = cache.pubsub()
            await told.subscribe("news")
            await told.aclose()

            assert await cache.publish("news", "late") == 0


async def test_a_pipeline_that_is_kept_has_no_connection_of_the_next(spec: Any) -> None:
    """It was watching when its session ended."""
    async with spec.provide_session("cache") as cache:
        kept = cache.pipeline()
        await kept.watch("a")

    async with spec.provide_session("cache") as cache:
        await cache.set("a", 1)
        with pytest.raises((redis.ConnectionError, redis.WatchError)):
            await kept.get("a")
        assert await cache.get("a") == b"1"
    await kept.reset()

    assert spec.stats("cache").in_use == 0


async def test_a_reply_that_nobody_read_is_nobodys(spec: Any) -> None:
    """A connection taken by hand, and a command sent without looking."""
    async with spec.provide_session("cache") as cache:
        await cache.set("mine", "secret")
        connection = await cache.connection_pool.get_connection()
        await connection.send_command("GET", "mine")
        await cache.connection_pool.release(connection)

    async with spec.provide_session("cache") as cache:
        assert await cache.get("yours") is None


async def test_a_connection_that_was_kept_is_nobodys(spec: Any) -> None:
    """It was taken by hand, did nothing, and was not given back."""
    async with spec.provide_session("cache") as cache:
        kept = await cache.connection_pool.get_connection()

    assert not kept.is_open
    with pytest.raises(redis.ConnectionError, match="has ended"):
        await kept.send_command("PING")
    assert spec.stats("cache").unclean == 1


async def test_a_session_that_has_ended_says_so(spec: Any) -> None:
    """While nobody else has its connection."""
    async with spec.provide_session("cache") as cache:
        kept = cache.pipeline()

    with pytest.raises(SessionClosedError, match="has ended"):
        await cache.get("a")
    with pytest.raises(SessionClosedError, match="has ended"):
        await kept.get("a").execute()
    assert spec.stats("cache").in_use == 0


async def test_a_client_that_was_closed_serves_on(spec: Any) -> None:
    """Libraries close what they are given; the connection is the pool's."""
    async with spec.provide_session("cache") as cache:
        await cache.aclose()
        assert await cache.ping()
    async with spec.provide_connection("cache") as raw:
        await raw.aclose()
        assert await raw.ping()

    assert (spec.stats("cache").in_use, spec.stats("cache").idle) == (0, 1)
