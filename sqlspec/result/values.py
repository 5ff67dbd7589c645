"""One column's values, and the type they are declared to be.

Drivers hand out what their protocol has: SQLite knows no booleans and no dates, MySQL sums to Decimal.
A value that is of the declared type stays as it is. Another is converted where nothing can be lost, by
the table below, and refused where something could: no text becomes a number.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import sys
import types
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Optional
from uuid import UUID

import msgspec

from sqlspec.errors import MappingError
from sqlspec.result.containers import container_for
from sqlspec.result.hints import is_document, is_unconstrained, members_of, name_of, plain_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlspec.result.containers import Container

    Way = Callable[[Any], Any]

__all__ = ("SCALARS", "Reader", "reader_for")

REFUSALS = (ValueError, TypeError, ArithmeticError, LookupError, msgspec.MsgspecError)
"""What a conversion raises when a value is not one."""

NoneType = type(None)


def _same(value: Any) -> Any:
    return value


_zero_or_one = {0: False, 1: True}.__getitem__


def _exact_float(value: int) -> float:
    result = float(value)
    if result == value:
        return result
    raise ValueError  # above 2**53 a float has holes


def _whole(value: Decimal) -> int:
    # By its exponent, not its value: a column of prices must not fit on the days when all are round.
    # Drivers make 7E+4 of 70000. NaN and infinity have letters for an exponent.
    if int(value.as_tuple().exponent) >= 0:
        return int(value)
    raise ValueError


def _shortest(value: float) -> Decimal:
    # What SQLite has in place of a Decimal. A float's own digits would be those of its binary fraction.
    if math.isfinite(value):
        return Decimal(repr(value))
    raise ValueError


def _moment(text: str) -> dt.datetime:
    day, clock = text[: len("2000-01-01")], text[len("2000-01-01T") :]
    if text[len(day) : -len(clock)] not in {"T", "t", " "}:
        raise ValueError
    return dt.datetime.combine(msgspec.convert(day, dt.date), _clock(clock))


def _clock(text: str) -> dt.time:
    """A time with an offset that RFC 3339 has not: `+01` of PostgreSQL's text, `+00:53:28` of old years."""
    if _CLOCK.fullmatch(text) is None:
        raise ValueError
    return dt.time.fromisoformat(text)


_CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6}0*)?[+-]\d\d(:?\d\d:?\d\d)?", re.ASCII)


class _Parsed:
    """Text to *kind*, one by one or, four times as fast, a column at once."""

    __slots__ = ("_longest", "_many", "_one", "_rarely")

    def __init__(self, kind: type, *, longest: int | None = None, rarely: Way | None = None) -> None:
        self._one: Way = partial(msgspec.convert, type=kind)
        self._rarely = rarely
        self._many = types.GenericAlias(list, (kind,))
        self._longest = sys.maxsize if longest is None else longest

    def __call__(self, text: str) -> Any:
        if len(text) > self._longest and _has_nanoseconds(text):
            raise ValueError
        try:
            return self._one(text)
        except msgspec.ValidationError:
            if self._rarely is None:
                raise
            return self._rarely(text)

    def column(self, values: Sequence[str]) -> list[Any]:
        if max(map(len, values)) <= self._longest:
            try:
                return msgspec.convert(values, self._many)  # type: ignore[no-any-return]
            except msgspec.ValidationError:
                pass  # one of them may have an odd offset
        return list(map(self, values))


def _has_nanoseconds(text: str) -> bool:
    """Whether text goes further than Python, which ends at microseconds; zeros may go."""
    return bool(re.split("[+-]", text.partition(".")[2])[0][6:].strip("0Zz"))


SCALARS: dict[type, dict[type, Way]] = {
    int: {Decimal: _whole},
    bool: {int: _zero_or_one},
    float: {int: _exact_float},
    str: {},
    bytes: {memoryview: bytes, bytearray: bytes},
    Decimal: {str: _Parsed(Decimal), int: Decimal, float: _shortest},
    dt.datetime: {str: _Parsed(dt.datetime, longest=len("2000-01-01 00:00:00.000000"), rarely=_moment)},
    dt.date: {str: _Parsed(dt.date)},
    dt.time: {str: _Parsed(dt.time, longest=len("00:00:00.000000"), rarely=_clock)},
    dt.timedelta: {str: _Parsed(dt.timedelta)},
    UUID: {str: _Parsed(UUID), bytes: _Parsed(UUID)},
}
"""Declared type → driver's type → conversion that loses nothing."""

