"""Cut a text into statements, at the semicolons that end one."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from ._lexer import IDENT, is_comment, needs_hops, pattern_for, split
from .dialect import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    is_over: Callable[[list[str]], bool] | None = None
    for end in _ends(parts):
        if since == start:  # the first semicolon of a statement: is it a statement's, or its body's?
            is_over = _body(parts[start:end], dialect) if end < len(parts) else None
        if is_over is None or end == len(parts) or (since > start and is_over(parts[since:end])):
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


def _body(statement: list[str], dialect: Dialect) -> Callable[[list[str]], bool] | None:
    """Tells of each further part of a statement whether its body ends there; None if this begins no body."""
    kinds = (*dialect.compound, *dialect.atomic, *dialect.enclosed, *dialect.blocks)
    if not kinds or statement == [""]:
        return None
    text = _without_comments(statement, dialect)
    found = _head(kinds).match(text) or (_BLOCK.match(text) if dialect.blocks else None)
    if found is None:
        return None
    kind = found[1].upper()
    if kind in dialect.enclosed:
        return _until_even(_depth, statement)
    if kind in dialect.blocks or kind == _BEGIN_WORD:
        return _until_even(partial(_blocks_left_open, dialect=dialect), statement)
    if kind in dialect.atomic and not _ATOMIC.search(_outside(statement, dialect)):
        return None
    return partial(_is_lone_end, dialect=dialect)


def _until_even(
    balance: Callable[[list[str]], int], statement: list[str]
) -> Callable[[list[str]], bool] | None:
    """Tells when all that was opened is closed; None if nothing was."""
    depth = balance(statement)

    def is_even(parts: list[str]) -> bool:
        nonlocal depth
        depth += balance(parts)
        return depth <= 0

    return is_even if depth > 0 else None


def _without_comments(parts: list[str], dialect: Dialect) -> str:
    return "".join([" " if is_comment(part, dialect) else part for part in parts])


def _outside(parts: list[str], dialect: Dialect) -> str:
    """The text with a mark in place of every literal."""
    tokens = [" " if is_comment(part, dialect) else "'" for part in parts[1::2]]
    return "".join([part for pair in zip(parts[::2], [*tokens, ""], strict=True) for part in pair])


def _depth(parts: list[str]) -> int:
    """How many parentheses are open."""
    return sum([gap.count("(") - gap.count(")") for gap in parts[::2]])


def _blocks_left_open(parts: list[str], dialect: Dialect) -> int:
    """How many of the blocks that begin here do not end here; an END stands first after a semicolon."""
    text = _EMPTY_BLOCK.sub(" ", _outside(parts, dialect))
    return len(_BEGIN.findall(text)) - (_END_OF_BLOCK.match(text) is not None)


# Not the column `begin`, as far as a look at its neighbours tells.
_BEGIN = re.compile(
    rf"(?<!{IDENT})(?<!\.)BEGIN(?!{IDENT})(?!\s*(?:[,.=)<>!*/+-]|FROM(?!{IDENT})))", re.IGNORECASE | re.ASCII
)
_EMPTY_BLOCK = re.compile(rf"(?<!{IDENT})BEGIN\s+END(?!{IDENT})", re.IGNORECASE | re.ASCII)
_END_OF_BLOCK = re.compile(
    rf"\s*END(?!{IDENT})(?!\s*(?:IF|CASE|LOOP|WHILE|REPEAT|FOR)(?!{IDENT}))", re.IGNORECASE | re.ASCII
)
_BEGIN_WORD = "BEGIN"
_BLOCK = re.compile(rf"\s*({_BEGIN_WORD})\s+NOT\s+ATOMIC(?!{IDENT})", re.IGNORECASE | re.ASCII)
_ATOMIC = re.compile(rf"(?<!{IDENT})BEGIN\s+ATOMIC(?!{IDENT})(?!\s*END\s*\Z)", re.IGNORECASE | re.ASCII)


@cache
def _head(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        r"\s*(?:EXPLAIN\s+(?:QUERY\s+PLAN\s+)?)?CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)*+"
        r"(?:DEFINER\s*=\s*\S+\s+)?(?:AGGREGATE\s+)?"
        rf"({'|'.join(kinds)})(?!{IDENT})",
        re.IGNORECASE | re.ASCII,
    )


def _is_lone_end(parts: list[str], dialect: Dialect) -> bool:
    found = False
    for index, part in enumerate(parts):
        text = part.strip()
        if index % 2:
            if not is_comment(text, dialect):
                return False
        elif text:
            if found or text.upper() != "END":
                return False
            found = True
    return found
