"""From rows to an Arrow table and back, with DuckDB's own types on both sides.

For results that were read in one form already and are then wanted in the other. A database in memory does the
work: that of the result may be closed by then.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.errors import MappingError
from sqlspec.plugin import Connection

from ._compat import pyarrow, to_table

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .values import Row

__all__ = ("checked", "is_exact", "is_installed", "rows_of", "set_zone", "table_of", "types_of")

_BIT = re.compile(r"\b(?:BIT|BINARY)\b")
_INEXACT = re.compile(r"\b(?:BIT|TIME WITH TIME ZONE|UHUGEINT|BIGNUM|VARINT)\b")
"""What DuckDB's own tables do not hold as it is: bits become bytes, times lose their zone, and large numbers
their sign."""
_LIMITED = re.compile(r"HUGEINT|(?<!WITH )\bTIME\b")
"""Types with some values that its tables do not hold."""
_LARGEST = 10**38 - 1  # of a decimal128
_MIDNIGHT = 24 * 60 * 60 * 10**6


def is_installed() -> bool:
    """Whether there is pyarrow."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def is_exact(types: Sequence[Any]) -> bool:
    """Whether DuckDB's table holds values of all these types as they are; not what each value is."""
    # `TIMESTAMP WITH TIME ZONE` has another beginning.
    return not any(_INEXACT.search(str(kind).replace("TIMESTAMP WITH TIME ZONE", "")) for kind in types)


def checked(table: Any, types: Sequence[Any]) -> Any:
    """The table; `MappingError` when DuckDB changed a value in it.

    It makes `decimal128(38, 0)` of a `HUGEINT`, which may have 39 digits, and midnight of 24:00:00.
    """
    for name, column, kind in zip(table.column_names, table.columns, map(str, types), strict=True):
        if _LIMITED.search(kind):
            for chunk in column.chunks:
                _check(chunk, name)
    return table


def _check(array: Any, name: str) -> None:
    kinds = pyarrow().types
    if kinds.is_struct(array.type) or kinds.is_list(array.type) or kinds.is_fixed_size_list(array.type):
        parts = array.flatten()
        for part in parts if kinds.is_struct(array.type) else (parts,):
            _check(part, name)
    elif kinds.is_map(array.type):
        _check(array.keys, name)
        _check(array.items, name)
    elif kinds.is_decimal128(array.type) and array.type.scale == 0:
        found = _bounds(array)
        if found["min"] is not None and (found["min"] < -_LARGEST or found["max"] > _LARGEST):
            msg = f"column {name!r}: a HUGEINT has 38 digits at most in Arrow; CAST it to VARCHAR"
            raise MappingError(msg)
    elif kinds.is_time64(array.type) and _bounds(array.view(pyarrow().int64()))["max"] == _MIDNIGHT:
        msg = f"column {name!r}: Arrow has no 24:00:00; CAST it to VARCHAR"
        raise MappingError(msg)


def _bounds(array: Any) -> Any:
    return import_module("pyarrow.compute").min_max(array).as_py()


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
        found = [field.type for field in to_table(raw.execute(f"SELECT {nulls}")).schema]
    return [each if is_exact((kind,)) else _instead(kind) for kind, each in zip(types, found, strict=True)]


def _instead(kind: Any) -> Any:
    """What holds values of an inexact type: text, or whatever they ask for."""
    if str(kind) == "UHUGEINT":
        return pyarrow().decimal128(38, 0)
    return pyarrow().string() if str(kind) in {"BIT", "TIME WITH TIME ZONE"} else None


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
