"""Rows for `load` out of a table of another library, by way of Arrow.

pyarrow, pandas, polars, and whatever else has Arrow's PyCapsule interface (a method `__arrow_c_stream__`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlspec.errors import InvalidArgumentError, NotSupportedError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("arrow_table", "is_table", "names_of", "rows_of")


def is_table(rows: object) -> bool:
    """Whether *rows* is a table of columns."""
    library = type(rows).__module__.partition(".")[0]
    return library in {"pyarrow", "pandas", "polars"} or hasattr(rows, "__arrow_c_stream__")


def arrow_table(rows: Any) -> Any:
    """What `pyarrow` reads in batches: a Table, a RecordBatch or a RecordBatchReader.

    In pandas NaN in a column of floats means a missing value, and becomes NULL; an index is no column. Raises
    `InvalidArgumentError` for what is no table, and `ParameterError` for a column of no single type.
    """
    library, kind = type(rows).__module__.partition(".")[0], type(rows).__name__
    if library == "pyarrow":
        if hasattr(rows, "schema"):
            return rows
        raise _no_table(kind, "a pyarrow.Table")
    try:
        arrow = import_module("pyarrow")
    except ImportError as exc:
        msg = f"load() of a {library} {kind} needs pyarrow: pip install 'pyarrow>=15'"
        raise NotSupportedError(msg) from exc
    if kind == "LazyFrame":
        raise _no_table(kind, "what its collect() returns")
    if kind == "Series" or not hasattr(rows, "__arrow_c_stream__"):
        raise _no_table(kind, "a DataFrame")
    _check_columns(rows, library)
    try:
        if library == "pandas":
            return arrow.Table.from_pandas(rows, preserve_index=False)
        return arrow.RecordBatchReader.from_stream(rows)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        # Arrow's own text quotes values.
        name = _odd_column(arrow, rows) if library == "pandas" else None
        which = "a column" if name is None else f"column {name!r}"
        msg = f"load(): {which} of the {kind} has values of several types, or of one that Arrow has not"
        raise ParameterError(msg) from None


def _check_columns(frame: Any, library: str) -> None:
    """Refuse what has other names or other values in Arrow."""
    if library not in {"pandas", "polars"}:
        return
    if len(set(frame.columns)) != len(frame.columns):
        msg = f"load(): two columns of the {type(frame).__name__} have one name; rename one"
        raise ParameterError(msg)
    for name, kind in zip(frame.columns, frame.dtypes, strict=True):
        if str(kind) == "Object":  # polars hands over the addresses of objects
            raise _no_values(name, "polars.Object", "map_elements(str, return_dtype=polars.String)")


def _odd_column(arrow: Any, frame: Any) -> Any:
    """Which column it is that Arrow can not take."""
    for name in frame.columns:
        try:
            arrow.Array.from_pandas(frame[name])
        except (arrow.ArrowException, TypeError, ValueError, OverflowError):
            return name
    return None


def _no_values(name: str, kind: str, text: str) -> ParameterError:
    return ParameterError(
        f"load(): column {name!r} is of {kind}, which no database has; make text of it: {text}"
    )


def _no_table(kind: str, instead: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"load() can not take a {kind}; give {instead}")


def names_of(table: Any) -> list[str]:
    """The names of its columns."""
    return list(table.schema.names)


def rows_of(table: Any, places: Sequence[int], size: int) -> Iterator[tuple[Any, ...]]:
    """Its rows as tuples, *size* of them in memory at a time; *places* says which columns."""
    if hasattr(table, "to_batches"):
        batches = table.to_batches()
    else:
        batches = [table] if hasattr(table, "num_rows") else table  # a RecordBatch, or a reader of them
    for batch in batches:
        for start in range(0, batch.num_rows, size):
            part = batch.slice(start, size)
            columns = [_values(part.column(place), batch.schema.names[place]) for place in places]
            yield from zip(*columns, strict=True)


def _values(column: Any, name: str) -> list[Any]:
    """A column as Python values. Nanoseconds, which Python's times do not have, are refused and never cut."""
    arrow = import_module("pyarrow")
    kind = _readable(arrow, column.type, name)
    try:
        return (column if kind == column.type else column.cast(kind)).to_pylist()  # type: ignore[no-any-return]
    except (arrow.ArrowException, ValueError, OverflowError):
        msg = (
            f"load(): column {name!r} has times with nanoseconds, or out of the years 1 to 9999; round them "
            "to microseconds, or make text of them"
        )
        raise ParameterError(msg) from None


def _readable(arrow: Any, kind: Any, name: str) -> Any:
    """The type whose values Python has as they are: *kind*, or the same in microseconds."""
    types = arrow.types
    if isinstance(kind, arrow.BaseExtensionType) and kind.extension_name.startswith("pandas."):
        raise _no_values(
            name, kind.extension_name, "astype(str)"
        )  # periods, of which only a number would be left
    if types.is_temporal(kind):
        kind = _in_microseconds(arrow, kind)
    elif types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        inner = _readable(arrow, kind.value_type, name)
        kind = kind if inner == kind.value_type else inner
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = _readable(arrow, kind.value_type, name)
        kind = kind if inner == kind.value_type else arrow.large_list(inner)
    elif types.is_map(kind):
        inner = _readable(arrow, kind.item_type, name)
        kind = kind if inner == kind.item_type else arrow.map_(kind.key_type, inner)
    elif types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        made = [field.with_type(_readable(arrow, field.type, name)) for field in fields]
        kind = kind if made == fields else arrow.struct(made)
    return kind


def _in_microseconds(arrow: Any, kind: Any) -> Any:
    if getattr(kind, "unit", "") != "ns":
        return kind
    if arrow.types.is_timestamp(kind):
        return arrow.timestamp("us", tz=kind.tz)
    return arrow.time64("us") if arrow.types.is_time64(kind) else arrow.duration("us")
