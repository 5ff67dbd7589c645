"""Python's values as SQLite stores them.

SQLite knows NULL, integers, floats, text and blobs. Dates, times, decimals and UUIDs are stored as their
canonical text, which a `schema_type` turns back. All else is refused before anything is sent: NaN too,
which SQLite would store as NULL.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.plugin import Parameters

__all__ = ("encode", "encode_many")

_AS_IT_IS = frozenset({int, str, bytes, type(None), bool})
_LIMIT = 2**63


def encode(parameters: Parameters) -> Any:
    """One statement's parameters; the same object when there is nothing to change."""
    if parameters is None:
        return ()
    if type(parameters) is tuple:
        for value in parameters:
            if type(value) not in _AS_IT_IS:
                return tuple(map(_encoded, parameters))
        return parameters
    if isinstance(parameters, dict):
        return {name: _encoded(value) for name, value in parameters.items()}
    return tuple(map(_encoded, parameters))


def encode_many(rows: Sequence[Any]) -> Sequence[Any]:
    """The parameters of many executions; the same object when there is nothing to change."""
    if rows and isinstance(rows[0], dict):
        return [_row(number, row) for number, row in enumerate(rows, 1)]
    # One pass at C speed: most bulk data is made of few types.
    if set(map(type, chain.from_iterable(rows))) <= _AS_IT_IS:
        return rows
    return [_row(number, row) for number, row in enumerate(rows, 1)]


def _row(number: int, row: Mapping[str, Any] | Sequence[Any]) -> Any:
    try:
        return encode(row)
    except ParameterError as exc:
        msg = f"row {number}: {exc}"
        raise ParameterError(msg) from None


def _encoded(value: Any) -> Any:
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is float:
        if value != value:  # noqa: PLR0124 - what NaN is
            msg = "SQLite can not store NaN: it would become NULL; pass None if that is meant"
            raise ParameterError(msg)
        return value
    convert = _CONVERSIONS.get(kind) or _conversion_by_base(value)
    return convert(value)


def _conversion_by_base(value: Any) -> Callable[[Any], Any]:
    """For types that are seldom bound: found once by name, so that nobody pays for importing them."""
    for base in type(value).__mro__:
        known = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            _CONVERSIONS[type(value)] = known
            return known
    msg = (
        f"SQLite can not store a {type(value).__name__}; it stores None, bool, int, float, str, bytes, "
        "and as text: datetime, date, time, Decimal, UUID. Convert it, lists and dicts for instance to JSON"
    )
    raise ParameterError(msg)


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {bytearray: bytes, memoryview: bytes}

_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": lambda value: value.isoformat(" "),
    "datetime.date": lambda value: value.isoformat(),
    "datetime.time": lambda value: value.isoformat(),
    "decimal.Decimal": str,
    "uuid.UUID": str,
    "enum.Enum": lambda value: _encoded(value.value),
    # Subclasses, IntEnum and StrEnum among them, are stored as what they are a kind of.
    "builtins.int": int,
    "builtins.str": str.__str__,
    "builtins.float": lambda value: _encoded(float(value)),
    "builtins.bytes": bytes,
}
