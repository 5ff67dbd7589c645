"""`IN (?)` and a list: the fault that everybody makes once, and that some databases answer with no rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from sqlspec.errors import ParameterError

from .statement import Native, Statement, bind_each, listed_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlspec.arguments import Parameters

LISTS = (list, tuple, set, frozenset)
"""What a driver may send as an array, or as its text: then it equals no element of its own."""

_AROUND = re.compile(r"\bIN\s*\(\s*[?:]", re.IGNORECASE)
_BEFORE = re.compile(r"\bIN\s*\(\s*\Z", re.IGNORECASE)
_AFTER = re.compile(r"\s*\)")


class LoneInList(Statement, frozen=True, gc=False):
    """A statement with an `IN (?)`: no list for that placeholder."""

    inner: Statement
    lone: tuple[int | str, ...]

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        for key in self.lone:
            if isinstance(_value(parameters, key), LISTS):
                mark = "?" if isinstance(key, int) else f":{key}"
                raise ParameterError(f"IN ({mark}) takes one value and was given a list")
        return self.inner.bind(parameters)

    @override
    def bind_many(self, rows: Iterable[Parameters]) -> Sequence[Native]:
        return bind_each(self._bind_row, listed_rows(rows, self), self)


def guarded(
    statement: Statement, parts: Sequence[str], places: Sequence[int], names: Sequence[str] | None = None
) -> Statement:
    """*statement*, or one that takes no list where a placeholder stands alone in an `IN`.

    *places* of *parts* hold its placeholders, which are counted if they have no *names*.
    """
    if not _AROUND.search(statement.sql):
        return statement
    keys: Sequence[int | str] = range(len(places)) if names is None else names
    lone = tuple(key for key, index in zip(keys, places, strict=True) if _is_alone(parts, index))
    if not lone:
        return statement
    given = (statement.sql, statement.text, statement.style, statement.count, statement.names, statement.verb)
    return LoneInList(*given, statement, lone)


def _is_alone(parts: Sequence[str], index: int) -> bool:
    return bool(_BEFORE.search(parts[index - 1]) and _AFTER.match(parts[index + 1]))


def _value(parameters: Any, key: int | str) -> object:
    try:
        return parameters[key]
    except (LookupError, TypeError):
        return None  # it does not fit, and the statement says why
