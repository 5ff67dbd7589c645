"""A column of Python values as an Arrow array that holds each of them, or an error that names the column.

The type is the one that the database declares, where the adapter knows it. Else it is found in the classes of
all values, by the table below: Arrow itself looks at the first ones, and drops or rounds what does not fit.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlspec.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("column_array", "no_common_type")

NETWORKS = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Interface,
    ipaddress.IPv6Interface,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)
TEXTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (str, str),
    ((UUID, *NETWORKS), str),
    ((dt.time, dt.date), lambda value: value.isoformat()),
)
"""Values that a column of text may hold, and how they are written."""
CLASSES = (
    bool,
    int,
    float,
    Decimal,
    str,
    (bytes, bytearray, memoryview),
    dt.datetime,
    dt.date,
    dt.time,
    dt.timedelta,
    (UUID, *NETWORKS),
    dict,
    list,
    tuple,
)
"""What a value may be; the first that fits decides, as a bool is an int and a datetime is a date."""
DIGITS = 38  # of a decimal128
_ENDS = (dt.MINYEAR, dt.MAXYEAR)
MOST_DIGITS = 76  # of a decimal256
INT64, UINT64 = (-(2**63), 2**63 - 1), (0, 2**64 - 1)


def column_array(arrow: Any, values: list[Any], name: str, declared: Any) -> Any:
    """The array; *declared* is a `pyarrow.DataType`, "json" for documents of any shape, or None.

    Raises `MappingError`, whose text holds no value.
    """
    try:
        kind = _inferred(arrow, values) if declared is None else _as_deep(arrow, declared, values)
        if kind == "json":
            return arrow.array(
                [None if value is None else _document(value) for value in values], arrow.string()
            )
        return arrow.array(_prepared(arrow, values, kind), kind)
    except _NoTypeError as exc:
        raise MappingError(f"column {name!r}: {exc}") from None
    except (arrow.ArrowException, TypeError, ValueError, OverflowError, RecursionError, AttributeError):
        raise no_common_type(name, "Arrow") from None  # its text quotes values


def no_common_type(name: str, library: str) -> MappingError:
    """The values of a column do not fit together, or not into the type that the database declares."""
    return MappingError(
        f"the values of column {name!r} have no common {library} type; CAST the column in the statement"
    )


class _NoTypeError(Exception):
    """What Arrow can not hold, in words."""


# --- from the values to the type ------------------------------------------------------------------


def _inferred(arrow: Any, values: Sequence[Any]) -> Any:
    """The type that holds all of *values*; "json" for documents."""
    kinds = set(map(type, values))
    found = {_class_of(kind) for kind in kinds if kind is not type(None)}
    if not found:
        return arrow.null()
    if found <= {dict, list, tuple}:
        return _type_of_lists(arrow, values, found)
    present = [value for value in values if value is not None] if type(None) in kinds else values
    if found <= {int, Decimal}:
        return _type_of_whole(arrow, present) if found == {int} else _type_of_decimals(arrow, present)
    if found == {int, float}:
        return arrow.float64()
    if len(found) > 1:
        raise TypeError
    return _type_of(arrow, found.pop(), present)


def _as_deep(arrow: Any, kind: Any, values: Sequence[Any]) -> Any:
    """A declared list as deep as its values are: PostgreSQL declares the items, and not how deep they are."""
    if kind == "json" or not arrow.types.is_list(kind) or arrow.types.is_list(kind.value_type):
        return kind
    items = [item for value in values if value is not None for item in value]
    return arrow.list_(_as_deep(arrow, kind, items)) if any(type(item) is list for item in items) else kind


def _class_of(kind: type) -> Any:
    for known in CLASSES:
        if issubclass(kind, known):
            return known
    raise TypeError


def _type_of(arrow: Any, known: Any, present: Sequence[Any]) -> Any:
    if known is dt.datetime or known is dt.time:
        return _type_of_times(arrow, known, present)
    return {
        bool: arrow.bool_(),
        float: arrow.float64(),
        str: arrow.string(),
        dt.date: arrow.date32(),
        dt.timedelta: arrow.duration("us"),
    }.get(known) or (arrow.binary() if bytes in known else arrow.string())


def _type_of_times(arrow: Any, known: type, present: Sequence[Any]) -> Any:
    zoned = {value.tzinfo is not None for value in present}
    if len(zoned) > 1:
        msg = "some of its times have a time zone and some have none; CAST the column in the statement"
        raise _NoTypeError(msg)
    if known is dt.time:
        return arrow.string() if True in zoned else arrow.time64("us")
    return arrow.timestamp("us", tz="UTC" if True in zoned else None)


def _type_of_whole(arrow: Any, present: Sequence[int]) -> Any:
    least, most = min(present), max(present)
    # Not by a range: an IntEnum is looked for in it number by number.
    if INT64[0] <= least and most <= INT64[1]:
        return arrow.int64()
    return arrow.uint64() if UINT64[0] <= least and most <= UINT64[1] else _type_of_decimals(arrow, present)


def _type_of_decimals(arrow: Any, present: Sequence[int | Decimal]) -> Any:
    numbers = [Decimal(value) for value in present]
    if not all(map(Decimal.is_finite, numbers)):
        msg = "it holds NaN or infinity, which a decimal of Arrow's can not; CAST it to a float or to text"
        raise _NoTypeError(msg)
    scale = max(0, *(-number.as_tuple().exponent for number in numbers))  # type: ignore[operator] # finite
    whole = max(number.adjusted() + 1 for number in numbers)
    digits = max(whole, 1) + scale
    if digits > MOST_DIGITS:
        msg = f"it holds numbers of {digits} digits, Arrow's decimals have {MOST_DIGITS}; CAST it to text"
        raise _NoTypeError(msg)
    return arrow.decimal128(DIGITS, scale) if digits <= DIGITS else arrow.decimal256(MOST_DIGITS, scale)


def _type_of_lists(arrow: Any, values: Sequence[Any], found: set[Any]) -> Any:
    """A list of one type, at every depth; anything else is a document."""
    if dict in found:
        return "json"
    try:
        item = _inferred(arrow, [item for value in values if value is not None for item in value])
    except (TypeError, _NoTypeError):
        return "json"
    return "json" if item == "json" else arrow.list_(item)


# --- from the values to what Arrow takes ----------------------------------------------------------


def _prepared(arrow: Any, values: list[Any], kind: Any) -> list[Any]:
    """The values as `pyarrow.array` takes them without changing any."""
    types = arrow.types
    if types.is_list(kind) or types.is_large_list(kind):
        return _prepared_lists(arrow, values, kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind):
        return values if {str, type(None)}.issuperset(map(type, values)) else list(map(_text, values))
    if types.is_timestamp(kind) or types.is_time(kind):
        _check_zones(values, types.is_timestamp(kind) and kind.tz is not None)
    elif types.is_integer(kind) or types.is_date(kind):
        _check_whole(values)
    elif types.is_binary(kind):
        return [bytes(value) if isinstance(value, (bytearray, memoryview)) else value for value in values]
    elif types.is_decimal(kind):
        return [Decimal(value) if isinstance(value, int) else value for value in values]
    elif types.is_floating(kind):
        _check_exact(values)
    return values


def _prepared_lists(arrow: Any, values: list[Any], kind: Any) -> list[Any]:
    # All items at once: a call for each list would take ten times as long.
    items = [item for value in values if value is not None for item in value]
    prepared = _prepared(arrow, items, kind)
    if prepared is items:
        return values
    rest = iter(prepared)
    return [None if value is None else list(islice(rest, len(value))) for value in values]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    for known, write in TEXTS:
        if isinstance(value, known):
            return write(value)
    if isinstance(value, (dict, list, bool, int, float)):
        return _document(value)
    raise TypeError


def _check_zones(values: Sequence[Any], zoned: bool) -> None:  # noqa: FBT001 - of the type
    """Arrow would shift a moment without a zone, or take the zone away."""
    for zone in map(attrgetter("tzinfo"), filter(None, values)):
        if (zone is not None) != zoned:
            raise TypeError
    if zoned:
        for value in values:
            if value is not None and value.year in _ENDS:
                value.astimezone(dt.UTC)  # an OverflowError where UTC is in a year that Python has not


def _check_whole(values: Sequence[Any]) -> None:
    """Arrow would cut a float, and a moment to its day."""
    if any(issubclass(kind, (float, Decimal, dt.datetime)) for kind in set(map(type, values))):
        raise TypeError


def _check_exact(values: Sequence[Any]) -> None:
    """Above 2**53 a float has holes."""
    if int in set(map(type, values)) and any(isinstance(one, int) and float(one) != one for one in values):
        raise OverflowError


def _document(value: Any) -> str:
    _check_keys(value)
    return _encode(value)


def _check_keys(value: Any) -> None:
    """JSON's encoder would make text of other keys."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for one in value:
        if isinstance(one, (dict, list, tuple)):
            _check_keys(one)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
