"""Where DuckDB 1.x and 2.x differ: found out once, by what the driver has."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "HAS_APPENDER",
    "HAS_SUBMIT",
    "LARGEST_INT",
    "LOSES_NAN_IN_LISTS",
    "TABLE_BATCH",
    "complete",
    "drop",
    "pyarrow",
    "to_table",
)

_Raw = duckdb.DuckDBPyConnection
_VERSION = tuple(int(part) for part in duckdb.__version__.split(".")[:2])

HAS_APPENDER = hasattr(_Raw, "appender")
"""2.0 and later."""
HAS_SUBMIT = hasattr(_Raw, "_submit")
"""2.0 and later: what the driver's relations run a statement by."""
LOSES_NAN_IN_LISTS = not HAS_APPENDER
"""1.x binds NaN in a list as NULL."""
LARGEST_INT = 2**128 - 1 if _VERSION >= (1, 4) else 2**64 - 1
"""Older ones bind what is larger as a float."""
TABLE_BATCH = 1_000_000
"""Rows in a chunk of a table: the driver's own default."""


def pyarrow() -> Any:
    """The library, which is an option; `ImportError` without it."""
    return import_module("pyarrow")


def to_table(result: Any) -> Any:
    """A connection's open result, or a relation, as an Arrow table."""
    if not hasattr(result, "to_arrow_table"):
        return result.fetch_arrow_table()
    if hasattr(result, "_result_as_arrow"):
        # What 2.x's `to_arrow_table` calls, after a warning that advises `sql()` instead, which would have to
        # run the query again. Warnings can not be silenced for one thread alone.
        return result._result_as_arrow(TABLE_BATCH, reader=False)  # noqa: SLF001
    return result.to_arrow_table()


def _nothing(raw: _Raw) -> None:
    """1.x drops an open result with the next statement."""


complete: Callable[[_Raw], None] = getattr(_Raw, "complete", _nothing)
"""Run an open result to its end, and drop its rows."""
drop: Callable[[_Raw], None] = getattr(_Raw, "abort", _nothing)
"""Close an open result without running it to its end."""
