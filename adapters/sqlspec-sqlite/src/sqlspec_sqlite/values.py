"""Python's values as SQLite stores them.

SQLite knows NULL, integers, floats, text and blobs. Dates, times, decimals and UUIDs are stored as their
canonical text, which a `schema_type` turns back. All else is refused before anything is sent: NaN too,
which SQLite would store as NULL.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError

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
    return [_row(number, row) for number, row in enumerate(rows, 1)]


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


def _row(number: int, row: Mapping[str, Any] | Sequence[Any]) -> Any:
    try:
        return encode(row)
    except ParameterError as exc:
        msg = f"row {number}: {exc}"
        raise ParameterError(msg) from None


def check_rows(rows: Sequence[Any]) -> None:
    """Name the row that sqlite3 could not bind: called after a failure, because it checks every value."""
    for number, row in enumerate(rows, 1):
        for value in row.values() if isinstance(row, dict) else row:
            if type(value) is int and not -_LIMIT <= value < _LIMIT:
                msg = f"row {number}: an int is too large: SQLite's integers have 64 bits, sign included"
                raise ParameterError(msg) from None
            if type(value) is str and not _is_utf8(value):
                msg = f"row {number}: a str holds a lone surrogate, which can not be stored as UTF-8"
                raise ParameterError(msg) from None


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
