"""What kind of statement a text is: found out once for each text."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ("CHANGES_STATE", "INSERTS", "NUMBERED", "statement_kind")

CHANGES_STATE = 1
"""It may change the connection besides data."""
INSERTS = 2
"""It may set `lastrowid`."""
NUMBERED = 4
"""Its placeholders are ?1, ?2 and so on."""

_BLANK = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*+"
_INSERTS = re.compile(r"\b(?:INSERT|REPLACE)\b", re.IGNORECASE)
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


@lru_cache(maxsize=2048)
def statement_kind(statement: str) -> int:
    """The bits above that apply. In doubt it changes state."""
    numbered = NUMBERED if _NUMBERED.search(statement) and not _UNNUMBERED.search(statement) else 0
    if _STATE_WORDS.search(statement) and not (
        _READING_PRAGMA.match(statement) and statement.count(";") <= 1
    ):
        return CHANGES_STATE | numbered
    return (INSERTS if _INSERTS.search(statement) else 0) | numbered
