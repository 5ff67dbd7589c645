"""Cut a text into statements, at the semicolons that end one."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ._lexer import IDENT, is_comment, needs_hops, pattern_for, split
from .dialect import STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dialect import Dialect


def split_statements(sql: str, dialect: Dialect = STANDARD) -> list[str]:
    """The statements of a script, without their semicolons; comments stay with the statement they precede.

    Empty statements are dropped. Nothing is refused and no placeholder is converted.
    """
    parts = split(sql, pattern_for(dialect, dollar_numbers=False), hops=needs_hops(dialect))
    return ["".join(parts[start:end]).strip() for start, end in cut(parts, dialect)]


def cut(parts: list[str], dialect: Dialect) -> Iterator[tuple[int, int]]:
    """Where each statement's parts begin and end, the empty ones left out; the semicolon is not theirs."""
    start = since = 0
    compound = False
    for end in _ends(parts):
        if since == start:  # the first semicolon of a statement: is it a statement's, or its body's?
            compound = end < len(parts) and _is_compound(parts[start:end], dialect)
        if not compound or end == len(parts) or (since > start and _is_lone_end(parts, since, end, dialect)):
            if not is_blank(parts, start, end, dialect):
                yield start, end
            start = end + 1
        since = end + 1


def _ends(parts: list[str]) -> Iterator[int]:
    for index in range(1, len(parts), 2):
        if parts[index] == ";":
            yield index
    yield len(parts)


def is_blank(parts: list[str], start: int, end: int, dialect: Dialect) -> bool:
    """Whether there is nothing but white space and comments."""
    for index in range(start, end):
        text = parts[index]
        if text.strip("\ufeff \t\n\r\f\v") and not (index % 2 and is_comment(text, dialect)):
            return False
    return True


def _is_compound(parts: list[str], dialect: Dialect) -> bool:
    if not dialect.compound or parts == [""]:
        return False
    head = [" " if is_comment(part, dialect) else part for part in parts]
    return _compound_head(dialect.compound).match("".join(head)) is not None


@cache
def _compound_head(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        r"\s*(?:EXPLAIN\s+(?:QUERY\s+PLAN\s+)?)?CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)*+"
        rf"(?:{'|'.join(kinds)})(?!{IDENT})",
        re.IGNORECASE | re.ASCII,
    )


def _is_lone_end(parts: list[str], start: int, end: int, dialect: Dialect) -> bool:
    found = False
    for index in range(start, end):
        text = parts[index].strip()
        if index % 2:
            if not is_comment(text, dialect):
                return False
        elif text:
            if found or text.upper() != "END":
                return False
            found = True
    return found
