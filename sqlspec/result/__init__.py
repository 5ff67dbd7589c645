"""What a statement returned: rows as dicts, or as the type the caller asked for.

A `Result` holds everything in memory and touches no connection: it may be read after its session has
ended, more than once, from any thread. Nothing is mapped before it is asked for, and nothing mapped is
kept: two calls of `all()` give two lists.
"""

from __future__ import annotations

from itertools import starmap, zip_longest
from operator import index as operator_index
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeAlias, TypeVar, overload

import msgspec

from sqlspec.errors import InvalidArgumentError, MultipleRowsError, NoRowError
from sqlspec.plugin.contract import RawResult  # noqa: TC001 - msgspec reads the annotations
from sqlspec.plugin.results import LazyResult  # noqa: TC001 - the same
from sqlspec.result.mapping import Mapper, dict_for, mapper_for, scalar_mapper_for
from sqlspec.result.misuse import hint_at_results

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Mapper", "Result", "mapper_for")

if TYPE_CHECKING:
    from datetime import date, time, timedelta
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    Single: TypeAlias = int | float | str | bytes | Decimal | date | time | timedelta | UUID | Enum

T = TypeVar("T")
V = TypeVar("V", bound="Single")
"""A type of single values: with it as `schema_type`, `scalar()` gives such a value."""


# A Struct, because it is made for every statement, and in C.
class Result(msgspec.Struct, Generic[T], eq=False):
    """The rows of one statement.

    Rows are dicts unless the statement was given a `schema_type`. Every method that maps raises
    `MappingError` when a row, or the columns of an empty result, does not fit that type.
    """

    _raw: RawResult | LazyResult
    _schema_type: Any = None

    def one(self) -> T:
        """The only row; `NoRowError` when there is none, `MultipleRowsError` when there are more."""
        raw = self._raw
        rows = raw.rows
        if len(rows) != 1:
            raise _not_one(len(rows))
        if self._schema_type is None:
            try:
                make = dict_for(raw.columns)
            except TypeError:  # of names that are too long to be kept
                return self._mapper()(rows)[0]
            return make(rows[0])  # type: ignore[return-value] # a dict is the T then
        return self._mapper()(rows)[0]

    def one_or_none(self) -> T | None:
        """The only row, or None; `MultipleRowsError` when there are more."""
        if len(self._raw.rows) > 1:
            raise _not_one(len(self._raw.rows))
        return self.first()

    def first(self) -> T | None:
        """The first row, or None. Only that row is mapped; prefer LIMIT 1 to reading one of many."""
        rows = self._mapper()(self._raw.rows[:1])
        return rows[0] if rows else None

    def all(self) -> list[T]:
        """Every row, in a new list."""
        return self._mapper()(self._raw.rows)

    @overload
    def scalar(self: Result[V]) -> V: ...
    @overload
    def scalar(self) -> Any: ...
    def scalar(self) -> Any:
        """The first column of the first row, as SQLAlchemy has it; no other is looked at.

        `NoRowError` when there is no row. The driver's own value, unless `schema_type` is a type of
        single values (`int`, `datetime`, …), or the class of a document that is the only column.
        """
        rows = self._raw.rows
        if not rows:
            raise _not_one(0)
        return rows[0][0] if self._schema_type is None else self.scalar_or_none()

    @overload
    def scalar_or_none(self: Result[V]) -> V | None: ...
    @overload
    def scalar_or_none(self) -> Any: ...
    def scalar_or_none(self) -> Any:
        """As `scalar()`, but None when there is no row. NULL is None too."""
        rows = self._raw.rows[:1]
        if self._schema_type is not None:
            rows = [(value,) for value in scalar_mapper_for(self._schema_type, self._raw.columns)(rows)]
        return rows[0][0] if rows else None

    @overload
    def scalars(self: Result[V]) -> list[V]: ...
    @overload
    def scalars(self) -> list[Any]: ...
    def scalars(self) -> list[Any]:
        """The first column of every row; converted as in `scalar()`."""
        if self._schema_type is not None:
            return scalar_mapper_for(self._schema_type, self._raw.columns)(self._raw.rows)
        return [row[0] for row in self._raw.rows]

    def result_sets(self, *schema_types: Any) -> tuple[Result[Any], ...]:
        """All that the statement returned, in order, this result first: a procedure may return several.

        One type of row for each, if any: `orders, lines = result.result_sets(Order, Line)`. Raises
        `InvalidArgumentError` when there are more types than results; results without a type give dicts.
        """
        raws = (self._raw, *self._raw.more)
        if len(schema_types) > len(raws):
            msg = f"{len(schema_types)} types for {len(raws)} results; give result_sets() one type for each"
            raise InvalidArgumentError(msg)
        types = schema_types or (self._schema_type,)
        return tuple(starmap(Result, zip_longest(raws, types)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, in the statement's order; empty when the statement returns no rows."""
        return self._raw.columns

    @property
    def rowcount(self) -> int:
        """Rows the statement changed, in the driver's own counting; -1 where it does not know."""
        return self._raw.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The key the database made for the inserted row, where the driver reports one."""
        return self._raw.lastrowid

    def __iter__(self) -> Iterator[T]:
        """The rows of `all()`, one after the other."""
        return iter(self.all())

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | list[T]:
        """One row by its number, or a new list of several; no other row is mapped.

        Raises `NoRowError`, an `IndexError`, where there is no such row.
        """
        rows = self._raw.rows
        if isinstance(index, slice):
            return self._mapper()(rows[index])
        try:
            place = operator_index(index)
        except TypeError:
            raise InvalidArgumentError(
                "the index of a result is the number of a row: write `result[0]`, or `result.one()`, and the "
                "name of a column behind it"
            ) from None
        if not -len(rows) <= place < len(rows):
            raise NoRowError(f"there is no row {place}: the result has {len(rows)} rows, counted from 0")
        place %= len(rows)
        return self._mapper()(rows[place : place + 1])[0]

    def __len__(self) -> int:
        """How many rows came back (`rowcount` is about rows that were changed)."""
        return len(self._raw.rows)

    def __repr__(self) -> str:
        """Its size; never a value of a row."""
        return f"<Result {len(self)} rows of {', '.join(self.columns) or 'no columns'}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows, as the driver made them, and the types in each column.

        Other than `repr` it shows values: it is asked for by notebooks alone.
        """
        from sqlspec.notebooks import html_of_changes, html_of_rows

        raw = self._raw
        return html_of_rows(raw.columns, raw.rows) if raw.columns else html_of_changes(raw.rowcount)

    def arrow(self) -> Any:
        """The rows as a `pyarrow.Table`, without Python objects in between where the driver can.

        The driver's values: `schema_type` plays no part. Duplicate column names are kept.
        """
        from sqlspec.result.export import to_arrow

        return to_arrow(self._raw)

    def pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`; by way of Arrow where the driver offers it."""
        from sqlspec.result.export import to_pandas

        return to_pandas(self._raw)

    def polars(self) -> Any:
        """The rows as a `polars.DataFrame`; by way of Arrow where the driver offers it."""
        from sqlspec.result.export import to_polars

        return to_polars(self._raw)

    def _mapper(self) -> Mapper[T]:
        return mapper_for(self._schema_type, self._raw.columns)


hint_at_results(Result)


def _not_one(count: int) -> NoRowError | MultipleRowsError:
    if count == 0:
        return NoRowError("one row was asked for and none came; one_or_none() gives None instead")
    return MultipleRowsError(
        f"one row was asked for and {count} came; use all() for every row, or first() with ORDER BY … LIMIT 1"
    )
