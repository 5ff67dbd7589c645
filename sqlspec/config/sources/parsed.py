"""What a parser makes of a file's text, and what it says when it can make nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    Path: TypeAlias = tuple[str, ...]

MAX_NESTING = 32


class Parsed(NamedTuple):
    """A file's content as plain data, and line and column of each key by its path, but in lists."""

    tables: dict[str, Any]
    places: dict[Path, tuple[int, int]]


class UnreadableError(Exception):
    """Why a text is refused, and where, with no part of the text. It never leaves this folder."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


def unreadable_at(text: str, offset: int, reason: str) -> UnreadableError:
    """The fault at a character of *text*."""
    return UnreadableError(reason, *line_and_column(text, offset))


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where a character stands, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def lines_and_columns(text: str, offsets: dict[Path, int]) -> dict[Path, tuple[int, int]]:
    """As `line_and_column`, for many characters in one pass over the text."""
    found: dict[Path, tuple[int, int]] = {}
    line, start = 1, 0
    for path, offset in sorted(offsets.items(), key=lambda item: item[1]):
        line += text.count("\n", start, offset)
        start = offset
        found[path] = line, offset - text.rfind("\n", 0, offset)
    return found
