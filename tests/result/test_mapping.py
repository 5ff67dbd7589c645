"""Rows as the types users write."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest

from sqlspec.errors import InvalidArgumentError, MappingError
from sqlspec.plugin import RawResult
from sqlspec.result import Result, mapper_for
from sqlspec.result.shapes import fields_of
from tests.result import schemas

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]

HOLDERS = [
    schemas.User,
    schemas.FrozenUser,
    schemas.UserStruct,
    schemas.KeywordStruct,
    schemas.UserTuple,
    schemas.Model,
    schemas.AttrsUser,
]


def _as_dict(row: Any) -> dict[str, Any]:
    names = ("id", "_name" if isinstance(row, schemas.AttrsUser) else "name", "email")
    return {name.lstrip("_"): getattr(row, name) for name in names}


@pytest.mark.parametrize("schema_type", HOLDERS)
@pytest.mark.parametrize("columns", ["id name email", "email id name", "email more name id"])
def test_columns_meet_fields_by_name(result: Make, schema_type: Any, columns: str) -> None:
    """Whatever their order; one nobody asked for is left out."""
    values = {"id": 1, "name": "Ada", "email": "a@b.c", "more": 0}
    row = tuple(values[column] for column in columns.split())

    made = result(columns, row, row, schema_type=schema_type).all()

    assert [type(each) for each in made] == [schema_type] * 2
    assert [_as_dict(each) for each in made] == [{"id": 1, "name": "Ada", "email": "a@b.c"}] * 2


@pytest.mark.parametrize("schema_type", HOLDERS)
def test_a_field_with_a_default_needs_no_column(result: Make, schema_type: Any) -> None:
    """The default is used."""
    made = result("name id", ("Ada", 1), schema_type=schema_type).one()

    assert _as_dict(made) == {"id": 1, "name": "Ada", "email": None}


@pytest.mark.parametrize(
    "schema_type", [*HOLDERS, schemas.UserDict, schemas.PydanticData, schemas.ArrayStruct]
)
@pytest.mark.parametrize("rows", [(), ((1, "Ada"),)])
def test_a_required_field_without_a_column_is_an_error(result: Make, schema_type: Any, rows: Any) -> None:
    """On an empty result too; it names the field, the columns and the likely one."""
    with pytest.raises(MappingError, match=r"'_?name' of .* among id, nmae\. Did you mean 'nmae'\?"):
        result("id nmae", *rows, schema_type=schema_type).all()


@pytest.mark.parametrize("schema_type", [*HOLDERS, schemas.UserDict])
@pytest.mark.parametrize("column", ["emial", "EMAIL", "e_mail"])
def test_a_misspelled_optional_field_is_not_filled_by_its_default(
    result: Make, schema_type: Any, column: str
) -> None:
    """A column nobody asked for that reads like a field nobody fills."""
    with pytest.raises(MappingError, match=f"'{column}' .* 'email'"):
        result(f"id name {column}", (1, "Ada", "a@b.c"), schema_type=schema_type).all()


def test_typed_dicts_hold_their_keys_alone(result: Make) -> None:
    """Keys that may be absent are absent without a column."""
    made = result("name more id", ("Ada", 0, 1), schema_type=schemas.UserDict).one()

    assert made == {"id": 1, "name": "Ada"}


@pytest.mark.parametrize("schema_type", [schemas.ArrayStruct, schemas.TaggedStruct, schemas.PydanticData])
def test_further_kinds_of_classes(result: Make, schema_type: Any) -> None:
    """How a Struct is encoded elsewhere plays no part."""
    assert result("name id", ("Ada", 1), schema_type=schema_type).one() == schema_type(id=1, name="Ada")


@pytest.mark.parametrize("columns", ["userId fullName", "user_id full_name", "userId full_name"])
def test_renamed_fields_take_either_name(result: Make, columns: str) -> None:
    """The outer name first; the field's own where it is free."""
    made = result(columns, (1, "Ada"), schema_type=schemas.CamelStruct).one()

    assert made == schemas.CamelStruct(1, "Ada")


def test_a_renamed_field_does_not_take_its_neighbours_column(result: Make) -> None:
    """Outer names win over inner ones."""
    assert result("c b", (1, 2), schema_type=schemas.ShiftedStruct).one() == schemas.ShiftedStruct(a=2, b=1)
    with pytest.raises(MappingError, match="field 'c'"):
        result("b", (1,), schema_type=schemas.ShiftedStruct).one()


