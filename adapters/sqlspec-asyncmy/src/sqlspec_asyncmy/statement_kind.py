"""What kind of statement a text is, by its first words: found out once for each text."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ("CHARSET", "INSERTS", "LOCKS", "READS", "USES", "statement_kind")

READS = 1
"""Changes no data: there is nothing to commit after it, and it does no harm outside of a transaction."""
INSERTS = 2
"""The server may have made a key."""
USES = 4
"""Changes the default database, which the server's own reset leaves as it is."""
CHARSET = 8
"""Changes how the server reads our text, so that it could find the end of a literal elsewhere."""
LOCKS = 16
"""LOCK TABLES, which does not go together with transactions."""

_BLANK = r"(?:\s|/\*(?![!M]).*?\*/|--\s[^\n]*(?:\n|\Z)|\#[^\n]*(?:\n|\Z)|\()*+"
_WORD = re.compile(rf"{_BLANK}([A-Za-z]+)", re.DOTALL)
_CHARSET = re.compile(r"\b(?:NAMES|CHARSET|CHARACTER(?:\s+SET|_SET_(?:CLIENT|CONNECTION)))\b", re.IGNORECASE)
_WRITING_SELECT = re.compile(r"\b(?:INTO|INSERT|UPDATE|DELETE|REPLACE|NEXTVAL|NEXT)\b", re.IGNORECASE)
_VERBS = {
    "SELECT": READS,
    "SHOW": READS,
    "DESCRIBE": READS,
    "DESC": READS,
    "WITH": READS,
    "TABLE": READS,
    "VALUES": READS,
    "SET": READS,
    "USE": USES | READS,
    "LOCK": LOCKS,
    "INSERT": INSERTS,
    "REPLACE": INSERTS,
    "LOAD": INSERTS,
    "CALL": INSERTS,
}


@lru_cache(maxsize=2048)
def statement_kind(statement: str) -> int:
    """The bits above that apply. In doubt it is a statement that writes."""
    found = _WORD.match(statement)
    verb = found[1].upper() if found else ""
    kind = _VERBS.get(verb, 0)
    if verb in {"SELECT", "WITH"} and _WRITING_SELECT.search(statement):
        return 0  # also for FOR UPDATE: harmless, and rare
    if verb == "SET" and _CHARSET.search(statement):
        return CHARSET
    return kind
