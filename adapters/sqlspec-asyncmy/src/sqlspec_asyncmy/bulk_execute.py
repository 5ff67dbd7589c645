"""One statement for many rows by MariaDB's COM_STMT_BULK_EXECUTE: all values in one command, in binary.

It needs columns of one type each, and takes half the time. What does not fit goes as text.
"""
# ruff: noqa: SLF001 - the driver shows only half of it

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.errors import ParameterError

from .literals import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ("BulkStatement", "bulk_statement", "close_prepared")

MIN_ROWS = 32
"""Rows from which on preparing the statement pays."""
MAX_SIZE = 4 * 1024 * 1024
"""Bytes of one command."""
_FIXED = 13
_SIGNED = range(-(2**63), 2**63)


class BulkStatement(NamedTuple):
    """A statement for the server to prepare, and the rows in as many parts as it takes."""

    statement: str
    width: int
    parts: Sequence[Sequence[Sequence[Any]]]

    async def run(self, raw: Any, prepared_statements: dict[str, Any], done: list[int]) -> int | None:
        """How many rows it changed; None if its parameters are not those of a row.

        *done* gets the number of rows of each part that has gone in.
        *prepared_statements* has the statement that was prepared last: a long load comes in batches.
        """
        prepared = prepared_statements.get(self.statement)
        if prepared is None:
            await close_prepared(prepared_statements)
            prepared = prepared_statements[self.statement] = await raw.prepare(self.statement)
        if prepared.parameter_count != self.width:
            return None
        count = 0
        for part in self.parts:
            result = await prepared.execute_bulk(part)
            count += result.affected_rows
            done.append(len(part))
        raw._result = None
        return count


async def close_prepared(prepared_statements: dict[str, Any]) -> None:
    """Close the statements that the server holds prepared."""
    while prepared_statements:
        _, prepared = prepared_statements.popitem()
        await prepared.close()  # is not answered


def bulk_statement(text: str, rows: Sequence[Any], max_packet: int) -> BulkStatement | None:
    """The statement for these *rows*; None if they do not fit. *text* has `%s` placeholders."""
    if len(rows) < MIN_ROWS or not set(map(type, rows)) <= {tuple, list}:
        return None
    try:
        columns = list(zip(*rows, strict=True))
        size = sum([_size_of(column) for column in columns])
    except (ValueError, TypeError, KeyError, ParameterError):  # of some type or value that does not fit
        return None
    limit = min(max_packet, MAX_SIZE) // 2
    count = -(-len(rows) // (size // limit + 1))
    parts = [rows[start : start + count] for start in range(0, len(rows), count)]
    if len(parts) > 1 and any(sum(map(_size_of, zip(*part, strict=True))) > max_packet for part in parts):
        return None  # a few rows hold most of the bytes
    return BulkStatement(_with_question_marks(text), len(columns), parts)


def _with_question_marks(text: str) -> str:
    return "%".join([part.replace("%s", "?") for part in text.split("%%")])


def _size_of(column: Sequence[Any]) -> int:
    """How many bytes its values take at most. Raises for a column that does not fit."""
    kinds = set(map(type, column))
    if type(None) in kinds:
        kinds.discard(type(None))
        column = [one for one in column if one is not None]
    (kind,) = kinds
    return _SIZES[f"{kind.__module__}.{kind.__name__}"](column)


def _size_of_ints(column: Sequence[int]) -> int:
    if min(column) not in _SIGNED or max(column) not in _SIGNED:
        raise ValueError
    return _FIXED * len(column)


def _size_of_floats(column: Sequence[float]) -> int:
    if not all(map(isfinite, column)):
        raise ValueError
    return _FIXED * len(column)


def _size_of_texts(column: Sequence[str]) -> int:
    text = "".join(column)
    return len(text.encode()) + _FIXED * len(column)


def _size_of_bytes(column: Sequence[bytes]) -> int:
    return sum(map(len, column)) + _FIXED * len(column)


def _size_of_checked(column: Sequence[Any]) -> int:
    """Of types whose literal says whether the value can be sent at all."""
    return sum(map(len, map(literal, column))) + _FIXED * len(column)


_SIZES: Mapping[str, Callable[[Sequence[Any]], int]] = {
    "builtins.int": _size_of_ints,
    "builtins.float": _size_of_floats,
    "builtins.str": _size_of_texts,
    "builtins.bytes": _size_of_bytes,
    "datetime.datetime": _size_of_checked,
    "datetime.date": _size_of_checked,
    "decimal.Decimal": _size_of_checked,
}
