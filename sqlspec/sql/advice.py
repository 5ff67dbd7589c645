"""What to do about placeholders and parameters that do not go together; imported when a statement failed.

What it says is made of marks outside of quotes and of constants: a literal's text is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlspec.errors import ParameterError

from ._scan import scan, stands_for_operator
from .lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.arguments import Parameters

    from ._scan import Scan
    from .dialect import Dialect
    from .statements import Statements

__all__ = ("advise",)

DOUBLE_QMARK = "if ? is meant as an operator, write it with ??, as in a ?? 'b' and a ??- b"
OTHER_MARK = re.compile(r"%s|%\([^()%]*+\)s|\$[0-9]++")
"""Placeholders of drivers, where they mean nothing."""
QUOTED = {":name": re.compile(r"(?<![:\w]):[A-Za-z_]"), "%s": re.compile("%s"), "?": re.compile(r"\?")}
LIKE = re.compile(r"\bI?LIKE\b", re.IGNORECASE)
IN = re.compile(r"\bIN\s*(?:\(\s*)?\Z", re.IGNORECASE)
EQUAL = re.compile(r"(?<![<>!=])=\s*\Z")
CONDITION = re.compile(r"\b(?:WHERE|HAVING|ON)\b", re.IGNORECASE)
ENDS_LIST = re.compile(r"\s*(?:\)|\Z)|\s+\w")


def advise(statements: Statements, sql: str, given: Iterable[Parameters], *, may_be_operator: bool) -> str:
    """What to write instead, as far as the text of a statement tells; empty if it tells nothing.

    *given*: the parameters of the call, several for one with many rows. *may_be_operator*: the error is one
    of a question mark that was meant as an operator.
    """
    rows = list(given)
    if not (rows or may_be_operator):
        return ""
    dialect = statements.dialect
    found = scan(statements.parts(sql), dialect, literal_qmark="?")
    parts = found.parts
    advice: list[str] = []
    if may_be_operator and any(stands_for_operator(parts, index, dialect) for index in found.marks):
        advice.append(DOUBLE_QMARK)
    is_misfit = not all(_fits(statements, sql, row) for row in rows)
    if is_misfit:
        advice.extend(_of_marks(parts, dialect))
    if _takes_list(found, rows, is_misfit=is_misfit and not advice):
        advice.append(f"one ? is one value. For a list write {dialect.list_form}")
    return "; ".join(advice)


def _fits(statements: Statements, sql: str, row: Parameters) -> bool:
    try:
        statements[sql].bind(row)
    except ParameterError:
        return False
    return True


def _of_marks(parts: Sequence[str], dialect: Dialect) -> Iterable[str]:
    """Of marks that are none, because they are a driver's, or stand in quotes."""
    if other := OTHER_MARK.search(" ".join(parts[::2])):
        yield f"write ? or :name, and not {other[0]}"
    for text, literal in zip(parts[::2], parts[1::2], strict=False):
        mark = _mark_in(literal, dialect)
        if mark is not None:
            how = f"LIKE {dialect.like_form}" if LIKE.search(text[-10:]) else "it without quotes"
            yield f"a {mark} in quotes is text; write {how}"
            return


def _mark_in(token: str, dialect: Dialect) -> str | None:
    """The placeholder that this literal holds, by its kind."""
    if token[-1] not in dialect.string_quotes:
        return None
    return next((mark for mark, pattern in QUOTED.items() if pattern.search(token)), None)


def _takes_list(found: Scan, rows: Sequence[Parameters], *, is_misfit: bool) -> bool:
    """Whether a list was given where one placeholder alone stands for what a column is compared with."""
    is_in, is_equal = False, False
    for index in (*found.marks, *found.names):
        before = found.parts[index - 1]
        is_in |= bool(IN.search(before) and ENDS_LIST.match(found.parts[index + 1]))
        is_equal |= bool(EQUAL.search(before) and CONDITION.search(" ".join(found.parts[:index:2])))
    if is_in and is_misfit and len(found.marks) == 1 and any(_has_many(row) for row in rows):
        return True
    return (is_in or is_equal) and any(map(_has_list, rows))


def _has_many(row: Parameters) -> bool:
    return isinstance(row, LISTS) and len(row) > 1


def _has_list(row: Parameters) -> bool:
    values = row.values() if isinstance(row, Mapping) else row
    return isinstance(values, Iterable) and any(isinstance(one, LISTS) for one in values)
