"""What is said of parameters that can not be sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("cannot_take", "misfit", "refused_place", "refused_row")

_ARGUMENT = re.compile(r"query argument \$(\d+)(?: in element #(\d+))?")
_COUNTS = re.compile(r"expects (\d+) arguments? for this query, (\d+) ")


def misfit(exc: Exception, prepared: Any, rows: Sequence[Sequence[Any]], start: int = 0) -> ParameterError:
    """What asyncpg means, without the value that it quotes; *start*: the place of the first of the *rows*."""
    found, counted = _ARGUMENT.search(str(exc)), _COUNTS.search(str(exc))
    if counted is not None:
        return ParameterError(f"the statement takes {counted[1]} parameters, {counted[2]} given")
    if found is None:
        return ParameterError("these parameters do not fit the statement")
    place, row = int(found[1]) - 1, found[2]
    value = _at(rows, int(row or 0), place)
    kind = prepared.get_parameters()[place].name
    error = cannot_take(place, kind, value)
    return error if row is None else with_place(error, start + int(row))


def cannot_take(place: int, kind: str, value: Any) -> ParameterError:
    """A parameter that is of no use there."""
    what = f"parameter {place + 1}: PostgreSQL's {kind} can not take this {type(value).__name__}"
    return ParameterError(f"{what}; {_advice(value)}")


def _advice(value: Any) -> str:
    if isinstance(value, str):
        return "it holds NUL, or half of a character (a lone surrogate)"
    if isinstance(value, dict):
        return "JSON has no NaN and no infinity, and its keys are str"
    if isinstance(value, (list, tuple)):
        return "the elements of an array are of one type, which the statement can name: ?::float8[]"
    if type(value).__name__ == "NAType":
        return "pass None"
    return "convert it to a type that PostgreSQL has"


def refused_place(exc: Exception) -> int | None:
    """The place of the value that asyncpg could not send."""
    found = _ARGUMENT.search(str(exc))
    return None if found is None else int(found[1]) - 1


def refused_row(exc: Exception) -> int | None:
    """Which of many rows could not be sent, counted from 0."""
    found = _ARGUMENT.search(str(exc))
    return None if found is None or found[2] is None else int(found[2])


def _at(rows: Sequence[Sequence[Any]], row: int, place: int) -> Any:
    try:
        return rows[row][place]
    except (IndexError, KeyError):
        return None
