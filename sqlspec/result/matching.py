"""Which column fills which field.

By name, whatever the order. A required field without a column is an error. A column no field asks for
is left out, as with `SELECT *` into a smaller type, since nobody misses what they did not name; but
when it reads like a field that is about to keep its default, somebody misspelled one of the two, and
a default in place of data is the loss nobody would see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.errors import MappingError, did_you_mean
from sqlspec.result.hints import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlspec.result.shapes import Field

__all__ = ("duplicate_column", "match")

ALIKE = 0.8
"""How near two spellings are before one is taken for the other; `get_close_matches` counts."""


def match(cls: Any, fields: Sequence[Field], columns: tuple[str, ...]) -> list[tuple[Field, int]]:
    """The filled fields with their columns' places. `MappingError` when a field is missed or misspelled."""
    if not columns:
        raise MappingError(f"the statement returned no columns to make {name_of(cls)} of")
    if len(set(columns)) != len(columns):
        raise duplicate_column(columns)
    pairs = [(field, place) for field in fields if (place := _place(field, columns)) is not None]
    filled = {field.name for field, _ in pairs}
    used = {place for _, place in pairs}
    spare = [column for place, column in enumerate(columns) if place not in used]
    for field in fields:
        if field.name not in filled:
            _check_absence(cls, field, columns, spare)
    return pairs


def duplicate_column(columns: Sequence[str], *, otherwise: str = "use schema_type=tuple") -> MappingError:
    """The error for two columns of one name, of which only one would be seen."""
    twice = next(name for place, name in enumerate(columns) if name in columns[:place])
    return MappingError(
        f"two columns are named {twice!r}; rename one with AS, or {otherwise}, which keeps both"
    )


def _place(field: Field, columns: tuple[str, ...]) -> int | None:
    return next((columns.index(key) for key in field.keys if key in columns), None)


def _check_absence(cls: Any, field: Field, columns: Sequence[str], spare: Sequence[str]) -> None:
    wanted = field.keys[0] if field.keys else field.name
    if field.required:
        near = _alike(wanted, spare)
        hint = f"Did you mean {near!r}?" if near else did_you_mean(wanted, columns, otherwise="Columns")
        raise MappingError(
            f"no column for the field {wanted!r} of {name_of(cls)} among {', '.join(columns)}. {hint}"
        )
    if near := _alike(wanted, spare):
        raise MappingError(
            f"the column {near!r} fills no field of {name_of(cls)}, but reads like {wanted!r}, which would "
            "keep its default; correct one of the two, or leave the column out of the statement"
        )


def _alike(wanted: str, spare: Sequence[str]) -> str | None:
    """The spare column that is *wanted* in another spelling."""
    from difflib import get_close_matches

    folded = {_folded(column): column for column in spare}
    near = get_close_matches(_folded(wanted), list(folded), n=1, cutoff=ALIKE)
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()
