"""Results that stay with DuckDB until somebody reads them, or until their connection is needed again.

So `arrow()` is DuckDB's own call, and no row becomes a Python object on the way. Whoever needs the
connection next *fills* the open result first: nothing is lost, and a result may be read after its session.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.errors import MappingError
from sqlspec.plugin import Cursor, LazyResult

from ._compat import pyarrow, to_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import Row

    from .connection import DuckDBConnection

_BIT = re.compile(r"\b(?:BIT|BINARY)\b")

__all__ = ("DuckDBCursor", "DuckDBResult", "names")


def names(described: Any) -> tuple[str, ...]:
    """The columns' names of a driver's description."""
    return tuple([column[0] for column in described])


class DuckDBResult(LazyResult):
    """The result of a query."""

    def __init__(self, owner: DuckDBConnection, described: Any) -> None:
        self._owner: DuckDBConnection | None = owner
        self.columns = names(described)
        self.types = [column[1] for column in described]
        self._rows: Sequence[Row] | None = None
        self._table: Any = None
        self._error: SQLSpecError | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, as the driver makes them."""
        if self._rows is None:
            self._bring(as_table=False)
            if self._rows is None:
                self._rows = _rows_of(self._table, self.types)
        return self._rows

    def to_arrow(self) -> Any:
        """The driver's own table, or one of the same types where the rows were fetched before."""
        pyarrow()  # before anything is fetched: without it the rows are wanted
        if self._table is None:
            self._bring(as_table=True)
        return _table_of(self) if self._table is None else self._table

    def _bring(self, *, as_table: bool) -> None:
        if self._owner is not None:
            self.fetch_now(as_table=as_table)
        if self._error is not None:
            raise self._error

    def fetch_now(self, *, as_table: bool) -> None:
        """Fetch now."""
        if self._owner is not None:
            self._owner.settle(as_table=as_table and _has_arrow())

    def fill(self, raw: duckdb.DuckDBPyConnection, *, as_table: bool = False) -> None:
        """Fetch what the driver holds. For the owner."""
        self._owner = None
        if as_table:
            self._table = to_table(raw)
        else:
            self._rows = raw.fetchall()

    def fail(self, error: SQLSpecError) -> None:
        """It broke while it was fetched: who reads it is told. For the owner."""
        self._owner, self._error = None, error


class DuckDBCursor(Cursor):
    """An open result that is read in batches, until another statement needs the connection."""

    def __init__(self, owner: DuckDBConnection, described: Any, batch_size: int) -> None:
        self.columns = names(described)
        self._owner, self._batch_size = owner, batch_size
        self._fetched: Sequence[Row] | None = None
        self._error: SQLSpecError | None = None

    def fetch(self) -> Sequence[Row]:
        """The next batch of rows; empty at the end."""
        if self._error is not None:
            raise self._error
        if self._fetched is None:
            return self._owner.fetch(self._batch_size)
        batch, self._fetched = self._fetched[: self._batch_size], self._fetched[self._batch_size :]
        return batch

    def hold(self, rows: Sequence[Row]) -> None:
        """All of them, where nothing is left with the driver. For the owner."""
        self._fetched = rows

    def fill(self, raw: duckdb.DuckDBPyConnection, *, as_table: bool = False) -> None:  # noqa: ARG002 - as a result's
        """Fetch the rest: DuckDB has one open result for each connection. For the owner."""
        self._fetched = raw.fetchall()

    def fail(self, error: SQLSpecError) -> None:
        """It broke while it was fetched. For the owner."""
        self._error = error

    def close(self) -> None:
        """Read no more."""
        self._owner.leave(self)
        self._fetched = ()


def _has_arrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


# --- from one form to the other -------------------------------------------------------------------------


def _are_known(types: Sequence[Any]) -> bool:
    """Whether the driver's words for types are DuckDB's own; before 1.4 they are PEP 249's, as NUMBER is."""
    return not any(isinstance(kind, str) for kind in types)


def _rows_of(table: Any, types: Sequence[Any]) -> Sequence[Row]:
    """The rows of a table that was fetched as such; DuckDB itself makes them, of the types that they had."""
    if any(_BIT.search(str(kind)) for kind in types):
        msg = "a BIT does not come back from Arrow; ask for the rows before arrow(), or CAST it to VARCHAR"
        raise MappingError(msg)
    columns = [f"c{place}" for place in range(len(types))]
    wanted = columns
    if _are_known(types):
        wanted = [f"CAST({name} AS {kind})" for name, kind in zip(columns, map(str, types), strict=True)]
    with duckdb.connect(":memory:") as raw:
        raw.register("fetched", table.rename_columns(columns))
        return raw.execute(f"SELECT {', '.join(wanted)} FROM fetched").fetchall()  # noqa: S608 - names of types


def _table_of(result: DuckDBResult) -> Any:
    """A table of rows that were fetched as such, with DuckDB's types; None where those are not known."""
    if not _are_known(result.types):
        return None
    schema = _schema(result.types)
    columns = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    if any(array is None for array in arrays):
        return None
    return pyarrow().Table.from_arrays(arrays, names=list(result.columns))


def _array(column: Sequence[Any], kind: Any) -> Any:
    """One column of the type that DuckDB gives it in Arrow; None where Python's values do not lead there."""
    arrow = pyarrow()
    if arrow.types.is_binary(kind) and any(isinstance(value, str) for value in column):
        return None  # a BIT, whose bytes in Arrow are DuckDB's own
    if arrow.types.is_string(kind):
        column = [None if value is None else str(value) for value in column]
    try:
        return arrow.array(column, type=kind)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _schema(types: Sequence[Any]) -> Any:
    with duckdb.connect(":memory:") as raw:
        nulls = ", ".join(f"CAST(NULL AS {kind})" for kind in map(str, types))
        return to_table(raw.execute(f"SELECT {nulls}")).schema
