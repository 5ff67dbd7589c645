"""A column's type decides whether it is read: alone, inside of lists and mappings, and by every method."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasGenerator, ConfigDict
from typing_extensions import TypedDict

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import MappingError
from sqlspec.plugin import RawResult
from sqlspec.result import Result

Make = Callable[..., Result[Any]]
T = TypeVar("T")


class Point(pydantic.BaseModel):
    """An element that pydantic checks."""

    x: int


@dataclass
class Item(Generic[T]):
    """An element that msgspec checks."""

    content: T


# A type, a driver's value, and what it is read as.
READ: list[tuple[Any, Any, Any]] = [
    (list[int], [Decimal(3), 4], [3, 4]),
    (list[bool], [1, 0], [True, False]),
    (list[float], [1, 2.5], [1.0, 2.5]),
    (list[dt.date], '["2024-05-06"]', [dt.date(2024, 5, 6)]),
    (list[int | None], "[1, null]", [1, None]),
    (list[list[int]], [[1], []], [[1], []]),
    (list[Item[int]], '[{"content": 1}]', [Item(1)]),
    (list[Point], [{"x": 1}], [Point(x=1)]),
    (set[int], (1, 2), {1, 2}),
    (Sequence[int], "[1]", [1]),
    (Mapping[str, int], '{"a": 1}', {"a": 1}),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (dict[str, int], {"a": Decimal(1)}, {"a": 1}),
    (dict[str, int] | None, '{"a": 1}', {"a": 1}),
    (dict[int, str] | None, '{"1": "a"}', {1: "a"}),
    (dict[str, int] | None, "null", None),
    (list[int] | None, "null", None),
    (tuple[int, ...], "[1, 2]", (1, 2)),
    (tuple[int, ...], [1, 2], (1, 2)),
    (tuple[int, str] | None, '[1, "a"]', (1, "a")),
    (list[int] | dict[str, int], '{"a": 1}', {"a": 1}),
    (int, Decimal("7E+4"), 70000),
    (Decimal | float, 3, Decimal(3)),
    (float | Decimal, 3, 3.0),
]
REFUSED: list[tuple[Any, Any]] = [
    (list[int], [1.0]),
    (list[int], "[1.0]"),
    (list[int], [Decimal("1.0")]),
    (list[bytes], ["YWI="]),
    (list[float], [2**53 + 1]),
    (list[dt.date], [dt.datetime(2024, 5, 6)]),  # noqa: DTZ001 - databases have naive ones
    (list[UUID], [1]),
    (list[int], {"a": 1}),
    (dict[str, int], '{"a": 1.5}'),
    (dict[str, int], "[1]"),
    (dict[str, int], "null"),
    (dict[int, str] | None, {1: "a", "1": "b"}),
    (tuple[int, ...], '["a"]'),
    (tuple[int, str] | None, "[1]"),
    (list[Point], '[{"x": "s3cret"}]'),
]
READERS: dict[str, Callable[[Result[Any]], Any]] = {
    "one": lambda made: made.one(),
    "all": lambda made: made.all()[0],
    "first": lambda made: made.first(),
    "scalar": lambda made: made.scalar(),
    "scalars": lambda made: made.scalars()[0],
    "iteration": lambda made: next(iter(made)),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("kind", "value", "right"), READ, ids=str)
def test_a_document_is_read_by_the_rules_of_columns(
    result: Make, kind: Any, value: Any, right: Any, read: Callable[[Result[Any]], Any]
) -> None:
    """What is in it, too; from text and from what the driver made of it."""
    made = read(result("content", (value,), schema_type=kind))

    assert made == right
    assert repr(made) == repr(right)  # True is equal to 1


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=str)
def test_what_does_not_fit_inside_is_refused(
    result: Make, kind: Any, value: Any, read: Callable[[Result[Any]], Any]
) -> None:
    """By the column's name and the type."""
    with pytest.raises(MappingError, match="row 1, column 'content': expected") as caught:
        read(result("content", (value,), schema_type=kind))

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "row"),
    [
        (dict[str, int], 1, {"content": 1}),
        (dict[str, str], "{}", {"content": "{}"}),
        (dict[str, Any], "{}", {"content": "{}"}),
        (dict, "{}", {"content": "{}"}),
        (tuple[int, ...], 1, (1,)),
        (tuple[str, ...], "[]", ("[]",)),
        (tuple, "[]", ("[]",)),
        (tuple[str], "[]", ("[]",)),
    ],
    ids=str,
)
def test_what_can_be_a_row_is_one(result: Make, kind: Any, value: Any, row: Any) -> None:
    """And `scalar()` gives the driver's value."""
    made = result("content", (value,), schema_type=kind)

    assert made.one() == made.first() == made.all()[0] == row
    assert made.scalar() == made.scalars()[0] == value


def test_a_column_of_several_types_is_read_value_by_value(result: Make) -> None:
    """SQLite mixes them."""
    made = result("content", (1,), ("[2, 3]",), schema_type=tuple[int, ...])

    assert made.all() == [(1,), (2, 3)]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize(
    ("kind", "right"), [(list[int], [1]), (tuple[int, ...], (1,)), (Item[list[int]], Item([1]))], ids=str
)
def test_streams_read_the_same(kind: Any, right: Any, batch_size: int) -> None:
    """And name the row."""
    good = "SELECT '[1]' AS content UNION ALL SELECT '[1]'"
    with SQLSpec() as spec, spec.provide_session(spec.register_config(SQLiteConfig())) as session:
        bad = session.stream(f"{good} UNION ALL SELECT '[1.5]'", schema_type=kind, batch_size=batch_size)

        assert list(session.stream(good, schema_type=kind, batch_size=batch_size)) == [right] * 2
        with pytest.raises(MappingError, match="row 3, column 'content'"):
            list(bad)


