"""Reading a result: one row, some, all, single values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import InvalidArgumentError, MappingError, MultipleRowsError, NoRowError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result
from tests.result import schemas

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]

ADA, BOB = (1, "Ada"), (2, "Bob")


@pytest.mark.parametrize("method", ["one", "one_or_none", "first"])
@pytest.mark.parametrize(
    ("schema_type", "expected"), [(None, {"id": 1, "name": "Ada"}), (schemas.User, schemas.User(1, "Ada"))]
)
def test_a_single_row_is_returned_as_asked(
    result: Make, method: str, schema_type: Any, expected: Any
) -> None:
    """A dict, or the schema type."""
    found = getattr(result("id name", ADA, schema_type=schema_type), method)()

    assert found == expected


@pytest.mark.parametrize("schema_type", [None, schemas.User])
def test_one_without_a_row_names_the_alternative(result: Make, schema_type: Any) -> None:
    """The error is a LookupError too, and says which method gives None."""
    with pytest.raises(NoRowError, match=r"one_or_none\(\)") as caught:
        result("id name", schema_type=schema_type).one()

    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize("method", ["one", "one_or_none"])
@pytest.mark.parametrize("schema_type", [None, schemas.User])
def test_several_rows_where_one_belongs_are_counted(result: Make, method: str, schema_type: Any) -> None:
    """Nobody gets an arbitrary row."""
    with pytest.raises(MultipleRowsError, match=r"2 came; use all\(\) .* first\(\)"):
        getattr(result("id name", ADA, BOB, schema_type=schema_type), method)()


@pytest.mark.parametrize("method", ["one_or_none", "first", "scalar_or_none"])
def test_no_row_is_none_where_none_is_asked_for(result: Make, method: str) -> None:
    """The forgiving methods."""
    assert getattr(result("id name"), method)() is None


def test_first_maps_the_first_row_alone(result: Make) -> None:
    """A row further down that does not fit is none of its business."""
    first = result("id name", ADA, ("two", "Bob"), schema_type=schemas.User).first()

    assert first == schemas.User(1, "Ada")


def test_all_gives_a_new_list_every_time(result: Make) -> None:
    """What one reader does to its list, another does not see."""
    rows = result("id name", ADA, BOB)

    rows.all().clear()

    assert rows.all() == [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}]


def test_iteration_and_length_speak_of_rows(result: Make) -> None:
    """A result is a sized iterable, and true when a row came."""
    rows = result("id name", ADA, BOB, schema_type=schemas.User)

    assert list(rows) == [schemas.User(1, "Ada"), schemas.User(2, "Bob")]
    assert len(rows) == 2
    assert rows
    assert not result("id name")


def test_scalar_is_the_first_column_of_the_first_row(result: Make) -> None:
    """The field's convention: what else came is not looked at."""
    assert result("id name", ADA, BOB).scalar() == 1
    assert result("id name", ADA, BOB).scalar_or_none() == 1
    assert result("id name", ADA, BOB).scalars() == [1, 2]


def test_scalar_without_a_row_is_an_error(result: Make) -> None:
    """NULL and nothing are told apart."""
    with pytest.raises(NoRowError):
        result("id").scalar()

    assert result("id", (None,)).scalar() is None


def test_scalar_with_a_type_of_single_values_is_converted(result: Make) -> None:
    """SQLite's 1 is True when bool was asked for."""
    flags = result("flag", (1,), (0,), schema_type=bool)

    assert flags.scalar() is True
    assert flags.scalars() == [True, False]
    assert flags.all() == [True, False]


def test_the_drivers_counts_are_passed_on() -> None:
    """Untouched, as the driver gave them."""
    result: Result[Any] = Result(RawResult((), (), 3, 42))

    assert (result.columns, result.rowcount, result.lastrowid) == ((), 3, 42)
    assert result.all() == []


def test_repr_holds_no_value(result: Make) -> None:
    """Results end up in logs."""
    assert repr(result("id name", ADA)) == "<Result 1 rows of id, name>"
    assert repr(result("")) == "<Result 0 rows of no columns>"


@pytest.mark.parametrize("read", [Result.one, Result.all, Result.first])
def test_two_columns_of_one_name_do_not_hide_each_other(result: Make, read: Callable[..., Any]) -> None:
    """A dict would keep one; the error names the column and the cure."""
    with pytest.raises(MappingError, match=r"'id'.*AS"):
        read(result("id id", (1, 2)))


def several() -> Result[Any]:
    """What a procedure with three results returns: rows, rows, and none."""
    lines = RawResult(("item", "n"), [("ink", 2), ("pen", 5)], 2)
    return Result(RawResult(("id", "name"), [ADA], 1, more=(lines, RawResult(("id",), (), 0))))


def test_all_that_a_statement_returned_can_be_read() -> None:
    """In order, the first result first; one result is a tuple of one."""
    first, lines, none = several().result_sets()

    assert first.all() == several().all() == [{"id": 1, "name": "Ada"}]
    assert lines.all() == [{"item": "ink", "n": 2}, {"item": "pen", "n": 5}]
    assert (none.all(), none.columns) == ([], ("id",))
    assert [one.all() for one in lines.result_sets()] == [lines.all()]


def test_each_result_can_have_a_type_of_its_own() -> None:
    """Those without one give dicts; a result keeps the type that the statement was given."""
    users, lines, _ = several().result_sets(schemas.User, tuple)
    typed: Result[Any] = Result(RawResult(("n",), [(4,)], 1, more=(RawResult(("n",), [(5,)], 1),)), int)

    assert (users.all(), lines.all()) == ([schemas.User(1, "Ada")], [("ink", 2), ("pen", 5)])
    assert [one.all() for one in typed.result_sets()] == [[4], [{"n": 5}]]


def test_more_types_than_results_are_refused() -> None:
    """Somebody expected a result that did not come."""
    with pytest.raises(InvalidArgumentError, match="4 types for 3 results"):
        several().result_sets(int, int, int, int)
