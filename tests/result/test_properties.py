"""Any columns, any rows, any order: the same as by hand."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple, TypedDict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import MappingError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

VALUES: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers(),
    str: st.text(max_size=5),
    float: st.floats(allow_nan=False),
    bytes: st.binary(max_size=5),
    bool: st.booleans(),
}
NAMES = st.from_regex(r"[a-z]{1,8}_x", fullmatch=True)


class Table(NamedTuple):
    """Fields, and rows whose columns stand in another order."""

    types: dict[str, type]
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Fields with types, columns in another order, rows that fit."""
    types = draw(st.dictionaries(NAMES, st.sampled_from(list(VALUES)), min_size=1, max_size=6))
    columns = tuple(draw(st.permutations(list(types))))
    row = st.tuples(*(VALUES[types[column]] for column in columns))
    return Table(types, columns, draw(st.lists(row, max_size=600)))


def _by_hand(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _read(table: Table, schema_type: Any) -> list[Any]:
    return Result[Any](RawResult(table.columns, table.rows), schema_type).all()


@given(tables())
def test_dicts(table: Table) -> None:
    """Keys in the columns' order."""
    made = _read(table, None)

    assert made == _by_hand(table)
    assert all(tuple(row) == table.columns for row in made)


@given(tables(), st.booleans(), st.booleans())
def test_structs_and_dataclasses(table: Table, kw_only: bool, frozen: bool) -> None:
    """By position or keyword, with exactly the declared types."""
    fields = list(table.types.items())
    struct = msgspec.defstruct("S", fields, kw_only=kw_only, frozen=frozen)
    data = dataclasses.make_dataclass("D", fields, kw_only=kw_only, frozen=frozen)

    for schema_type in (struct, data):
        assert _read(table, schema_type) == [schema_type(**row) for row in _by_hand(table)]


@given(tables())
def test_named_tuples_and_typed_dicts(table: Table) -> None:
    """The functional forms are as good as classes."""
    named = NamedTuple("N", list(table.types.items()))  # type: ignore[misc]
    typed = TypedDict("T", dict(table.types))  # type: ignore[misc]  # noqa: UP013 - drawn

    assert _read(table, named) == [named(**row) for row in _by_hand(table)]
    assert _read(table, typed) == _by_hand(table)


@given(st.lists(st.tuples(st.integers() | st.none() | st.text(max_size=3) | st.floats()), max_size=300))
def test_a_column_is_read_whole_or_refused(rows: list[tuple[Any]]) -> None:
    """There is no third way: a value of another type never comes through."""
    fits = all(type(value) is int or value is None for (value,) in rows)
    try:
        made = Result[Any](RawResult(("x",), rows), int | None).all()
    except MappingError:
        assert not fits
    else:
        assert fits
        assert made == [value for (value,) in rows]


@given(st.lists(st.text(), min_size=1, max_size=20, unique=True))
def test_any_text_can_name_a_column(names: list[str]) -> None:
    """Names are data, never code."""
    row = tuple(range(len(names)))

    made = Result[Any](RawResult(tuple(names), [row])).all()

    assert made == [dict(zip(names, row, strict=True))]
