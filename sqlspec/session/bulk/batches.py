"""Rows for `load`: any iterable of tuples, mappings or objects, as tuples in bounded batches."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from operator import attrgetter, countOf, itemgetter
from typing import TYPE_CHECKING, Any

from sqlspec.errors import InvalidArgumentError, ParameterError, did_you_mean
from sqlspec.session.tables import arrow_table, is_table, names_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlspec.errors import StatementError

__all__ = ("LOAD_BATCH", "Batches", "note_case")

LOAD_BATCH = 5_000
"""Rows that are in memory at once on their way into a `load`, unless an adapter asks for others."""
NO_TABLE, NO_COLUMN = ("42P01", "42S02"), ("42703", "42S22")
"""SQLSTATEs of PostgreSQL and MySQL."""


class Batches:
    """The rows of one `load`: `columns`, and an iterator over lists of tuples. Looks at one row first."""

    def __init__(self, rows: Iterable[Any], columns: Sequence[str] | None, size: int = LOAD_BATCH) -> None:
        if isinstance(rows, (str, bytes, Mapping)):
            msg = f"load() takes an iterable of rows, not one {type(rows).__name__}"
            raise InvalidArgumentError(msg)
        if is_table(rows):
            rows, columns = _from_table(rows, columns)
        self._rows = iter(rows)
        self._size = size
        self._batch = list(islice(self._rows, size))
        self.count = 0
        """Rows of the batches before the one that was yielded last."""
        self.columns: tuple[str, ...] = ()
        if self._batch:
            self._learn(self._batch[0], columns)

    def _learn(self, row: Any, columns: Sequence[str] | None) -> None:
        known = _columns_of(row)
        if columns is None and known is None:
            msg = "load() of plain tuples needs columns=(…), the names of the table's columns"
            raise InvalidArgumentError(msg)
        self.columns = tuple(columns if columns is not None else known or ())
        _check_names(columns if isinstance(columns, str) else self.columns, known)
        self._kind = type(row)
        self._pick = _picker(row, self.columns)
        # With as many values as columns, and each column found, a row holds nothing else. Other mappings
        # may find what they do not hold.
        self._is_counted = self._pick is None or self._kind is dict
        self._width = len(self.columns if self._pick is None else set(self.columns))

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        while self._batch:
            yield self._as_tuples(self._batch)
            self.count += len(self._batch)
            self._batch = list(islice(self._rows, self._size))

    def _as_tuples(self, batch: list[Any]) -> list[tuple[Any, ...]]:
        # Counting at C speed: loading is not to cost much more than the driver's own call.
        if countOf(map(type, batch), self._kind) != len(batch):
            other_types = set(map(type, batch)) - {self._kind}
            names = ", ".join(sorted(kind.__name__ for kind in other_types))
            msg = f"load(): rows are of one type, and after {self._kind.__name__} came {names}"
            raise ParameterError(msg)
        if not self._is_counted or countOf(map(len, batch), self._width) != len(batch):
            self._check_shape(batch)
        if self._pick is None:
            return batch
        try:
            return list(map(self._pick, batch))
        except KeyError:
            self._check_shape(batch)
            raise

    def _check_shape(self, batch: list[Any]) -> None:
        """Nothing is lost: a row with another number of values, or another key, is an error."""
        if self._pick is not None and not issubclass(self._kind, Mapping):
            return
        wanted = set(self.columns)
        for number, row in enumerate(batch, self.count + 1):
            fits = row.keys() == wanted if self._pick is not None else len(row) == len(self.columns)
            if not fits:
                raise ParameterError(f"load(): row {number} {self._misfit(row)}")

    def _misfit(self, row: Any) -> str:
        """What is wrong with the shape of a row."""
        if self._pick is not None:
            return f"does not have the columns {', '.join(self.columns)}"
        return f"has {_counted(len(row), 'value')} for {_counted(len(self.columns), 'column')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _from_table(table: Any, columns: Sequence[str] | None) -> tuple[Iterator[tuple[Any, ...]], Sequence[str]]:
    """The rows of a table of columns, a part of a batch at a time."""
    table = arrow_table(table)
    names = names_of(table)
    wanted = names if columns is None else columns
    _check_names(wanted, names)
    # Names may come twice in a table that is taken as it is.
    places = range(len(names)) if columns is None else [names.index(name) for name in columns]
    return rows_of(table, places, LOAD_BATCH), wanted


def _check_names(columns: Sequence[str], known: Sequence[str] | None) -> None:
    if isinstance(columns, str) or not columns:
        msg = "load(): columns is a sequence of at least one name"
        raise InvalidArgumentError(msg)
    if known is None:
        return
    for name in columns:
        if name not in known:
            msg = f"load(): the rows have no {name!r}. {did_you_mean(name, known)}"
            raise ParameterError(msg)


def _columns_of(row: Any) -> tuple[str, ...] | None:
    if isinstance(row, Mapping):
        return tuple(row)
    for attribute in ("_fields", "__struct_fields__", "__dataclass_fields__"):
        names = getattr(type(row), attribute, None)
        if names is not None:
            return tuple(names)
    if isinstance(row, (tuple, list)):
        return None
    msg = f"load() can not take rows of type {type(row).__name__}; give tuples, dicts, dataclasses or Structs"
    raise InvalidArgumentError(msg)


def _picker(row: Any, columns: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]] | None:
    if isinstance(row, (tuple, list)) and (not hasattr(type(row), "_fields")):
        return None
    get: Callable[[Any], Any] = itemgetter(*columns) if isinstance(row, Mapping) else attrgetter(*columns)
    if len(columns) > 1:
        return get
    return lambda one: (get(one),)


def note_case(error: StatementError, path: Sequence[str], columns: Sequence[str]) -> None:
    """Say of a name that is not there that `load` takes it as it is: statements may have folded it."""
    names = path if error.sqlstate in NO_TABLE else columns if error.sqlstate in NO_COLUMN else ()
    folded = [name.lower() for name in names if name != name.lower() and name in str(error)]
    if folded:
        error.args = (
            f"{error}; load() takes names in their exact case: is it {folded[0]!r}?",
            *error.args[1:],
        )
