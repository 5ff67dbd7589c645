"""The Arrow types of columns, from the definitions that the server sends with each result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from asyncmy.constants import FIELD_TYPE as KIND
from asyncmy.protocol import FieldDescriptorPacket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("common_types", "types_of_bytes", "types_of_fields")

_UNSIGNED = 32
_BINARY = 63
"""The charset of what is no text."""
_BITS = {KIND.TINY: 8, KIND.SHORT: 16, KIND.YEAR: 16, KIND.INT24: 32, KIND.LONG: 32, KIND.LONGLONG: 64}
_DECIMALS = frozenset({KIND.NEWDECIMAL, KIND.DECIMAL})
_OTHERS = {
    KIND.FLOAT: ("float64",),  # it comes in decimal digits, which 32 bits would change
    KIND.DOUBLE: ("float64",),
    KIND.DATE: ("date32",),
    KIND.NEWDATE: ("date32",),
    KIND.DATETIME: ("timestamp", "us"),
    KIND.TIMESTAMP: ("timestamp", "us"),
    KIND.TIME: ("duration", "us"),
    KIND.NULL: ("null",),
}
_LONGEST_DECIMAL, _LONGEST_LARGE = 38, 76  # digits in 128 bits, and in 256


def types_of_fields(fields: Sequence[Any]) -> list[Any]:
    """A `pyarrow.DataType` for each of the driver's *fields*."""
    return [_arrow_type(field) for field in fields]


def types_of_bytes(packets: bytes) -> list[Any]:
    """The same, of definitions as they came: a packet with their number, then one for each column."""
    return types_of_fields([FieldDescriptorPacket(one, "utf8") for one in [*_payloads(packets)][1:]])


def common_types(many: Sequence[Any]) -> list[Any]:
    """For the rows of several results: None for a column that is not of one type in all of them."""
    columns = zip(*[types() for types in many], strict=True)
    return [kinds[0] if len(set(kinds)) == 1 else None for kinds in columns]


def _payloads(packets: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packets):
        end = at + 4 + int.from_bytes(packets[at : at + 3], "little")
        yield packets[at + 4 : end]
        at = end


def _arrow_type(field: Any) -> Any:
    pa: Any = import_module("pyarrow")  # who calls this has it
    kind = field.type_code
    if bits := _BITS.get(kind):
        is_unsigned = field.flags & _UNSIGNED and kind != KIND.YEAR
        return getattr(pa, f"{'u' if is_unsigned else ''}int{bits}")()
    if kind in _DECIMALS:
        return _decimal_type(field)
    if kind in _OTHERS:
        name, *unit = _OTHERS[kind]
        return getattr(pa, name)(*unit)
    return pa.binary() if field.charsetnr == _BINARY and kind != KIND.JSON else pa.string()


def _decimal_type(field: Any) -> Any:
    pa: Any = import_module("pyarrow")
    # Its length counts the point and the sign.
    digits = field.length - (field.scale > 0) - (not field.flags & _UNSIGNED)
    digits = max(digits, field.scale, 1)
    if digits > _LONGEST_LARGE:
        return None
    make = pa.decimal128 if digits <= _LONGEST_DECIMAL else pa.decimal256
    return make(digits, field.scale)
