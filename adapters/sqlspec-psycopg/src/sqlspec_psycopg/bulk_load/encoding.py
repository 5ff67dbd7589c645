"""Rows as COPY takes them: binary where every value is its column's own type, else text.

Binary is fast, but psycopg checks few values: it would store a number that is too large as another one, and
a datetime as a date. So columns of such types are checked first, at the speed of C. If a value does not fit
exactly, all rows go as text, and the server checks them as it checks parameters.
"""

from __future__ import annotations

from array import array
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.types.json import Json, Jsonb

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place
from sqlspec_psycopg.errors import interruption, map_error
from sqlspec_psycopg.values import JSON_TYPES, adapt_list, has_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("adapt_rows", "check_time_zones", "encode_rows")

NONE = type(None)
_INTEGERS = {21: "h", 23: "i", 20: "q"}
_EXACT: dict[int, frozenset[type]] = {
    16: frozenset({bool}),
    17: frozenset({bytes}),
    21: frozenset({int}),
    23: frozenset({int}),
    20: frozenset({int}),
    1082: frozenset({date}),
    1083: frozenset({time}),
    114: frozenset({dict, Json}),
    3802: frozenset({dict, Json, Jsonb}),
    25: frozenset({str}),
    1043: frozenset({str}),
    701: frozenset({float, int}),
    1700: frozenset({Decimal, int}),
    1114: frozenset({datetime}),
    1184: frozenset({datetime}),
    1186: frozenset({timedelta}),
    2950: frozenset({UUID}),
}
"""The Python types that are safe for each type: dumpers check little, and send what a value happens to be."""
_SCALARS = _EXACT.keys() - JSON_TYPES
_TIMESTAMP, _TIME = 1114, 1083
_ENCODING_ERRORS = (psycopg.Error, TypeError, ValueError, OverflowError, AttributeError)


def is_exact(rows: Sequence[Sequence[Any]], oids: Sequence[int]) -> bool:
    """Whether all values may go as binary."""
    return all(
        oid in _EXACT and _fits(list(map(itemgetter(place), rows)), oid) for place, oid in enumerate(oids)
    )


def _fits(values: list[Any], oid: int) -> bool:
    kinds = set(map(type, values))
    if NONE in kinds:
        kinds.discard(NONE)
        values = [value for value in values if value is not None]
    if not kinds <= _EXACT[oid]:
        return False
    if oid == _TIME:
        return not any(value.tzinfo for value in values)
    return oid not in _INTEGERS or _is_within(values, _INTEGERS[oid])


def _is_within(values: list[int], code: str) -> bool:
    """Whether the integers fit the C type *code*: an array is the fastest way to find out."""
    try:
        array(code, values)
    except OverflowError:
        return False
    return True


def adapt_rows(
    rows: Sequence[Sequence[Any]], oids: Sequence[int], is_array: Callable[[int], bool]
) -> Sequence[Sequence[Any]]:
    """The same with lists converted to the types of their columns, and tuples where these are arrays."""
    if _SCALARS.issuperset(oids) or not any(map(has_list, rows)):
        return rows
    of_tuples = [oid if oid in JSON_TYPES or is_array(oid) else 0 for oid in oids]
    return [
        [
            adapt_list(value, many if type(value) is tuple else oid)
            for value, oid, many in zip(row, oids, of_tuples, strict=True)
        ]
        for row in rows
    ]


def check_time_zones(rows: Sequence[Sequence[Any]], oids: Sequence[int], columns: Sequence[str]) -> None:
    """Refuse times with a zone where the column has none: the server would drop the zone in silence."""
    for place, oid in enumerate(oids):
        if oid == _TIMESTAMP:
            for number, row in enumerate(rows):
                if getattr(row[place], "tzinfo", None) is not None:
                    msg = (
                        f"{columns[place]} is a timestamp without a zone, and the value has one; take it "
                        "off, or make the column a timestamptz"
                    )
                    raise with_place(ParameterError(msg), number)


def encode_rows(cursor: Any, rows: Sequence[Sequence[Any]], oids: Sequence[int]) -> tuple[list[Any], str]:
    """The rows in blocks, and the options of the COPY that takes them. Sends nothing."""
    if is_exact(rows, oids):
        try:
            return _blocks(_copy(cursor, oids), rows), " (FORMAT BINARY)"
        except _ENCODING_ERRORS as exc:
            _raise_interruption(exc)
    if any(UUID in map(type, row) for row in rows):  # without its dashes one may look like a number
        rows = [[str(value) if type(value) is UUID else value for value in row] for row in rows]
    return _text(_copy(cursor, None), rows), ""


def _raise_interruption(exc: BaseException) -> None:
    """Raise what a signal's handler raised, if *exc* came of that."""
    interrupted = interruption(exc)
    if interrupted is not None:
        raise interrupted


def _copy(cursor: Any, oids: Sequence[int] | None) -> Any:
    # The sync class for tasks, too: it only writes to a list.
    copy: Any = psycopg.Copy(cursor, binary=oids is not None, writer=_NullWriter())
    if oids is not None:
        copy.set_types(oids)
    return copy


def _blocks(copy: Any, rows: Sequence[Sequence[Any]]) -> list[Any]:
    blocks = list(filter(None, map(copy.formatter.write_row, rows)))
    return [*blocks, copy.formatter.end()]


def _text(copy: Any, rows: Sequence[Sequence[Any]]) -> list[Any]:
    write, blocks, number = copy.formatter.write_row, [], 0
    try:
        for number, row in enumerate(rows):  # noqa: B007 - the row that fails is named
            if block := write(row):
                blocks.append(block)
    except _ENCODING_ERRORS as exc:
        _raise_interruption(exc)
        raise with_place(ParameterError(str(map_error(exc))), number) from None
    return [*blocks, copy.formatter.end()]


class _NullWriter(psycopg.copy.Writer):
    """A writer that sends nothing: the blocks are sent later."""

    def write(self, data: Any) -> None:
        """Never called: blocks are taken before they reach the writer."""
