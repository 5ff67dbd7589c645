"""The door for adapter authors: all that an adapter needs from core, besides `sqlspec` itself.

A second step of it is for those who need it: `sqlspec.plugin.network` has what all network adapters share,
`sqlspec.plugin.postgresql` what those for PostgreSQL share, `sqlspec.plugin.stopping` what is needed to stop
statements, `sqlspec.plugin.places` what says of which row an error is, `sqlspec.plugin.events` all that
observers get, `sqlspec.plugin.sources` what a source of configs is that changes.

A plugin module imports from here and costs little: nothing below is loaded before its name is used,
and the driver is imported inside the hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import (
    Outcome,
    Parameters,
    RawResult,
    Resources,
    SessionOptions,
    TransactionOptions,
    TransactionStatus,
)

if TYPE_CHECKING:
    from sqlspec.config.sources import ConfigSource
    from sqlspec.lending import AsyncPoolLike, PoolLike
    from sqlspec.sql import CopyData, Dialect

    from ._async import AsyncConnection, AsyncCursor, AsyncPooledConnection
    from ._sync import Connection, Cursor, PooledConnection
    from .awaitable import wrap_awaitable
    from .events import ConnectionEvent, StatementEvent
    from .hookspecs import hookimpl
    from .info import AdapterInfo, Capability
    from .protocols import AsyncAdapterPlugin, SyncAdapterPlugin
    from .results import LazyResult
    from .sqlstate import error_for_sqlstate
    from .tls import SSLMode, tls_context

__all__ = (
    "AdapterInfo",
    "AsyncAdapterPlugin",
    "AsyncConnection",
    "AsyncCursor",
    "AsyncPoolLike",
    "AsyncPooledConnection",
    "Capability",
    "ConfigSource",
    "Connection",
    "ConnectionEvent",
    "CopyData",
    "Cursor",
    "Dialect",
    "LazyResult",
    "Outcome",
    "Parameters",
    "PoolLike",
    "PooledConnection",
    "RawResult",
    "Resources",
    "SSLMode",
    "SessionOptions",
    "StatementEvent",
    "SyncAdapterPlugin",
    "TransactionOptions",
    "TransactionStatus",
    "error_for_sqlstate",
    "hookimpl",
    "tls_context",
    "wrap_awaitable",
)

if not TYPE_CHECKING:  # hidden, else checkers accept any name
    # Core itself imports from this package, and `import sqlspec` must not bring pluggy along.
    _HOMES = {
        "sqlspec.config.sources": ("ConfigSource",),
        "sqlspec.lending": ("AsyncPoolLike", "PoolLike"),
        "sqlspec.plugin.events": ("ConnectionEvent", "StatementEvent"),
        "sqlspec.plugin._async": ("AsyncConnection", "AsyncCursor", "AsyncPooledConnection"),
        "sqlspec.plugin._sync": ("Connection", "Cursor", "PooledConnection"),
        "sqlspec.plugin.awaitable": ("wrap_awaitable",),
        "sqlspec.plugin.hookspecs": ("hookimpl",),
        "sqlspec.plugin.info": ("AdapterInfo", "Capability"),
        "sqlspec.plugin.protocols": ("AsyncAdapterPlugin", "SyncAdapterPlugin"),
        "sqlspec.plugin.results": ("LazyResult",),
        "sqlspec.plugin.sqlstate": ("error_for_sqlstate",),
        "sqlspec.plugin.tls": ("SSLMode", "tls_context"),
        "sqlspec.sql": ("CopyData", "Dialect"),
    }
    _LAZY = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name: str) -> object:
        """The names that are loaded on use."""
        from importlib import import_module

        if name not in _LAZY:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return value

    def __dir__() -> list[str]:
        """All of the door's names, loaded or not."""
        return sorted(__all__)
