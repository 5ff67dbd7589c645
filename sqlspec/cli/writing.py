"""A result in a format: a table for people; CSV, JSON and Parquet for programs."""

from __future__ import annotations

import csv
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from sqlspec.errors import InvalidArgumentError, NotSupportedError

from .output import as_json, complain, say_table

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from sqlspec import Result

__all__ = ("FORMATS", "write")

MOST_ROWS = 1000
"""Of a table: nobody reads more, and it is laid out as a whole."""


def write(result: Result[tuple[Any, ...]], form: str, path: Path | None) -> None:
    """Write the rows to a file, or to stdout. A file that is there is replaced."""
    FORMATS[form](result, path)


def _table(result: Result[tuple[Any, ...]], path: Path | None) -> None:
    if path is not None:
        raise InvalidArgumentError("a table is for reading; for a file write --format csv, json or parquet")
    rows = result.all()
    say_table(result.columns, rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        complain(f"… and {len(rows) - MOST_ROWS} rows more. For all of them: --format csv")


def _csv(result: Result[tuple[Any, ...]], path: Path | None) -> None:
    with _text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows(tuple(map(_in_csv, row)) for row in result.all())


def _json(result: Result[tuple[Any, ...]], path: Path | None) -> None:
    columns = result.columns
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InvalidArgumentError(
            f"two columns are called {twice!r}, and JSON has each once; name one with AS"
        )
    rows = [dict(zip(columns, row, strict=True)) for row in result.all()]
    with _text(path) as stream:
        stream.write(f"{as_json(rows)}\n")


def _parquet(result: Result[tuple[Any, ...]], path: Path | None) -> None:
    table = result.arrow()
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as exc:
        raise NotSupportedError("Parquet needs pyarrow: pip install 'pyarrow>=15'") from exc
    parquet.write_table(table, sys.stdout.buffer if path is None else str(path))


FORMATS: dict[str, Callable[[Result[tuple[Any, ...]], Path | None], None]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}


@contextmanager
def _text(path: Path | None) -> Generator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        yield stream


def _in_csv(value: Any) -> Any:
    """As `sqlspec load` reads it again: NULL is empty, and an empty text is no different in CSV."""
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return value.hex()
    if isinstance(value, (dict, list, tuple)):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
