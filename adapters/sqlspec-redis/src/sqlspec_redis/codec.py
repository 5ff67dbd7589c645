"""Values of Python in Redis, which knows bytes alone.

What redis-py takes (bytes, str, int, float) goes as redis-py sends it, codec or not: so numbers can be
incremented, and what other programs wrote stays what it was.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from sqlspec.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable

    Encode: TypeAlias = Callable[[tuple[Any, ...]], tuple[Any, ...]]

__all__ = ("decode", "encode_json")

T = TypeVar("T")

_TAKEN = (str, bytes, bytearray, memoryview, int, float)
_TAKEN_AS_IS = frozenset(_TAKEN)  # by their exact types: a bool is an int, and is not taken


def encode_json(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """A command's arguments with JSON for those values that redis-py would refuse.

    The name and the key stay as they are: a list where a key belongs is a mistake, and redis-py says so. So
    it does of None, which would come back as if nothing had been stored.
    """
    if _TAKEN_AS_IS.issuperset(map(type, arguments)):
        return arguments
    return (*arguments[:2], *map(_encoded, arguments[2:]))


def _encoded(value: Any) -> Any:
    if value is None or _is_taken(value):
        return value
    try:
        return msgspec.json.encode(value, enc_hook=_to_builtin)
    except (TypeError, ValueError, OverflowError, RecursionError):
        kind = type(value).__name__
    from redis import DataError

    raise DataError(f"a value of type {kind!r} has no JSON; convert it to str, bytes, a dict or a dataclass")


def _is_taken(value: Any) -> bool:
    if isinstance(value, Enum):
        return isinstance(value, str)  # of others redis-py would send the repr
    return isinstance(value, _TAKEN) and not isinstance(value, bool)


def _to_builtin(value: Any) -> Any:
    """What msgspec does not know by itself: pydantic's models."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError


def decode(value: Any, kind: type[T]) -> T | None:
    """Read what a command returned as *kind*; None, which Redis says of what is not there, stays None.

    *kind* is a dataclass, a msgspec Struct, an attrs class, a pydantic model, a TypedDict, `list[Order]`, a
    datetime, …: the type of a value that was stored with `codec="json"`. `str`, `bytes` and `float` are read
    as redis-py stores them. Raises `MappingError` for a value that does not fit.
    """
    if value is None:
        return None
    try:
        read: Callable[[Any, Any], Any] = _READ.get(kind, _decoded)
        return read(value, kind)  # type: ignore[no-any-return] # each reads its own kind
    except (ValueError, TypeError) as exc:
        where = _place(exc)
    name = getattr(kind, "__name__", str(kind))
    raise MappingError(f"what is stored{where} is no {name}")


def _decoded(value: Any, kind: Any) -> Any:
    if hasattr(kind, "model_validate_json"):
        return kind.model_validate_json(_bytes(value))
    return msgspec.json.decode(_bytes(value), type=kind)


def _bytes(value: Any, _kind: Any = bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _str(value: Any, _kind: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode()


def _float(value: Any, _kind: Any) -> float:  # inf and nan are no JSON
    return float(value)


_READ: dict[Any, Callable[[Any, Any], Any]] = {str: _str, bytes: _bytes, float: _float}


def _place(exc: Exception) -> str:
    """Where msgspec found it: the end of its text, which holds no value."""
    _, at, place = str(exc).rpartition(" - at ")
    is_known = at and isinstance(exc, msgspec.ValidationError)
    return f" at {place.strip('`')}" if is_known else ""
