# Printed from test_sessions_async.py by tools/print_sync.py; do not edit.
"""A session is redis-py's own client, and does what redis-py does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError, NotSupportedError, SessionClosedError
from sqlspec_redis import RedisConfig
from sqlspec_redis.drivers import Redis

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec(config: RedisConfig) -> Iterator[SQLSpec]:
    """One database, `cache`, with two connections at most."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2, pool_timeout=2.0), "cache")
        yield spec


def test_a_session_is_the_drivers_own_client(spec: SQLSpec) -> None:
    """Not something that looks like it."""
    with spec.provide_session(RedisConfig) as cache:
        kind: type[object] = type(cache)
        assert kind is Redis
        cache.set("greeting", "hello")

        assert cache.get("greeting") == b"hello"


def test_opening_a_session_makes_nothing(spec: SQLSpec) -> None:
    """No client, no pool, no connection: all of it was made with the connection."""
    with spec.provide_session(RedisConfig) as cache:
        first, connection = cache, cache.client_id()

    with spec.provide_session(RedisConfig) as cache:
        assert cache is first
        assert cache.client_id() == connection


def test_provide_connection_gives_a_single_connection_client(spec: SQLSpec) -> None:
    """All its commands go the same way."""
    with spec.provide_connection(RedisConfig) as raw:
        assert type(raw) is Redis
        assert raw.connection is not None
        assert len({raw.client_id() for _ in range(5)}) == 1

    assert spec.stats("cache").size == 1


def test_a_session_and_a_connection_take_turns(spec: SQLSpec) -> None:
    """On one place of the pool; neither can be used in the other's time."""
    with spec.provide_connection(RedisConfig) as raw:
        raw.set("a", 1)
    with spec.provide_session(RedisConfig) as cache:
        assert cache.get("a") == b"1"
    with spec.provide_connection(RedisConfig) as raw:
        with pytest.raises(SessionClosedError):
            cache.get("a")
        assert raw.get("a") == b"1"
    with pytest.raises(SessionClosedError):
        raw.get("a")

    assert spec.stats("cache").opened == 1


def test_a_pipeline_uses_the_sessions_connection(spec: SQLSpec) -> None:
    """A transaction is a pipeline, as ever."""
    with spec.provide_session(RedisConfig) as cache:
        own = cache.client_id()
        with cache.pipeline(transaction=True) as pipe:
            pipe.incr("n")
            pipe.client_id()

            assert pipe.execute() == [1, own]

    assert spec.stats("cache").unclean == 0


def test_a_watching_pipeline_leaves_the_client_free(spec: SQLSpec) -> None:
    """It holds its connection, so what the client does meanwhile goes over another."""
    with spec.provide_session(RedisConfig) as cache:
        cache.set("stock", 5)
        pipe: Any
        with cache.pipeline() as pipe:
            pipe.watch("stock")
            seen = cache.get("stock")
            pipe.multi()
            pipe.decr("stock")
            assert pipe.execute() == [4]

    assert seen == b"5"
    stats = spec.stats("cache")
    assert (stats.in_use, stats.unclean) == (0, 0)


def test_pipelines_of_a_connection_borrow_another(spec: SQLSpec) -> None:
    """`provide_connection` gives a client whose own connection is its own alone, as redis-py has it."""
    with spec.provide_connection(RedisConfig) as raw:
        own = raw.client_id()
        with raw.pipeline(transaction=True) as pipe:
            pipe.client_id()
            (other,) = pipe.execute()

        assert other != own
        assert raw.client_id() == own
    assert (spec.stats("cache").idle, spec.stats("cache").unclean) == (2, 0)


def test_what_others_change_under_a_watch_is_noticed(spec: SQLSpec) -> None:
    """redis-py's own error, not one of ours."""
    pipe: Any
    with spec.provide_session(RedisConfig) as cache, cache.pipeline() as pipe:
        pipe.watch("stock")
        cache.set("stock", 1)
        pipe.multi()
        pipe.incr("stock")

        with pytest.raises(redis.WatchError):
            pipe.execute()


def test_errors_of_commands_are_the_drivers_own(spec: SQLSpec) -> None:
    """And leave the connection as good as before."""
    with spec.provide_session(RedisConfig) as cache:
        cache.set("text", "hello")
        with pytest.raises(redis.ResponseError):
            cache.incr("text")
        with pytest.raises(redis.DataError):
            cache.set("text", {"no": "codec"})

        assert cache.get("text") == b"hello"

    assert spec.stats("cache").idle == 1


def test_an_error_of_the_block_costs_no_connection(spec: SQLSpec) -> None:
    """There is nothing to roll back, and the connection is as clean as it was."""
    with pytest.raises(ZeroDivisionError):
        with spec.provide_session(RedisConfig) as cache:
            cache.set("a", 1)
            raise ZeroDivisionError

    assert (spec.stats("cache").idle, spec.stats("cache").opened) == (1, 1)


@pytest.mark.parametrize(
    "options",
    [{"read_only": True}, {"isolation": "serializable"}, {"autocommit": False}],
    ids=["read_only", "isolation", "autocommit"],
)
def test_what_redis_has_not_is_refused(spec: SQLSpec, options: dict[str, Any]) -> None:
    """Before a command is sent; the connection goes back."""
    with pytest.raises(NotSupportedError):
        with spec.provide_session(RedisConfig, **options):
            pass

    assert spec.stats("cache").in_use == 0


def test_a_misspelled_option_is_an_error(spec: SQLSpec) -> None:
    """As everywhere."""
    ask: Any = spec.provide_session

    with pytest.raises((TypeError, InvalidArgumentError)):
        ask(RedisConfig, readonly=True)


def test_autocommit_is_what_redis_does(spec: SQLSpec) -> None:
    """So it may be said."""
    with spec.provide_session(RedisConfig, autocommit=True) as cache:
        assert cache.ping()


def test_a_config_alone_connects_for_one_block(config: RedisConfig) -> None:
    """Without a registry."""
    with config.provide_session() as cache:
        cache.set("a", 1)
    with config.provide_connection() as raw:
        assert raw.get("a") == b"1"
