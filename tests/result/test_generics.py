"""Generic classes, lists of one column, and aliases are types of a row; their arguments are checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, NamedTuple, NewType, TypeVar

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict
from pydantic import Field as PydanticField
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType, TypedDict
from typing_extensions import TypeVar as TypeVarWithDefault

from sqlspec.errors import MappingError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]

T = TypeVar("T")
U = TypeVar("U")
Bound = TypeVar("Bound", bound=str)
Either = TypeVar("Either", int, str)
Default = TypeVarWithDefault("Default", default=str)


@dataclass
class Plain(Generic[T]):
    """A dataclass."""

    content: T


class Packed(msgspec.Struct, Generic[T]):
    """A Struct."""

    content: T


@attrs.define
class Defined(Generic[T]):
    """A class of attrs."""

    content: T


class Named(NamedTuple, Generic[T]):
    """A NamedTuple."""

    content: T


class Typed(TypedDict, Generic[T]):
    """A TypedDict."""

    content: T


class Model(BaseModel, Generic[T]):
    """A class of pydantic."""

    content: T


@dataclass
class Told(Plain[T], Generic[U, T]):
    """Arguments in another order than those of its base."""

    other: U | None = None


class Texts(Packed[str]):
    """An argument that is given by a subclass."""


@dataclass
class Numbers(Plain[int]):
    """The same of a dataclass."""


@dataclass
class Bounded(Generic[Bound]):
    """Without an argument it is what it is bound to."""

    content: Bound


@dataclass
class Choice(Generic[Either]):
    """One of two."""

    content: Either


@dataclass
class Defaulted(Generic[Default]):
    """PEP 696."""

    content: Default


Key = NewType("Key", int)
Alias = TypeAliasType("Alias", list[int])
Wide = TypeAliasType("Wide", list[T], type_params=(T,))
MODEL: Any = Model
GENERIC: list[Any] = [Plain, Packed, Defined, Named, Typed]

# A type, what comes from a database, and what the field holds.
TAKEN: list[tuple[Any, Any, Any]] = [
    *((kind[str], "ink", "ink") for kind in [*GENERIC, MODEL]),
    *((kind[int], 12, 12) for kind in [*GENERIC, MODEL]),
    *((kind[list[int]], "[1, 2]", [1, 2]) for kind in GENERIC),
    *((kind[dt.date], "2024-02-29", dt.date(2024, 2, 29)) for kind in GENERIC),
    *((kind[int | None], None, None) for kind in [*GENERIC, MODEL]),
    (Plain[Packed[int]], '{"content": 5}', Packed(5)),
    (Plain[Annotated[int, msgspec.Meta(ge=0)]], 4, 4),
    (Plain[Key], 4, 4),
    (Plain[Alias], "[3]", [3]),
    (Plain[Wide[int]], "[3]", [3]),
    (Told[int, str], "ink", "ink"),
    (Texts, "ink", "ink"),
    (Numbers, 4, 4),
    (Bounded, "ink", "ink"),
    (Choice[int], 4, 4),
    (Choice, "ink", "ink"),
    (Defaulted, "ink", "ink"),
    (Defaulted[int], 4, 4),
    (Plain, object, object),
]
REFUSED: list[tuple[Any, Any]] = [
    *((kind[str], 1.5) for kind in [*GENERIC, MODEL]),
    *((kind[int], "12x") for kind in [*GENERIC, MODEL]),
    *((kind[list[int]], '["a"]') for kind in GENERIC),
    (Plain[Packed[int]], '{"content": "x"}'),
    (Plain[Annotated[int, msgspec.Meta(ge=0)]], -4),
    (Plain[Wide[int]], '["a"]'),
    (Told[int, str], 1.5),
    (Texts, 1.5),
    (Numbers, "ink"),
    (Bounded, 1.5),
    (Choice, 1.5),
    (Choice[int], "ink"),
    (Defaulted, 4),
    (Defaulted[int], "ink"),
]


def content(row: Any) -> Any:
    """Of an object or of a dict."""
    return row["content"] if isinstance(row, dict) else row.content


READERS: dict[str, Callable[[Result[Any]], Any]] = {
    "one": lambda made: made.one(),
    "first": lambda made: made.first(),
    "one_or_none": lambda made: made.one_or_none(),
    "all": lambda made: made.all()[0],
    "iteration": lambda made: next(iter(made)),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("kind", "value", "right"), TAKEN, ids=str)
def test_a_generic_class_is_taken(
    result: Make, kind: Any, value: Any, right: Any, read: Callable[[Result[Any]], Any]
) -> None:
    """Its argument says what the field holds."""
    row = read(result("content", (value,), schema_type=kind))

    assert content(row) == right
    assert type(row) is dict or isinstance(row, getattr(kind, "__origin__", kind))


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=str)
def test_its_argument_is_checked(result: Make, kind: Any, value: Any) -> None:
    """By the column's name, without the value."""
    with pytest.raises(MappingError, match="content") as caught:
        result("content", (value,), schema_type=kind).one()

    assert str(value) not in str(caught.value)


SINGLE: list[tuple[Any, Any, Any]] = [
    (list[int], "[1, 2]", [1, 2]),
    (list[int], [1, 2], [1, 2]),
    (list[str], '["a"]', ["a"]),
    (list, "[1, null]", [1, None]),
    (set[int], "[1, 1]", {1}),
    (frozenset[str], '["a"]', frozenset({"a"})),
    (list[dict[str, int]], '[{"a": 1}]', [{"a": 1}]),
    (list[Packed[int]], '[{"content": 5}]', [Packed(5)]),
    (list[int] | None, None, None),
    (Alias, "[3]", [3]),
    (Wide[str], '["a"]', ["a"]),
    (int | None, None, None),
    (str | None, "x", "x"),
    (Key, 4, 4),
    (Annotated[int, msgspec.Meta(ge=0)], 4, 4),
]


