"""Tables in HTML, as notebooks show an object that ends a cell. Plain values in, text out; imported on use.

All text is escaped, and all of it is bounded: a result of a million rows, or a cell of a gigabyte, is a page
that a browser shows at once.
"""

from __future__ import annotations

from html import escape
from itertools import islice
from reprlib import Repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("html_of_changes", "html_of_rows", "html_of_values", "html_table")

ROWS = 20
COLUMNS = 50
CHARACTERS = 100
"""Of one cell, and of the name of a column."""
TYPED_ROWS = 1000
"""The rows that a column's types are looked for in."""
TYPES = 3
"""The types of one column that are named."""

_nested = Repr()
_nested.maxdict = _nested.maxlist = _nested.maxtuple = _nested.maxset = _nested.maxfrozenset = 8
_nested.maxstring = _nested.maxother = _nested.maxlong = CHARACTERS


def html_of_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of the first rows, numbered as they are indexed, with the type of each column in its head."""
    heads = [
        f"{_cell(name)}<br><small>{escape(_types(row[place] for row in rows[:TYPED_ROWS]))}</small>"
        for place, name in enumerate(columns[:COLUMNS])
    ]
    body = [[str(number), *map(_cell, row[:COLUMNS])] for number, row in enumerate(rows[:ROWS])]
    shown = [_counted(len(rows), "row", ROWS)]
    if len(columns) > COLUMNS:
        shown.append(_counted(len(columns), "column", COLUMNS))
    return html_table(["", *heads], body, ", ".join(shown))


def html_of_changes(rowcount: int) -> str:
    """What a statement without rows did; -1: nobody knows."""
    return f"<p><small>{'done' if rowcount < 0 else _counted(rowcount, 'row') + ' changed'}</small></p>"


def html_table(heads: Iterable[str], rows: Iterable[Iterable[str]], caption: str) -> str:
    """A table of cells that are HTML already, the first of each row as its name."""
    head = "".join(f"<th>{each}</th>" for each in heads)
    lines = []
    for first, *rest in rows:
        lines.append(f"<tr><th>{first}</th>{''.join(f'<td>{each}</td>' for each in rest)}</tr>")
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        f"<p><small>{escape(caption)}</small></p>"
    )


def html_of_values(pairs: Iterable[tuple[str, object]], caption: str) -> str:
    """Names, each with a value beside it."""
    return html_table(("", ""), ((_cell(name), _cell(value)) for name, value in pairs), caption)


def _counted(count: int, thing: str, limit: int | None = None) -> str:
    text = f"{count} {thing}" if count == 1 else f"{count} {thing}s"
    return text if limit is None or count <= limit else f"{limit} of {text}"


def _cell(value: object) -> str:
    if value is None:
        return "<em>NULL</em>"
    return escape(_text(value))


def _text(value: object) -> str:
    """As a reader would write it, cut before it is made: making all of it may take long."""
    if isinstance(value, str):
        return _cut(value[: CHARACTERS + 1])
    if isinstance(value, bytes | bytearray | memoryview):
        return _cut("0x" + bytes(value[: CHARACTERS // 2 + 1]).hex())
    try:
        return _cut(_nested.repr(value) if isinstance(value, int | list | tuple | dict | set) else str(value))
    except Exception:  # noqa: BLE001 - a value of a driver's whose text can not be made is still a value
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"


def _types(values: Iterable[Any]) -> str:
    kinds = dict.fromkeys(map(type, values))  # as they come
    is_null = kinds.pop(type(None), 0) is None
    names = [kind.__name__ for kind in islice(kinds, TYPES)]
    if len(kinds) > TYPES:
        names.append("…")
    return " | ".join([*names, *(["None"] if is_null else [])])