def test_a_default_between_filled_fields_shifts_nothing(result: Make) -> None:
    """By position up to the gap, by keyword after it."""
    made = result("id name", (1, "Ada"), (2, "Bob"), schema_type=schemas.GapStruct).all()

    assert made == [schemas.GapStruct(1, name="Ada"), schemas.GapStruct(2, name="Bob")]


@pytest.mark.parametrize("schema_type", [*HOLDERS, schemas.UserDict, dict[str, int]])
def test_two_columns_of_one_name_are_refused_where_names_count(result: Make, schema_type: Any) -> None:
    """Also when it is a column nobody asked for, and when nothing came."""
    with pytest.raises(MappingError, match=r"two columns are named 'more'; .* schema_type=tuple"):
        result("id name more more", schema_type=schema_type).all()


def test_init_only_and_computed_fields_of_dataclasses(result: Make) -> None:
    """What the constructor takes is filled; class variables and computed fields are not."""
    made = result("name id", ("Ada", 1), schema_type=schemas.Initialised).one()

    assert (made.id, made.upper) == (1, "ADA")


def test_a_constructor_written_by_hand_is_called_by_keyword(result: Make) -> None:
    """Its order of arguments is its own."""
    made = result("id name", (1, "Ada"), schema_type=schemas.ByHand).one()

    assert (made.id, made.name) == (1, "Ada")


@pytest.mark.parametrize("schema_type", [schemas.FoundByHand, schemas.AttrsByHand, schemas.PairByHand])
def test_a_constructor_that_the_decorator_found_is_called_by_keyword(result: Make, schema_type: Any) -> None:
    """Two values of one type would be swapped, and nothing would say so."""
    made = result("id name", (1, 2), schema_type=schema_type).one()

    assert (made.id, made.name) == (1, 2)


@pytest.mark.parametrize(
    "schema_type", [schemas.User, schemas.Initialised, schemas.Pair, schemas.Untyped, schemas.AttrsUser]
)
def test_generated_constructors_are_called_by_position(schema_type: Any) -> None:
    """Which is faster."""
    assert not any(field.by_keyword for field in fields_of(schema_type) or ())


def test_named_tuples_without_types_take_what_comes(result: Make) -> None:
    """There is nothing to check."""
    assert result("name id", (None, "x"), schema_type=schemas.Untyped).one() == schemas.Untyped("x", None)


def test_attrs_converters_get_the_drivers_value(result: Make) -> None:
    """The annotation speaks of what the converter returns."""
    assert result("id tags", (1, "a,b"), schema_type=schemas.AttrsConverted).one().tags == ["a", "b"]


def test_pydantic_keeps_its_own_rules(result: Make) -> None:
    """Aliases and lax conversions are pydantic's business."""
    assert result("userId", ("7",), schema_type=schemas.AliasModel).one().user_id == 7


def test_pydantic_errors_name_row_and_field_but_no_value(result: Make) -> None:
    """Pydantic's own text quotes the input."""
    with pytest.raises(MappingError, match=r"row 2: Model refused it \(id: int_parsing\)") as caught:
        result("id name", (1, "Ada"), ("s3cret", "Bob"), schema_type=schemas.Model).all()

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_tuples_keep_every_column(result: Make) -> None:
    """Duplicate names are no trouble where names do not count."""
    assert result("id id", (1, 2), schema_type=tuple).all() == [(1, 2)]
    assert result("id flag", (1, 0), schema_type=tuple[int, bool]).all() == [(1, False)]
    assert result("id flag", (1, 0), schema_type=tuple[int, ...]).all() == [(1, 0)]


def test_a_tuple_has_a_place_for_every_column(result: Make) -> None:
    """More or fewer is an error, rows or none."""
    with pytest.raises(MappingError, match="2 places for 3 columns: a, b, c"):
        result("a b c", schema_type=tuple[int, str]).all()


def test_dicts_of_one_type(result: Make) -> None:
    """`dict[str, V]` checks every column."""
    assert result("a b", (1, 0), schema_type=dict[str, bool]).one() == {"a": True, "b": False}
    assert result("a b", (1, "x"), schema_type=dict).one() == {"a": 1, "b": "x"}
    with pytest.raises(InvalidArgumentError, match="keys"):
        result("a", (1,), schema_type=dict[int, int]).all()


def test_single_values_need_a_single_column(result: Make) -> None:
    """Nothing is dropped silently."""
    with pytest.raises(MappingError, match="int takes one column, and 2 columns came: a, b"):
        result("a b", (1, 2), schema_type=int).all()


