r"""What a database's command-line program does with a script before the server sees it.

Dumps and migrations are written for those programs. `mysql` changes the delimiter at a line of DELIMITER.
`psql` sends what follows COPY … FROM stdin as data, up to a line of `\.`. Both have commands of their own.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sqlspec.errors import InvalidArgumentError

from ._lexer import IDENT, is_comment, pattern_for, token_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dialect import Dialect

__all__ = ("CopyData", "Section", "drop_client_lines", "sections")


class CopyData(Struct, frozen=True):
    """A statement of a script that is followed by its data: PostgreSQL's COPY … FROM stdin."""

    statement: str
    data: str
    """The lines as they stand in the script, without the last one, `\\.`."""


class Section(Struct, frozen=True):
    """A part of a script that is read in one way."""

    text: str
    is_statement: bool = False
    """It is one statement, which a delimiter of its own ended."""
    data: str | None = None
    """The data of the last statement."""


def sections(script: str, dialect: Dialect) -> Iterator[Section]:
    """The parts of a script, in order; nearly always one."""
    commands = _commands(dialect)
    if commands is None or not commands.search(script):
        yield Section(script)
        return
    delimiter, start, since = ";", 0, 0
    while since < len(script):
        line = _DELIMITER.match(script, since) if dialect.delimiter_lines else None
        if line is not None:
            yield Section(script[start:since])
            delimiter, start, since = line[1], line.end(), line.end()
            continue
        begin, end = _next(script, since, dialect, delimiter)
        if delimiter != ";":
            yield Section(script[since:begin], is_statement=True)
            start = end
        elif dialect.copy_data and begin < end and _COPY.match(script, since, begin):
            data, after = _data(script, end)
            yield Section(script[start:begin], data=data)
            start = end = after
        since = end
    yield Section(script[start:])


@cache
def _commands(dialect: Dialect) -> re.Pattern[str] | None:
    """Finds in little time that a script has none of it."""
    found = [r"^\s*DELIMITER\s"] * dialect.delimiter_lines + [r"\sSTDIN(?:\W|\Z)"] * dialect.copy_data
    return re.compile("|".join(found), re.IGNORECASE | re.MULTILINE) if found else None


def _next(script: str, position: int, dialect: Dialect, delimiter: str) -> tuple[int, int]:
    """Where the next delimiter is that stands outside of literals and comments; else the script's end."""
    pattern = pattern_for(dialect, dollar_numbers=False, delimiter=delimiter)
    while found := pattern.search(script, position):
        begin, position = token_span(script, found)
        if found[0] == delimiter:
            return begin, position
    return len(script), len(script)


def _data(script: str, position: int) -> tuple[str, int]:
    """The lines that follow a COPY, and where the script goes on."""
    begin = _END_OF_LINE.match(script, position)
    end = _END_OF_DATA.search(script, begin.end()) if begin is not None else None
    if begin is None or end is None:
        msg = (
            "the script has a COPY … FROM stdin without its data: lines after it, up to a line of \\. as "
            "pg_dump writes them. For rows of Python call session.load()"
        )
        raise InvalidArgumentError(msg)
    return script[begin.end() : end.start()], end.end()


def drop_client_lines(statement: list[str], dialect: Dialect) -> None:
    """Take the commands of `psql` without a meaning here from the front of a statement's parts.

    Raises `InvalidArgumentError` for a command that has one. No SQL begins with a backslash or a dot.
    """
    for index in range(0, len(statement), 2):
        text = statement[index].lstrip()
        while text.startswith(("\\restrict", "\\unrestrict")):
            text = text.partition("\n")[2].lstrip()
            statement[index] = f"\n{text}"  # what stands before may be a comment up to the end of the line
        if text.startswith(("\\", ".")):
            msg = (
                f"{text.split(maxsplit=1)[0]} in the script is a command of a command-line program, and not "
                "of the database; take its line out"
            )
            raise InvalidArgumentError(msg)
        if text or not _is_skipped(statement[index + 1 : index + 2], dialect):
            return


def _is_skipped(token: list[str], dialect: Dialect) -> bool:
    return any(is_comment(one, dialect) and not one.startswith(_code(dialect)) for one in token)


def _code(dialect: Dialect) -> Any:
    return dialect.executable_comments or "\0"


_BLANK = r"(?:\s|--[^\n]*+|#[^\n]*+|/\*(?!M?!).*?\*/)*+"
_DELIMITER = re.compile(rf"{_BLANK}DELIMITER[ \t]+(\S+)[^\n]*+", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(rf"{_BLANK}COPY\s.*\sFROM\s+STDIN(?!{IDENT})", re.IGNORECASE | re.DOTALL)
_END_OF_LINE = re.compile(r"[ \t]*\r?\n")
_END_OF_DATA = re.compile(r"^\\\.\r?$", re.MULTILINE)
