"""One statement for many rows: INSERT … VALUES takes them all at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place

from .literals import encoded, literal, row_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("Insert", "insert_statements", "parse_insert")

MAX_SIZE = 1024 * 1024
"""Bytes of one statement: the gain ends long before, and the server parses it in memory."""
_LONGEST, _LONGEST_KNOWN = (
    100_000,
    4096,
)  # characters of a text that is searched, and of one that is remembered

# A group without literals or comments, in which only calls have parentheses of their own.
_PLAIN = r"""(?:[^()'"`\#%/;-]|%s)"""
_INSERT = re.compile(
    rf"(\s*(?:INSERT|REPLACE)\b.+?\bVALUES?\s*)(\({_PLAIN}*(?:\({_PLAIN}*\){_PLAIN}*)*\))"
    r"(\s*(?:(?:AS|ON\s+DUPLICATE|RETURNING)\s.*)?)\Z",
    re.IGNORECASE | re.DOTALL,
)


class Insert(NamedTuple):
    """The parts of an INSERT: the text before the row, the row with its placeholders, the text after it."""

    before: str
    row: str
    after: str


def parse_insert(statement: str) -> Insert | None:
    """The parts of a statement that can take many rows at once, or None."""
    return _known_insert(statement) if len(statement) <= _LONGEST_KNOWN else _parse(statement)


def _parse(statement: str) -> Insert | None:
    if len(statement) > _LONGEST:
        return None
    found = _INSERT.match(statement.rstrip().rstrip(";"))
    if found is None:
        return None
    before, row, after = found.groups()
    marks = re.compile(r"%(?!%)")
    if "%s" not in row or marks.search(_without_doubled(before)) or marks.search(_without_doubled(after)):
        return None
    return Insert(before.replace("%%", "%"), row, after.replace("%%", "%"))


_known_insert = lru_cache(maxsize=256)(_parse)


def _without_doubled(text: str) -> str:
    return text.replace("%%", "")


def insert_statements(
    insert: Insert, rows: Sequence[Sequence[Any]], max_packet: int
) -> list[tuple[int, bytes]]:
    """The statements that insert *rows*, each with how many, none of them larger than the server takes.

    Raises `ParameterError`, with the place of the row, for what can not be sent.
    """
    before, after = encoded(insert.before), encoded(insert.after)
    around = len(before) + len(after)
    parts = _parted(_written(insert.row, rows), min(max_packet, MAX_SIZE) - around, max_packet - around)
    return [(len(part), before + b",".join(part) + after) for part in parts]


def _written(row: str, rows: Sequence[Sequence[Any]]) -> list[bytes]:
    try:
        marks, columns = row_template(list(zip(*rows, strict=True)))
        template = _with_marks(row, marks)
        return list(map(str.encode, map(template.__mod__, zip(*columns, strict=True))))
    except (ParameterError, ValueError, TypeError):
        return [_row(place, row, values) for place, values in enumerate(rows)]


def _with_marks(row: str, marks: Sequence[str]) -> str:
    pieces = row.split("%s")
    return "".join(piece + mark for piece, mark in zip(pieces, (*marks, ""), strict=True))


def _row(place: int, row: str, values: Sequence[Any]) -> bytes:
    try:
        return encoded(row % tuple(map(literal, values)))
    except ParameterError as exc:
        fault = exc
    except TypeError:
        fault = ParameterError("as many values as the statement has marks")
    raise with_place(fault, place) from None


def _parted(rows: list[bytes], room: int, max_packet: int) -> Iterator[list[bytes]]:
    start = size = 0
    for place, row in enumerate(rows):
        length = len(row) + 1
        if length > max_packet:
            msg = f"it has {length} bytes, and max_allowed_packet leaves room for {max_packet}"
            raise with_place(ParameterError(msg), place)
        if size + length > room and place > start:
            yield rows[start:place]
            start, size = place, 0
        size += length
    yield rows[start:]
