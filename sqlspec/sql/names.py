"""Names of tables, as `load` takes them: text that may hold a schema and quotes, or the parts themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from .dialect import Dialect

__all__ = ("table_path",)


def table_path(table: object, dialect: Dialect) -> tuple[str, ...]:
    """The parts of a table's name, unquoted: the table is the last of them.

    A text is cut at its dots. A part that begins with a quote of the dialect ends at the closing quote, which
    is doubled inside. A tuple or list holds the parts as they are. Raises `InvalidArgumentError`.
    """
    if isinstance(table, str):
        parts = tuple(_parts(table, {pair[0]: pair[1] for pair in dialect.identifier_quotes}))
    elif isinstance(table, (tuple, list)):
        parts = tuple(table)
        for number, part in enumerate(parts, 1):
            if not isinstance(part, str):
                msg = (
                    f"load(): the parts of a table's name are str, and part {number} is {type(part).__name__}"
                )
                raise InvalidArgumentError(msg)
    else:
        msg = f"load(): a table is a str, or a tuple of its parts, not {type(table).__name__}"
        raise InvalidArgumentError(msg)
    if not parts or not all(parts) or any("\0" in part for part in parts):
        raise _no_table(table)
    return parts


def _parts(name: str, quotes: dict[str, str]) -> list[str]:
    parts, rest = [], name
    while rest:
        closing = quotes.get(rest[0])
        part, rest = _quoted(name, rest[1:], closing) if closing else _plain(rest)
        parts.append(part)
        if rest == ".":
            raise _no_table(name)
        rest = rest[1:]
    return parts


def _plain(text: str) -> tuple[str, str]:
    part, dot, rest = text.partition(".")
    return part, dot + rest


def _quoted(name: str, text: str, closing: str) -> tuple[str, str]:
    """What is between the quotes, and what comes after: nothing, or a dot."""
    pieces = []
    while True:
        piece, found, text = text.partition(closing)
        if not found:
            raise _no_table(name)
        pieces.append(piece)
        if not text.startswith(closing):
            break
        text = text[1:]
    if text and text[0] != ".":
        raise _no_table(name)
    return closing.join(pieces), text


def _no_table(table: object) -> InvalidArgumentError:
    msg = (
        f"load(): {table!r} is no name of a table. Write 'table', 'schema.table', the name quoted as in SQL, "
        "or the parts as they are, in a tuple: ('schema', 'table')"
    )
    return InvalidArgumentError(msg)
