"""Python's values as SQLite stores them.

SQLite knows NULL, integers, floats, text and blobs. A Decimal is sent as the float that stands for it: as
text it would be larger than every number. Dates, times and UUIDs are stored as their canonical text. A
`schema_type` turns all of them back. What SQLite would change is refused before anything is sent: NaN,
which it would store as NULL, and a Decimal with more digits than a float keeps.
"""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.plugin import Parameters

__all__ = ("AS_IT_IS", "check_rows", "encode", "encode_many")

AS_IT_IS = frozenset({int, str, bytes, type(None), bool})
"""The types of values that SQLite stores as they are."""
_LIMIT = 2**63
_MANY = 32  # rows from which on their own loop is worth compiling
_WIDEST = 64  # values in a row for which one is compiled
_GUESSED = (int, str, bytes, bool)
_MOST = 500  # types that are remembered: a program may make types without end


def encode(parameters: Parameters) -> Any:
    """One statement's parameters; the same object when there is nothing to change."""
    if parameters is None:
        return ()
    if type(parameters) is tuple:
        for value in parameters:
            if type(value) not in AS_IT_IS:
                return tuple(map(_encoded, parameters))
        return parameters
    if isinstance(parameters, dict):
        return {name: _encoded(value) for name, value in parameters.items()}
    return tuple(map(_encoded, parameters))


def encode_many(rows: Sequence[Any]) -> Sequence[Any]:
    """The parameters of many executions; the same object when there is nothing to change."""
    if len(rows) >= _MANY and not isinstance(rows[0], dict) and _are_plain(rows):
        return rows
    return [_row(place, row) for place, row in enumerate(rows)]


def _are_plain(rows: Sequence[Any]) -> bool:
    """Whether SQLite stores every value as it is. False also when in doubt."""
    first = rows[0]
    if len(first) > _WIDEST:
        return False
    check = _checker(tuple([kind if kind in _GUESSED else float for kind in map(type, first)]))
    try:
        return check(rows)
    except ValueError:  # rows of different lengths
        return False


@lru_cache(maxsize=128)
def _checker(guess: tuple[type, ...]) -> Callable[[Sequence[Any]], bool]:
    """A loop that is fast for rows of these types, and right for all: two thirds of the best in C.

    Built-in names are its arguments, because local names are found faster.
    """
    names = [f"a{place}" for place in range(len(guess))]
    odd = [f"({_is_odd(name, kind)})" for name, kind in zip(names, guess, strict=True)]
    known = [f"{kind.__name__}={kind.__name__}" for kind in (type, float, *_GUESSED)]
    source = f"""def are_plain(rows, {", ".join(known)}):
    for [{", ".join(names)}] in rows:
        if {" or ".join(odd) or "False"}:
            return False
    return True"""
    scope: dict[str, Any] = {"plain": AS_IT_IS}
    exec(source, scope)  # noqa: S102 - of numbered names and those of built-in types
    check: Callable[[Sequence[Any]], bool] = scope["are_plain"]
    return check


def _is_odd(name: str, guess: type) -> str:
    """The condition under which SQLite does not store a value as it is; NaN is the odd float."""
    odd = f"(type({name}) is not float or {name} != {name}) and type({name}) not in plain"
    return odd if guess is float else f"type({name}) is not {guess.__name__} and {odd}"


def _row(place: int, row: Mapping[str, Any] | Sequence[Any]) -> Any:
    try:
        return encode(row)
    except ParameterError as exc:
        raise with_place(exc, place) from None


def check_rows(rows: Sequence[Any]) -> None:
    """Name the row that sqlite3 could not bind: called after a failure, because it checks every value."""
    for place, row in enumerate(rows):
        for value in row.values() if isinstance(row, dict) else row:
            if type(value) is int and not -_LIMIT <= value < _LIMIT:
                msg = "an int is too large: SQLite's integers have 64 bits, sign included"
                raise with_place(ParameterError(msg), place) from None
            if type(value) is str and not _is_utf8(value):
                msg = "a str holds a lone surrogate, which can not be stored as UTF-8"
                raise with_place(ParameterError(msg), place) from None


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoded(value: Any) -> Any:
    kind = type(value)
    if kind in AS_IT_IS:
        return value
    if kind is float:
        if value != value:  # noqa: PLR0124 - what NaN is
            msg = "SQLite can not store NaN: it would become NULL; pass None if that is meant"
            raise ParameterError(msg)
        return value
    convert = _CONVERSIONS.get(kind) or _conversion_by_base(value)
    return convert(value)


def _conversion_by_base(value: Any) -> Callable[[Any], Any]:
    """For types that are seldom bound: found once by name, so that unused types are not imported."""
    for base in type(value).__mro__:
        known = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            if len(_CONVERSIONS) < _MOST:
                _CONVERSIONS[type(value)] = known
            return known
    msg = (
        f"SQLite can not store a value of type {type(value).__name__}; "
        "it stores None, bool, int, float, str, bytes, "
        "Decimal, and as text: datetime, date, time, UUID. Convert it; a list or dict is stored as "
        "json.dumps(value)"
    )
    raise ParameterError(msg)


def _decimal(value: Any) -> float:
    """The float whose shortest text is this number, which is how a Decimal is read back.

    An int for a whole one would make a whole division of `10 / ?`. Fifteen digits are what a float keeps, and
    what SQLite writes into a column of text.
    """
    from decimal import Decimal  # imported by now

    if not value.is_finite():
        msg = "SQLite has no Decimal that is NaN or infinite; pass None, or float('inf')"
        raise ParameterError(msg)
    number = float(value)
    if not Decimal(f"{number:.15g}") == value == Decimal(repr(number)):
        msg = (
            "a Decimal has more digits than SQLite would keep, which are 15; pass str(value) for a column of "
            "type TEXT, or int(value) if it is whole and fits into 64 bits"
        )
        raise ParameterError(msg)
    return number


def _datetime(value: Any) -> str:
    """As text, and a moment in UTC: SQLite compares texts, and so finds the order of moments."""
    if value != value:  # noqa: PLR0124 - what pandas's NaT is
        msg = "SQLite can not store NaT; pass None if that is meant"
        raise ParameterError(msg)
    if value.utcoffset():
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            msg = "a datetime is before year 1 or after 9999 in UTC, in which it would be stored; pass text"
            raise ParameterError(msg) from None
    text: str = value.isoformat(" ")
    return text


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {bytearray: bytes, memoryview: bytes}

_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": _datetime,
    "datetime.date": lambda value: value.isoformat(),
    "datetime.time": lambda value: value.isoformat(),
    "decimal.Decimal": _decimal,
    "uuid.UUID": str,
    "enum.Enum": lambda value: _encoded(value.value),
    # Subclasses, IntEnum and StrEnum among them, are stored as what they are a kind of.
    "builtins.int": int.__int__,
    "builtins.str": str.__str__,
    "builtins.float": lambda value: _encoded(float.__float__(value)),
    "builtins.bytes": bytes,
    # sqlite3 would take NumPy's for their bytes.
    "numpy.integer": int,
    "numpy.float32": lambda value: _encoded(float(value)),
    "numpy.float16": lambda value: _encoded(float(value)),
    "numpy.bool": bool,
    "numpy.bool_": bool,
}
