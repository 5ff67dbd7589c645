"""Results as tables of other libraries, by way of Arrow. Each is imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlspec.errors import MappingError, NotSupportedError
from sqlspec.result.matching import duplicate_column

if TYPE_CHECKING:
    from sqlspec.plugin.contract import RawResult
    from sqlspec.plugin.results import LazyResult

__all__ = ("to_arrow", "to_pandas", "to_polars")


def to_arrow(raw: RawResult | LazyResult) -> Any:
    """A `pyarrow.Table`; the driver's own, where it has one."""
    arrow = _library("pyarrow", command="pip install 'pyarrow>=15'")
    table = raw.to_arrow()
    if table is not None:
        return table
    from sqlspec.result.arrow_columns import column_array

    columns, rows = raw.columns, raw.rows
    declared = raw.arrow_types() if raw.arrow_types is not None else (None,) * len(columns)
    # Column by column: never more than one column lives in memory twice.
    arrays = [
        column_array(arrow, [row[place] for row in rows], name, kind)
        for place, (name, kind) in enumerate(zip(columns, declared, strict=True))
    ]
    return arrow.Table.from_arrays(arrays, names=list(columns))


def to_pandas(raw: RawResult | LazyResult) -> Any:
    """A `pandas.DataFrame` of Arrow's dtypes: NULL is no NaN, and integers beside NULL are integers."""
    pandas = _library("pandas", command="pip install pandas pyarrow")
    table = to_arrow(raw)
    arrow = import_module("pyarrow")
    try:
        # By the type alone: a column must not change with the first NULL in it.
        return table.to_pandas(types_mapper=pandas.ArrowDtype)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError, NotImplementedError):
        msg = "pandas can not hold a value of this result; use arrow(), or CAST the column in the statement"
        raise MappingError(msg) from None  # its text quotes values


def to_polars(raw: RawResult | LazyResult) -> Any:
    """A `polars.DataFrame`."""
    polars = _library("polars", command="pip install polars pyarrow")
    columns = raw.columns
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns, otherwise="use arrow()")
    table = to_arrow(raw)
    arrow = import_module("pyarrow")
    for field in table.schema:
        # Asked before: what polars does not know makes it panic, with a trace on the terminal.
        if not _is_known_to_polars(arrow.types, field.type):
            msg = f"column {field.name!r}: polars has no {field.type} of Arrow's; CAST it in the statement"
            raise MappingError(msg)
        _check_years(arrow, table, field)
    try:
        frame = polars.from_arrow(table)
    except (polars.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        msg = "polars can not hold a value of this result; use arrow(), or CAST the column in the statement"
        raise MappingError(msg) from None
    frame.columns = list(columns)  # it has a name of its own for a column whose name is empty
    return frame


def _library(name: str, *, command: str) -> Any:
    try:
        return import_module(name)
    except ImportError as exc:
        raise NotSupportedError(f"this needs {name}: {command}") from exc


def _is_known_to_polars(types: Any, kind: Any) -> bool:
    if types.is_nested(kind):
        if types.is_map(kind) or types.is_union(kind):
            return False
        fields = [kind.field(place) for place in range(kind.num_fields)]
        return all(_is_known_to_polars(types, field.type) for field in fields)
    if types.is_dictionary(kind):
        return _is_known_to_polars(types, kind.value_type)
    return any(
        is_it(kind)
        for is_it in (
            types.is_null,
            types.is_boolean,
            types.is_integer,
            types.is_floating,
            types.is_string,
            types.is_large_string,
            types.is_binary,
            types.is_large_binary,
            types.is_fixed_size_binary,
            types.is_date,
            types.is_time,
            types.is_timestamp,
            types.is_duration,
            types.is_decimal128,
        )
    )


def _check_years(arrow: Any, table: Any, field: Any) -> None:
    """Refuse dates that make polars panic when they are read, as DuckDB's infinity does."""
    types, kind = arrow.types, field.type
    if types.is_date32(kind):
        storage, per_day = arrow.int32(), 1
    elif types.is_timestamp(kind):
        storage, per_day = arrow.int64(), 86_400 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    else:
        return
    days = import_module("pyarrow.compute").min_max(table[field.name].cast(storage)).as_py()
    if days["min"] is not None and max(-days["min"], days["max"]) // per_day > _MOST_DAYS:
        msg = f"column {field.name!r}: polars has no year so far away, nor infinity; CAST it in the statement"
        raise MappingError(msg)


_MOST_DAYS = 95_693_000  # 262 000 years from 1970
