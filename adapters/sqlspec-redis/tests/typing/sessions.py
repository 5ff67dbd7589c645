"""What checkers know of sessions: they are redis-py's own clients, which also store objects. Never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

import redis
import redis.asyncio

import sqlspec_redis.plugin
from sqlspec import SQLSpec  # noqa: TC001 - never run
from sqlspec.adapters.redis import RedisConfig
from sqlspec.plugin.protocols import (  # noqa: TC001 - as above
    AsyncAdapterPlugin,
    AsyncSessionPlugin,
    SessionPlugin,
    SyncAdapterPlugin,
)
from sqlspec_redis import decode
from sqlspec_redis.clients import AsyncClient, Client


@dataclass
class Order:
    """Something to store."""

    id: int


def sync(spec: SQLSpec) -> None:
    """By config, by its class, and alone."""
    cache = spec.register_config(RedisConfig(url="redis://localhost"), "cache")
    with spec.provide_session(cache) as session:
        assert_type(session, Client)
        driver: redis.Redis = session
        del driver
        session.set("order:1", b"{}")
        session.set("order:2", Order(2), ex=60)
        session.hset("orders", "3", Order(3))
        session.rpush("queue", Order(4), Order(5))
        assert_type(session.get("order:1"), bytes | str | None)
        assert_type(decode(session.get("order:1"), Order), Order | None)
    with spec.provide_session(RedisConfig) as session:
        assert_type(session, Client)
    with spec.provide_connection(cache) as raw:
        assert_type(raw, redis.Redis)
    with RedisConfig().provide_session() as session:
        assert_type(session, Client)


async def with_tasks(spec: SQLSpec) -> None:
    """The same for tasks."""
    async with spec.provide_session(RedisConfig) as session:
        assert_type(session, AsyncClient)
        driver: redis.asyncio.Redis = session
        del driver
        await session.set("order:1", b"{}")
        await session.set("order:2", Order(2), ex=60)
        await session.hset("orders", "3", Order(3))
        await session.rpush("queue", Order(4), Order(5))
        assert_type(decode(await session.get("order:1"), Order), Order | None)
    async with spec.provide_connection(RedisConfig) as raw:
        assert_type(raw, redis.asyncio.Redis)


def hooks() -> None:
    """The plugin is what core calls."""
    connection: SyncAdapterPlugin = sqlspec_redis.plugin
    async_connection: AsyncAdapterPlugin = sqlspec_redis.plugin
    session: SessionPlugin = sqlspec_redis.plugin
    async_session: AsyncSessionPlugin = sqlspec_redis.plugin
    del connection, async_connection, session, async_session
