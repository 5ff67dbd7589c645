"""Where an error belongs: which row of many, which statement of a script and its line; and the statement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlspec.errors import ConnectError, OperationalError
from sqlspec.plugin.contract import PLACE
from sqlspec.sql import CopyData
from sqlspec.sql.summary import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlspec.errors import DatabaseError, ParameterError
    from sqlspec.sql.dialect import Dialect

__all__ = ("Place", "explain", "in_script", "row")

LONGEST_TEXT, LONGEST_NOTE = 1400, 400
"""Bytes: an error and its notes stay below 2 KiB."""


class Place(NamedTuple):
    """What is said of a place, and the statement that is there, if it is not that of the call."""

    name: str
    statement: str | None = None


def row(number: int) -> Place:
    """One of many rows, counted from 1."""
    return Place(f"row {number}")


def in_script(script: str, statements: Sequence[str | CopyData], index: int) -> Place:
    """One of a script's statements, counted from 0."""
    texts = [one.statement if isinstance(one, CopyData) else one for one in statements[: index + 1]]
    start = position = 0
    for text in texts:
        # Without its lines that are for a client alone, a statement begins as it does in the script.
        found = script.find(text, position)
        start = found if found >= 0 else script.find(text.partition("\n")[0], position)
        if start < 0:
            return Place(f"statement {index + 1}", texts[-1])
        position = start + (len(text) if found >= 0 else 0)
    blank = _COMMENTS.match(script, start)
    line = 1 + len(_NEW_LINE.findall(script, 0, blank.end() if blank else start))
    return Place(f"statement {index + 1}, line {line}", texts[-1])


_COMMENTS = re.compile(r"(?:\s|--[^\r\n]*|#[^\r\n]*|/\*(?!!|M!).*?\*/)*", re.DOTALL)
_NEW_LINE = re.compile(r"\r\n?|\n")


def explain(
    error: DatabaseError | ParameterError,
    exc: BaseException,
    sql: str,
    dialect: Dialect,
    place: Callable[[int], Place] | None,
) -> None:
    """Say in *error*, which came of *exc*, to what it belongs; its values are left out."""
    index = exc.__dict__.pop(PLACE, None)
    found = None if index is None or place is None else place(index)
    if found is not None and found.statement is None and isinstance(error, (OperationalError, ConnectError)):
        found = None  # circumstances are not of a row
    text = str(error) if found is None else f"{found.name}: {error}"
    if text != str(error) or len(text) > LONGEST_TEXT // 4:  # of four bytes each at most
        error.args = (_cut(text, LONGEST_TEXT), *error.args[1:])
    if not getattr(error, "__notes__", ()):  # else it was raised before
        statement = sql if found is None or found.statement is None else found.statement
        masked = describe(statement, dialect).masked
        if masked.strip("…"):  # it may begin with a comment that is too long
            error.add_note(f"in: {_cut(masked, LONGEST_NOTE)}")


def _cut(text: str, size: int) -> str:
    data = text.encode(errors="replace")
    return text if len(data) <= size else f"{data[:size].decode(errors='ignore')}…"
