"""Many rows at once. DuckDB's `executemany` takes a hundred times as long as its appender."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.plugin import Connection, RawResult

from . import arrow
from ._compat import HAS_APPENDER, pyarrow
from .results import column_names
from .signals import is_of_handler
from .statement_kinds import returns_changed_rows
from .statement_runner import is_status_result, status_result
from .values import encode_rows, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters

    from .values import Row

__all__ = ("LOAD_BATCH", "BulkStatement", "load")

LOAD_BATCH = 122_880
"""Rows that a `load` has in memory at once: one row group of DuckDB's, below which appending costs more."""
MIN_ROWS = 20
"""Rows from which on one statement for all of them is worth its preparation."""

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_]*)'
_BLANK = r"(?:\s|--[^\n\r]*[\n\r]|/\*(?:(?!/\*|\*/).)*+\*/)*+"
_INSERT = re.compile(
    rf"""{_BLANK}INSERT\s++INTO\s++(?P<table>{_NAME}(?:\s*+\.\s*+{_NAME}){{0,2}})
    \s*+(?P<columns>\(\s*+{_NAME}(?:\s*+,\s*+{_NAME})*+\s*+\))?+
    \s*+VALUES\s*+\(\s*+\?(?:\s*+,\s*+\?)*+\s*+\)\s*+;?\s*+""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_UNIFORM = frozenset({"bool", "int", "float", "str", "bytes", "date"})
"""Types of which a column is one list for DuckDB, each value cast as it would be alone."""
_PLAIN = _UNIFORM | {"NoneType", "datetime", "time"}
_LARGEST = 2**63
_VIEW = "sqlspec_load"


class BulkStatement:
    """One statement for many rows. The constructor refuses what can not be sent."""

    def __init__(self, statement: str, rows: Sequence[Parameters]) -> None:
        self._statement, self._rows = statement, encode_rows(rows)
        self._insert = _INSERT.fullmatch(statement)

    def run(self, raw: duckdb.DuckDBPyConnection) -> RawResult:
        """Run it; returns the rows of all, and how many were changed."""
        if not self._rows:
            return RawResult(rowcount=0)
        if self._insert is None:
            return self._run_each(raw)
        columns = self._columns()
        if columns is not None and not self._has_foreign_key(raw):
            self._insert_columns(raw, columns)
        else:
            raw.executemany(self._statement, self._rows)
        return RawResult(rowcount=len(self._rows))

    def _run_each(self, raw: duckdb.DuckDBPyConnection) -> RawResult:
        """One after another: DuckDB's `executemany` is no faster, and drops the rows."""
        names: tuple[str, ...] = ()
        kinds: list[Any] = []
        rows: list[Row] = []
        count = 0
        is_changed_rows = returns_changed_rows(raw, self._statement)
        for values in self._rows:
            raw.execute(self._statement, values)
            described: Any = raw.description
            if is_status_result(described):
                result = status_result(raw, self._statement)
                names, count = result.columns, count + max(result.rowcount, 0)
                rows += result.rows
            else:
                names, kinds = column_names(described), [column[1] for column in described]
                found = raw.fetchall()
                rows += found
                count += len(found) if is_changed_rows else 0
        return RawResult(names, rows, count, arrow_types=partial(arrow.types_of, kinds) if kinds else None)

    def _columns(self) -> list[list[Any]] | None:
        """The values by column, where one statement with a list for each does the same."""
        if self._insert is None or len(self._rows) < MIN_ROWS or isinstance(self._rows[0], dict):
            return None
        columns = [list(column) for column in zip(*self._rows, strict=True)]
        return columns if all(map(_is_uniform, columns)) else None

    def _has_foreign_key(self, raw: duckdb.DuckDBPyConnection) -> bool:
        """Whether rows may refer to one another: DuckDB checks foreign keys before it inserts any of them."""
        table = self._table().rpartition(".")[2].strip().strip('"').replace('""', '"')
        query = (
            "SELECT 1 FROM duckdb_constraints() "
            "WHERE constraint_type = 'FOREIGN KEY' AND lower(table_name) = lower(?) LIMIT 1"
        )
        return bool(raw.execute(query, (table,)).fetchall())

    def _table(self) -> str:
        return "" if self._insert is None else self._insert["table"]

    def _insert_columns(self, raw: duckdb.DuckDBPyConnection, columns: list[list[Any]]) -> None:
        names = "" if self._insert is None else self._insert["columns"] or ""
        _insert_lists(raw, f"{self._table()} {names}", columns)


def _is_uniform(column: list[Any]) -> bool:
    kinds = {type(value) for value in column if value is not None}
    if len(kinds) > 1:
        return False
    kind = next(iter(kinds), bool)
    if kind is int:
        return all(value is None or -_LARGEST <= value < _LARGEST for value in column)
    if kind is float and not HAS_APPENDER:
        return all(value == value for value in column)  # noqa: PLR0124 - 1.x makes NULL of NaN in lists
    return kind.__name__ in _UNIFORM


def _insert_lists(raw: duckdb.DuckDBPyConnection, into: str, columns: list[list[Any]]) -> None:
    values = ", ".join(["unnest(?)"] * len(columns))
    raw.execute(f"INSERT INTO {into} SELECT {values}", columns)


def load(
    raw: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], quoted: list[str], rows: Sequence[Row]
) -> None:
    """Insert *rows* by the fastest way that this version has."""
    if HAS_APPENDER:
        _append(raw, table, columns, quoted, rows)
    else:
        _insert(raw, f"{table} ({', '.join(quoted)})", quoted, rows)


