"""What an adapter says about itself.

An adapter is an `AdapterInfo`, a config class, a connection class (`sqlspec.plugin.Connection` or
`AsyncConnection`) and one hook that makes such a connection. Everything else has a default.
"""

from __future__ import annotations

import enum

import msgspec

from sqlspec.sql import Dialect  # noqa: TC001 - msgspec reads the annotations

__all__ = ("API_LEVEL", "SUPPORTED_API_LEVELS", "AdapterInfo", "Capability")

API_LEVEL = 1
"""The adapter API that this core speaks."""

SUPPORTED_API_LEVELS = frozenset({API_LEVEL, API_LEVEL - 1} - {0})
"""Core accepts adapters of its own level and of the one before."""


class Capability(enum.Enum):
    """What an adapter can do. Read by the runtime, the test kit and the docs; never guessed by `hasattr`."""

    SYNC = "sync"
    ASYNC = "async"
    TRANSACTIONS = "transactions"
    SAVEPOINTS = "savepoints"
    TRANSACTIONAL_DDL = "transactional-ddl"
    READ_ONLY = "read-only"
    ISOLATION = "isolation"
    INTERRUPT = "interrupt"
    STREAM = "stream"
    LASTROWID = "lastrowid"
    ARROW = "arrow"
    REPORTS = "reports"
    """Its sessions are not core's, and report what they do to the `SessionOptions.reporter` of their hook."""


class AdapterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter's data, the constant `ADAPTER` of its plugin module. Plain: reading it imports no driver."""

    name: str
    """The entry point's name, and a URL scheme."""
    config_type: str
    """Where the config class lives: `"sqlspec_sqlite:SQLiteConfig"`."""
    api: int = 1
    """The adapter API level it was written for. Who says nothing was written for the first: not for whatever
    level the core has beside which it is installed."""
    dialect: str | Dialect = "standard"
    """Lexical rules of its SQL: one of `sqlspec.sql.DIALECTS` by name, or its own."""
    paramstyle: str = "qmark"
    """What its driver takes: qmark, numeric_dollar, format, pyformat or named."""
    capabilities: frozenset[Capability] = frozenset()
    driver: str = ""
    """The driver's import name, for listings, and for the error where it can not be imported."""
    driver_requirement: str = ""
    """What to install then, as pip takes it; the adapter's own distribution when empty."""
    system: str = ""
    """What OpenTelemetry calls its databases (`db.system.name`); empty: the dialect's name, or its own."""
    session_type: str = ""
    """Where a `Session` with methods of the adapter's own lives, as `"module:Name"`; core's when empty."""
    async_session_type: str = ""
    """The same for an `AsyncSession`."""
