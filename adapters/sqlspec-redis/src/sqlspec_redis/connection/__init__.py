"""One connection to Redis as core's pool lends it, and the clients that speak on it."""

from ._async import AsyncRedisConnection, async_connect
from ._sync import RedisConnection, connect

__all__ = ("AsyncRedisConnection", "RedisConnection", "async_connect", "connect")
