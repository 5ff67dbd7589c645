"""Schema types the tests map to; at module level, so that their annotations resolve."""

# ruff: noqa: D101 - their names say it

from __future__ import annotations

import dataclasses
import enum
from collections import namedtuple
from dataclasses import InitVar, dataclass
from datetime import date, datetime, time  # noqa: TC003 - resolved at run time
from decimal import Decimal  # noqa: TC003 - as above
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NewType, NotRequired, Self, TypedDict
from uuid import UUID  # noqa: TC003 - as above

import attrs
import msgspec
import pydantic

UserId = NewType("UserId", int)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class User:
    id: int
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenUser:
    id: int
    name: str
    email: str | None = None


@dataclass
class Initialised:
    id: int
    kind: ClassVar[str] = "row"
    plain: ClassVar = 0
    name: InitVar[str]
    upper: str = dataclasses.field(init=False)

    def __post_init__(self, name: str) -> None:
        self.upper = name.upper()


@dataclass(init=False)
class ByHand:
    id: int
    name: str

    def __init__(self, name: str, id: int) -> None:  # noqa: A002 - the column's name
        self.id, self.name = id, name


@dataclass
class FoundByHand:
    """The decorator finds a constructor, and makes none."""

    id: int
    name: int

    def __init__(self, name: int, id: int) -> None:  # noqa: A002 - the column's name
        self.id, self.name = id, name


@dataclass
class Adult:
    age: int

    def __post_init__(self) -> None:
        if self.age < 18:
            raise ValueError(self.age)


class UserStruct(msgspec.Struct):
    id: int
    name: str
    email: str | None = None


class KeywordStruct(msgspec.Struct, kw_only=True):
    id: int
    name: str
    email: str | None = None


class CamelStruct(msgspec.Struct, rename="camel"):
    user_id: int
    full_name: str


class ShiftedStruct(msgspec.Struct, rename={"a": "b", "b": "c"}):
    a: int
    b: int


class GapStruct(msgspec.Struct):
    id: int
    nick: str = "-"
    name: str = "?"


class ArrayStruct(msgspec.Struct, array_like=True):
    id: int
    name: str


class TaggedStruct(msgspec.Struct, tag="user"):
    id: int
    name: str


class AdultStruct(msgspec.Struct):
    age: Annotated[int, msgspec.Meta(ge=18)]


class UserDict(TypedDict):
    id: int
    name: str
    email: NotRequired[str]


class UserTuple(NamedTuple):
    id: int
    name: str
    email: str | None = None


class Pair(NamedTuple):
    """The base of one with another constructor."""

    id: int
    name: int


class PairByHand(Pair):
    """A constructor with an order of its own."""

    __slots__ = ()

    def __new__(cls, name: int, id: int) -> Self:  # noqa: A002, D102 - the column's name
        return super().__new__(cls, id, name)


Untyped = namedtuple("Untyped", ["id", "name"])  # noqa: PYI024  # pyright: ignore[reportUntypedNamedTuple]


@attrs.define
class AttrsUser:
    id: int
    _name: str
    email: str | None = None
    upper: str = attrs.field(init=False, default="-")


def _split(text: str) -> list[str]:
    return text.split(",")


@attrs.define
class AttrsByHand:
    """The decorator finds a constructor, and makes none."""

    id: int
    name: int

    def __init__(self, name: int, id: int) -> None:  # noqa: A002 - the column's name
        self.id, self.name = id, name


@attrs.define
class AttrsConverted:
    id: int
    tags: list[str] = attrs.field(converter=_split)


class Model(pydantic.BaseModel):
    id: int
    name: str
    email: str | None = None


class AliasModel(pydantic.BaseModel):
    user_id: int = pydantic.Field(alias="userId")


@pydantic.dataclasses.dataclass
class PydanticData:
    id: int
    name: str


class Everything(msgspec.Struct):
    flag: bool
    ratio: float
    blob: bytes
    amount: Decimal
    at: datetime
    day: date
    clock: time
    key: UUID
    colour: Colour
    level: Level
    tags: list[str]
    owner: UserStruct
    kind: Literal["a", "b"]
    who: UserId
    extra: Any
    maybe: date | datetime | None


class Lonely(msgspec.Struct):
    value: int