_NOT_ONE = {(int, bool), (dt.date, dt.datetime)}
"""Subclasses by name only: True is no number, a moment is no day."""


class Reader:
    """Turns a column's values into one declared type, or says which of them does not fit."""

    __slots__ = ("_ways", "expected", "kinds")

    def __init__(
        self, expected: str, kinds: frozenset[type] | None, way_from: Callable[[type], Way | None]
    ) -> None:
        self.expected = expected
        self.kinds = kinds
        self._ways = _Ways(kinds, way_from)

    def way_from(self, kind: type) -> Way | None:
        """The conversion for values of *kind*, or None when they never fit."""
        return self._ways[kind]

    def read(self, values: Sequence[Any], column: str, start: int) -> Sequence[Any]:
        """The values as declared; the column itself when all of them are already."""
        try:
            return self.converted(values)
        except REFUSALS:
            # `from None`: the converters' own texts may hold the value.
            raise self._complaint(values, column, start) from None

    def read_one(self, value: Any, column: str, row: int) -> Any:
        """As `read`, for one value."""
        try:
            return self._ways[type(value)](value)  # type: ignore[misc]
        except REFUSALS:
            raise self._complaint((value,), column, row) from None

    def converted(self, values: Sequence[Any]) -> Sequence[Any]:
        """As `read`, for values inside of others: one of `REFUSALS` when one does not fit."""
        kinds: set[type] = set(map(type, values))
        if self.kinds is None or kinds <= self.kinds:
            return values
        ways = self._ways
        if len(kinds) > 1:
            return [ways[type(value)](value) for value in values]  # type: ignore[misc]
        way: Any = ways[kinds.pop()]  # None is no conversion: calling it is a refusal like the others
        return way.column(values) if type(way) is _Parsed else list(map(way, values))

    def _complaint(self, values: Sequence[Any], column: str, start: int) -> MappingError:
        row, value = next((row, value) for row, value in enumerate(values, start) if not self._fits(value))
        got = _description(name_of(type(value)), known=self._ways[type(value)] is not None)
        return MappingError(f"row {row}, column {column!r}: expected {self.expected}, got {got}")

    def _fits(self, value: Any) -> bool:
        try:
            self._ways[type(value)](value)  # type: ignore[misc]
        except REFUSALS:
            return False
        return True


class _Ways(dict[type, "Way | None"]):
    """Conversions by the driver's type, found when first met; as many as a driver has types."""

    __slots__ = ("_find",)

    def __init__(self, kinds: frozenset[type] | None, find: Callable[[type], Way | None]) -> None:
        super().__init__((kind, _same) for kind in kinds or ())
        self._find = find

    def __missing__(self, kind: type) -> Way | None:
        way = self[kind] = self._find(kind)
        return way


def _description(kind: str, *, known: bool) -> str:
    if kind == "NoneType":
        return "NULL; add '| None' to the type if the column may be empty"
    if known:
        return f"{kind} that is not one"
    return f"{kind}; change the type, or CAST the column in the statement"


# --- from a hint to its reader ------------------------------------------------------------------


def reader_for(hint: Any) -> Reader:
    """The reader for a field declared as *hint*; `MappingError` for a hint nothing can be checked by."""
    hint, metadata = plain_hint(hint)
    if is_unconstrained(hint):
        return Reader("anything", None, lambda _kind: _same)
    hints = members_of(hint)
    nullable = any(plain_hint(member)[0] in {None, NoneType} for member in hints)
    members = [_member(member, nullable=nullable) for member in hints]
    reader = members[0] if len(members) == 1 else _union(members)
    return _constrained(reader, hint, metadata) if metadata else reader


def _member(hint: Any, *, nullable: bool) -> Reader:
    hint, metadata = plain_hint(hint)
    if metadata:
        return _constrained(_member(hint, nullable=nullable), hint, metadata)
    if hint is None or hint is NoneType:
        return Reader("None", frozenset({NoneType}), lambda _kind: None)
    if hint in SCALARS or (isinstance(hint, type) and issubclass(hint, Enum)):
        return _scalar(hint, SCALARS[hint] if hint in SCALARS else {type(each.value): hint for each in hint})
    if hint is msgspec.UnsetType:
        return Reader("UNSET", frozenset({msgspec.UnsetType}), lambda _kind: None)
    container = container_for(hint, reader_for, _key_reader)
    if container is None:
        return _by_msgspec(hint, nullable=nullable)
    return _container(hint, container, nullable=nullable)


