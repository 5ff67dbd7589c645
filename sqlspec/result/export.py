"""Results as tables of other libraries. Each is imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlspec.errors import MappingError, NotSupportedError
from sqlspec.result.matching import duplicate_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin.results import LazyResult, RawResult

__all__ = ("to_arrow", "to_pandas", "to_polars")


def to_arrow(raw: RawResult | LazyResult) -> Any:
    """A `pyarrow.Table`; the driver's own, where it has one."""
    arrow = _library("pyarrow", command="pip install 'pyarrow>=15'")
    table = raw.to_arrow()
    if table is not None:
        return table
    columns = raw.columns
    arrays = [_array(arrow, raw.rows, place, name) for place, name in enumerate(columns)]
    return arrow.Table.from_arrays(arrays, names=list(columns))


def to_pandas(raw: RawResult | LazyResult) -> Any:
    """A `pandas.DataFrame`; from the driver's Arrow table, where it has one."""
    pandas = _library("pandas", command="pip install pandas")
    table = _arrow_of_driver(raw)
    if table is not None:
        return table.to_pandas()
    return pandas.DataFrame(_tuples(raw.rows), columns=list(raw.columns))


def to_polars(raw: RawResult | LazyResult) -> Any:
    """A `polars.DataFrame`; from the driver's Arrow table, where it has one."""
    polars = _library("polars", command="pip install polars")
    columns = raw.columns
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns, otherwise="use arrow()")
    table = _arrow_of_driver(raw)
    if table is not None:
        return polars.from_arrow(table)
    rows = raw.rows
    return polars.DataFrame([_series(polars, rows, place, name) for place, name in enumerate(columns)])


def _library(name: str, *, command: str) -> Any:
    try:
        return import_module(name)
    except ImportError as exc:
        raise NotSupportedError(f"this needs {name}: {command}") from exc


def _arrow_of_driver(raw: RawResult | LazyResult) -> Any:
    """The driver's Arrow table; None where it has none, or where pyarrow is missing."""
    try:
        return raw.to_arrow()
    except ImportError:
        return None


def _array(arrow: Any, rows: Sequence[Any], place: int, name: str) -> Any:
    # Column by column: never more than one column lives in memory twice.
    try:
        return arrow.array([row[place] for row in rows])
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        raise _no_common_type(name, "Arrow") from None  # its text quotes values


def _series(polars: Any, rows: Sequence[Any], place: int, name: str) -> Any:
    # Column by column as well: from rows, polars makes text of numbers that share a column with text.
    values = [row[place] for row in rows]
    numbers = {int, float} == set(map(type, values)) - {type(None)}
    try:
        return polars.Series(name, values, dtype=polars.Float64 if numbers else None, strict=not numbers)
    except (polars.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        raise _no_common_type(name, "polars") from None  # its text quotes values


def _no_common_type(name: str, library: str) -> MappingError:
    return MappingError(
        f"the values of column {name!r} have no common {library} type; CAST the column in the statement"
    )


def _tuples(rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows as tuples; drivers' own record types are none."""
    return list(map(tuple, rows))
