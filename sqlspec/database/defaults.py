"""Core's own pools and sessions, as implementations of the hooks behind those of all adapters.

So a plugin that wraps a hook sees every pool and every session, whoever makes it. Where nothing is wrapped,
core calls these directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import AdapterBrokenError
from sqlspec.plugin.contract import SessionOptions
from sqlspec.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.lending import AsyncPoolLike, PoolLike

__all__ = ("CoreSessionOptions", "Defaults")


class CoreSessionOptions(SessionOptions, frozen=True, kw_only=True):
    """The options of one session, and how core makes it."""

    make: Callable[[Any], Any]
    made: list[Any]
    """Core's session, once it is made: a wrapper may have another object lent in its place."""


class Defaults:
    """The plugin that core registers first in every manager."""

    @hookimpl(trylast=True)
    def sqlspec_create_pool(self, config: Any, connect: Any) -> PoolLike:
        """Core's pool for threads."""
        from sqlspec.pool._sync import Pool

        return Pool(config, connect, label=connect.label, observe=connect.observe)

    @hookimpl(trylast=True)
    def sqlspec_create_async_pool(self, config: Any, connect: Any) -> AsyncPoolLike:
        """Core's pool for one event loop."""
        from sqlspec.pool._async import AsyncPool

        return AsyncPool(config, connect, label=connect.label, observe=connect.observe)

    @hookimpl(trylast=True)
    def sqlspec_create_session(self, connection: Any, options: SessionOptions) -> object:
        """Core's session for threads."""
        return _session(connection, options)

    @hookimpl(trylast=True)
    def sqlspec_create_async_session(self, connection: Any, options: SessionOptions) -> object:
        """Core's session for tasks."""
        return _session(connection, options)


def _session(connection: Any, options: SessionOptions) -> object:
    if not isinstance(options, CoreSessionOptions):
        msg = "a wrapper of sqlspec_create_session must pass the options on that it was given"
        raise AdapterBrokenError(msg, adapter="")
    session = options.make(connection)
    options.made.append(session)
    return session
