"""Sessions as type checkers see them: redis-py's clients, which also take what `codec="json"` can store.

Read by type checkers alone: a session is a `redis.Redis`. They do not know what the config says of its codec:
without one, an object is refused when it is sent.
"""

# ruff: noqa: D102, FBT001, FBT002, PLR0917 - the signatures are those of redis-py
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from redis.typing import AbsExpiryT, ChannelT, ExpiryT, FieldT, KeyT

__all__ = ("AsyncClient", "Client")


class Client(redis.Redis):
    """The session of a `with` block."""

    if TYPE_CHECKING:

        def set(
            self,
            name: KeyT,
            value: Any,
            ex: ExpiryT | None = None,
            px: ExpiryT | None = None,
            nx: bool = False,
            xx: bool = False,
            keepttl: bool = False,
            get: bool = False,
            exat: AbsExpiryT | None = None,
            pxat: AbsExpiryT | None = None,
            ifeq: bytes | str | None = None,
            ifne: bytes | str | None = None,
            ifdeq: str | None = None,
            ifdne: str | None = None,
        ) -> bool | str | bytes | None: ...

        def setex(self, name: KeyT, time: ExpiryT, value: Any) -> bool: ...
        def setnx(self, name: KeyT, value: Any) -> bool: ...
        def hset(
            self,
            name: KeyT,
            key: FieldT | None = None,
            value: Any = None,
            mapping: Mapping[Any, Any] | None = None,
            items: Sequence[Any] | None = None,
        ) -> int: ...
        def lpush(self, name: KeyT, *values: Any) -> int: ...
        def rpush(self, name: KeyT, *values: Any) -> int: ...
        def sadd(self, name: KeyT, *values: Any) -> int: ...
        def publish(self, channel: ChannelT, message: Any, **kwargs: Any) -> int: ...


class AsyncClient(redis.asyncio.Redis):
    """The session of an `async with` block."""

    if TYPE_CHECKING:

        def set(
            self,
            name: KeyT,
            value: Any,
            ex: ExpiryT | None = None,
            px: ExpiryT | None = None,
            nx: bool = False,
            xx: bool = False,
            keepttl: bool = False,
            get: bool = False,
            exat: AbsExpiryT | None = None,
            pxat: AbsExpiryT | None = None,
            ifeq: bytes | str | None = None,
            ifne: bytes | str | None = None,
            ifdeq: str | None = None,
            ifdne: str | None = None,
        ) -> Awaitable[bool | str | bytes | None]: ...

        def setex(self, name: KeyT, time: ExpiryT, value: Any) -> Awaitable[bool]: ...
        def setnx(self, name: KeyT, value: Any) -> Awaitable[bool]: ...
        def hset(
            self,
            name: KeyT,
            key: FieldT | None = None,
            value: Any = None,
            mapping: Mapping[Any, Any] | None = None,
            items: Sequence[Any] | None = None,
        ) -> Awaitable[int]: ...
        def lpush(self, name: KeyT, *values: Any) -> Awaitable[int]: ...
        def rpush(self, name: KeyT, *values: Any) -> Awaitable[int]: ...
        def sadd(self, name: KeyT, *values: Any) -> Awaitable[int]: ...
        def publish(self, channel: ChannelT, message: Any, **kwargs: Any) -> Awaitable[int]: ...
