# pyright: reportMissingTypeStubs=false
"""Which Python values asyncpg sends unchanged as a parameter of which type, and as what the others are sent.

asyncpg converts to the type that the server inferred: it would cut a float for an integer, and refuse a
number for a text. psycopg tells the server the type of each value, and the server decides. So what does not
fit is sent as psycopg sends it; a str is of no type, and is read as the inferred type reads its texts.
"""

from __future__ import annotations

from array import array
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ("TEXTS", "fits", "fits_all", "is_settled", "plain", "type_of")

NONE = type(None)
TEXTS = frozenset({"text", "varchar", "bpchar"})
_ADDRESSES = frozenset({IPv4Address, IPv6Address, IPv4Interface, IPv6Interface})
_NETWORKS = frozenset({IPv4Network, IPv6Network})
_BYTES = frozenset({bytes, bytearray, memoryview})
_JSON = frozenset({dict, list, tuple, str})
_TAKES: dict[str, frozenset[type]] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), frozenset({int})),
    **dict.fromkeys(TEXTS, frozenset({str})),
    "float4": frozenset(),  # rounded here, a number would compare otherwise than there
    "float8": frozenset({float}),  # an int would call the functions that are for floats
    "numeric": frozenset({Decimal, int}),
    "bool": frozenset({bool}),
    "bytea": _BYTES,
    "json": _JSON,
    "jsonb": _JSON,
    "uuid": frozenset({UUID}),
    "date": frozenset({date}),
    "timestamp": frozenset({datetime}),
    "timestamptz": frozenset({datetime}),
    "time": frozenset({time}),
    "timetz": frozenset({time}),
    "interval": frozenset({timedelta}),
    "inet": _ADDRESSES,
    "cidr": _NETWORKS,
}
_SENT_AS: dict[type, str] = {
    bool: "bool",
    float: "float8",
    date: "date",
    timedelta: "interval",
    UUID: "uuid",
    **dict.fromkeys(_BYTES, "bytea"),
    **dict.fromkeys(_ADDRESSES, "inet"),
    **dict.fromkeys(_NETWORKS, "cidr"),
}
_KNOWN = frozenset({*_SENT_AS, int, Decimal, str, datetime, time, dict, list, tuple, Enum, NONE})
_WIDTHS = {name: (-(2**bits), 2**bits - 1) for name, bits in (("int2", 15), ("int4", 31), ("int8", 63))}
_LIMITS = {**_WIDTHS, "oid": (0, 2**32 - 1), "float8": _WIDTHS["int8"]}
_CODES = {"int2": "h", "int4": "i", "int8": "q", "float8": "q"}
_HAVE_ZONE = {"timestamp": False, "timestamptz": True, "time": False, "timetz": True}
_RANGE_ELEMENTS = {
    "int4": "int4",
    "int8": "int8",
    "num": "numeric",
    "date": "date",
    "ts": "timestamp",
    "tstz": "timestamptz",
}
_RANGES = {
    f"{name}{suffix}": element
    for name, element in _RANGE_ELEMENTS.items()
    for suffix in ("range", "multirange")
}
_NUMPY = {
    **dict.fromkeys(("int8", "int16", "uint8"), "int2"),
    **dict.fromkeys(("int32", "uint16"), "int4"),
    **dict.fromkeys(("int64", "longlong", "uint32"), "int8"),
    **dict.fromkeys(("float16", "float32"), "float4"),
}
_MAX_WEIGHT, _MAX_SCALE = 131_071, 16_383  # digits of a numeric before and after its point


def _find_base(kind: Any) -> type | None:
    return next((base for base in kind.__mro__ if base in _KNOWN), None)


_base: Callable[[type], type | None] = lru_cache(512)(_find_base)
"""The type whose conversion a value gets."""


def plain(value: Any) -> Any:
    """The value of an enum's member as the text that psycopg makes of it; numpy's scalars as Python's."""
    if _base(type(value)) is Enum:
        return str(value.value)
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return value.item()
    if isinstance(value, Decimal) and value.is_snan():
        return Decimal("NaN")  # the only one that PostgreSQL has
    return value


# --- what fits --------------------------------------------------------------------------------------


def is_settled(kind: Any, python: type) -> bool:
    """Whether asyncpg sends each value of a Python type as this type, or raises an error."""
    if python is NONE:
        return True
    takes = _TAKES.get(kind.name) if kind.schema == "pg_catalog" else None
    if takes is not None:
        return _base(python) in takes
    # Enums, and types of extensions, which go as text.
    return kind.kind == "scalar" and kind.schema != "pg_catalog" and _base(python) is str


