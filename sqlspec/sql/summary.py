"""What a statement does, for logs and traces: its text without data, and the names in it."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ._lexer import needs_hops, pattern_for, split
from .script import cut

if TYPE_CHECKING:
    from .dialect import Dialect

__all__ = ("Summary", "describe")

_LONGEST = 2048  # characters of a text that are looked at, and kept
_LONGEST_SUMMARY = 255


class Summary(NamedTuple):
    """What a statement does to which tables, as far as its text tells."""

    operation: str
    """Its verb in capitals: `SELECT`; empty for a script."""
    tables: tuple[str, ...]
    """The tables that it names, as typed, in order, each once; at most five."""
    masked: str
    """The text with `?` for each literal, without comments; `…` at its end says that it is not the whole."""

    @property
    def text(self) -> str:
        """`SELECT orders customers`: of low cardinality, and without data. At most 255 characters."""
        text = self.operation
        for table in self.tables:
            longer = f"{text} {table}".lstrip()
            if len(longer) > _LONGEST_SUMMARY:
                break  # half a name is another name
            text = longer
        return text


def describe(sql: str, dialect: Dialect) -> Summary:
    """Summarise a statement or script. Raises nothing, whatever the text; remembers the last 512 texts."""
    sql = sql.removeprefix("\ufeff")  # a file's byte order mark
    return _describe(sql[:_LONGEST], dialect, is_cut=len(sql) > _LONGEST)


@lru_cache(512)
def _describe(text: str, dialect: Dialect, *, is_cut: bool) -> Summary:
    from ._masking import mask
    from ._tables import operation_and_tables

    parts = split(text, pattern_for(dialect, dollar_numbers=True), hops=needs_hops(dialect))
    masked = mask(parts, dialect, is_cut=is_cut)
    operation, tables = operation_and_tables(masked, dialect)
    return Summary("" if _is_script(parts, dialect) else operation, tables, masked)


def _is_script(parts: list[str], dialect: Dialect) -> bool:
    return ";" in parts[1::2] and len(list(islice(cut(parts, dialect), 2))) > 1