# --- 2.x ------------------------------------------------------------------------------------------------


def _append(raw: Any, table: str, columns: Sequence[str], quoted: list[str], rows: Sequence[Row]) -> None:
    _check_values(raw, table, quoted, rows)
    appender = raw.appender(table, columns=list(columns))
    try:
        try:
            appender.append_rows(rows)
        except (duckdb.Error, RuntimeError) as exc:
            if is_of_handler(exc) or Connection.is_foreign(exc):
                raise
            appender.clear()
            appender.append_rows(encode_rows(rows))  # it names the row that can not be sent
        appender.flush()
    except BaseException:
        appender.clear()
        raise


def _check_values(raw: Any, table: str, quoted: list[str], rows: Sequence[Row]) -> None:
    """Refuse values that the driver would change in silence, which happens in a few types of columns."""
    described = raw.execute(f"SELECT {', '.join(quoted)} FROM {table} LIMIT 0").description  # noqa: S608
    for place, (_, kind, *_) in enumerate(described):
        if any(word in str(kind) for word in ("DECIMAL", "[", "STRUCT", "MAP", "UNION")):
            for row in rows:
                encoded(row[place])


# --- 1.x ------------------------------------------------------------------------------------------------


def _insert(raw: Any, into: str, quoted: list[str], rows: Sequence[Row]) -> None:
    kinds = {kind.__name__ for kind in set(map(type, chain.from_iterable(rows)))}
    table = _arrow(list(zip(*rows, strict=True))) if kinds <= _PLAIN else None
    if table is not None:
        _insert_table(raw, into, table)
        return
    rows = encode_rows(rows)  # it names the row that can not be sent
    columns = [list(column) for column in zip(*rows, strict=True)]
    if all(map(_is_uniform, columns)):
        _insert_lists(raw, into, columns)
    else:
        marks = ", ".join("?" * len(quoted))
        raw.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 - all quoted


def _arrow(columns: list[tuple[Any, ...]]) -> Any:
    """The columns as Arrow; None without pyarrow, or where Arrow has no type that is as exact."""
    try:
        library = pyarrow()
    except ImportError:
        return None
    try:
        arrays = [library.array(column) for column in columns]
    except (library.ArrowException, TypeError, ValueError, OverflowError) as exc:
        if Connection.is_foreign(exc):
            raise
        return None
    return library.Table.from_arrays(arrays, names=[f"c{place}" for place in range(len(arrays))])


def _insert_table(raw: Any, into: str, table: Any) -> None:
    raw.register(_VIEW, table)
    try:
        raw.execute(f"INSERT INTO {into} SELECT * FROM {_VIEW}")  # noqa: S608 - all quoted
    finally:
        with suppress(duckdb.Error):  # the transaction may be aborted, and the view goes with it
            raw.unregister(_VIEW)
