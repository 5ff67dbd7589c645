"""`query_timeout` on Redis: how long a reply may take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import NotSupportedError
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from sqlspec_testkit.servers import Redis

HANG = 4.0
"""Seconds: less than `socket_timeout` is by itself."""


def test_a_command_is_bounded_by_it(redis_server: Redis) -> None:
    """As by `socket_timeout`: the connection is dropped, and the next session has another."""
    with SQLSpec() as spec, redis_server.proxy() as proxy:
        config = RedisConfig(url=redis_server.url(port=proxy.port), query_timeout=0.3)
        main = spec.register_config(config, "main")
        with spec.provide_session(main) as client:
            client.ping()
            proxy.stall()
            begun = time.monotonic()
            with pytest.raises(redis.TimeoutError):
                client.ping()
            assert time.monotonic() - begun < HANG
        proxy.calm()
        with spec.provide_session(main) as client:
            assert client.ping()


async def test_a_task_is_bounded_by_it(redis_server: Redis) -> None:
    """The same for tasks."""
    with redis_server.proxy() as proxy:
        async with SQLSpec() as spec:
            config = RedisConfig(url=redis_server.url(port=proxy.port), query_timeout=0.3)
            main = spec.register_config(config, "main")
            async with spec.provide_session(main) as client:
                await client.ping()
                proxy.stall()
                begun = time.monotonic()
                with pytest.raises(redis.TimeoutError):
                    await client.ping()
                assert time.monotonic() - begun < HANG
            proxy.calm()


def test_a_session_has_none_of_its_own(redis_server: Redis) -> None:
    """Refused, not ignored: a session is redis-py's client."""
    with SQLSpec() as spec:
        spec.register_config(RedisConfig(url=redis_server.url()), "main")
        with pytest.raises(NotSupportedError, match="set it in the config"):
            spec.provide_session("main", query_timeout=1.0).__enter__()
