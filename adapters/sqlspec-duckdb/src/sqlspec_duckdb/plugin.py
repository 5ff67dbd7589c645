"""The adapter as core sees it: data and one hook. The driver is imported when a connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, Dialect, hookimpl

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import DuckDBConfig
    from .connection import DuckDBConnection

DIALECT = Dialect(
    name="duckdb",
    identifier_quotes=('""', "``"),
    escape_prefixes="eE",
    dollar_quotes=True,
    newlines="\n\r",
    nested_comments=True,
    sigils="$",
    numbered_sigils=True,
    numbered_qmarks=True,
    colon_after_operand=True,
    list_form="list_contains(?, id), and pass ([1, 2],)",
)

ADAPTER = AdapterInfo(
    name="duckdb",
    config_type="sqlspec_duckdb:DuckDBConfig",
    session_type="sqlspec_duckdb:DuckDBSession",
    dialect=DIALECT,
    paramstyle="qmark",
    driver="duckdb",
    capabilities=frozenset(
        {
            Capability.SYNC,
            Capability.TRANSACTIONS,
            Capability.TRANSACTIONAL_DDL,
            Capability.READ_ONLY,
            Capability.INTERRUPT,
            Capability.STREAM,
            Capability.ARROW,
        }
    ),
)


@hookimpl
def sqlspec_create_connection(config: DuckDBConfig, resources: Resources) -> DuckDBConnection:
    """Open a connection."""
    from .connect import connect

    return connect(config, resources)
