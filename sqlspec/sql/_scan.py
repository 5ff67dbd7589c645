"""Tell what the tokens of a text mean: placeholders, the driver's own marks, or neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from ._lexer import IDENT, is_comment

if TYPE_CHECKING:
    from .dialect import Dialect

_OPERAND_END = re.compile(rf"(?:{IDENT}|[\])}}'\"`])\Z")
_PREFIX = re.compile(r"[-|]\s")
_LAST_WORD = re.compile(r"[A-Za-z_]+\Z")

# After one of these words an operand is still to come, so a question mark is that operand.
_EXPECTS_OPERAND = frozenset(
    (  # noqa: SIM905 - a line of words is read at a glance, a column of thirty is not
        "ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE ESCAPE FROM HAVING ILIKE IN IS LIKE LIMIT NOT OFFSET "
        "ON OR RETURNING SELECT SET SIMILAR SOME THEN TO USING VALUES WHEN WHERE WITH"
    ).split()
)
_TAIL = 32  # characters: longer than any of these words, and all that a look back ever reads


class Scan(Struct):
    """The parts of one text, and the places of those that matter."""

    parts: list[str]
    marks: list[int] = []  # ?; every scan has lists of its own, msgspec sees to it
    names: list[int] = []  # :name
    natives: list[int] = []  # $1, @name, ?1: the driver's


def scan(parts: list[str], dialect: Dialect, *, literal_qmark: str) -> Scan:
    """Sort the tokens. `??` becomes `literal_qmark`, in `parts` itself."""
    found = Scan(parts)
    for index in range(1, len(parts), 2):
        part = parts[index]
        if part == "?":
            found.marks.append(index)
        elif part[0] == ":":
            if _is_name(parts, index, dialect):
                found.names.append(index)
        elif part[0] in "?$@#":
            _sort_rare(found, index, dialect, literal_qmark)
    return found


def stands_for_operator(parts: list[str], index: int, dialect: Dialect) -> bool:
    """Whether the question mark at this place is hardly a placeholder.

    It follows an operand, or is a part of PostgreSQL's `?-` or `?|` before one.
    """
    is_prefix = _PREFIX.match(parts[index + 1]) is not None
    return dialect.double_qmark and (is_prefix or _follows_operand(parts, index, dialect))


def _is_name(parts: list[str], index: int, dialect: Dialect) -> bool:
    if parts[index] == "::":
        return False
    return not (dialect.colon_after_operand and _touches_operand(parts, index))


def _touches_operand(parts: list[str], index: int) -> bool:
    if before := parts[index - 1]:
        return _ends_operand(before)
    return index > 1 and _OPERAND_END.search(parts[index - 2][-1:]) is not None


def _ends_operand(text: str) -> bool:
    tail = text[-_TAIL:]
    word = _LAST_WORD.search(tail)
    if word and word[0].upper() in _EXPECTS_OPERAND:
        return False
    return _OPERAND_END.search(tail) is not None


def _sort_rare(found: Scan, index: int, dialect: Dialect, literal_qmark: str) -> None:
    part = found.parts[index]
    if part == "??" and dialect.double_qmark:
        found.parts[index] = literal_qmark
    elif part in dialect.qmark_operators:
        _sort_operator(found, index, dialect)
    elif _is_native(part, dialect):
        found.natives.append(index)


def _is_native(part: str, dialect: Dialect) -> bool:
    if dialect.dollar_quotes and "$" in part[1:]:
        return False
    return part[0] in dialect.sigils or not is_comment(part, dialect)


def _sort_operator(found: Scan, index: int, dialect: Dialect) -> None:
    """An operator needs an operand before it; without one, its question mark is a placeholder."""
    parts = found.parts
    if parts[index][0] != "?" or _follows_operand(parts, index, dialect):
        return
    parts[index + 1] = parts[index][1:] + parts[index + 1]
    parts[index] = "?"
    found.marks.append(index)


def _follows_operand(parts: list[str], index: int, dialect: Dialect) -> bool:
    """Whether the nearest text before a token, comments and white space aside, ends an operand."""
    for place in range(index - 1, -1, -1):
        text = parts[place].rstrip()
        if place % 2:
            if not is_comment(text, dialect):
                return text not in {";", "::"}
        elif text:
            return _ends_operand(text)
    return False
