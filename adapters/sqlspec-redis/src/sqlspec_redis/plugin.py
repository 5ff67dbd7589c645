"""The adapter as core sees it: data, connections without SQL, and sessions.

Core's pool lends the connections, and a session is redis-py's own client. The driver is imported when
a connection is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.errors import NotSupportedError
from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    import redis
    import redis.asyncio

    from sqlspec.plugin import Resources, SessionOptions

    from .config import RedisConfig
    from .connection import AsyncRedisConnection, RedisConnection

ADAPTER = AdapterInfo(
    name="redis",
    config_type="sqlspec_redis:RedisConfig",
    driver="redis",
    capabilities=frozenset({Capability.SYNC, Capability.ASYNC, Capability.REPORTS}),
)


@hookimpl
def sqlspec_create_connection(config: RedisConfig, resources: Resources) -> RedisConnection:
    """Open a connection for threads."""
    from .connection import connect

    return connect(config, resources)


@hookimpl
async def sqlspec_create_async_connection(config: RedisConfig, resources: Resources) -> AsyncRedisConnection:
    """Open a connection for the tasks of the running event loop."""
    from .connection import async_connect

    return await async_connect(config, resources)


@hookimpl
def sqlspec_create_session(
    config: RedisConfig,  # noqa: ARG001 - of every hook
    connection: RedisConnection,
    options: SessionOptions,
) -> redis.Redis:
    """Give the client of a borrowed connection; it lives as long as that."""
    _check(options)
    return connection.session(options.reporter)


@hookimpl
def sqlspec_create_async_session(
    config: RedisConfig,  # noqa: ARG001 - of every hook
    connection: AsyncRedisConnection,
    options: SessionOptions,
) -> redis.asyncio.Redis:
    """Give the client of a borrowed connection; it lives as long as that."""
    _check(options)
    return connection.session(options.reporter)


def _check(options: SessionOptions) -> None:
    if options.read_only:
        raise NotSupportedError("Redis has no read-only sessions; give the config a user with fewer rights")
    if options.query_timeout is not None:
        raise NotSupportedError("a Redis session has no query_timeout of its own; set it in the config")
    if options.isolation is not None or options.autocommit is False:
        raise NotSupportedError("a Redis session has no transaction; use its pipeline(transaction=True)")
