"""Opening a connection: find the database, and take a cursor of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import duckdb

from .connection import DuckDBConnection
from .errors import connect_error
from .parents import Parent, parent_of_file, parent_of_memory

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import DuckDBConfig

__all__ = ("connect",)


def connect(config: DuckDBConfig, resources: Resources) -> DuckDBConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    if config.is_memory:
        # The registration holds it too: it lives on when the last connection goes.
        parent = resources.get("memory", partial(parent_of_memory, config), Parent.let_go)
        parent.hold()
    else:
        parent = parent_of_file(config)
    try:
        return DuckDBConnection(parent)
    except duckdb.Error as exc:
        parent.let_go()
        raise connect_error(exc, config.database) from exc
    except BaseException:
        parent.let_go()
        raise
