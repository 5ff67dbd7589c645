"""Rows as COPY takes them: binary where every value is its column's own type, else text.

Binary is fast and trusts: psycopg would store a number too large for its column as another one, and a date
with a time as a date. So columns of the types where it does not look are looked at first, at the speed of C;
where a value is not exactly right, all goes as text, and the server judges it as it would judge a parameter.
"""

from __future__ import annotations

from array import array
from datetime import date, time
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Json, Jsonb

from sqlspec.errors import ParameterError

from .errors import interruption, map_error
from .values import JSON_TYPES, fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("check_zones", "packed", "with_lists")

NONE = type(None)
_INTEGERS = {21: "h", 23: "i", 20: "q"}
_CARELESS: dict[int, frozenset[type]] = {
    16: frozenset({bool}),
    17: frozenset({bytes}),
    21: frozenset({int}),
    23: frozenset({int}),
    20: frozenset({int}),
    1082: frozenset({date}),
    1083: frozenset({time}),
    114: frozenset({dict, Json}),
    3802: frozenset({dict, Json, Jsonb}),
}
"""What fits the types whose dumpers take anything."""
_CAREFUL = frozenset({25, 1043, 701, 1700, 1114, 1184, 1186, 2950})
"""Types whose dumpers raise an error instead."""
_SCALARS = (_CAREFUL | _CARELESS.keys()) - JSON_TYPES
_TIMESTAMP, _TIME = 1114, 1083
_FAULTS = (psycopg.Error, TypeError, ValueError, OverflowError, AttributeError)


def is_exact(rows: Sequence[Sequence[Any]], oids: Sequence[int]) -> bool:
    """Whether values may go as binary, as far as psycopg does not see to it."""
    return all(
        oid in _CAREFUL or (oid in _CARELESS and _fits(list(map(itemgetter(place), rows)), oid))
        for place, oid in enumerate(oids)
    )


def _fits(values: list[Any], oid: int) -> bool:
    kinds = set(map(type, values))
    if NONE in kinds:
        kinds.discard(NONE)
        values = [value for value in values if value is not None]
    if not kinds <= _CARELESS[oid]:
        return False
    if oid == _TIME:
        return not any(value.tzinfo for value in values)
    return oid not in _INTEGERS or _is_within(values, _INTEGERS[oid])


def _is_within(values: list[int], code: str) -> bool:
    """Whether the integers have so many bits: an array of C's would say if not, fastest of all."""
    try:
        array(code, values)
    except OverflowError:
        return False
    return True


def with_lists(rows: Sequence[Sequence[Any]], oids: Sequence[int]) -> Sequence[Sequence[Any]]:
    """The same with lists marked as what their columns take."""
    if _SCALARS.issuperset(oids) or not any(list in map(type, row) for row in rows):
        return rows
    return [list(map(fitted, row, oids)) for row in rows]


def check_zones(rows: Sequence[Sequence[Any]], oids: Sequence[int], columns: Sequence[str]) -> None:
    """Refuse times with a zone where the column has none: the server would drop the zone in silence."""
    for place, oid in enumerate(oids):
        if oid == _TIMESTAMP:
            for number, row in enumerate(rows, 1):
                if getattr(row[place], "tzinfo", None) is not None:
                    raise ParameterError(
                        f"row {number}: {columns[place]} is a timestamp without a zone, and the value has one"
                    )


def packed(cursor: Any, rows: Sequence[Sequence[Any]], oids: Sequence[int]) -> tuple[list[Any], str]:
    """The rows in blocks, and the options of the COPY that takes them. Sends nothing."""
    if is_exact(rows, oids):
        try:
            return _blocks(_copy(cursor, oids), rows), " (FORMAT BINARY)"
        except _FAULTS as exc:
            _let_through(exc)
    return _text(_copy(cursor, None), rows), ""


def _let_through(exc: BaseException) -> None:
    """Raise what a signal's handler raised."""
    foreign = interruption(exc)
    if foreign is not None:
        raise foreign


def _copy(cursor: Any, oids: Sequence[int] | None) -> Any:
    # The sync class for tasks, too: it only writes to a list.
    copy: Any = psycopg.Copy(cursor, binary=oids is not None, writer=_Nowhere())
    if oids is not None:
        copy.set_types(oids)
    return copy


def _blocks(copy: Any, rows: Sequence[Sequence[Any]]) -> list[Any]:
    blocks = list(filter(None, map(copy.formatter.write_row, rows)))
    return [*blocks, copy.formatter.end()]


def _text(copy: Any, rows: Sequence[Sequence[Any]]) -> list[Any]:
    write, blocks, number = copy.formatter.write_row, [], 0
    try:
        for number, row in enumerate(rows, 1):  # noqa: B007 - the row that fails is named
            if block := write(row):
                blocks.append(block)
    except _FAULTS as exc:
        _let_through(exc)
        raise ParameterError(f"row {number}: {map_error(exc)}") from None
    return [*blocks, copy.formatter.end()]


class _Nowhere(psycopg.copy.Writer):
    """What is packed is sent later."""

    def write(self, data: Any) -> None:
        """Never called: blocks are taken before they reach the writer."""
