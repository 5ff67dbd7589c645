"""Results of queries that have run to their end: DuckDB keeps the rows in its own form until they are read.

So `execute` raises what the statement raises, `arrow()` makes no Python object of a row, and a result needs
no connection: it is read in any thread, after its session, and after its database was closed.
"""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlspec.errors import QueryCancelledError
from sqlspec.plugin import Connection, LazyResult

from . import arrow
from ._compat import HAS_SUBMIT, TABLE_BATCH, pyarrow, to_table
from .signals import is_of_handler, passing_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .instances import DatabaseInstance
    from .values import Row

__all__ = ("DuckDBResult", "column_names")


def column_names(described: Any) -> tuple[str, ...]:
    """The names of the columns in a driver's description."""
    return tuple([column[0] for column in described])


class DuckDBResult(LazyResult):
    """The result of a query."""

    def __init__(
        self,
        source: Any,
        described: Any,
        instance: DatabaseInstance,
        zone: str | None,
        *,
        is_open: bool = False,
    ) -> None:
        """*source* has the rows: the cursor itself, if the result *is_open* on it. *zone*: if it was set."""
        described = list(described)
        self.columns = column_names(described)
        self._types = [column[1] for column in described]
        self._source, self._instance, self._zone, self.is_open = source, instance, zone, is_open
        self.is_changed_rows = False
        """The rows are those that the statement changed (RETURNING)."""
        self.on_fetched: Callable[[], None] | None = None
        """Called when an open result has been read without an error."""
        self._rows: Sequence[Row] | None = None
        self._table: Any = None
        self._lock = Lock()
        """Two threads may read; the source can be read once only."""

    @property
    def rowcount(self) -> int:  # type: ignore[override]
        """How many rows were changed, if these are they; -1 for a query."""
        if not self.is_changed_rows:
            return -1
        table = self._table
        return len(self.rows) if table is None else int(table.num_rows)

    @property
    def row_count(self) -> int | None:  # type: ignore[override]
        """None for rows that are still the driver's."""
        if self._rows is not None:
            return len(self._rows)
        return None if self._table is None else int(self._table.num_rows)

    def fetch_now(self, *, as_table: bool) -> None:
        """Make the table that is wanted, and leave nothing on the cursor."""
        if as_table and arrow.is_installed() and arrow.is_exact(self._types):
            self.to_arrow()
        elif self.is_open:
            self._read_rows()
        self.is_open = False
        callback, self.on_fetched = self.on_fetched, None
        if callback is not None:
            callback()

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, as the driver makes them."""
        return self._read_rows() if self._rows is None else self._rows

    def to_arrow(self) -> Any:
        """The driver's own table, or one of the same types where the rows were read before."""
        pyarrow()  # before anything is read: without pyarrow the rows are still to be read
        if not arrow.is_exact(self._types):
            return None  # core makes it of the rows
        if self._table is None:
            self._instance.check()
            with self._lock:
                if self._table is None:
                    self._table = self._make_table()
        return None if self._table is None else arrow.checked(self._table, self._types)

    @property
    def arrow_types(self) -> Any:  # type: ignore[override]
        """The types of a table that is made of the rows."""
        return None if arrow.is_exact(self._types) else partial(arrow.types_of, self._types, self._zone)

    def _read_rows(self) -> Sequence[Row]:
        self._instance.check()
        with self._lock:
            if self._rows is None:
                self._rows = self._make_rows()
            return self._rows

    @passing_signals
    def _make_rows(self) -> Sequence[Row]:
        if self._table is not None:
            return arrow.rows_of(self._table, self._types, self._zone)
        rows: Sequence[Row] = self._take_source().fetchall()
        return rows

    @passing_signals
    def _make_table(self) -> Any:
        rows = self._rows
        if rows is None:
            table = self._submitted_table() if HAS_SUBMIT else self._executed_table()
            if table is not None:
                return table
            rows = self._rows = self._make_rows()
        return arrow.table_of(rows, self.columns, self._types, self._zone)

    def _take_source(self) -> Any:
        # Once, also if it fails: the driver would go on where it was stopped, or run the query again.
        source, self._source = self._source, None
        if source is None:
            msg = "reading this result was interrupted, and DuckDB has no more of it; run the statement again"
            raise QueryCancelledError(msg)
        return source

    def _submitted_table(self) -> Any:
        """2.x: read by another cursor, as the session's may be in use; None once the database is closed."""
        if not self._instance.acquire_if_open():
            return None
        try:
            with self._instance.cursor() as raw:
                arrow.set_zone(raw, self._zone)
                collection = raw._register_collection(self._take_source())  # noqa: SLF001 - as relations do
                table = raw._submit(f'FROM "{collection.name}"', None, "arrow", TABLE_BATCH)  # noqa: SLF001
                return table.arrow_table().rename_columns(self.columns)
        finally:
            self._instance.release()

    def _executed_table(self) -> Any:
        """1.x; None where the relation's cursor is closed, and some versions need it for this."""
        source = self._take_source()
        try:
            return to_table(source)
        except RuntimeError as exc:
            if is_of_handler(exc) or Connection.is_foreign(exc):
                raise
            self._source = source
            return None
