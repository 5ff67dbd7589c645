"""The adapter as core sees it: data and one hook. The driver is imported when a connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import AsyncpgConfig
    from .connection import AsyncpgConnection

ADAPTER = AdapterInfo(
    name="asyncpg",
    config_type="sqlspec_asyncpg:AsyncpgConfig",
    dialect="postgresql",
    paramstyle="numeric_dollar",
    driver="asyncpg",
    capabilities=frozenset(
        {
            Capability.ASYNC,
            Capability.TRANSACTIONS,
            Capability.SAVEPOINTS,
            Capability.TRANSACTIONAL_DDL,
            Capability.READ_ONLY,
            Capability.ISOLATION,
            Capability.INTERRUPT,
            Capability.STREAM,
        }
    ),
)


@hookimpl
async def sqlspec_create_async_connection(config: AsyncpgConfig, resources: Resources) -> AsyncpgConnection:
    """Open a connection."""
    from .connect import connect

    return await connect(config, resources)
