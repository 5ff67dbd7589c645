"""One statement for many rows: where it can be, run once with a list for each column.

DuckDB's own `executemany` takes a hundred times as long.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb

from sqlspec.plugin import RawResult
from sqlspec.plugin.places import with_place

from . import arrow
from ._compat import HAS_APPENDER
from .results import column_names
from .statement_kinds import returns_changed_rows
from .statement_runner import is_status_result, status_result
from .values import encode_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters

    from .values import Row

__all__ = ("BulkStatement", "insert_lists", "is_uniform", "name_failed_row")

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
_LARGEST = 2**63
_OF_STATEMENTS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""What is raised of the first row, when it is of no row."""


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
        try:
            if columns is not None and not self._has_foreign_key(raw):
                self._insert_columns(raw, columns)
            else:
                raw.executemany(self._statement, self._rows)
        except duckdb.Error as exc:
            name_failed_row(exc, self._rows)
            raise
        return RawResult(rowcount=len(self._rows))

    def _run_each(self, raw: duckdb.DuckDBPyConnection) -> RawResult:
        """One after another: DuckDB's `executemany` is no faster, and drops the rows."""
        names: tuple[str, ...] = ()
        kinds: list[Any] = []
        rows: list[Row] = []
        count = 0
        is_changed_rows = returns_changed_rows(raw, self._statement)
        for place, values in enumerate(self._rows):
            try:
                raw.execute(self._statement, values)
            except duckdb.Error as exc:
                if place or not isinstance(exc, _OF_STATEMENTS):
                    with_place(exc, place)
                raise
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
        return columns if all(map(is_uniform, columns)) else None

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
        insert_lists(raw, f"{self._table()} {names}", columns)


def is_uniform(column: list[Any]) -> bool:
    """Whether each value of a list for DuckDB is cast as it would be alone."""
    kinds = {type(value) for value in column if value is not None}
    if len(kinds) > 1:
        return False
    kind = next(iter(kinds), bool)
    if kind is int:
        return all(value is None or -_LARGEST <= value < _LARGEST for value in column)
    if kind is float and not HAS_APPENDER:
        return all(value == value for value in column)  # noqa: PLR0124 - 1.x makes NULL of NaN in lists
    return kind.__name__ in _UNIFORM


def insert_lists(raw: duckdb.DuckDBPyConnection, into: str, columns: list[list[Any]]) -> None:
    """Insert a row for each place in the lists."""
    values = ", ".join(["unnest(?)"] * len(columns))
    raw.execute(f"INSERT INTO {into} SELECT {values}", columns)


_REFUSED = re.compile(
    r"Could not convert string '(.*)' to |(?:field format|field value out of range): \"(.*)\", expected",
    re.DOTALL,
)


def name_failed_row(exc: duckdb.Error, rows: Sequence[Any]) -> None:
    """Note the place of the row that could not be inserted, if it is the only one with the text in question.

    DuckDB does not say which it was, and its transaction is lost.
    """
    found = _REFUSED.search(str(exc)) if isinstance(exc, duckdb.ConversionException) else None
    if found is None:
        return
    value = next(one for one in found.groups() if one is not None)
    places = [
        place
        for place, row in enumerate(rows)
        if value in [one for one in (row.values() if isinstance(row, dict) else row) if type(one) is str]
    ]
    if len(places) == 1:
        with_place(exc, places[0])
