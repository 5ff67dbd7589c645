"""Python's values as DuckDB stores them.

The driver knows nearly all of them. What it would change in silence (an infinite Decimal, a list of numbers
and texts, …) and what it refuses with an error of its own is refused here, before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlspec.errors import ParameterError

from ._compat import LARGEST_INT, LOSES_NAN_IN_LISTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.plugin import Parameters

__all__ = ("Row", "encode", "encode_rows", "encoded")

Row: TypeAlias = "tuple[Any, ...]"

_SMALL = 2**63
_SMALLEST_INT = -(2**127)
_DIGITS = 38
"""How many a DECIMAL has at most."""


def encode(parameters: Parameters) -> Any:
    """One statement's parameters; the same object when there is nothing to change."""
    if parameters is None:
        return None
    if type(parameters) is tuple:
        for value in parameters:
            kind = type(value)
            if kind is str:
                if not value.isascii():
                    _text(value)
            elif kind is int:
                if not -_SMALL <= value < _SMALL:
                    _integer(value)
            elif kind not in _AS_IT_IS:
                return tuple(map(encoded, parameters))
        return parameters
    if isinstance(parameters, dict):
        return {name: encoded(value) for name, value in parameters.items()}
    return tuple(map(encoded, parameters))


def encode_rows(rows: Sequence[Any]) -> list[Any]:
    """The parameters of many executions; an error names the row."""
    return [_row(number, row) for number, row in enumerate(rows, 1)]


def _row(number: int, row: Mapping[str, Any] | Sequence[Any]) -> Any:
    try:
        return encode(row)
    except ParameterError as exc:
        msg = f"row {number}: {exc}"
        raise ParameterError(msg) from None


def encoded(value: Any) -> Any:
    """One value as the driver takes it."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    convert = _CONVERSIONS.get(kind) or _conversion_by_base(value)
    return convert(value)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = "a str holds a lone surrogate, which can not be stored as UTF-8"
        raise ParameterError(msg) from None
    return value


def _integer(value: int) -> int:
    if not _SMALLEST_INT <= value <= LARGEST_INT:
        msg = f"an int is too large: DuckDB's integers have 128 bits; here up to {LARGEST_INT}"
        raise ParameterError(msg)
    return value


def _decimal(value: Any) -> Any:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        msg = "DuckDB's DECIMAL has no NaN and no infinity; pass a float for those, or None"
        raise ParameterError(msg)
    if max(len(digits) + max(exponent, 0), -exponent) > _DIGITS:
        msg = f"a Decimal has too many digits: DuckDB's DECIMAL has {_DIGITS}; the driver would round it"
        raise ParameterError(msg)
    # Written out: duckdb 1.x takes 1E+5 for 1.00000.
    return value if exponent <= 0 else type(value)((sign, (*digits, *(0,) * exponent), 0))


def _list(values: Sequence[Any]) -> list[Any]:
    found = [encoded(value) for value in values]
    families = {_FAMILIES.get(type(value), type(value)) for value in found if value is not None}
    if len(families) > 1:
        msg = "a list's elements are of one type in DuckDB; the driver would make text of this one's"
        raise ParameterError(msg)
    if LOSES_NAN_IN_LISTS and any(value != value for value in found):  # noqa: PLR0124
        msg = "this version of duckdb would make NULL of a NaN in a list"
        raise ParameterError(msg)
    return found


def _struct(value: Mapping[Any, Any]) -> dict[str, Any]:
    for key in value:
        if type(key) is not str:
            msg = (
                "a dict is a STRUCT, whose names are str; for a MAP pass {'key': […], 'value': […]}, "
                "the keys and the values as two lists"
            )
            raise ParameterError(msg)
    return {_text(key): encoded(one) for key, one in value.items()}


def _conversion_by_base(value: Any) -> Callable[[Any], Any]:
    """For types that are seldom bound: found once by name, so that unused types are not imported."""
    for base in type(value).__mro__:
        known = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            _CONVERSIONS[type(value)] = known
            return known
    msg = (
        f"DuckDB can not take a {type(value).__name__}; it takes None, bool, int, float, Decimal, str, "
        "bytes, datetime, date, time, timedelta, UUID, and lists and dicts of those"
    )
    raise ParameterError(msg)


def _itself(value: Any) -> Any:
    return value


_AS_IT_IS = {type(None), bool, float, bytes}
_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    bytearray: bytes,
    memoryview: bytes,
    list: _list,
    tuple: _list,
    dict: _struct,
}
_FAMILIES: dict[type, type] = {int: float}

_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": _itself,
    "datetime.date": _itself,
    "datetime.time": _itself,
    "datetime.timedelta": _itself,
    "decimal.Decimal": _decimal,
    "uuid.UUID": _itself,
    "enum.Enum": lambda value: encoded(value.value),
    # Subclasses, IntEnum and StrEnum and NumPy's float64 among them, are stored as what they are a kind of.
    "builtins.int": lambda value: _integer(int(value)),
    "builtins.str": lambda value: _text(str.__str__(value)),
    "builtins.float": float,
    "builtins.bytes": bytes,
    "builtins.list": _list,
    "builtins.tuple": _list,
    "builtins.dict": _struct,
}
