"""The Arrow types of PostgreSQL's: what a column is declared as, so that an empty one has it, too.

A numeric without a precision is what its values are, so it has none. Neither do ranges and composites.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("ARRAY_ELEMENTS", "FIRST_OF_USERS", "arrow_types")

ARRAY_ELEMENTS = """
WITH RECURSIVE found (oid, element, delimiter) AS (
    SELECT it.oid, element.oid, element.typdelim
    FROM pg_catalog.pg_type it LEFT JOIN pg_catalog.pg_type element ON element.typarray = it.oid
    WHERE it.oid IN (%s)
    UNION ALL
    SELECT found.oid, domain.typbasetype, found.delimiter
    FROM found JOIN pg_catalog.pg_type domain ON domain.oid = found.element AND domain.typtype = 'd'
)
SELECT DISTINCT ON (oid) found.oid, found.element, found.delimiter
FROM found LEFT JOIN pg_catalog.pg_type base ON base.oid = found.element
ORDER BY found.oid, base.typtype = 'd'
"""
"""The element type of each array type, or NULL; where the element is a domain, the domain's base type."""
FIRST_OF_USERS = 16384
"""Types with smaller numbers are PostgreSQL's own, and always the same."""

_NUMERIC, _NUMERIC_ARRAY = 1700, 1231
_SCALARS: dict[str, tuple[int, ...]] = {
    "bool_": (16,),
    "int16": (21,),
    "int32": (23,),
    "int64": (20,),
    "uint32": (26,),
    "float32": (700,),
    "float64": (701,),
    "binary": (17,),
    "date32": (1082,),
    # "char", name, text, unknown, bpchar, varchar, xml; bits, money, tsvector, tsquery, jsonpath; uuid, inet,
    # cidr, macaddr, macaddr8; timetz; the geometric ones; refcursor, reg…
    "string": (
        *(19, 25, 705, 1042, 1043, 142, 1560, 1562, 790, 3614, 3615, 4072, 2950, 869, 650, 829, 774, 1266),
        *(600, 601, 602, 603, 604, 628, 718, 1790, 24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096),
        4191,
    ),
}
_ARRAYS = {
    1000: 16,
    1005: 21,
    1007: 23,
    1016: 20,
    1028: 26,
    1021: 700,
    1022: 701,
    1001: 17,
    1182: 1082,
    1003: 19,
    1009: 25,
    1014: 1042,
    1015: 1043,
    143: 142,
    1561: 1560,
    1563: 1562,
    791: 790,
    3643: 3614,
    3645: 3615,
    4073: 4072,
    2951: 2950,
    1041: 869,
    651: 650,
    1040: 829,
    775: 774,
    1270: 1266,
    1017: 600,
    1018: 601,
    1019: 602,
    1020: 603,
    1027: 604,
    629: 628,
    719: 718,
    2201: 1790,
    1008: 24,
    2207: 2202,
    2208: 2203,
    2209: 2204,
    2210: 2205,
    2211: 2206,
    3735: 3734,
    3770: 3769,
    4090: 4089,
    4097: 4096,
    4192: 4191,
    1115: 1114,
    1185: 1184,
    1183: 1083,
    1187: 1186,
    _NUMERIC_ARRAY: _NUMERIC,
}
_TIMES = {1083: ("time64", "us"), 1114: ("timestamp", "us"), 1184: ("timestamp", "us", "UTC")}
_DURATION = {1186: ("duration", "us")}
_JSON = frozenset({114, 3802, 199, 3807})
"""Documents, and arrays of them: no list of texts tells a text from a document that is one."""
_MAKERS: dict[int, tuple[str, ...]] = {
    **{oid: (name,) for name, oids in _SCALARS.items() for oid in oids},
    **_TIMES,
    **_DURATION,
}
_MOST_DIGITS, _DECIMAL128 = 76, 38


def arrow_types(columns: Iterable[tuple[int, int]], elements: Mapping[int, int | None]) -> list[Any]:
    """The type of each column: a `pyarrow.DataType`, "json" for documents, None where the values decide.

    *columns*: the number of the type, and its modifier, as the server describes them. *elements*: of types
    that are not PostgreSQL's own, the type of the elements of each array, 0 for one that is read as text, and
    None for any other.
    """
    pa: Any = import_module("pyarrow")
    return [_type_of(pa, oid, modifier, elements) for oid, modifier in columns]


def _type_of(pa: Any, oid: int, modifier: int, elements: Mapping[int, int | None]) -> Any:
    if oid in _JSON:
        return "json"
    if oid == _NUMERIC:
        return _decimal(pa, modifier)
    element = _ARRAYS.get(oid) or elements.get(oid)
    if element:
        item = _type_of(pa, element, modifier, {**elements, element: elements.get(element, 0)})
        return item if item is None or item == "json" else pa.list_(item)
    if oid in _MAKERS:
        name, *options = _MAKERS[oid]
        return getattr(pa, name)(*options)
    return pa.string() if elements.get(oid) == 0 else None


def _decimal(pa: Any, modifier: int) -> Any:
    if modifier < 0:
        return None
    digits, scale = (modifier - 4) >> 16 & 0xFFFF, ((modifier - 4) & 0x7FF ^ 1024) - 1024
    # The scale may be negative, or larger than the precision (PostgreSQL 15).
    digits, scale = max(digits - min(scale, 0), scale), max(scale, 0)
    if digits > _MOST_DIGITS:
        return None
    return pa.decimal128(digits, scale) if digits <= _DECIMAL128 else pa.decimal256(digits, scale)
