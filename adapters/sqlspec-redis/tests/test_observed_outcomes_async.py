# The source of test_observed_outcomes_sync.py, which tools/print_sync.py prints from it.
"""How commands and pipelines ended, as observers hear it: by the names of sqlspec's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import PoolTimeoutError
from sqlspec.plugin import hookimpl
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers.redis import Redis

CANARY = "canary-hunter2"


@pytest.fixture
async def spec(redis_server: Redis, redis_proxy: FaultProxy, recorder: Any) -> AsyncIterator[Any]:
    """One database, `cache`, through the proxy; impatient, and observed."""
    with redis_server.database() as number:
        url = redis_server.url(database=number, port=redis_proxy.port)
        async with SQLSpec() as spec:
            config = RedisConfig(url=url, socket_timeout=0.5, pool_size=2, pool_timeout=0.1)
            spec.register_config(config, "cache")
            spec.plugins.register(recorder)
            yield spec


ERRORS = [
    (("LPUSH", "text", CANARY), "StatementError", "WRONGTYPE"),
    (("EVALSHA", "a" * 40, 0), "StatementError", "NOSCRIPT"),
    (("XGROUP CREATE", "nothing", "g", "$"), "StatementError", None),
    (("XREADGROUP", "GROUP", "g", "c", "STREAMS", "nothing", ">"), "StatementError", "NOGROUP"),
    (("EVAL", f"return redis.error_reply('{CANARY} says it')", 0), "StatementError", None),
    (("SET", "a", None), "ParameterError", None),
    (("AUTH", CANARY, CANARY), "AuthenticationError", None),
]


@pytest.mark.parametrize(("words", "error", "code"), ERRORS, ids=[str(row[0][0]) for row in ERRORS])
async def test_an_error_is_told_by_sqlspecs_name_and_redis_code(
    spec: Any, recorder: Any, words: tuple[Any, ...], error: str, code: str | None
) -> None:
    """The application gets redis-py's own error; nothing of its text is told, for it may hold data."""
    async with spec.provide_session("cache") as cache:
        await cache.set("text", "a")
        recorder.started.clear()
        recorder.ended.clear()

        with pytest.raises(redis.RedisError):
            await cache.execute_command(*words)

    event, _, rows = recorder.only()
    assert (event.error, rows) == (error, None)
    if code is not None or CANARY in str(words):  # of others it depends on the version of redis-py
        assert event.code in {code, "ERR", "WRONGPASS"}
    assert CANARY not in repr(event)


async def test_the_first_error_of_a_pipeline_is_told(spec: Any, recorder: Any) -> None:
    """Whether it is raised, or stands among the replies."""
    async with spec.provide_session("cache") as cache:
        await cache.set("text", "a")
        for transaction in (False, True):
            for raises in (True, False):
                pipe: Any = cache.pipeline(transaction=transaction)
                pipe.get("text").lpush("text", 1).evalsha("a" * 40, 0)
                if raises:
                    with pytest.raises(redis.ResponseError):
                        await pipe.execute()
                else:
                    assert len(await pipe.execute(raise_on_error=False)) == 3

    told = recorder.ended[1:]
    assert [heard.event.verb for heard in told] == ["PIPELINE"] * 2 + ["MULTI"] * 2
    for event, parameters, rows in told:
        assert (event.error, event.code, event.batch_size) == ("StatementError", "WRONGTYPE", 3)
        assert parameters == [("text",), ("text", 1), ("a" * 40, 0)]
        assert rows is None or next(iter(rows)) == (b"a",)
    assert [heard.rows is None for heard in told] == [True, False, True, False]


async def test_a_transaction_that_the_server_does_not_take_is_told(spec: Any, recorder: Any) -> None:
    """One command was wrong, so none ran."""
    async with spec.provide_session("cache") as cache:
        with pytest.raises(redis.ResponseError):
            await cache.pipeline().set("a", 1).execute_command("GET").execute()
        assert await cache.get("a") is None

    assert recorder.outcomes == [("MULTI: SET, GET", "StatementError"), ("GET ?", None)]


