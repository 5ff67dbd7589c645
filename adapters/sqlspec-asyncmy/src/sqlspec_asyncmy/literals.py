"""Python's values as literals of MySQL's SQL.

The text protocol has no parameters: they are written into the statement. What can not be written so that
the server reads the same value is refused before anything is sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asyncmy.converters import escape_string

from sqlspec.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, time
    from decimal import Decimal

    from sqlspec.plugin import Parameters

__all__ = ("encoded", "literal", "render", "row_template", "script_bytes")

_LEAST, _PAST = -(2**63), 2**64  # BIGINT and BIGINT UNSIGNED
_DIGITS = 65  # of DECIMAL
_LONGEST_TIME = timedelta(hours=838, minutes=59, seconds=59, microseconds=999_999)

_NANOSECONDS = (
    "a time has nanoseconds, is NaT or past the year 9999; MySQL stores microseconds: round it, or pass None"
)

Literal = str


def render(statement: str, parameters: Parameters) -> bytes:
    """The statement as it is sent. Raises `ParameterError` for what can not be."""
    if parameters is None:
        text = statement
    elif isinstance(parameters, dict):
        text = _filled(statement, {name: literal(value) for name, value in parameters.items()})
    else:
        text = _filled(statement, tuple([literal(value) for value in parameters]))
    return encoded(text)


def encoded(text: str) -> bytes:
    """*text* in UTF-8, as it is sent."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    msg = "a str holds a lone surrogate, which can not be sent as UTF-8"
    raise ParameterError(msg)


def script_bytes(statement: str) -> bytes:
    """A script's statement, as it is sent, with the bytes that `errors="surrogateescape"` has read.

    They are no text, and stand in dumps behind `_binary`. In any other literal the server refuses them.
    """
    try:
        return statement.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return encoded(statement)  # which says what is wrong


def _filled(statement: str, literals: tuple[str, ...] | dict[str, str]) -> str:
    """Only a statement in the driver's own style can fail here: its placeholders are not counted before."""
    try:
        return statement % literals
    except (TypeError, ValueError, KeyError, IndexError):
        pass
    msg = "the parameters do not fit the statement's own %s marks; a literal % is written %%"
    raise ParameterError(msg)


def literal(value: Any) -> Literal:
    """One value, as SQL."""
    write = _LITERALS.get(type(value))
    if write is None:
        write = _by_base(type(value))  # type: ignore[arg-type] # mypy: a type is not hashable
    return write(value)


@lru_cache(maxsize=256)
def _by_base(kind: type) -> Callable[[Any], Literal]:
    """For types that are seldom bound, and subclasses: IntEnum and StrEnum are what they are a kind of."""
    for base in kind.__mro__:
        known = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            return known
    msg = (
        f"MySQL can not take a value of type {kind.__name__}; "
        "it takes None, bool, int, float, Decimal, str, bytes, "
        "datetime, date, time, timedelta, UUID and enums of these. Convert it; a list or dict is stored as "
        "json.dumps(value)"
    )
    raise ParameterError(msg)


def _null(_: None) -> Literal:
    return "NULL"


def _bool(value: bool) -> Literal:  # noqa: FBT001 - a value
    return "1" if value else "0"


def _int(value: int) -> Literal:
    if _LEAST <= value < _PAST:
        return str(value)
    msg = "an int is too large: MySQL's integers have 64 bits; pass a Decimal"
    raise ParameterError(msg)


def _float(value: float) -> Literal:
    text = repr(value)
    if "n" in text:  # nan, inf
        msg = "MySQL can not store NaN or an infinity; pass None if that is meant"
        raise ParameterError(msg)
    return text if "e" in text else f"{text}e0"  # without an exponent it would be a DECIMAL


def _str(value: str) -> Literal:
    return f"'{escape_string(value)}'"


def _bytes(value: bytes) -> Literal:
    # In hex no charset and no mode can make a quote of it.
    return f"_binary x'{value.hex()}'"


def _decimal(value: Decimal) -> Literal:
    if not value.is_finite():
        msg = "MySQL can not store NaN or an infinity; pass None if that is meant"
        raise ParameterError(msg)
    digits, exponent = len(value.as_tuple().digits), int(value.as_tuple().exponent)
    if max(digits, digits + exponent, -exponent) > _DIGITS:
        msg = f"a Decimal has more than {_DIGITS} digits, which MySQL's DECIMAL does not"
        raise ParameterError(msg)
    return format(value, "f")


