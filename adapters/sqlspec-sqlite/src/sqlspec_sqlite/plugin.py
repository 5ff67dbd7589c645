"""The adapter as core sees it: data and one hook. The driver is imported when a connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import SQLiteConfig
    from .connection import SQLiteConnection

ADAPTER = AdapterInfo(
    name="sqlite",
    config_type="sqlspec_sqlite:SQLiteConfig",
    dialect="sqlite",
    paramstyle="qmark",
    driver="sqlite3",
    capabilities=frozenset(
        {
            Capability.SYNC,
            Capability.TRANSACTIONS,
            Capability.SAVEPOINTS,
            Capability.TRANSACTIONAL_DDL,
            Capability.READ_ONLY,
            Capability.INTERRUPT,
            Capability.STREAM,
            Capability.LASTROWID,
        }
    ),
)


@hookimpl
def sqlspec_create_connection(config: SQLiteConfig, resources: Resources) -> SQLiteConnection:
    """Open a connection."""
    from .connect import connect

    return connect(config, resources)
