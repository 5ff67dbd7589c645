# Printed from test_observed_outcomes_async.py by tools/print_sync.py; do not edit.
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
    from collections.abc import Iterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers.redis import Redis

CANARY = "canary-hunter2"


@pytest.fixture
def spec(redis_server: Redis, redis_proxy: FaultProxy, recorder: Any) -> Iterator[Any]:
    """One database, `cache`, through the proxy; impatient, and observed."""
    with redis_server.database() as number:
        url = redis_server.url(database=number, port=redis_proxy.port)
        with SQLSpec() as spec:
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
def test_an_error_is_told_by_sqlspecs_name_and_redis_code(
    spec: Any, recorder: Any, words: tuple[Any, ...], error: str, code: str | None
) -> None:
    """The application gets redis-py's own error; nothing of its text is told, for it may hold data."""
    with spec.provide_session("cache") as cache:
        cache.set("text", "a")
        recorder.started.clear()
        recorder.ended.clear()

        with pytest.raises(redis.RedisError):
            cache.execute_command(*words)

    event, _, rows = recorder.only()
    assert (event.error, rows) == (error, None)
    if code is not None or CANARY in str(words):  # of others it depends on the version of redis-py
        assert event.code in {code, "ERR", "WRONGPASS"}
    assert CANARY not in repr(event)


def test_the_first_error_of_a_pipeline_is_told(spec: Any, recorder: Any) -> None:
    """Whether it is raised, or stands among the replies."""
    with spec.provide_session("cache") as cache:
        cache.set("text", "a")
        for transaction in (False, True):
            for raises in (True, False):
                pipe: Any = cache.pipeline(transaction=transaction)
                pipe.get("text").lpush("text", 1).evalsha("a" * 40, 0)
                if raises:
                    with pytest.raises(redis.ResponseError):
                        pipe.execute()
                else:
                    assert len(pipe.execute(raise_on_error=False)) == 3

    told = recorder.ended[1:]
    assert [heard.event.verb for heard in told] == ["PIPELINE"] * 2 + ["MULTI"] * 2
    for event, parameters, rows in told:
        assert (event.error, event.code, event.batch_size) == ("StatementError", "WRONGTYPE", 3)
        assert parameters == [("text",), ("text", 1), ("a" * 40, 0)]
        assert rows is None or next(iter(rows)) == (b"a",)
    assert [heard.rows is None for heard in told] == [True, False, True, False]


def test_a_transaction_that_the_server_does_not_take_is_told(spec: Any, recorder: Any) -> None:
    """One command was wrong, so none ran."""
    with spec.provide_session("cache") as cache:
        with pytest.raises(redis.ResponseError):
            cache.pipeline().set("a", 1).execute_command("GET").execute()
        assert cache.get("a") is None

    assert recorder.outcomes == [("MULTI: SET, GET", "StatementError"), ("GET ?", None)]


def lose_the_race(spec: Any) -> None:
    """A transaction whose watched key somebody else changes."""
    with spec.provide_session("cache") as cache, cache.pipeline() as pipe:
        pipe.watch("a")
        with spec.provide_session("cache") as other:
            other.set("a", "theirs")
        pipe.multi()
        with pytest.raises(redis.WatchError):
            pipe.set("a", "ours").execute()


def test_a_transaction_whose_watched_key_was_changed_is_told(spec: Any, recorder: Any) -> None:
    """To be run again, as after a serialization failure of an SQL database."""
    lose_the_race(spec)

    assert recorder.outcomes == [("WATCH ?", None), ("SET ?", None), ("MULTI: SET", "SerializationError")]


def test_what_the_application_is_handling_just_now_is_not_the_cause(spec: Any, recorder: Any) -> None:
    """A lost connection to another server makes none of this one."""
    with pytest.raises(redis.ConnectionError):
        try:
            raise redis.ConnectionError
        finally:
            lose_the_race(spec)

    assert recorder.outcomes[-1] == ("MULTI: SET", "SerializationError")


@pytest.mark.parametrize("cut", [False, True], ids=["timeout", "cut"])
def test_a_reply_that_is_lost_is_told(
    spec: Any, recorder: Any, redis_proxy: FaultProxy, cut: bool
) -> None:
    """Of a command, a pipeline, and one that watches; the next command connects again."""
    with spec.provide_session("cache") as cache:
        calls: list[tuple[bytes, Any]] = [
            (b"GETDEL", lambda: cache.getdel("a")),
            (b"GETEX", lambda: cache.pipeline().getex("a").execute()),
        ]
        for name, call in calls:
            trap = redis_proxy.swallow_replies_after(name, count=100, cut=cut)
            with pytest.raises((redis.TimeoutError, redis.ConnectionError)):
                call()
            assert trap.wait()
        with cache.pipeline() as watching:
            watching.watch("a")
            trap = redis_proxy.swallow_replies_after(b"GETRANGE", count=100, cut=cut)
            with pytest.raises(redis.WatchError):
                watching.getrange("a", 0, 1)
            assert trap.wait()
        cache.get("a")

    assert recorder.outcomes == [
        ("GETDEL ?", "DisconnectedError"),
        ("MULTI: GETEX", "DisconnectedError"),
        ("WATCH ?", None),
        ("GETRANGE ?", "DisconnectedError"),
        ("GET ?", None),
    ]
    assert recorder.started == [heard.event for heard in recorder.ended]


def test_a_command_that_finds_no_connection_is_told(spec: Any, recorder: Any) -> None:
    """Its session's own is held by a subscription, and the pool has no other."""
    sessions = (spec.provide_session("cache"), spec.provide_session("cache"))
    with sessions[0] as cache, sessions[1], cache.pubsub() as news:
        news.subscribe("news")
        with pytest.raises(PoolTimeoutError):
            cache.get("a")
        with pytest.raises(PoolTimeoutError):
            cache.pipeline().get("a").execute()

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


def test_an_observer_that_raises_changes_nothing(spec: Any, recorder: Any) -> None:
    """Neither a reply nor an error; and the other observers hear on."""
    spec.plugins.register(Faulty())
    with spec.provide_session("cache") as cache:
        assert cache.set("a", CANARY)
        assert cache.pipeline().get("a").execute() == [CANARY.encode()]
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            cache.lpush("a", 1)

    assert spec.plugins.observer_errors == 6
    assert recorder.outcomes == [("SET ?", None), ("MULTI: GET", None), ("LPUSH ?", "StatementError")]
