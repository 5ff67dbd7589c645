"""From the driver's tuples to the caller's type.

Decided once per (type, columns), run for every batch. Rows that have the declared types already, which
one generated loop finds out, go to the constructor as they are; others pass column by column through
their readers (`values.py`) first.
"""

from __future__ import annotations

import sys
from enum import Enum
from functools import lru_cache, partial
from itertools import repeat, starmap
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, Union, get_args, get_origin

from sqlspec.errors import InvalidArgumentError, MappingError
from sqlspec.result.containers import ARRAYS, MAPPINGS
from sqlspec.result.generated import checker, dict_maker, keyword_maker, row_maker
from sqlspec.result.generics import class_of
from sqlspec.result.hints import is_object, members_of, name_of, plain_hint
from sqlspec.result.matching import duplicate_column, match
from sqlspec.result.shapes import fields_of, is_pydantic, is_typed_dict
from sqlspec.result.values import SCALARS, reader_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlspec.result.shapes import Field
    from sqlspec.result.values import Reader

__all__ = ("Mapper", "dict_for", "mapper_for", "scalar_mapper_for")

T = TypeVar("T")

_UNIONS = frozenset({type(int | None), type(Union[int, None])})  # noqa: UP007 - both of Python's kinds
CHUNK = 256
"""Rows converted at a time: the columns of so many stay in the processor's cache, and memory is bounded."""
_MOST = 4096  # lists of columns
_LONGEST_NAMES = 8 * 1024  # characters of all columns


class Mapper(Protocol[T]):
    """Makes objects of rows. Safe to share between threads."""

    def __call__(self, rows: Sequence[Any], start: int = 1, /) -> list[T]:
        """One object per row; a `MappingError` counts its row from *start*, for batches of a stream."""
        ...