@pytest.mark.parametrize(("kind", "value", "right"), SINGLE, ids=str)
def test_one_column_becomes_a_list_or_a_single_value(result: Make, kind: Any, value: Any, right: Any) -> None:
    """By every method; text is read as JSON, a driver's list as it is."""
    made = result("content", (value,), schema_type=kind)

    assert made.one() == made.first() == made.scalar() == made.scalar_or_none() == right
    assert made.all() == made.scalars() == list(made) == [right]


@pytest.mark.parametrize("kind", [list[int], set[int], list[str], list[int] | None])
@pytest.mark.parametrize("value", ['["a", 1]', "no JSON", 1.5, b"\xff", '{"a": 1}'])
def test_what_is_no_such_list_is_refused(result: Make, kind: Any, value: Any) -> None:
    """By every method, too."""
    made = result("content", (value,), schema_type=kind)

    for read in (made.one, made.all, made.scalar, made.scalars):
        with pytest.raises(MappingError, match="content"):
            read()


class Camel(BaseModel):
    """Names by a rule."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    first_name: str
    age: int = 0


class Chosen(BaseModel):
    """One of several names."""

    name: str = PydanticField(validation_alias=AliasChoices("full_name", "title"))
    first: str | None = PydanticField(None, validation_alias=AliasPath("tags", 0))


class Renamed(msgspec.Struct, rename="camel", kw_only=True):
    """Names by a rule, and one by hand."""

    first_name: str
    age: int = msgspec.field(default=0, name="years")


@attrs.define(kw_only=True)
class Private:
    """attrs drops the underscore."""

    _name: str
    age: int = attrs.field(default=0, alias="years")


@dataclass(kw_only=True)
class Odd:
    """What a dataclass may have besides fields."""

    kind: ClassVar[str] = "odd"
    name: Final[str] = "x"
    scale: InitVar[int] = 1
    tags: list[str] = field(default_factory=list)


ALIASES: list[tuple[Any, str, tuple[Any, ...], dict[str, Any]]] = [
    (Camel, "firstName age", ("Ada", 3), {"first_name": "Ada", "age": 3}),
    (Camel, "first_name", ("Ada",), {"first_name": "Ada", "age": 0}),
    (Chosen, "full_name", ("Ada",), {"name": "Ada"}),
    (Chosen, "title tags", ("Ada", ["x", "y"]), {"name": "Ada", "first": "x"}),
    (Renamed, "firstName years", ("Ada", 3), {"first_name": "Ada", "age": 3}),
    (Renamed, "first_name", ("Ada",), {"first_name": "Ada", "age": 0}),
    (Private, "name years", ("Ada", 3), {"_name": "Ada", "age": 3}),
    (Private, "_name", ("Ada",), {"_name": "Ada", "age": 0}),
    (Odd, "name scale tags", ("Ada", 2, '["a"]'), {"name": "Ada", "tags": ["a"]}),
]


@pytest.mark.parametrize(("kind", "columns", "row", "fields"), ALIASES, ids=str)
def test_a_field_is_found_by_the_names_that_its_class_gives_it(
    result: Make, kind: Any, columns: str, row: tuple[Any, ...], fields: dict[str, Any]
) -> None:
    """Whatever the library calls that."""
    made = result(columns, row, schema_type=kind).one()

    assert {name: getattr(made, name) for name in fields} == fields


# Drivers' values of one kind, and the types they are read into: all of them, or none.
KINDS: list[tuple[Any, Any]] = [
    (st.integers(), int),
    (st.integers(), int | None),
    (st.integers(), Decimal),
    (st.integers(0, 1), bool),
    (st.integers(), str),
    (st.floats(allow_nan=False, allow_infinity=False), float),
    (st.floats(), int),
    (st.floats(), str),
    (st.text(), str),
    (st.text(), int),
    (st.decimals(allow_nan=False, allow_infinity=False, places=2), Decimal),
    (st.decimals(allow_nan=False, allow_infinity=False, places=2), int),
    (st.decimals(allow_nan=False, allow_infinity=False, places=0), int),
    (st.dates().map(str), dt.date),
    (st.datetimes().map(str), dt.datetime),
    (st.times().map(str), dt.time),
    (st.uuids().map(str), str),
    (st.binary(), bytes),
    (st.lists(st.integers(-(2**63), 2**63 - 1)), list[int]),
    (st.lists(st.integers(-(2**63), 2**63 - 1)).map(str), list[int]),
]


@given(
    st.sampled_from(KINDS).flatmap(lambda pair: st.tuples(st.lists(pair[0], min_size=1), st.just(pair[1])))
)
def test_a_column_is_read_for_all_of_its_values_or_for_none(drawn: tuple[list[Any], Any]) -> None:
    """It depends on the types. What remains: text that is parsed, NULL, NaN, what a float can not hold."""
    values, kind = drawn
    outcomes = set()
    for value in values:
        boxed: Any = Plain
        for schema_type in (kind, boxed[kind]):
            try:
                Result[Any](RawResult(("content",), [(value,)], 1), schema_type).one()
                outcomes.add("read")
            except MappingError:
                outcomes.add("refused")

    assert len(outcomes) == 1