async def lose_the_race(spec: Any) -> None:
    """A transaction whose watched key somebody else changes."""
    async with spec.provide_session("cache") as cache, cache.pipeline() as pipe:
        await pipe.watch("a")
        async with spec.provide_session("cache") as other:
            await other.set("a", "theirs")
        pipe.multi()
        with pytest.raises(redis.WatchError):
            await pipe.set("a", "ours").execute()


async def test_a_transaction_whose_watched_key_was_changed_is_told(spec: Any, recorder: Any) -> None:
    """To be run again, as after a serialization failure of an SQL database."""
    await lose_the_race(spec)

    assert recorder.outcomes == [("WATCH ?", None), ("SET ?", None), ("MULTI: SET", "SerializationError")]


async def test_what_the_application_is_handling_just_now_is_not_the_cause(spec: Any, recorder: Any) -> None:
    """A lost connection to another server makes none of this one."""
    with pytest.raises(redis.ConnectionError):
        try:
            raise redis.ConnectionError
        finally:
            await lose_the_race(spec)

    assert recorder.outcomes[-1] == ("MULTI: SET", "SerializationError")


@pytest.mark.parametrize("cut", [False, True], ids=["timeout", "cut"])
async def test_a_reply_that_is_lost_is_told(
    spec: Any, recorder: Any, redis_proxy: FaultProxy, cut: bool
) -> None:
    """Of a command, a pipeline, and one that watches; the next command connects again."""
    async with spec.provide_session("cache") as cache:
        calls: list[tuple[bytes, Any]] = [
            (b"GETDEL", lambda: cache.getdel("a")),
            (b"GETEX", lambda: cache.pipeline().getex("a").execute()),
        ]
        for name, call in calls:
            trap = redis_proxy.swallow_replies_after(name, count=100, cut=cut)
            with pytest.raises((redis.TimeoutError, redis.ConnectionError)):
                await call()
            assert trap.wait()
        async with cache.pipeline() as watching:
            await watching.watch("a")
            trap = redis_proxy.swallow_replies_after(b"GETRANGE", count=100, cut=cut)
            with pytest.raises(redis.WatchError):
                await watching.getrange("a", 0, 1)
            assert trap.wait()
        await cache.get("a")

    assert recorder.outcomes == [
        ("GETDEL ?", "DisconnectedError"),
        ("MULTI: GETEX", "DisconnectedError"),
        ("WATCH ?", None),
        ("GETRANGE ?", "DisconnectedError"),
        ("GET ?", None),
    ]
    assert recorder.started == [heard.event for heard in recorder.ended]


async def test_a_command_that_finds_no_connection_is_told(spec: Any, recorder: Any) -> None:
    """Its session's own is held by a subscription, and the pool has no other."""
    sessions = (spec.provide_session("cache"), spec.provide_session("cache"))
    async with sessions[0] as cache, sessions[1], cache.pubsub() as news:
        await news.subscribe("news")
        with pytest.raises(PoolTimeoutError):
            await cache.get("a")
        with pytest.raises(PoolTimeoutError):
            await cache.pipeline().get("a").execute()

    assert recorder.outcomes == [("GET ?", "PoolTimeoutError"), ("MULTI: GET", "PoolTimeoutError")]


class Faulty:
    """An observer that raises at whatever it hears."""

    @hookimpl
    def sqlspec_statement_started(self) -> None:
        """At once."""
        raise ValueError

    @hookimpl
    def sqlspec_statement_executed(self) -> None:
        """And later."""
        raise ValueError


async def test_an_observer_that_raises_changes_nothing(spec: Any, recorder: Any) -> None:
    """Neither a reply nor an error; and the other observers hear on."""
    spec.plugins.register(Faulty())
    async with spec.provide_session("cache") as cache:
        assert await cache.set("a", CANARY)
        assert await cache.pipeline().get("a").execute() == [CANARY.encode()]
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            await cache.lpush("a", 1)

    assert spec.plugins.observer_errors == 6
    assert recorder.outcomes == [("SET ?", None), ("MULTI: GET", None), ("LPUSH ?", "StatementError")]