@dataclass
class Inner(Item[int], Generic[T]):
    """Its `T` is not the `T` of its base."""

    other: T


class InnerStruct(msgspec.Struct, Generic[T]):
    """The base of one that gives it an argument."""

    content: T


class OuterStruct(InnerStruct[int], Generic[T]):
    """As `Inner`."""

    other: T


class InnerDict(TypedDict, Generic[T]):
    """The same of dicts."""

    content: T


class OuterDict(InnerDict[int], Generic[T]):
    """As `Inner`."""

    other: T


@dataclass
class Init(Generic[T]):
    """What is only passed is checked, too."""

    content: int
    other: InitVar[T]


@pydantic.dataclasses.dataclass
class Checked(Generic[T]):
    """A dataclass of pydantic."""

    content: int
    other: T


@pytest.mark.parametrize("kind", [Inner, OuterStruct, OuterDict, Init, Checked])
def test_a_type_variable_belongs_to_its_class(result: Make, kind: Any) -> None:
    """Two classes may call different things `T`."""
    result("content other", (1, "x"), schema_type=kind[str]).one()
    with pytest.raises(MappingError, match="content"):
        result("content other", ("x", "x"), schema_type=kind[str]).one()
    with pytest.raises(MappingError, match="other"):
        result("content other", (1, 2), schema_type=kind[str]).one()


class Chosen(pydantic.BaseModel):
    """Its columns read like its field."""

    user_id: int = pydantic.Field(validation_alias=AliasChoices("userId", "uid"))


class Made(pydantic.BaseModel):
    """Names by a rule that gives several."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name.upper(), f"{name}_"))
    )
    user_id: int


class ByName(pydantic.BaseModel):
    """Its alias is for output."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)
    user_id: int = pydantic.Field(alias="userId")


@pytest.mark.parametrize(
    ("kind", "column"),
    [(Chosen, "userId"), (Chosen, "uid"), (Made, "USER_ID"), (Made, "user_id_"), (ByName, "user_id")],
)
def test_each_name_that_pydantic_knows_is_one(result: Make, kind: Any, column: str) -> None:
    """And no misspelling of the field."""
    assert result(column, (7,), schema_type=kind).one().user_id == 7
    with pytest.raises(MappingError, match="no column for the field"):
        result("nothing", (7,), schema_type=kind).one()


@attrs.define
class Shifted:
    """One field's alias is the name of the other."""

    a: int = attrs.field(alias="b")
    b: int = attrs.field(alias="c")


def test_no_column_fills_two_fields_of_attrs(result: Make) -> None:
    """The names win over the aliases."""
    made = result("a b", (1, 2), schema_type=Shifted).one()

    assert (made.a, made.b) == (1, 2)
    with pytest.raises(MappingError, match="field 'a'"):
        result("b c", (1, 2), schema_type=Shifted).one()


FINITE = st.floats(allow_nan=False, allow_infinity=False)
# What a driver gives for one type of column. What depends on the value is left out here, and only that:
# NULL; integers other than 0 and 1 for bool; integers that no float holds; NaN and infinity for an int or
# a Decimal; text that is no number, moment, UUID or JSON; and, inside of JSON, an empty list.
DRIVERS: dict[str, Any] = {
    "integers": st.integers(-(2**53), 2**53),
    "floats": FINITE,
    "sums": st.integers(-99, 99).flatmap(lambda n: st.sampled_from([Decimal(n), Decimal(n).scaleb(4)])),
    "prices": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    "words": st.from_regex("[a-z]{1,5}x", fullmatch=True),
    "dates": st.dates(),
    "dates as text": st.dates().map(str),
    "moments": st.datetimes(),
    "moments as text": st.datetimes().map(str),
    "keys as text": st.uuids().map(str),
    "bytes": st.binary(min_size=17).map(lambda data: b"\xff" + data),
    "lists": st.lists(st.integers(), min_size=1),
    "lists as text": st.lists(st.integers(), min_size=1).map(str),
    "lists of floats as text": st.lists(FINITE, min_size=1).map(str),
}
TYPES: tuple[Any, ...] = (
    int, float, str, bytes, dt.date, dt.datetime, UUID, int | None, float | str, list[int], list[str],
    set[int], dict[str, int], tuple[int, ...], list[int] | None,
)  # fmt: skip


@pytest.mark.parametrize("driver", DRIVERS)
@given(st.data())
def test_a_drivers_type_is_read_always_or_never(driver: str, data: st.DataObject) -> None:
    """Alone, in a field, and in a list."""
    values = data.draw(st.lists(DRIVERS[driver], min_size=2, max_size=5))
    item: Any = Item
    array: Any = list
    for kind in TYPES:
        assert len({_is_read(kind, value) for value in values}) == 1, kind
        assert len({_is_read(item[kind], value) for value in values}) == 1, kind
        assert len({_is_read(array[kind], [value]) for value in values}) == 1, kind


def _is_read(schema_type: Any, value: Any) -> bool:
    try:
        Result[Any](RawResult(("content",), [(value,)], 1), schema_type).one()
    except MappingError:
        return False
    return True
