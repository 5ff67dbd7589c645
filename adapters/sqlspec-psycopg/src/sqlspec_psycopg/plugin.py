"""The adapter as core sees it: data and two hooks. The driver is imported when a connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import PostgreSQLConfig
    from .connection._async import AsyncPsycopgConnection
    from .connection._sync import PsycopgConnection

ADAPTER = AdapterInfo(
    name="psycopg",
    config_type="sqlspec_psycopg:PostgreSQLConfig",
    dialect="postgresql",
    paramstyle="pyformat",
    driver="psycopg",
    driver_requirement="psycopg[binary]>=3.2.11,<3.4",  # with a libpq of its own, which not every machine has
    capabilities=frozenset(
        {
            Capability.SYNC,
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
def sqlspec_create_connection(config: PostgreSQLConfig, resources: Resources) -> PsycopgConnection:
    """Open a connection for threads."""
    from .connecting._sync import connect

    return connect(config, resources)


@hookimpl
async def sqlspec_create_async_connection(
    config: PostgreSQLConfig, resources: Resources
) -> AsyncPsycopgConnection:
    """Open a connection for tasks."""
    from .connecting._async import async_connect

    return await async_connect(config, resources)
