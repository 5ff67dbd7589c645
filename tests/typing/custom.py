"""Configs of third parties: their sessions and connections, exactly. Checked by mypy and pyright."""
# pyright: strict

from __future__ import annotations

from typing import Any, ClassVar, assert_type

from sqlspec import AsyncOnlyConfig, AsyncSession, DatabaseConfig, SQLSpec


class Client:
    """A session that is not ours."""


class AsyncClient:
    """Its async side."""


class Socket:
    """A driver's connection."""


class RedisLike(DatabaseConfig[Client, AsyncClient], frozen=True, kw_only=True):
    """Sessions of its own; of its connections it says nothing."""

    adapter: ClassVar[str] = "redislike"
    number: int = 0


class AsyncDriver(AsyncOnlyConfig[AsyncSession, Socket], frozen=True, kw_only=True):
    """A driver without a sync side."""

    adapter: ClassVar[str] = "asyncdriver"


class AsyncRedisLike(AsyncOnlyConfig[AsyncClient], frozen=True, kw_only=True):
    """The same, with sessions of its own."""

    adapter: ClassVar[str] = "asyncredislike"


def sync_side(spec: SQLSpec) -> None:
    """`with` gives the first type, by config and by class."""
    config = assert_type(spec.register_config(RedisLike(number=1)), RedisLike)
    with spec.provide_session(config) as client:
        assert_type(client, Client)
    with spec.provide_session(RedisLike) as client:
        assert_type(client, Client)
    with config.provide_session() as client:
        assert_type(client, Client)
    with spec.provide_connection(config) as raw:
        assert_type(raw, Any)


async def async_side(spec: SQLSpec) -> None:
    """`async with` gives the second."""
    config = spec.register_config(RedisLike())
    async with spec.provide_session(config) as client:
        assert_type(client, AsyncClient)
    async with spec.provide_session(RedisLike, autocommit=True) as client:
        assert_type(client, AsyncClient)
    async with config.provide_session() as client:
        assert_type(client, AsyncClient)
    async with spec.provide_connection(RedisLike) as raw:
        assert_type(raw, Any)


async def async_only(spec: SQLSpec) -> None:
    """An async-only config knows the types of its one side; see `refused_by_mypy` for the other."""
    config = assert_type(spec.register_config(AsyncDriver()), AsyncDriver)
    async with spec.provide_session(config) as session:
        assert_type(session, AsyncSession)
        assert_type(await session.execute("SELECT 1", schema_type=int).one(), int)
    async with spec.provide_session(AsyncDriver) as session:
        assert_type(session, AsyncSession)
    async with config.provide_session() as session:
        assert_type(session, AsyncSession)
    async with spec.provide_session(AsyncRedisLike) as client:
        assert_type(client, AsyncClient)


async def async_only_connections(spec: SQLSpec) -> None:
    """And of its driver's connections."""
    config = spec.register_config(AsyncDriver())
    async with spec.provide_connection(config) as raw:
        assert_type(raw, Socket)
    async with spec.provide_connection(AsyncDriver) as raw:
        assert_type(raw, Socket)
    async with config.provide_connection() as raw:
        assert_type(raw, Socket)
