# pyright: reportMissingTypeStubs=false
"""Values as texts, as the server's input functions and psycopg write them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from .codecs import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("to_text",)

# The wide spaces need no quotes, but psycopg writes them, and a text must be the same.
_SPACES = "\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPECIAL_IN_ARRAYS = re.compile(rf"^\Z|[\"{{}}\\\s,{_SPACES}]|^null\Z", re.IGNORECASE | re.ASCII)
_SPECIAL_IN_FIELDS = re.compile(r"^\Z|[\",\\\s()]", re.ASCII)


def to_text(value: Any) -> str:
    """A value as its type's input function reads it. Raises `TypeError` for what has no such text."""
    write = next((_WRITERS[kind] for kind in type(value).__mro__ if kind in _WRITERS), None)
    if write is not None:
        return write(value)
    if type(value).__module__ == "ipaddress":
        return str(value)
    raise TypeError


def _bool(value: bool) -> str:  # noqa: FBT001 - it is all there is
    return "t" if value else "f"


def _decimal(value: Decimal) -> str:
    return "NaN" if value.is_nan() else str(value)


def _bytes(value: bytes) -> str:
    return "\\x" + bytes(value).hex()


def _interval(value: timedelta) -> str:
    return f"{value.days} days {value - timedelta(value.days)}" if value.days else str(value)


def _enum(value: Enum) -> str:
    return str(value.value)


def _array(values: list[Any]) -> str:
    return f"{{{','.join(map(_element, values))}}}"


def _composite(values: tuple[Any, ...]) -> str:
    return f"({','.join(map(_field, values))})"


def _element(value: Any) -> str:
    """Of an array: other arrays stand in it as they are."""
    if value is None:
        return "NULL"
    text = to_text(value)
    if isinstance(value, list) or not _SPECIAL_IN_ARRAYS.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _field(value: Any) -> str:
    """Of a composite."""
    text = "" if value is None else to_text(value)
    if value is None or not _SPECIAL_IN_FIELDS.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '""')
    return f'"{escaped}"'


def _range(value: Any) -> str:
    if value.isempty:
        return "empty"
    start, end = "[" if value.lower_inc else "(", "]" if value.upper_inc else ")"
    return f"{start}{_field(value.lower)},{_field(value.upper)}{end}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: str.__str__,
    bool: _bool,
    int: int.__repr__,
    float: float.__repr__,
    Decimal: _decimal,
    date: str,  # datetimes are dates
    time: str,
    timedelta: _interval,
    **dict.fromkeys((bytes, bytearray, memoryview), _bytes),
    UUID: str,
    list: _array,
    tuple: _composite,
    dict: to_json,
    Enum: _enum,
    asyncpg.Range: _range,
}
