"""What a type variable stands for in a class that inherits, and what an alias stands for at any depth."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, LiteralString, NotRequired, Self, TypeVar

import attr
import attrs
import msgspec
import pydantic
import pytest
from pydantic import AliasChoices, AliasPath, ConfigDict
from typing_extensions import TypeAliasType, TypedDict

from sqlspec.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.result import Result

    Make = Callable[..., Result[Any]]

T = TypeVar("T")

# The same variable stands for another type in the base than in the class.


@dataclass
class Data(Generic[T]):
    """A dataclass."""

    content: T


@dataclass
class DataOfLists(Data[list[T]], Generic[T]):
    """Inherits."""

    more: T | None = None


class Packed(msgspec.Struct, Generic[T]):
    """A Struct."""

    content: T


class PackedLists(Packed[list[T]], Generic[T]):
    """Inherits."""

    more: T | None = None


class Typed(TypedDict, Generic[T]):
    """A TypedDict, which repeats what it inherits."""

    content: T


class TypedLists(Typed[list[T]], Generic[T]):
    """Inherits."""

    more: NotRequired[T]


@attrs.define
class Defined(Generic[T]):
    """A class of attrs."""

    content: T


@attrs.define
class DefinedLists(Defined[list[T]], Generic[T]):
    """Inherits."""

    more: T | None = None


@pydantic.dataclasses.dataclass
class Validated(Generic[T]):
    """A dataclass of pydantic's."""

    content: T


@attr.s
class Untyped:
    """Without annotations."""

    content = attr.ib(type=int)  # pyright: ignore[reportGeneralTypeIssues] - takes attrs for a dataclass


@dataclass
class Linked:
    """Holds itself."""

    content: LiteralString
    after: Self | None = None


class Owner(pydantic.BaseModel):
    """A document within a row."""

    name: str


@dataclass
class Owned:
    """A row with such a document."""

    content: Owner
    more: list[Owner] = field(default_factory=list)


def local() -> Any:
    """A class that only a function knows, as its variable is."""
    Local = TypeVar("Local")

    @dataclass
    class Node(Generic[Local]):
        content: Local
        after: Node[Local] | None = None

    return Node


Whole = TypeAliasType("Whole", int)
Lists = TypeAliasType("Lists", list[T], type_params=(T,))


class _Endless:
    __value__: Any
    __type_params__ = ()


_Endless.__name__ = "TypeAliasType"
JSON: Any = _Endless()
"""As `type Json = list[Json]` makes it, from Python 3.12 on."""
JSON.__value__ = list[JSON]


@dataclass
class Aliased:
    """Aliases below the surface."""

    content: list[Whole]
    more: dict[str, Lists[Whole]] = field(default_factory=dict)


INHERITING: list[Any] = [DataOfLists, PackedLists, TypedLists, DefinedLists]
TAKEN: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((kind[int], ("[1]", 2), {"content": [1], "more": 2}) for kind in INHERITING),
    (Validated[int], (1,), {"content": 1}),
    (Untyped, (1,), {"content": 1}),
    (local()[int], (1,), {"content": 1, "after": None}),
    (Linked, ("x",), {"content": "x", "after": None}),
    (Aliased, ("[1]", '{"a": [2]}'), {"content": [1], "more": {"a": [2]}}),
    (
        Owned,
        ('{"name": "Ada"}', '[{"name": "Bob"}]'),
        {"content": Owner(name="Ada"), "more": [Owner(name="Bob")]},
    ),
]
REFUSED: list[tuple[Any, tuple[Any, ...]]] = [
    *((kind[int], ('["s3cret"]', 2)) for kind in INHERITING),
    *((kind[int], ("[1]", "s3cret")) for kind in INHERITING),
    (Validated[int], ("s3cret",)),
    (Untyped, ("s3cret",)),
    (local()[int], ("s3cret",)),
    (Linked, (1,)),
    (Aliased, ('["s3cret"]',)),
    (Aliased, ("[1]", '{"a": ["s3cret"]}')),
    (Owned, ('{"title": "s3cret"}',)),
]


@pytest.mark.parametrize(("kind", "row", "fields"), TAKEN, ids=str)
def test_a_field_holds_what_its_variable_stands_for(
    result: Make, kind: Any, row: tuple[Any, ...], fields: dict[str, Any]
) -> None:
    """Also where a base calls it otherwise, and where only a function knows the class."""
    made = result(" ".join(["content", "more"][: len(row)]), row, schema_type=kind).one()

    assert {name: made[name] if isinstance(made, dict) else getattr(made, name) for name in fields} == fields


@pytest.mark.parametrize(("kind", "row"), REFUSED, ids=str)
def test_a_field_is_checked_by_it(result: Make, kind: Any, row: tuple[Any, ...]) -> None:
    """The message holds no value."""
    with pytest.raises(MappingError) as caught:
        result(" ".join(["content", "more"][: len(row)]), row, schema_type=kind).one()

    assert "s3cret" not in str(caught.value)


