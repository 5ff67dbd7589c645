"""Values on their way to PostgreSQL and back, where we do not want what psycopg does.

A dict, and a list where a json column or parameter waits for it, is a JSON document; a member of an enum is
its value. Neither says which type it is: the server knows from the statement. Other lists are arrays of what
the statement has there, whatever is in them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import AdaptersMap, Dumper, Loader, PyFormat, Transformer
from psycopg.pq import Format
from psycopg.types.array import ListDumper
from psycopg.types.json import Json, Jsonb, set_json_dumps
from psycopg.types.string import TextLoader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg.abc import AdaptContext

    from sqlspec.plugin import Parameters

__all__ = (
    "JSON_TYPES",
    "TEXT_LOADER",
    "adapt_list",
    "adapt_lists",
    "has_list",
    "new_adapters",
    "to_json",
    "types_of",
)

UNKNOWN, JSON, JSONB = 0, 114, 3802
JSON_TYPES = frozenset({JSON, JSONB})
_LISTS = frozenset({list, tuple})  # a tuple is a composite where no array is
_REAL = struct.Struct("f")
# In C, where the driver is.
TEXT_LOADER = psycopg.adapters.get_loader(25, Format.TEXT) or TextLoader

# NaN is no JSON, and neither is infinity.
to_json = partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


class JsonDumper(Dumper):
    """A dict, or a list that is a document, as the text of one."""

    def dump(self, obj: Any) -> bytes:
        """As JSON."""
        return to_json(obj.obj if isinstance(obj, Json) else obj).encode()


class Array:
    """A list that is an array, of a type that the server named."""

    __slots__ = ("oid", "value")

    def __init__(self, value: list[Any], oid: int) -> None:
        self.value, self.oid = value, oid


class ArrayDumper(ListDumper):
    """An `Array` as text, each element by its own dumper: they need not be of one Python type."""

    def get_key(self, obj: Any, format: PyFormat) -> Any:  # noqa: A002, ARG002 - psycopg's
        """One dumper for each type."""
        return self.cls, obj.oid

    def upgrade(self, obj: Any, format: PyFormat) -> ArrayDumper:  # noqa: A002, ARG002 - psycopg's
        """That dumper."""
        dumper = type(self)(self.cls, self._tx)
        dumper.oid = obj.oid
        known = self._tx.adapters.types.get(obj.oid)
        if known is not None:
            dumper.delimiter = known.delimiter.encode()
        return dumper

    def dump(self, obj: Any) -> Any:
        """In braces."""
        return super().dump(obj.value)


class EnumDumper(Dumper):
    """A member of an enum as its value. A StrEnum or IntEnum is converted by its other base."""

    def dump(self, obj: Enum) -> bytes:
        """As text of unknown type: the server decides."""
        return str(obj.value).encode()


class RealLoader(Loader):
    """A `real`, whose text is shorter than the number that it is."""

    def load(self, data: Any) -> float:
        """That number, as asyncpg has it."""
        number: float = _REAL.unpack(_REAL.pack(float(bytes(data))))[0]
        return number


class UnknownTypeLoader(Loader):
    """A value of a type that psycopg does not know, as its text; the connection notes the type."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        unknown: set[int] | None = getattr(self.connection, "unknown_types", None)
        if unknown is not None:
            unknown.add(oid)

    def load(self, data: Any) -> str:
        """As text."""
        return bytes(data).decode()


class _Context:
    """What psycopg wants to change adapters: something that has them."""

    connection = None

    def __init__(self, adapters: AdaptersMap) -> None:
        self.adapters = adapters


def new_adapters() -> AdaptersMap:
    """The adapters of a new connection: psycopg's, those that the application registered there, and ours."""
    adapters = AdaptersMap(psycopg.adapters)
    set_json_dumps(to_json, _Context(adapters))  # for binary COPY
    for kind in (dict, Json):
        adapters.register_dumper(kind, JsonDumper)
    adapters.register_dumper(Enum, EnumDumper)
    adapters.register_dumper(Array, ArrayDumper)
    adapters.register_loader("float4", RealLoader)
    adapters.register_loader(UNKNOWN, UnknownTypeLoader)
    return adapters


def has_list(parameters: Sequence[Any] | Mapping[str, Any]) -> bool:
    """Whether a value may be an array or a document: the statement decides."""
    if type(parameters) is tuple:  # mostly; an abstract class takes long to answer
        return not _LISTS.isdisjoint(map(type, parameters))
    return not _LISTS.isdisjoint(
        map(type, parameters.values() if isinstance(parameters, Mapping) else parameters)
    )


def types_of(values: Iterable[Any], context: AdaptContext) -> tuple[int, ...]:
    """The types that psycopg sends the values as; 0 where the server decides, and for lists."""
    dumper = Transformer(context).get_dumper
    return tuple(
        [
            0 if value is None or type(value) in _LISTS else dumper(value, PyFormat.AUTO).oid
            for value in values
        ]
    )


def adapt_lists(parameters: Sequence[Any] | Mapping[str, Any], types: Mapping[Any, int]) -> Parameters:
    """The same with each list converted to the type of its parameter; *types* are by place, or by name."""
    if isinstance(parameters, Mapping):
        return {name: adapt_list(value, types.get(name, 0)) for name, value in parameters.items()}
    return [adapt_list(value, types.get(place, 0)) for place, value in enumerate(parameters)]


def adapt_list(value: Any, oid: int) -> Any:
    """A list or tuple as an array or document of type *oid*; any other, or one without a type, as it is."""
    if not oid or type(value) not in _LISTS:
        return value
    if oid in JSON_TYPES:
        return Jsonb(value, to_json) if oid == JSONB else Json(value, to_json)
    return Array(list(value), oid)
