"""Loading rows into a table: by the appender of 2.x, by Arrow in 1.x, which has none that Python reaches."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import duckdb

from sqlspec.plugin import Connection

from ._compat import HAS_APPENDER, pyarrow
from .bulk import insert_lists, is_uniform
from .signals import is_of_handler
from .values import encode_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .values import Row

__all__ = ("LOAD_BATCH", "load")

LOAD_BATCH = 122_880
"""Rows that a `load` has in memory at once: one row group of DuckDB's, below which appending costs more."""

_IN_ARROW = frozenset({bool, int, float, str, bytes, date, datetime, time})
_APPENDED = _IN_ARROW | {type(None), timedelta, UUID}
"""Types of which the appender changes no value."""
_PLAIN_TYPES = frozenset(
    {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
    | {"HUGEINT", "UHUGEINT", "FLOAT", "DOUBLE", "BLOB", "UUID"}
)
"""Types of columns that take any value as `execute` does, or refuse it."""
_TEXTS = ("VARCHAR", "STRING", "JSON")
_VIEW = "sqlspec_load"


def load(
    raw: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], quoted: list[str], rows: Sequence[Row]
) -> None:
    """Insert *rows* by the fastest way that this version has."""
    if HAS_APPENDER:
        _append(raw, table, columns, _as_appended(raw, table, quoted, rows))
    else:
        _insert(raw, table, quoted, rows)


# --- 2.x ------------------------------------------------------------------------------------------------


def _append(raw: Any, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    appender = raw.appender(table, columns=list(columns))
    try:
        if not _are_appended(appender, rows):
            appender.clear()
            appender.append_rows(encode_rows(rows))  # it names the row that can not be sent
        appender.flush()
    except BaseException:
        appender.clear()
        raise


def _are_appended(appender: Any, rows: Sequence[Row]) -> bool:
    """False for rows that have to be encoded. The driver's error quotes a value, and must be no context."""
    try:
        appender.append_rows(rows)
    except (duckdb.Error, RuntimeError) as exc:
        if is_of_handler(exc) or Connection.is_foreign(exc):
            raise
        return False
    return True


def _as_appended(raw: Any, table: str, quoted: list[str], rows: Sequence[Row]) -> Sequence[Row]:
    """The rows as the appender may have them: it changes values that `execute` refuses, in some columns."""
    columns: list[Sequence[Any]] = []
    for place, kind in enumerate(_types_of(raw, table, quoted)):
        if kind in _PLAIN_TYPES or set(map(type, map(itemgetter(place), rows))) <= _APPENDED:
            continue
        columns = columns or list(zip(*rows, strict=True))
        columns[place] = [one for (one,) in encode_rows(list(zip(columns[place], strict=True)))]
    return list(zip(*columns, strict=True)) if columns else rows


def _types_of(raw: Any, table: str, quoted: list[str]) -> list[str]:
    """The types of the columns, as the driver writes them."""
    described = raw.execute(f"SELECT {', '.join(quoted)} FROM {table} LIMIT 0").description  # noqa: S608
    return [str(column[1]) for column in described]


# --- 1.x ------------------------------------------------------------------------------------------------


def _insert(raw: Any, table: str, quoted: list[str], rows: Sequence[Row]) -> None:
    into = f"{table} ({', '.join(quoted)})"
    columns = list(zip(*rows, strict=True))
    if all(map(_is_exact_in_arrow, columns)) and _suits_arrow(raw, table, quoted, columns):
        made = _arrow(columns)
        if made is not None:
            _insert_table(raw, into, made)
            return
    rows = encode_rows(rows)  # it names the row that can not be sent
    lists = [list(column) for column in zip(*rows, strict=True)]
    if all(map(is_uniform, lists)):
        insert_lists(raw, into, lists)
    else:
        marks = ", ".join("?" * len(quoted))
        raw.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 - all quoted


def _is_exact_in_arrow(column: Sequence[Any]) -> bool:
    """Whether Arrow's type for all the values is that of each; it has none for a time with a zone."""
    kinds = set(map(type, column)) - {type(None)}
    if kinds == {datetime}:
        return len({value.tzinfo is None for value in column if value is not None}) == 1
    if kinds == {time}:
        return all(value is None or value.tzinfo is None for value in column)
    return kinds == {int, float} or (len(kinds) <= 1 and kinds <= _IN_ARROW)


def _suits_arrow(raw: Any, table: str, quoted: list[str], columns: Sequence[Sequence[Any]]) -> bool:
    """Whether no column tells what an integer is in Arrow: one of 64 bits, or a float beside floats."""
    described = raw.execute(f"SELECT {', '.join(quoted)} FROM {table} LIMIT 0").description  # noqa: S608
    for column, (_, kind, *_) in zip(columns, described, strict=True):
        kinds = set(map(type, column))
        if int in kinds and (
            str(kind).startswith(("UNION", "BIT")) or (float in kinds and str(kind) in _TEXTS)
        ):
            return False
    return True


def _arrow(columns: Sequence[Sequence[Any]]) -> Any:
    """The columns as Arrow; None without pyarrow, or where Arrow has no type that is as exact."""
    try:
        arrow = pyarrow()
    except ImportError:
        return None
    try:
        arrays = [arrow.array(column) for column in columns]
    except (arrow.ArrowException, TypeError, ValueError, OverflowError) as exc:
        if Connection.is_foreign(exc):
            raise
        return None
    return arrow.Table.from_arrays(arrays, names=[f"c{place}" for place in range(len(arrays))])


def _insert_table(raw: Any, into: str, table: Any) -> None:
    raw.register(_VIEW, table)
    try:
        raw.execute(f"INSERT INTO {into} SELECT * FROM {_VIEW}")  # noqa: S608 - all quoted
    finally:
        with suppress(duckdb.Error):  # the transaction may be aborted, and the view goes with it
            raw.unregister(_VIEW)