def _container(hint: Any, container: Container, *, nullable: bool) -> Reader:
    """Made of the driver's own containers, or of JSON text, which has a null of its own."""
    convert, source = container.convert, container.source

    def decode(text: str | bytes) -> Any:
        value = msgspec.json.decode(text)
        return None if nullable and value is None else convert(value)

    def way_from(kind: type) -> Way | None:
        return decode if issubclass(kind, (str, bytes)) else convert if issubclass(kind, source) else None

    return Reader(name_of(hint), container.trusted, way_from)


def _key_reader(hint: Any) -> Reader:
    """As `reader_for`, but text may be any key: JSON has no others."""
    reader = reader_for(hint)
    convert = partial(msgspec.convert, type=types.GenericAlias(dict, (hint, None)), str_keys=True)

    def way_from(kind: type) -> Way | None:
        way = reader.way_from(kind)
        return way if way is not None or kind is not str else lambda text: next(iter(convert({text: None})))

    return Reader(reader.expected, reader.kinds, way_from)


def _scalar(declared: type, table: dict[type, Way]) -> Reader:
    def way_from(kind: type) -> Way | None:
        return _same if _is_a(kind, declared) else table.get(kind)

    return Reader(name_of(declared), frozenset({declared}), way_from)


def _is_a(kind: type, declared: type) -> bool:
    # asyncpg's UUID and pendulum's datetime are subclasses, and fit.
    return issubclass(kind, declared) and not any(
        declared is wide and issubclass(kind, narrow) for wide, narrow in _NOT_ONE
    )


def _union(members: list[Reader]) -> Reader:
    """Taken as it is by any member; else converted by the first, in the order written, that can."""
    if any(member.kinds is None for member in members):
        return Reader("anything", None, lambda _kind: _same)
    kinds = frozenset(kind for member in members for kind in member.kinds or ())

    def way_from(kind: type) -> Way | None:
        ways = [way for member in members if (way := member.way_from(kind)) is not None]
        return _same if _same in ways else partial(_first_of, ways) if ways else None

    return Reader(" | ".join(member.expected for member in members), kinds, way_from)


def _first_of(ways: list[Way], value: Any) -> Any:
    for way in ways[:-1]:
        try:
            return way(value)
        except REFUSALS:
            continue
    return ways[-1](value)


def _constrained(reader: Reader, hint: Any, metadata: tuple[Any, ...]) -> Reader:
    """Values of the plain type that also keep what `msgspec.Meta` says of them."""
    check = _probed(Annotated[(hint, *metadata)])

    def way_from(kind: type) -> Way | None:
        way = reader.way_from(kind)
        return None if way is None else lambda value: check(way(value))

    return Reader(f"{reader.expected} within its constraints", frozenset(), way_from)


def _by_msgspec(hint: Any, *, nullable: bool) -> Reader:
    """Classes with fields, literals and the caller's own classes."""
    convert = _probed(hint)
    text = Optional[hint] if nullable else hint  # noqa: UP045 - any hint; JSON has a null of its own
    decoder = msgspec.json.Decoder(text, dec_hook=_by_pydantic) if is_document(hint) else None

    def way_from(kind: type) -> Way | None:
        if decoder is not None and issubclass(kind, (str, bytes)):
            return decoder.decode
        return convert

    return Reader(name_of(hint), frozenset(), way_from)


def _probed(hint: Any) -> Way:
    """`msgspec.convert` to *hint*, tried once: a type it does not know is no row's mistake."""
    convert = partial(msgspec.convert, type=hint, dec_hook=_by_pydantic)
    try:
        convert(object())
    except msgspec.ValidationError:
        pass
    except (TypeError, NameError) as exc:
        raise MappingError(f"values can not be checked against {name_of(hint)}: {exc}") from exc
    return convert


def _by_pydantic(cls: Any, value: Any) -> Any:
    """A class that msgspec does not know: pydantic's make themselves, others must be there already."""
    validator = getattr(cls, "__pydantic_validator__", None)
    return value if validator is None else validator.validate_python(value)
