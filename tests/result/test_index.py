"""Rows by their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sqlspec.errors import InvalidArgumentError, MappingError, NoRowError
from sqlspec.plugin import RawResult
from sqlspec.result import Result


@dataclass
class Person:
    """A row."""

    id: int
    name: str


ROWS = [(1, "Ada"), (2, "Grace"), (3, "Linus")]


def people(schema_type: Any = Person) -> Result[Any]:
    """Three of them."""
    return Result(RawResult(("id", "name"), ROWS), schema_type)


def test_a_row_is_what_all_has_there() -> None:
    """From either end, mapped."""
    result = people()

    assert [result[place] for place in range(-3, 3)] == result.all() * 2
    assert result[0] == Person(1, "Ada")
    assert people(None)[-1] == {"id": 3, "name": "Linus"}


@pytest.mark.parametrize("part", [slice(None), slice(1, None), slice(-1), slice(None, None, -2), slice(7, 9)])
def test_a_part_is_a_list(part: slice) -> None:
    """As of `all()`."""
    assert people()[part] == people().all()[part]


def test_only_the_rows_that_are_asked_for_are_mapped() -> None:
    """One that does not fit hurts nobody else."""
    result: Result[Any] = Result(RawResult(("id", "name"), [(1, "Ada"), ("2", "Grace")]), Person)

    assert result[0] == Person(1, "Ada")
    with pytest.raises(MappingError):
        result[1]


@pytest.mark.parametrize("place", [3, -4, 10**30])
def test_a_row_that_is_not_there_is_an_index_error(place: int) -> None:
    """Of ours, which says how many there are."""
    with pytest.raises(NoRowError, match=f"there is no row {place}: the result has 3 rows") as caught:
        people()[place]

    assert isinstance(caught.value, IndexError)


@pytest.mark.parametrize("key", ["name", None, 1.0, (0, 1)])
def test_a_column_is_no_index(key: Any) -> None:
    """It is told what to write."""
    with pytest.raises(InvalidArgumentError, match=r"write `result\[0\]`"):
        people()[key]
