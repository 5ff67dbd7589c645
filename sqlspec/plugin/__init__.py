"""The door for adapter authors: all that an adapter needs from core, besides `sqlspec` itself.

A plugin module imports from here and costs little: nothing below is loaded before its name is used,
and the driver is imported inside the hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import (
    API_LEVEL,
    SUPPORTED_API_LEVELS,
    AdapterInfo,
    AsyncPoolLike,
    Capability,
    LeaseLike,
    Outcome,
    Parameters,
    PoolLike,
    RawResult,
    Resources,
    Row,
    SessionOptions,
    TransactionOptions,
    TransactionStatus,
)

if TYPE_CHECKING:
    from sqlspec.config.sources import ConfigSource, SourceTables
    from sqlspec.config.url import URL
    from sqlspec.observe.events import ConnectionEvent, StatementEvent
    from sqlspec.pool import PoolRetiredError
    from sqlspec.sql import Dialect

    from ._async import AsyncConnection, AsyncCursor
    from ._sync import Connection, Cursor
    from .awaitable import Ran, wrap_awaitable
    from .hookspecs import hookimpl
    from .load import LoadedAdapter
    from .manager import Plugins, process_plugins
    from .protocols import (
        AdapterPlugin,
        AsyncAdapterPlugin,
        AsyncPoolPlugin,
        AsyncSessionPlugin,
        PoolPlugin,
        SessionPlugin,
        SyncAdapterPlugin,
    )
    from .sqlstate import error_for_sqlstate
    from .status import PluginStatus
    from .tls import SSLMode, default_ssl_mode, tls_context
    from .turn import HELD, Turn

__all__ = (
    "API_LEVEL",
    "HELD",
    "SUPPORTED_API_LEVELS",
    "URL",
    "AdapterInfo",
    "AdapterPlugin",
    "AsyncAdapterPlugin",
    "AsyncConnection",
    "AsyncCursor",
    "AsyncPoolLike",
    "AsyncPoolPlugin",
    "AsyncSessionPlugin",
    "Capability",
    "ConfigSource",
    "Connection",
    "ConnectionEvent",
    "Cursor",
    "Dialect",
    "LeaseLike",
    "LoadedAdapter",
    "Outcome",
    "Parameters",
    "PluginStatus",
    "Plugins",
    "PoolLike",
    "PoolPlugin",
    "PoolRetiredError",
    "Ran",
    "RawResult",
    "Resources",
    "Row",
    "SSLMode",
    "SessionOptions",
    "SessionPlugin",
    "SourceTables",
    "StatementEvent",
    "SyncAdapterPlugin",
    "TransactionOptions",
    "TransactionStatus",
    "Turn",
    "default_ssl_mode",
    "error_for_sqlstate",
    "hookimpl",
    "process_plugins",
    "tls_context",
    "wrap_awaitable",
)

if not TYPE_CHECKING:  # hidden, else checkers accept any name
    # Core itself imports from this package, and `import sqlspec` must not bring pluggy along.
    _HOMES = {
        "sqlspec.config.sources": ("ConfigSource", "SourceTables"),
        "sqlspec.config.url": ("URL",),
        "sqlspec.observe.events": ("ConnectionEvent", "StatementEvent"),
        "sqlspec.plugin._async": ("AsyncConnection", "AsyncCursor"),
        "sqlspec.plugin._sync": ("Connection", "Cursor"),
        "sqlspec.plugin.awaitable": ("Ran", "wrap_awaitable"),
        "sqlspec.plugin.hookspecs": ("hookimpl",),
        "sqlspec.plugin.load": ("LoadedAdapter",),
        "sqlspec.plugin.manager": ("Plugins", "process_plugins"),
        "sqlspec.plugin.protocols": (
            "AdapterPlugin",
            "AsyncAdapterPlugin",
            "AsyncPoolPlugin",
            "AsyncSessionPlugin",
            "PoolPlugin",
            "SessionPlugin",
            "SyncAdapterPlugin",
        ),
        "sqlspec.plugin.sqlstate": ("error_for_sqlstate",),
        "sqlspec.plugin.status": ("PluginStatus",),
        "sqlspec.plugin.tls": ("SSLMode", "default_ssl_mode", "tls_context"),
        "sqlspec.plugin.turn": ("HELD", "Turn"),
        "sqlspec.pool": ("PoolRetiredError",),
        "sqlspec.sql": ("Dialect",),
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
