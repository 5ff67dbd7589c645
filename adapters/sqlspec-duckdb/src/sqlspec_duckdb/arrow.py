"""From rows to an Arrow table and back, with DuckDB's own types on both sides.

For results that were read in one form already and are then wanted in the other. A database in memory does the
work: that of the result may be closed by then.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.errors import MappingError
from sqlspec.plugin import Connection

from ._compat import pyarrow, to_table

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .values import Row

__all__ = ("is_installed", "rows_of", "set_zone", "table_of", "types_of")

_BIT = re.compile(r"\b(?:BIT|BINARY)\b")


def is_installed() -> bool:
    """Whether there is pyarrow."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def set_zone(raw: duckdb.DuckDBPyConnection, zone: str | None) -> None:
    """Give *raw* another session's time zone; None leaves it as it is."""
    if zone is not None:
        raw.execute("SET TimeZone = '{}'".format(zone.replace("'", "''")))


def rows_of(table: Any, types: Sequence[Any], zone: str | None) -> Sequence[Row]:
    """The rows of a table that DuckDB made; it makes them again of the types that they had."""
    if any(_BIT.search(str(kind)) for kind in types):
        msg = "a BIT does not come back from Arrow; ask for the rows before arrow(), or CAST it to VARCHAR"
        raise MappingError(msg)
    columns = [f"c{place}" for place in range(len(types))]
    wanted = [f"CAST({name} AS {kind})" for name, kind in zip(columns, types, strict=True)]
    with _scratch(zone) as raw:
        raw.register("fetched", table.rename_columns(columns))
        return raw.execute(f"SELECT {', '.join(wanted)} FROM fetched").fetchall()  # noqa: S608 - names of types


def types_of(types: Sequence[Any], zone: str | None = None) -> Sequence[Any]:
    """The types that DuckDB gives these in Arrow; None for all where they are not known."""
    if any(isinstance(kind, str) for kind in types):
        return [None] * len(types)  # before 1.4 a result has PEP 249's type names only, such as NUMBER
    with _scratch(zone) as raw:
        nulls = ", ".join(f"CAST(NULL AS {kind})" for kind in types)
        return [field.type for field in to_table(raw.execute(f"SELECT {nulls}")).schema]


def table_of(rows: Sequence[Row], columns: Sequence[str], types: Sequence[Any], zone: str | None) -> Any:
    """A table of rows, with DuckDB's types; None where those are not known, or Python's values do not fit."""
    wanted = types_of(types, zone)
    if None in wanted:
        return None
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [_array(column, kind) for column, kind in zip(values, wanted, strict=True)]
    if any(array is None for array in arrays):
        return None
    return pyarrow().Table.from_arrays(arrays, names=list(columns))


def _array(column: Sequence[Any], kind: Any) -> Any:
    """One column of the type that DuckDB gives it in Arrow."""
    arrow = pyarrow()
    if arrow.types.is_binary(kind) and any(isinstance(value, str) for value in column):
        return None  # a BIT, whose bytes in Arrow are DuckDB's own
    if arrow.types.is_string(kind):
        column = [None if value is None else str(value) for value in column]
    try:
        return arrow.array(column, type=kind)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError) as exc:
        if Connection.is_foreign(exc):
            raise
        return None


@contextmanager
def _scratch(zone: str | None) -> Generator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as raw:
        set_zone(raw, zone)
        yield raw
