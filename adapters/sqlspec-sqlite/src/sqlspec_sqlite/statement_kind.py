"""What kind of statement a text is: found out once for each text.

sqlite3 itself looks at the first word alone, and does not expose SQLite's own answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("CHANGES_STATE", "INSERTS", "NUMBERED", "OUTSIDE", "UNCOUNTED", "kinds", "returns_nothing")

T = TypeVar("T")

CHANGES_STATE = 1
"""It may change the connection besides data."""
INSERTS = 2
"""It inserts, and so may set `lastrowid`."""
NUMBERED = 4
"""Its placeholders are ?1, ?2 and so on."""
UNCOUNTED = 8
"""It changes rows, and sqlite3 does not count them, because its first word is WITH."""
OUTSIDE = 16
"""A PRAGMA that no transaction takes: SQLite ignores it there, or refuses it."""

_MOST = 16_384  # texts that are remembered
_FORGOTTEN = 8  # one of so many, when there is no room
_LONGEST = 4096  # characters of one; a longer text is most likely generated, and seen once
_HEAVIEST = 65_536  # characters of a text that sqlite3 should not keep for long

_BLANK = r"(?:[\s\ufeff]|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*+"
_VERB = re.compile(rf"{_BLANK}(\w*)", re.DOTALL)
_COMMON_TABLES = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|$)|'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|[(),]|\w+""", re.DOTALL
)
_CHANGES = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_RETURNING = re.compile("RETURNING", re.IGNORECASE)
_NUMBERED = re.compile(r"\?\d")
_UNNUMBERED = re.compile(r"\?(?!\d)")
# Anywhere in the text, also in a literal: a false match costs a new connection, no more.
_STATE_WORDS = re.compile(
    r"\b(?:PRAGMA|ATTACH|DETACH|CREATE\b.*\bTEMP(?:ORARY)?)\b", re.IGNORECASE | re.DOTALL
)
# Pragmas without an argument, or with one that leaves the connection as it was.
_READING_PRAGMA = re.compile(
    rf"""{_BLANK}PRAGMA{_BLANK}(?:\w+{_BLANK}\.{_BLANK})?(?:\w+{_BLANK};?{_BLANK}$
    |(?:application_id|foreign_key_check|foreign_key_list|incremental_vacuum|index_info|index_list|index_xinfo
    |integrity_check|optimize|quick_check|table_info|table_list|table_xinfo|user_version|wal_checkpoint)\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_PRAGMA_OUTSIDE = re.compile(
    rf"""{_BLANK}PRAGMA{_BLANK}(?:["`\[]?\w+["`\]]?{_BLANK}\.{_BLANK})?
    ["`\[]?(?:(?:foreign_keys|journal_mode|synchronous)["`\]]?{_BLANK}[=(]|wal_checkpoint\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def _kind(statement: str) -> int:
    kind = NUMBERED if _NUMBERED.search(statement) and not _UNNUMBERED.search(statement) else 0
    # sqlite3 keeps a connection's last statements, however long: such a connection is not kept.
    if len(statement) > _HEAVIEST or _may_change_state(statement):
        kind |= CHANGES_STATE
    if _PRAGMA_OUTSIDE.match(statement):
        kind |= OUTSIDE
    verb = first = _first_word(statement)
    if first == "WITH":
        verb = _verb_after_common_tables(statement)
        kind |= UNCOUNTED if verb in _CHANGES else 0
    return kind | (INSERTS if verb in {"INSERT", "REPLACE"} else 0)


def _returns_nothing(statement: str) -> bool:
    return _first_word(statement) in _CHANGES and not _RETURNING.search(statement)


def _first_word(statement: str) -> str:
    found = _VERB.match(statement)
    return found[1].upper() if found else ""


def _may_change_state(statement: str) -> bool:
    if not _STATE_WORDS.search(statement):
        return False
    return not _READING_PRAGMA.match(statement) or statement.count(";") > 1


def _verb_after_common_tables(statement: str) -> str:
    """The first word that follows the closing parenthesis of a common table, and is not its AS."""
    depth, is_closed = 0, False
    for found in _COMMON_TABLES.finditer(statement):
        part = found[0]
        if part.startswith(("--", "/*")):
            continue
        if is_closed and part != "," and part.upper() != "AS":
            return part.upper()
        depth += (part == "(") - (part == ")")
        is_closed = part == ")" and depth == 0
    return ""


class _Memo(dict[str, T]):
    """What was found out, by text."""

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, statement: str) -> T:
        found = self._find(statement)
        if len(statement) <= _LONGEST:
            if len(self) >= _MOST:  # not all of them: those that come round and round would never be found
                for text in list(self.copy())[::_FORGOTTEN]:
                    self.pop(text, None)
            self[statement] = found
        return found


kinds = _Memo(_kind)
"""The bits above that apply. In doubt a statement changes state."""
returns_nothing = _Memo(_returns_nothing)
"""Whether it changes rows and returns none of them. False also when in doubt."""
