"""The rows of a file: CSV, JSON lines and Parquet, read as they are asked for.

Texts become what the table's columns are declared as: what a column is is for the table to say, and is never
guessed from values. Errors name the line and the column, and hold no value.
"""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sqlspec.errors import InvalidArgumentError, NotSupportedError, SQLSpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from .progress import Advance

__all__ = ("FORMATS", "Contents", "as_document", "format_of", "opened")

FORMATS = ("csv", "jsonl", "parquet")
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_BATCH = 5000
_OFTEN = 1000
"""After how many rows it is told how far we are."""
_WIDEST = 1 << 27
"""Characters of a field of CSV. The module's own limit is small, and a document may be large."""


class Contents(NamedTuple):
    """What a file holds."""

    columns: tuple[str, ...]
    total: int | None
    """The size of the file, or how many rows it has."""
    rows: Callable[[Any, Advance], Any]
    """Its rows as `load` takes them, for the Arrow schema of the table. Tells, now and then, how many rows
    were read, and how much of `total`."""


def format_of(path: Path, form: str | None) -> str:
    """*form*, or what the name's ending says."""
    found = form or _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise InvalidArgumentError(
            f"{path}: the name does not say what it holds; add --format {'|'.join(FORMATS)}"
        )
    return found


@contextmanager
def opened(path: Path, form: str) -> Generator[Contents]:
    """The file, open."""
    with path.open("rb") as file:
        read = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[form]
        yield read(path, file)


def _csv(path: Path, file: BinaryIO) -> Contents:
    csv.field_size_limit(_WIDEST)
    lines = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), strict=True)
    columns = tuple(_next_line(path, lines) or ())
    if not columns:
        raise SQLSpecError(f"{path}: no first line with the names of the columns")

    def rows(schema: Any, advance: Advance) -> Iterator[tuple[Any, ...]]:
        makers = [_maker(schema, column) for column in columns]
        count = 0
        while (line := _next_line(path, lines)) is not None:
            if not line:
                continue
            if len(line) != len(columns):
                raise SQLSpecError(f"{path}:{lines.line_num}: {len(line)} values for {len(columns)} columns")
            yield _row(path, lines.line_num, columns, makers, [text or None for text in line])
            count += 1
            if count % _OFTEN == 0:
                advance(count, file.tell())

    return Contents(columns, _size(path), rows)


def _next_line(path: Path, lines: Any) -> list[str] | None:
    try:
        line: list[str] | None = next(lines, None)
    except csv.Error as exc:
        raise SQLSpecError(f"{path}:{lines.line_num}: no CSV: {exc}") from None
    except UnicodeDecodeError:
        raise SQLSpecError(
            f"{path}:{lines.line_num + 1}: not UTF-8; convert the file, with iconv for example"
        ) from None
    return line


def _jsonl(path: Path, file: BinaryIO) -> Contents:
    first = file.readline()
    columns = tuple(_object(path, 1, first)) if first.strip() else ()
    if not columns:
        raise SQLSpecError(f"{path}: the first line is no JSON object with a key for each column")

    def rows(schema: Any, advance: Advance) -> Iterator[tuple[Any, ...]]:
        makers = [_maker(schema, column) for column in columns]
        number, line = 1, first
        while line:
            if line.strip():
                found = _object(path, number, line)
                if found.keys() != set(columns):
                    raise SQLSpecError(f"{path}:{number}: its keys are not those of the first line")
                yield _row(path, number, columns, makers, [found[column] for column in columns])
            if number % _OFTEN == 0:
                advance(number, file.tell())
            number, line = number + 1, file.readline()

    return Contents(columns, _size(path), rows)


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SQLSpecError(f'{path}:{number}: no JSON object. Each line is one: {{"id": 1}}') from None


def _parquet(path: Path, file: BinaryIO) -> Contents:
    try:
        parquet, arrow = import_module("pyarrow.parquet"), import_module("pyarrow")
    except ImportError as exc:
        raise NotSupportedError("Parquet needs pyarrow: pip install 'pyarrow>=15'") from exc
    try:
        table = parquet.ParquetFile(file)
    except arrow.ArrowException:
        raise SQLSpecError(f"{path}: no Parquet file") from None

    def batches(advance: Advance) -> Iterator[Any]:
        done = 0
        for batch in table.iter_batches(batch_size=_BATCH):
            done += batch.num_rows
            advance(done, done)
            yield batch

    def rows(_: Any, advance: Advance) -> Any:
        return arrow.RecordBatchReader.from_batches(table.schema_arrow, batches(advance))

    return Contents(tuple(table.schema_arrow.names), table.metadata.num_rows, rows)


def _size(path: Path) -> int | None:
    return path.stat().st_size or None  # a pipe has none


def _row(
    path: Path, number: int, columns: tuple[str, ...], makers: list[tuple[str, Any] | None], values: list[Any]
) -> tuple[Any, ...]:
    for place, maker in enumerate(makers):
        value = values[place]
        if maker is None or value is None:
            continue
        try:
            values[place] = maker[1](value)
        except (ValueError, TypeError, KeyError, InvalidOperation, OverflowError):
            raise SQLSpecError(f"{path}:{number}: column {columns[place]!r} takes {maker[0]}") from None
    return tuple(values)


def _maker(schema: Any, column: str) -> tuple[str, Callable[[Any], Any]] | None:
    """What a column takes, and what makes it of a text; None: the text as it is."""
    types = import_module("pyarrow").types
    kind = schema.field(column).type
    makers: tuple[tuple[Callable[[Any], bool], str, Callable[[Any], Any]], ...] = (
        (types.is_boolean, "true or false", _boolean),
        (types.is_integer, "a whole number", _whole),
        (types.is_floating, "a number", float),
        (types.is_decimal, "a number", lambda value: Decimal(str(value))),
        (types.is_date, "a date such as 2026-01-31", date.fromisoformat),
        (types.is_timestamp, "a time such as 2026-01-31T12:00:00", datetime.fromisoformat),
        (types.is_time, "a time such as 12:00:00", time.fromisoformat),
        (types.is_binary, "hexadecimal digits", bytes.fromhex),
        (types.is_large_binary, "hexadecimal digits", bytes.fromhex),
    )
    if types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return "a text", as_document
    return next(((what, make) for is_it, what, make in makers if is_it(kind)), None)


def as_document(value: Any) -> Any:
    """An object or a list of JSON as its text, as databases take documents; anything else as it is."""
    return msgspec.json.encode(value, enc_hook=str).decode() if isinstance(value, (dict, list)) else value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[str(value).lower()]


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, str) or value == int(value) else int("")