def mapper_for(schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    """The mapper to *schema_type* for rows of these columns; None is dict.

    Raises `MappingError` when the columns do not suit the type, `InvalidArgumentError` when the type is
    of no kind that rows can become.
    """
    return _kept(_build, schema_type, columns)


def scalar_mapper_for(schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    """The mapper of `scalar()` and `scalars()`: the driver's values, or those of a type of single values."""
    return _kept(_scalars, schema_type, columns)


@lru_cache(maxsize=_MOST)
def dict_for(columns: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
    """What makes the dict of one row of these columns: what a request for one row by its key pays.

    Raises `MappingError` when two columns have one name.
    """
    _check_size(columns)
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns)
    return row_maker(columns)


def _kept(build: Callable[..., Mapper[Any]], schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    try:
        if type(schema_type) in _UNIONS:
            # Two that are equal may have their members in another order, which decides.
            return _cached(build, schema_type, columns, get_args(schema_type))
        return _cached(build, schema_type, columns)
    except TypeError:
        # Annotated[int, []] has no hash, and long names are not kept. The errors of building are no
        # TypeErrors but one, which comes again.
        return build(schema_type, columns)
    except RecursionError:
        msg = f"{name_of(schema_type)} is an alias of what holds itself; write Any for the inner one"
        raise MappingError(msg) from None


def _check_type(schema_type: Any) -> None:
    if schema_type is not None and is_object(schema_type):
        kind = type(schema_type).__name__
        msg = f"schema_type is a class, and not an object of {kind}: write schema_type={kind}"
        if isinstance(schema_type, str):
            msg = "schema_type is a class, and not its name: leave out the quotes"
        raise InvalidArgumentError(msg)


def _is_scalar(schema_type: Any) -> bool:
    """Whether rows become single values: `int`, `datetime | None`, an Enum, a Literal, `list[int]`."""
    members = members_of(plain_hint(schema_type)[0])
    return all(_is_single(member, alone=len(members) == 1) for member in members)


def _is_single(hint: Any, *, alone: bool) -> bool:
    hint, _ = plain_hint(hint)
    origin = get_origin(hint)
    if origin in {dict, tuple}:
        return not alone  # a row; but a row is never None, nor anything else
    if hint is None or origin is Literal or origin in MAPPINGS or origin in ARRAYS or _is_array(hint):
        return True
    return isinstance(hint, type) and (hint in SCALARS or hint is type(None) or issubclass(hint, Enum))


def _is_array(hint: Any) -> bool:
    return isinstance(hint, type) and hint in ARRAYS


def _build(schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    _check_type(schema_type)
    if schema_type is None or schema_type is dict:
        return _dicts(columns)
    if _is_scalar(schema_type):
        return _singles(schema_type, columns)
    plain, _ = plain_hint(schema_type)
    origin = get_origin(plain) or plain
    if origin is dict:
        return _typed_dicts(plain, columns)
    if origin is tuple:
        return _tuples(plain, columns)
    fields = fields_of(plain)
    if fields is None:
        raise _unsupported(schema_type)
    return _objects(plain, match(plain, fields, columns), columns)


@lru_cache(maxsize=_MOST)
def _cached(
    build: Callable[..., Mapper[Any]], schema_type: Any, columns: tuple[str, ...], _order: Any = ()
) -> Mapper[Any]:
    _check_size(columns)
    return build(schema_type, columns)


def _check_size(columns: tuple[str, ...]) -> None:
    """Some databases name a column after its expression, with all values in it: seen once, of any length."""
    if sum(map(len, columns)) > _LONGEST_NAMES:
        raise TypeError  # what raises is not cached


def _unsupported(schema_type: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"rows can not become {name_of(schema_type)}; schema_type takes dataclasses, msgspec Structs, attrs "
        "and pydantic classes, TypedDicts, NamedTuples, dict, tuple, list[…] and types of single values"
    )


# --- reading: the columns a type asks for, as it declares them -----------------------------------


class _Reading:
    """Picks columns by place and brings them to their declared types."""

    __slots__ = ("_columns", "_fits", "_pick", "_places", "_readers")

    def __init__(self, columns: tuple[str, ...], places: Sequence[int], readers: Sequence[Reader]) -> None:
        self._columns, self._places, self._readers = columns, places, readers
        kinds = dict(zip(places, (reader.kinds for reader in readers), strict=True))
        self._fits = checker([kinds.get(place) for place in range(len(columns))])
        self._pick = _picker(places, len(columns))

    def __call__(self, rows: Sequence[Any], start: int) -> Iterable[Any]:
        if self._fits(rows):
            return self._pick(rows)
        return [self._row(rows[0], start)] if len(rows) == 1 else self._converted(rows, start)

    def _row(self, row: Any, start: int) -> tuple[Any, ...]:
        # For one row, columns of one value would be four times the work.
        pairs = zip(self._places, self._readers, strict=True)
        return tuple([reader.read_one(row[place], self._columns[place], start) for place, reader in pairs])

    def _converted(self, rows: Sequence[Any], start: int) -> Iterator[Any]:
        for begin in range(0, len(rows), CHUNK):
            chunk = list(zip(*rows[begin : begin + CHUNK], strict=True))
            yield from zip(
                *(
                    reader.read(chunk[place], self._columns[place], start + begin)
                    for place, reader in zip(self._places, self._readers, strict=True)
                ),
                strict=True,
            )


def _picker(places: Sequence[int], width: int) -> Callable[[Sequence[Any]], Iterable[Any]]:
    if list(places) == list(range(width)):
        return iter
    if not places:
        return lambda rows: repeat((), len(rows))
    if len(places) == 1:
        return lambda rows: zip(map(itemgetter(places[0]), rows))  # tuples of one
    return partial(map, itemgetter(*places))


# --- the kinds of targets ------------------------------------------------------------------------


def _dicts(columns: tuple[str, ...]) -> Mapper[dict[str, Any]]:
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns)
    make = dict_maker(columns)
    return lambda rows, _start=1: make(rows)


def _typed_dicts(schema_type: Any, columns: tuple[str, ...]) -> Mapper[dict[str, Any]]:
    """`dict[str, V]`: every column is a V."""
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns)
    key, value = get_args(schema_type)
    if key is not str:
        raise InvalidArgumentError(
            f"the keys of a row are its columns' names: dict[str, …], not {schema_type}"
        )
    reader = reader_for(value)
    reading = _Reading(columns, range(len(columns)), [reader] * len(columns))
    make = dict_maker(columns)
    return _or_document(lambda rows, start=1: make(reading(rows, start)), reader, schema_type, columns)


def _tuples(schema_type: Any, columns: tuple[str, ...]) -> Mapper[tuple[Any, ...]]:
    hints = _tuple_hints(schema_type, columns)
    if hints is None:
        return lambda rows, _start=1: list(map(tuple, rows))
    readers = [reader_for(hint) for hint in hints]
    reading = _Reading(columns, range(len(columns)), readers)
    make: Mapper[Any] = lambda rows, start=1: list(map(tuple, reading(rows, start)))  # noqa: E731 - as those beside it
    return _or_document(make, readers[0], schema_type, columns) if Ellipsis in get_args(schema_type) else make


def _tuple_hints(schema_type: Any, columns: tuple[str, ...]) -> Sequence[Any] | None:
    hints = get_args(schema_type)
    if schema_type is tuple:
        return None
    if len(hints) == 2 and hints[1] is Ellipsis:  # noqa: PLR2004 - tuple[int, ...]
        return [hints[0]] * len(columns)
    if len(hints) != len(columns):
        raise MappingError(
            f"{schema_type} has {len(hints)} places for {len(columns)} columns: {_listed(columns)}"
        )
    return hints


def _or_document(
    rows: Mapper[Any], reader: Reader, schema_type: Any, columns: tuple[str, ...]
) -> Mapper[Any]:
    """`dict[str, int]` and `tuple[int, ...]`: a row, or the document in its single column."""
    if len(columns) != 1 or reader.kinds is None:
        return rows
    return _OrDocument(rows, reader, schema_type, columns)


class _OrDocument:
    """Decides by the driver's type, value by value: SQLite may mix them."""

    __slots__ = ("_documents", "_reader", "_row", "_rows")

    def __init__(self, rows: Mapper[Any], row: Reader, schema_type: Any, columns: tuple[str, ...]) -> None:
        self._rows, self._row, self._reader = rows, row, reader_for(schema_type)
        self._documents = _singles(schema_type, columns)

    def __call__(self, rows: Sequence[Any], start: int = 1) -> list[Any]:
        if not any(map(self.is_document, {type(row[0]) for row in rows})):
            return self._rows(rows, start)
        return [self._one(row, place) for place, row in enumerate(rows, start)]

    def is_document(self, kind: type) -> bool:
        """Whether values of *kind* are no value of a row, but may be the whole."""
        return self._row.way_from(kind) is None and self._reader.way_from(kind) is not None

    def scalars(self, rows: Sequence[Any], start: int = 1) -> list[Any]:
        """The documents as such, other values as they are."""
        return [
            self._one(row, place) if self.is_document(type(row[0])) else row[0]
            for place, row in enumerate(rows, start)
        ]

    def _one(self, row: Any, place: int) -> Any:
        return (self._documents if self.is_document(type(row[0])) else self._rows)([row], place)[0]


def _scalars(schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    _check_type(schema_type)
    plain = plain_hint(schema_type)[0]
    if _is_scalar(schema_type) or (len(columns) == 1 and len(members_of(plain)) > 1):
        return _singles(schema_type, columns)
    if len(columns) == 1:
        try:
            mapper = mapper_for(schema_type, columns)
        except MappingError:
            return _singles(schema_type, columns)  # no row: the document of such a class, or of such a tuple
        except InvalidArgumentError:
            if get_origin(plain) is dict:
                return _singles(schema_type, columns)  # with keys that are no columns
        else:
            if isinstance(mapper, _OrDocument):
                return mapper.scalars
    return lambda rows, _start=1: [row[0] for row in rows]


def _singles(schema_type: Any, columns: tuple[str, ...]) -> Mapper[Any]:
    if len(columns) != 1:
        if row := _row_in_a_list(schema_type):
            raise InvalidArgumentError(
                f"schema_type is the type of one row: write schema_type={row} and .all()"
            )
        count = f"{len(columns)} columns came: {_listed(columns)}"
        raise MappingError(f"{name_of(schema_type)} takes one column, and {count}")
    reading = _Reading(columns, [0], [reader_for(schema_type)])
    first = itemgetter(0)
    return lambda rows, start=1: list(map(first, reading(rows, start)))


def _row_in_a_list(schema_type: Any) -> str | None:
    """The row's type in `list[User]`, which was to say that there are many."""
    plain, parts = plain_hint(schema_type)[0], get_args(schema_type)
    if get_origin(plain) is not list or len(parts) != 1:
        return None
    row = plain_hint(parts[0])[0]
    is_row = (get_origin(row) or row) in {dict, tuple} or fields_of(row) is not None
    return name_of(parts[0]) if is_row else None


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(columns) or "none"


def _objects(cls: Any, pairs: Sequence[tuple[Field, int]], columns: tuple[str, ...]) -> Mapper[Any]:
    """Classes with fields, filled by *pairs* of a field and its column's place."""
    if is_pydantic(class_of(cls)):
        return _Validating(cls, columns)
    cls = class_of(cls)  # what is called; what its fields are is in the pairs
    reading = _Reading(columns, [place for _, place in pairs], [reader_for(field.hint) for field, _ in pairs])
    if is_typed_dict(cls):
        make = dict_maker([field.name for field, _ in pairs])
        return lambda rows, start=1: make(reading(rows, start))
    return _Constructing(cls, reading, _maker(cls, [field for field, _ in pairs]))


def _maker(cls: Any, filled: Sequence[Field]) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """Calls *cls* by position as far as no field before is left to its default, then by keyword."""
    fields = fields_of(cls) or []
    count = 0
    while count < len(filled) and _is_next(filled[count], fields[count]):
        count += 1
    if count == len(filled):
        return partial(starmap, cls)
    return keyword_maker(cls, count, [field.name for field in filled[count:]])


def _is_next(filled: Field, field: Field) -> bool:
    return filled.name == field.name and not filled.by_keyword


class _Constructing:
    """Calls the class; an error of its own checks becomes a `MappingError` that names the row."""

    __slots__ = ("_cls", "_make", "_reading")

    def __init__(self, cls: Any, reading: _Reading, make: Callable[[Iterable[Any]], Iterator[Any]]) -> None:
        self._cls, self._reading, self._make = cls, reading, make

    def __call__(self, rows: Sequence[Any], start: int = 1) -> list[Any]:
        made: list[Any] = []
        try:
            # extend() keeps what it has when the iterator raises: that counts the rows for nothing.
            made.extend(self._make(self._reading(rows, start)))
        except MappingError:
            raise
        except Exception as exc:
            raise _refused(self._cls, start + len(made), type(exc).__name__) from exc
        return made


class _Validating:
    """Leaves checks and conversions to pydantic, which has rules of its own for both."""

    __slots__ = ("_cls", "_make", "_validate")

    def __init__(self, cls: Any, columns: tuple[str, ...]) -> None:
        self._cls, self._make = cls, dict_maker(columns)
        # A model with arguments is a class of its own; a dataclass with some is not.
        bare = isinstance(cls, type)
        validator = cls.__pydantic_validator__ if bare else sys.modules["pydantic"].TypeAdapter(cls).validator
        self._validate = validator.validate_python

    def __call__(self, rows: Sequence[Any], start: int = 1) -> list[Any]:
        made: list[Any] = []
        try:
            made.extend(map(self._validate, self._make(rows)))
        except Exception as exc:
            row, errors = start + len(made), getattr(exc, "errors", None)
            if errors is None:
                raise _refused(self._cls, row, type(exc).__name__) from exc
            # `from None`: pydantic's text quotes the input.
            raise _refused(self._cls, row, _pydantic_text(errors)) from None
        return made


def _pydantic_text(errors: Callable[..., list[dict[str, Any]]]) -> str:
    found = errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{'.'.join(map(str, each['loc'])) or 'the row'}: {each['type']}" for each in found)


def _refused(cls: Any, row: int, why: str) -> MappingError:
    return MappingError(f"row {row}: {name_of(cls)} refused it ({why})")
