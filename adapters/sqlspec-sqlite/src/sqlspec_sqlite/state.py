"""Noticing what an owner may have changed on a connection besides data.

What was changed can not be undone with certainty, and a new connection costs little: so it is enough to
know that something may have been. Every statement is looked at, once for each text.

(SQLite's authorizer would see more, but is called in the middle of its C code: an exception that a signal
raises there, Ctrl-C, would be swallowed by sqlite3.)
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from functools import lru_cache
from typing import Any

__all__ = ("CHANGES_STATE", "INSERTS", "NUMBERED", "WatchedConnection", "look")

CHANGES_STATE = 1
INSERTS = 2
NUMBERED = 4

_BLANK = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*+"
_INSERTS = re.compile(r"\b(?:INSERT|REPLACE)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"\?\d")
_UNNUMBERED = re.compile(r"\?(?!\d)")
# Anywhere in the text, in a literal too: a statement that is suspected wrongly costs a connection, no more.
_SUSPECT = re.compile(r"\b(?:PRAGMA|ATTACH|DETACH|CREATE\b.*\bTEMP(?:ORARY)?)\b", re.IGNORECASE | re.DOTALL)
# Pragmas without an argument, or with one that leaves the connection as it was.
_ASKS = re.compile(
    rf"""{_BLANK}PRAGMA{_BLANK}(?:\w+{_BLANK}\.{_BLANK})?(?:\w+{_BLANK};?{_BLANK}$
    |(?:application_id|foreign_key_check|foreign_key_list|incremental_vacuum|index_info|index_list|index_xinfo
    |integrity_check|optimize|quick_check|table_info|table_list|table_xinfo|user_version|wal_checkpoint)\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


@lru_cache(maxsize=2048)
def look(statement: str) -> int:
    """What one statement does, by bits: CHANGES_STATE (in doubt, it does), INSERTS, is NUMBERED (?1)."""
    numbered = NUMBERED if _NUMBERED.search(statement) and not _UNNUMBERED.search(statement) else 0
    if _SUSPECT.search(statement) and not (_ASKS.match(statement) and statement.count(";") <= 1):
        return CHANGES_STATE | numbered
    return (INSERTS if _INSERTS.search(statement) else 0) | numbered


class WatchedCursor(sqlite3.Cursor):
    """A cursor that an application made, whose statements are looked at."""

    def _note(self, sql: object) -> None:
        owner = self.connection
        if isinstance(owner, WatchedConnection):
            owner.note(sql)

    def execute(self, sql: str, *parameters: Any) -> WatchedCursor:
        """As the driver's."""
        self._note(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> WatchedCursor:
        """As the driver's."""
        self._note(sql)
        return super().executemany(sql, *parameters)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """As the driver's."""
        self._note(script)
        return super().executescript(script)


class WatchedConnection(sqlite3.Connection):
    """The driver's own connection, which remembers whether its owner may have changed it."""

    is_changed = False

    def __del__(self) -> None:
        # Python 3.13 warns of connections that nobody closed; a lost lease is the pool's to report.
        with suppress(sqlite3.ProgrammingError):  # never opened
            self.close()

    def note(self, statement: object) -> None:
        """Look at a statement or a script; what is no text is the driver's to refuse."""
        if isinstance(statement, str) and look(statement) & CHANGES_STATE:
            self.is_changed = True

    def cursor(self, factory: Any = WatchedCursor) -> Any:
        """As the driver's."""
        if factory is not WatchedCursor:
            self.is_changed = True  # who knows what it does
        return super().cursor(factory)

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """As the driver's: on a new cursor."""
        self.note(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """As the driver's: on a new cursor."""
        self.note(sql)
        return super().executemany(sql, *parameters)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """As the driver's: on a new cursor."""
        self.note(script)
        return super().executescript(script)


def _noting(name: str) -> Any:
    method = getattr(sqlite3.Connection, name)

    def note_and_call(self: WatchedConnection, *args: Any, **options: Any) -> Any:
        self.is_changed = True
        return method(self, *args, **options)

    note_and_call.__name__, note_and_call.__doc__ = name, method.__doc__
    return note_and_call


# What has no statement to look at.
for _name in (
    "create_aggregate",
    "create_collation",
    "create_function",
    "create_window_function",
    "deserialize",
    "enable_load_extension",
    "load_extension",
    "set_authorizer",
    "set_progress_handler",
    "set_trace_callback",
    "setconfig",
    "setlimit",
):
    if hasattr(sqlite3.Connection, _name):  # some come with a build, or a version
        setattr(WatchedConnection, _name, _noting(_name))
