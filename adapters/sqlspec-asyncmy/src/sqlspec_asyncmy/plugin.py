"""The adapter as core sees it: data and one hook. The driver is imported when a connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import AsyncMyConfig
    from .connection import AsyncMyConnection

ADAPTER = AdapterInfo(
    name="asyncmy",
    config_type="sqlspec_asyncmy:AsyncMyConfig",
    dialect="mysql",
    paramstyle="format",
    driver="asyncmy",
    capabilities=frozenset(
        {
            Capability.ASYNC,
            Capability.TRANSACTIONS,
            Capability.SAVEPOINTS,
            Capability.READ_ONLY,
            Capability.ISOLATION,
            Capability.INTERRUPT,
            Capability.STREAM,
            Capability.LASTROWID,
        }
    ),
)


@hookimpl
async def sqlspec_create_async_connection(config: AsyncMyConfig, resources: Resources) -> AsyncMyConnection:
    """Open a connection."""
    from .connect import connect

    return await connect(config, resources)
