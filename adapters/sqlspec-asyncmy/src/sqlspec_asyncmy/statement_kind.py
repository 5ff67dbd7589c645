"""What kind of statement a text is, by its first words.

It is a guess that stays on the safe side: a text that is not understood writes, and may hold any other
statement. What a text hides (a function or a view that writes) is asked of the server, where it matters.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = (
    "BULK",
    "CHARSET",
    "COMMITS",
    "DOUBTFUL",
    "INSERTS",
    "LOCKS",
    "PROGRAM",
    "READS",
    "SELECTS",
    "SETS",
    "SHOWS",
    "USES",
    "may_set_charset",
    "restores_charset",
    "select_of",
    "statement_kind",
)

READS = 1
"""Changes no data by itself; a function that it calls may."""
INSERTS = 2
"""The server may have made a key."""
USES = 4
"""Changes the default database, which the server's own reset leaves as it is."""
CHARSET = 8
"""Changes how the server reads our text, so that it could find the end of a literal elsewhere."""
LOCKS = 16
"""LOCK TABLES, which does not go together with transactions."""
PROGRAM = 32
"""May hold statements that the text does not show: it could end our transaction and begin another."""
SELECTS = 64
"""EXPLAIN can be said before it, by `select_of`."""
SHOWS = 128
"""Surely only reads."""
SETS = 256
"""SET, or what may hold one."""
COMMITS = 512
"""May end the transaction, which the server's status tells; but begins no other one."""
DOUBTFUL = 1024
"""Reads, if no function and no view that it uses writes."""
BULK = 2048
"""INSERT, REPLACE, UPDATE or DELETE that returns no rows: MariaDB's bulk protocol takes it."""

_LONGEST = 4096
"""Characters of a text whose kind is remembered."""

_BLANK = r"(?:\s|/\*(?![!M]).*?\*/|--(?:\n|[\x00-\x20][^\n]*(?:\n|\Z)|\Z)|\#[^\n]*(?:\n|\Z)|\()*+"
# No label, and no longer name.
_WORD = re.compile(rf"{_BLANK}([A-Za-z]++)(?![\w$]|\s*:)", re.DOTALL)
_OPTIONS = re.compile(rf"{_BLANK}SET\s+STATEMENT\s", re.DOTALL | re.IGNORECASE)
# Before FOR there is nothing in which another FOR could hide.
_BODY = re.compile(rf"{_BLANK}SET\s+STATEMENT\s[^'\"`()/#]*?\sFOR\s(.*)", re.DOTALL | re.IGNORECASE)
# Not what sets it to UTF-8, in which our text is.
_CHARSET = re.compile(
    r"\bSET\b(?:[^;'\"]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")*?(?<![A-Za-z_$])"
    r"(?:(?:NAMES|CHARSET|CHARACTER\s+SET)\b(?:\s|\*/)*+(?![\s=])"
    r"|(?:CHARACTER_SET_(?:CLIENT|CONNECTION|RESULTS)|COLLATION_CONNECTION)`?\s*+:?=\s*+)"
    r"['\"]?+(?!utf8(?:mb[34])?(?![A-Za-z0-9]))",
    re.DOTALL | re.IGNORECASE,
)
_SAVED = re.compile(r"(?:CHARACTER_SET_\w+|COLLATION_CONNECTION)`?\s*=\s*@\w+", re.IGNORECASE)
_ANY_CHARSET = re.compile(
    r"\bSET\b.*(?:NAMES|CHARSET|CHARACTER|COLLATION_CONNECTION)", re.DOTALL | re.IGNORECASE
)
_WRITING_SELECT = re.compile(r"\b(?:INTO|INSERT|UPDATE|DELETE|REPLACE|NEXTVAL|NEXT)\b", re.IGNORECASE)
_DROPPED_DATABASE = re.compile(r"\bDROP\s+(?:DATABASE|SCHEMA)\b", re.IGNORECASE)  # the default one, perhaps
_CALL_OR_VIEW = re.compile(r"\(|\bFROM\b", re.IGNORECASE)
_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_VERBS = {
    **dict.fromkeys(("SELECT", "WITH", "VALUES", "TABLE"), READS | SELECTS),
    **dict.fromkeys(("SHOW", "DESCRIBE", "DESC", "EXPLAIN", "HELP"), READS | SHOWS),
    **dict.fromkeys(("SET", "PREPARE"), READS | SETS),
    **dict.fromkeys(("DO", "DEALLOCATE"), READS),
    "USE": USES | READS,
    "LOCK": LOCKS,
    **dict.fromkeys(("INSERT", "REPLACE"), INSERTS | BULK),
    **dict.fromkeys(("UPDATE", "DELETE"), BULK),
    "LOAD": INSERTS,
    "CALL": INSERTS | PROGRAM,
    **dict.fromkeys(
        (
            *("ALTER", "ANALYZE", "CACHE", "CHANGE", "CHECK", "CHECKSUM", "CREATE", "DROP", "FLUSH", "GRANT"),
            *("HANDLER", "INSTALL", "KILL", "OPTIMIZE", "PURGE", "RENAME", "REPAIR", "RESET", "REVOKE"),
            *("SIGNAL", "STOP", "TRUNCATE", "UNINSTALL", "UNLOCK"),
        ),
        COMMITS,
    ),
}


def statement_kind(statement: str) -> int:
    """The bits above that apply. In doubt it is a program that writes."""
    # Statements with values of their own are long, and seldom the same: they would only fill the memory.
    return _known_kind(statement) if len(statement) <= _LONGEST else _kind(statement)


def _kind(statement: str) -> int:
    found = _WORD.match(statement)
    verb = found[1].upper() if found else ""
    kind = _VERBS.get(verb, PROGRAM | USES)
    if kind & (SETS | PROGRAM) and verb != "CALL" and _CHARSET.search(statement):
        return CHARSET | kind
    if verb == "SET" and _OPTIONS.match(statement):
        body = _BODY.match(statement)
        return PROGRAM | USES if body is None else _kind(body[1]) & ~BULK
    return _with_what_it_holds(kind, statement)


def _with_what_it_holds(kind: int, statement: str) -> int:
    if kind & SELECTS:
        if _WRITING_SELECT.search(statement):
            return SELECTS  # also for FOR UPDATE: harmless, and rare
        return kind | DOUBTFUL if _CALL_OR_VIEW.search(statement) else kind
    if kind & READS and not kind & SHOWS and "(" in statement:
        return kind & ~READS  # a function may write, and EXPLAIN does not take these
    if kind & BULK and _RETURNING.search(statement):
        return kind & ~BULK
    if kind & COMMITS and _DROPPED_DATABASE.search(statement):
        return kind | USES
    return kind


_known_kind = lru_cache(maxsize=1024)(_kind)


def restores_charset(statement: str) -> bool:
    """Whether it sets the charset to what a variable holds, as dumps do at their end."""
    return _SAVED.search(statement) is not None


def may_set_charset(statement: str) -> bool:
    """Whether it may set the charset to any other."""
    return bool(statement_kind(statement) & (SETS | PROGRAM)) and _ANY_CHARSET.search(statement) is not None


def select_of(statement: bytes) -> bytes:
    """A statement of kind SELECTS without the options before it."""
    body = _BODY.match(statement.decode())
    return statement if body is None else body[1].encode()
