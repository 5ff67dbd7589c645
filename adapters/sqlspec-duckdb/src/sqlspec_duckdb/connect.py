"""Opening a connection: a cursor of the database instance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import duckdb

from .connection import DuckDBConnection
from .errors import connect_error
from .instances import DatabaseInstance, file_instance, memory_instance

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import DuckDBConfig

__all__ = ("connect",)


def connect(config: DuckDBConfig, resources: Resources) -> DuckDBConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    if config.is_memory:
        # The registration uses it too: it stays open when the last connection is closed.
        instance = resources.get("memory", partial(memory_instance, config), DatabaseInstance.release)
        instance.acquire()
    else:
        instance = file_instance(config)
    try:
        return DuckDBConnection(instance)
    except duckdb.Error as exc:
        instance.release()
        raise connect_error(exc, config.database, read_only=config.read_only) from exc
    except BaseException:
        instance.release()
        raise