def test_an_object_is_no_type(result: Make) -> None:
    """And the error says nothing of what is in it."""
    for taken in (schemas.User(1, "hunter2"), ["hunter2"], b"hunter2", 5):
        kind = type(taken).__name__
        for end in ("all", "scalar", "scalars"):
            with pytest.raises(InvalidArgumentError) as caught:
                getattr(result("name", ("ann",), schema_type=taken), end)()
            assert str(caught.value) == (
                f"schema_type is a class, and not an object of {kind}: write schema_type={kind}"
            )
    with pytest.raises(InvalidArgumentError, match="is a class, and not its name: leave out the quotes"):
        result("name", ("ann",), schema_type="hunter2").all()


@pytest.mark.parametrize(
    ("schema_type", "told"),
    [
        (list[schemas.User], "schema_type is the type of one row: write schema_type=User and .all()"),
        (list[schemas.Model], "schema_type is the type of one row: write schema_type=Model and .all()"),
        (
            list[tuple[int, str]],
            "schema_type is the type of one row: write schema_type=tuple[int, str] and .all()",
        ),
        (
            list[dict[str, object]],
            "schema_type is the type of one row: write schema_type=dict[str, object] and .all()",
        ),
    ],
)
def test_what_is_no_type_of_a_row_says_what_to_write(result: Make, schema_type: Any, told: str) -> None:
    """And what it says to write is taken."""
    with pytest.raises(InvalidArgumentError) as caught:
        result("id name", (1, "Ada"), schema_type=schema_type).all()

    assert str(caught.value) == told
    written = re.search(r"schema_type=(\S+(?: \w+\])?)", told)
    assert written is not None
    wanted = eval(written[1], vars(schemas).copy())  # noqa: S307 - our own text
    assert len(result("id name", (1, "Ada"), schema_type=wanted).all()) == 1


@pytest.mark.parametrize("schema_type", [dict | None, schemas.User | None, object, range])
def test_other_types_are_refused_with_a_list_of_what_is_taken(result: Make, schema_type: Any) -> None:
    """Refused as an argument, before any row is looked at."""
    with pytest.raises(InvalidArgumentError, match="dataclasses, msgspec Structs"):
        result("id", (1,), schema_type=schema_type).all()


def test_a_statement_without_columns_fits_no_class(result: Make) -> None:
    """An INSERT without RETURNING."""
    with pytest.raises(MappingError, match="returned no columns to make User of"):
        result("", schema_type=schemas.User).all()


def test_errors_of_the_classes_own_checks_name_the_row(result: Make) -> None:
    """The class's error is the cause."""
    with pytest.raises(MappingError, match=r"row 301: Adult refused it \(ValueError\)") as caught:
        result("age", *[(20,)] * 300, (17,), schema_type=schemas.Adult).all()

    assert isinstance(caught.value.__cause__, ValueError)


def test_batches_of_a_stream_count_on() -> None:
    """The mapper takes the number of its first row."""
    mapper = mapper_for(schemas.User, ("id", "name"))

    with pytest.raises(MappingError, match="row 1001, column 'id'"):
        mapper([(1, "Ada"), ("2", "Bob")], 1000)


def test_mappers_are_kept() -> None:
    """One decision per type and columns, also for equal spellings of a type."""
    assert mapper_for(schemas.User, ("id", "name")) is mapper_for(schemas.User, ("id", "name"))
    assert mapper_for(schemas.User, ("id", "name")) is not mapper_for(schemas.User, ("name", "id"))


def test_a_type_without_a_hash_still_maps(result: Make) -> None:
    """It can not be kept, and works."""
    assert result("id", (1,), schema_type=Annotated[int, []]).all() == [1]


def test_annotations_that_do_not_resolve_say_what_to_do(result: Make) -> None:
    """A class inside a function that names another one."""

    class Local(msgspec.Struct):
        other: Missing  # type: ignore[name-defined]  # noqa: F821 - meant

    with pytest.raises(MappingError, match=r"annotations of Local .* top level"):
        result("other", (1,), schema_type=Local).all()


def test_column_names_are_data() -> None:
    """Quotes, newlines and code in a name are a key like another."""
    names = ("it's", 'a"b', "x\ny", "{}", "__import__('os')", "")
    raw = RawResult(names, [tuple(range(6))])

    assert Result(raw).all() == [dict(zip(names, range(6), strict=True))]


def test_driver_rows_need_not_be_tuples(result: Make) -> None:
    """sqlite3.Row stands for the record types of drivers."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT 1 AS flag, 'Ada' AS name").fetchall()
    connection.close()
    raw = result("flag name", *rows)._raw

    assert Result[Any](raw).all() == [{"flag": 1, "name": "Ada"}]
    assert Result[Any](raw, tuple[bool, str]).all() == [(True, "Ada")]
    assert Result[Any](raw, tuple).all() == [(1, "Ada")]
