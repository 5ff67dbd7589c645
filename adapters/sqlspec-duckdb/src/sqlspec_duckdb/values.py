"""Python's values as DuckDB stores them.

The driver knows nearly all of them. What it would change in silence (an infinite Decimal, a list of numbers
and texts, …) and what it refuses with an error of its own is refused here, before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place

from ._compat import LARGEST_INT, LOSES_NAN_IN_LISTS
from .elements import DIGITS, check_alike

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.plugin import Parameters

__all__ = ("Row", "encode", "encode_rows", "encoded")

Row: TypeAlias = "tuple[Any, ...]"

_SMALL = 2**63
_SMALLEST_INT = -(2**127)
_MOST = 500  # types that are remembered: a program may make types without end


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
    return [_row(place, row) for place, row in enumerate(rows)]


def _row(place: int, row: Mapping[str, Any] | Sequence[Any]) -> Any:
    try:
        return encode(row)
    except ParameterError as exc:
        raise with_place(exc, place) from None


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
    # With zeros after the point the one before it counts, too.
    needed = max(len(digits) + max(exponent, 0), 1 - exponent if -exponent > len(digits) else -exponent)
    if needed > DIGITS:
        msg = (
            f"a Decimal has too many digits: DuckDB's DECIMAL has {DIGITS}, and the driver would round it; "
            "pass str(value) for a VARCHAR, or float(value)"
        )
        raise ParameterError(msg)
    # Written out: duckdb 1.x takes 1E+5 for 1.00000.
    return value if exponent <= 0 else type(value)((sign, (*digits, *(0,) * exponent), 0))


def _moment(value: Any) -> Any:
    """A datetime or timedelta, or pandas's, which may be finer, or missing."""
    if value != value:  # noqa: PLR0124 - what NaT is
        return None
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        msg = "the driver would cut nanoseconds off; round the value to microseconds, or pass it as text"
        raise ParameterError(msg)
    return value


def _time(value: Any) -> Any:
    offset = value.utcoffset()
    if offset is not None and offset.days < 0:
        msg = "the driver takes no time whose zone is west of UTC; pass value.isoformat()"
        raise ParameterError(msg)
    return value


def _numpy_moment(value: Any) -> Any:
    found = value.item()
    if isinstance(found, int):
        msg = (
            "the driver would take this numpy.datetime64 for a number; pass str(value), and write "
            "CAST(? AS TIMESTAMP_NS), or AS DATE, in the statement"
        )
        raise ParameterError(msg)
    return found


def _array(values: Any) -> Any:
    if values.dtype.kind not in "biufUSO":
        msg = (
            f"DuckDB can not take a numpy.ndarray of {values.dtype.name}; pass a list of Python values, such "
            "as datetimes. The tolist() of nanoseconds gives numbers"
        )
        raise ParameterError(msg)
    return encoded(values.tolist())


def _list(values: Sequence[Any]) -> list[Any]:
    found = [encoded(value) for value in values]
    check_alike(found)
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
            if len(_CONVERSIONS) < _MOST:
                _CONVERSIONS[type(value)] = known
            return known
    msg = (
        f"DuckDB can not take a value of type {type(value).__name__}; "
        "it takes None, bool, int, float, Decimal, str, "
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
_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": _moment,
    "datetime.date": _itself,
    "datetime.time": _time,
    "datetime.timedelta": _moment,
    "decimal.Decimal": _decimal,
    "uuid.UUID": _itself,
    "enum.Enum": lambda value: encoded(value.value),
    # Subclasses, IntEnum and StrEnum and NumPy's float64 among them, are stored as what they are a kind of.
    "builtins.int": lambda value: _integer(int.__int__(value)),
    "builtins.str": lambda value: _text(str.__str__(value)),
    "builtins.float": float.__float__,
    "builtins.bytes": bytes,
    "builtins.list": _list,
    "builtins.tuple": _list,
    "builtins.dict": _struct,
    "numpy.integer": lambda value: _integer(int(value)),
    "numpy.float32": float,
    "numpy.float16": float,
    "numpy.bool": bool,
    "numpy.bool_": bool,
    "numpy.datetime64": _numpy_moment,
    "numpy.ndarray": _array,
    "pandas._libs.missing.C_NAType": lambda _: None,  # as the driver has it, and its NaT
}