def fits(kind: Any, value: Any) -> bool:
    """Whether asyncpg sends this value as this type, and unchanged."""
    if value is None:
        return True
    if kind.kind == "array":
        return isinstance(value, (list, tuple)) and fits_all(_element(kind), list(_flat(value)))
    if kind.name in _RANGES:
        ranges = value if kind.kind == "multirange" and isinstance(value, list) else [value]
        bounds = [bound for one in ranges if type(one) is asyncpg.Range for bound in (one.lower, one.upper)]
        return len(bounds) == 2 * len(ranges) and fits_all(_Kind(_RANGES[kind.name]), bounds)
    if not is_settled(kind, type(value)):
        # asyncpg's own types, such as Point, are for the types that they are named after.
        is_drivers = type(value).__module__ == "asyncpg.types"
        is_fields = kind.kind == "composite" and isinstance(value, dict) and _has_safe_fields(value)
        return (is_drivers and type(value) is not asyncpg.Range) or is_fields
    return _is_within(kind.name, value)


def fits_all(kind: Any, values: Sequence[Any]) -> bool:
    """The same for many: a column, or the elements of an array."""
    found = set(map(type, values))
    if NONE in found:
        found.discard(NONE)
        values = [value for value in values if value is not None]
    are_integers = found == {int} and kind.name in _CODES
    if are_integers:
        return _is_array_of(_CODES[kind.name], values)
    if kind.name == "float8" and found == {int, float}:
        return all(_is_within(kind.name, value) for value in values)
    if not all(is_settled(kind, python) for python in found):
        return kind.kind != "scalar" and all(fits(kind, value) for value in values)
    if kind.name in _HAVE_ZONE and found:
        return _have_zones(values) is _HAVE_ZONE[kind.name]
    if kind.name == "numeric" and found == {Decimal}:
        return max(map(Decimal.adjusted, values)) <= _MAX_WEIGHT  # of small ones asyncpg finds out
    return kind.name not in {*_LIMITS, "numeric"} or all(_is_within(kind.name, value) for value in values)


def _is_array_of(code: str, values: Sequence[Any]) -> bool:
    """Whether the integers fit the C type *code*: an array is the fastest way to find out."""
    try:
        array(code, values)
    except OverflowError:
        return False
    return True


def _have_zones(values: Sequence[Any]) -> bool | None:
    """Whether all of these times have a zone, or none; None if that differs."""
    zones = set(map(attrgetter("tzinfo"), values))
    if None not in zones:
        return True
    return False if len(zones) == 1 else None


def _is_within(name: str, value: Any) -> bool:
    if value is None:
        return True
    if name in _LIMITS and isinstance(value, int):
        low, high = _LIMITS[name]
        return bool(low <= value <= high)
    if name in _HAVE_ZONE:
        has_zone: bool = value.utcoffset() is not None
        return has_zone is _HAVE_ZONE[name]
    return name != "numeric" or not isinstance(value, Decimal) or _is_numeric(value)


def _is_numeric(value: Decimal) -> bool:
    if not value.is_finite():
        return str(value) in {"NaN", "Infinity", "-Infinity"}  # no signalling one
    exponent: Any = value.as_tuple().exponent
    return value.adjusted() <= _MAX_WEIGHT and exponent >= -_MAX_SCALE


class _Kind:
    """A type of PostgreSQL's own."""

    kind, schema = "scalar", "pg_catalog"

    def __init__(self, name: str, schema: str = "pg_catalog") -> None:
        self.name, self.schema = name, schema


def _element(array: Any) -> _Kind:
    return _Kind(array.name.removesuffix("[]"), array.schema)


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):  # a tuple in an array is a composite
            yield from _flat(value)
        else:
            yield value


def _has_safe_fields(fields: dict[Any, Any]) -> bool:
    """Whether asyncpg changes none of them, whatever the composite's types are."""
    return set(map(type, fields.values())) <= {str, int, NONE}


# --- what does not ----------------------------------------------------------------------------------


def type_of(value: Any) -> str | None:
    """The type that psycopg sends a value as; None where that is for the server to say."""
    if type(value).__module__ == "numpy" and type(value).__name__ in _NUMPY:
        return _NUMPY[type(value).__name__]
    value = plain(value)
    base = _base(type(value))
    if base is None:
        return None
    by_value = _BY_VALUE.get(base)
    return _SENT_AS.get(base) if by_value is None else by_value(value)


def _of_int(value: int) -> str:
    return next((name for name, (low, high) in _WIDTHS.items() if low <= value <= high), "numeric")


def _of_decimal(value: Decimal) -> str:
    return "numeric" if _is_numeric(value) else "text::numeric"  # which the server refuses, as it should


def _of_datetime(value: datetime) -> str:
    return "timestamp" if value.tzinfo is None else "timestamptz"


def _of_time(value: time) -> str:
    return "time" if value.tzinfo is None else "timetz"


def _array_of(values: list[Any]) -> str | None:
    """The type of a list whose elements are of one type. Raises `TypeError` where they are not."""
    types = {type_of(value) for value in _flat(values) if value is not None}
    if len(types) > 1 and types <= {*_WIDTHS, "numeric"}:
        types = {next(name for name in ("numeric", "int8", "int4") if name in types)}
    if len(types) > 1:
        raise TypeError
    one = types.pop() if types else None
    return None if one is None else f"{one}[]"


_BY_VALUE: dict[type, Callable[[Any], str | None]] = {
    int: _of_int,
    Decimal: _of_decimal,
    datetime: _of_datetime,
    time: _of_time,
    list: _array_of,
}