def _datetime(value: datetime) -> Literal:
    _check_naive(value.tzinfo, "datetime")
    if getattr(value, "nanosecond", 0):  # of pandas; NaT is a datetime, and has NaN of them
        raise ParameterError(_NANOSECONDS)
    return f"TIMESTAMP'{datetime.isoformat(value, ' ')}'"


def _date(value: date) -> Literal:
    return f"DATE'{value.isoformat()}'"


def _time(value: time) -> Literal:
    _check_naive(value.tzinfo, "time")
    return f"TIME'{value.isoformat()}'"


def _timedelta(value: timedelta) -> Literal:
    if getattr(value, "nanoseconds", 0):  # of pandas
        raise ParameterError(_NANOSECONDS)
    if abs(value) > _LONGEST_TIME:
        msg = "a timedelta is too long: MySQL's TIME ends at 838:59:59.999999; store seconds in an integer"
        raise ParameterError(msg)
    micros = abs(value) // timedelta(microseconds=1)
    seconds, micros = divmod(micros, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    sign = "-" if value < timedelta(0) else ""
    return f"TIME'{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{micros:06}'"


def _numpy_float(value: Any) -> Literal:
    if float(value) != value and value == value:  # noqa: PLR0124 - NaN, which _float refuses
        msg = "a number has more digits than a DOUBLE; pass a Decimal, or its float()"
        raise ParameterError(msg)
    return _float(float(value))


def _numpy_time(value: Any) -> Literal:
    """A datetime64 or timedelta64, in whatever unit."""
    exact = value.astype(f"{type(value).__name__}[us]")
    if exact != value or isinstance(exact.item(), int):  # NaT is not equal to itself; a year is past 9999
        raise ParameterError(_NANOSECONDS)
    return literal(exact.item())


def _check_naive(zone: object, kind: str) -> None:
    if zone is not None:
        msg = (
            f"MySQL stores no time zone, so an aware {kind} would change its meaning; convert it to the zone "
            "your columns are in, value.astimezone(UTC) for one, and pass value.replace(tzinfo=None)"
        )
        raise ParameterError(msg)


_LITERALS: Final[Mapping[type, Callable[[Any], Literal]]] = {
    type(None): _null,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
}

# By name, so that the modules of unused types are not imported. The order of a class's bases decides.
_BY_NAME: Final[Mapping[str, Callable[[Any], Literal]]] = {
    "datetime.datetime": _datetime,
    "datetime.date": _date,
    "datetime.time": _time,
    "datetime.timedelta": _timedelta,
    "decimal.Decimal": _decimal,
    "uuid.UUID": lambda value: f"'{value}'",
    "numpy.bool": lambda value: _bool(bool(value)),
    "numpy.bool_": lambda value: _bool(bool(value)),
    "numpy.datetime64": _numpy_time,
    "numpy.timedelta64": _numpy_time,
    "numpy.integer": lambda value: _int(int(value)),
    "numpy.floating": _numpy_float,
    "enum.Enum": lambda value: literal(value.value),
    "builtins.bytearray": lambda value: _bytes(bytes(value)),
    "builtins.memoryview": lambda value: _bytes(value.tobytes()),
    "builtins.int": lambda value: _int(int(value)),
    "builtins.str": lambda value: _str(str.__str__(value)),
    "builtins.float": lambda value: _float(float(value)),
    "builtins.bytes": lambda value: _bytes(bytes(value)),
}


# --- many rows ----------------------------------------------------------------------------------


def row_template(columns: Sequence[Sequence[Any]]) -> tuple[list[str], list[Sequence[Any]]]:
    """How the values of a row are written, and the columns ready to be put in."""
    marks: list[str] = []
    ready: list[Sequence[Any]] = []
    for column in columns:
        mark, values = _written(column)
        marks.append(mark)
        ready.append(values)
    return marks, ready


def _written(column: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """One column: where all values are of one type, its loop runs in C."""
    kinds = set(map(type, column))
    if kinds == {str}:
        return "'%s'", list(map(escape_string, column))
    if kinds == {int} and min(column) >= _LEAST and max(column) < _PAST:
        return "%d", column
    return "%s", list(map(literal, column))