# A type, a column's value as text and as a driver reads it, and what it becomes.
DOCUMENTS: list[tuple[Any, str, Any, Any]] = [
    (list[Whole], "[1]", [1], [1]),
    (Sequence[int], "[1]", [1], [1]),
    (AbstractSet[int], "[1, 1]", [1, 1], {1}),
    (dict[str, int], '{"a": 1}', {"a": 1}, {"a": 1}),
    (dict[int, Data[int]], '{"1": {"content": 2}}', {"1": {"content": 2}}, {1: Data(2)}),
    (tuple[int, ...], "[1, 2]", [1, 2], (1, 2)),
    (tuple[int, str], '[1, "a"]', [1, "a"], (1, "a")),
    (Data[int], '{"content": 1}', {"content": 1}, Data(1)),
    (Packed[int] | None, '{"content": 1}', {"content": 1}, Packed(1)),
    (Typed[int], '{"content": 1}', {"content": 1}, {"content": 1}),
    (Owner, '{"name": "Ada"}', {"name": "Ada"}, Owner(name="Ada")),
]


@pytest.mark.parametrize(("kind", "text", "parsed", "right"), DOCUMENTS, ids=str)
def test_a_single_column_is_a_document_of_any_type(
    result: Make, kind: Any, text: str, parsed: Any, right: Any
) -> None:
    """Whoever parsed it, the driver or nobody."""
    made = result("document", (text,), (parsed,), schema_type=kind)

    assert made.scalar() == made.scalar_or_none() == right
    assert made.scalars() == [right, right]


@pytest.mark.parametrize("kind", [list[int], tuple[int, str], Data[int], Data[int] | int, Typed[int], Owner])
@pytest.mark.parametrize("value", [1.5, "s3cret", '["s3cret"]', ["s3cret"], {"content": "s3cret"}, None])
def test_such_a_document_is_checked(result: Make, kind: Any, value: Any) -> None:
    """By every method of single values."""
    made = result("document", (value,), schema_type=kind)

    for read in (made.scalar, made.scalar_or_none, made.scalars):
        with pytest.raises(MappingError, match="'document'") as caught:
            read()
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "kind", [None, dict, tuple, tuple[str], dict[str, str], object, Data[str], Typed[str]]
)
@pytest.mark.parametrize("columns", ["content", "content id"])
def test_the_value_of_a_row_is_left_to_the_driver(result: Make, kind: Any, columns: str) -> None:
    """A column that a class has a field for is no document."""
    made = result(columns, ("[1]", 1)[: len(columns.split())], schema_type=kind)

    assert (made.scalar(), made.scalars()) == ("[1]", ["[1]"])


def test_an_alias_of_what_holds_itself_is_refused_by_its_name(result: Make) -> None:
    """There is no end to what would have to be checked."""
    with pytest.raises(MappingError, match="write Any"):
        result("content", ("[[1]]",), schema_type=JSON).one()


# --- pydantic's names -------------------------------------------------------------------------------


class Chosen(pydantic.BaseModel):
    """One of several names, one of them inside a document."""

    name: str = pydantic.Field(validation_alias=AliasChoices("full", AliasPath("person", "name")))


class OwnNames(pydantic.BaseModel):
    """Aliases are for what goes out."""

    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    name: str = pydantic.Field(alias="FULL")


class Rearranged(pydantic.BaseModel):
    """Sees the row first."""

    name: str
    email: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _rearrange(cls, row: dict[str, Any]) -> dict[str, Any]:
        return {"name": row["full"], "email": row["e_mail"]}


@pydantic.dataclasses.dataclass(config=ConfigDict(alias_generator=str.upper))
class Upper:
    """A rule for the names of a dataclass, and a field that its constructor does not take."""

    name: str
    size: int = field(init=False, default=3)


@pytest.mark.parametrize(
    ("kind", "columns", "row"),
    [
        (Chosen, "full", ("Ada",)),
        (Chosen, "person", ({"name": "Ada"},)),
        (OwnNames, "name", ("Ada",)),
        (Rearranged, "full e_mail", ("Ada", "a@b.c")),
        (Upper, "NAME", ("Ada",)),
    ],
)
def test_pydantic_finds_its_fields_by_its_own_names(
    result: Make, kind: Any, columns: str, row: tuple[Any, ...]
) -> None:
    """The check of columns knows them all."""
    assert result(columns, row, schema_type=kind).one().name == "Ada"


@pytest.mark.parametrize(
    ("kind", "columns"), [(Chosen, "other"), (OwnNames, "FULL"), (Upper, "name"), (Upper, "other")]
)
def test_a_row_that_pydantic_could_not_take_is_refused_without_a_row(
    result: Make, kind: Any, columns: str
) -> None:
    """By the names alone."""
    with pytest.raises(MappingError, match="no column for the field"):
        result(columns, schema_type=kind).all()
