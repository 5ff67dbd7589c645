"""The adapter as core sees it: data, two pools and two sessions. The driver is imported when a pool is made.

There is no SQL in it and no `Connection`: a pool of its own lends, and a session is redis-py's own client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import NotSupportedError
from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    import redis
    import redis.asyncio

    from sqlspec.plugin import AsyncPoolLike, PoolLike, SessionOptions

    from .config import RedisConfig
    from .link import AsyncLink, Link

ADAPTER = AdapterInfo(
    name="redis",
    config_type="sqlspec_redis:RedisConfig",
    driver="redis",
    capabilities=frozenset({Capability.SYNC, Capability.ASYNC}),
)


@hookimpl
def sqlspec_create_pool(config: RedisConfig, connect: Any) -> PoolLike:
    """Make the pool for threads; it connects by itself, and takes of *connect* the name alone."""
    from .pool import Pool

    return Pool(config, connect.label)


@hookimpl
def sqlspec_create_async_pool(config: RedisConfig, connect: Any) -> AsyncPoolLike:
    """Make the pool of the running event loop."""
    from .pool import AsyncPool

    return AsyncPool(config, connect.label)


@hookimpl
def sqlspec_create_session(
    config: RedisConfig,  # noqa: ARG001 - of every hook
    connection: Link,
    options: SessionOptions,
) -> redis.Redis:
    """Give the client of a borrowed connection; it was made with it."""
    _check(options)
    return connection.session()


@hookimpl
def sqlspec_create_async_session(
    config: RedisConfig,  # noqa: ARG001 - of every hook
    connection: AsyncLink,
    options: SessionOptions,
) -> redis.asyncio.Redis:
    """Give the client of a borrowed connection; it was made with it."""
    _check(options)
    return connection.session()


def _check(options: SessionOptions) -> None:
    if options.read_only:
        raise NotSupportedError("Redis has no read-only sessions; give the config a user with fewer rights")
    if options.isolation is not None or options.autocommit is False:
        raise NotSupportedError("a Redis session has no transaction; use its pipeline(transaction=True)")
