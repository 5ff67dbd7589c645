"""Noticing what an owner may have changed on a connection besides data.

What was changed can not be undone with certainty, and a new connection costs little: so it is enough to
know that something may have been. Every statement is checked, once for each text.

(SQLite's authorizer would see more, but is called in the middle of its C code: an exception that a signal
raises there, Ctrl-C, would be swallowed by sqlite3.)
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from gc import get_referrers
from typing import Any

from .statement_kind import CHANGES_STATE, kinds

__all__ = ("WatchedConnection",)

PROBE = "sqlspec_probe"


class WatchedCursor(sqlite3.Cursor):
    """A cursor that an application made, whose statements are checked."""

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

    def attributes(self) -> tuple[object, ...] | None:
        """What Python shows of it, and lets its owner set. None: it is closed."""
        with suppress(sqlite3.ProgrammingError):
            autocommit = getattr(self, "autocommit", None)  # of Python 3.12
            return self.isolation_level, autocommit, self.row_factory, self.text_factory, self.in_transaction
        return None

    def refuse_open_results(self) -> None:
        """Raise `sqlite3.OperationalError` if a cursor or a blob is read, whoever made it.

        It holds a snapshot, or even the write lock. The driver does not tell, but SQLite defines no function
        again while a statement is under way.
        """
        define = super().create_function
        define(PROBE, 0, int)
        define(PROBE, 0, None)

    def close_results(self) -> None:
        """Close what is read, or a connection that is closed would keep its locks. Takes a while."""
        for holder in get_referrers(self):
            if isinstance(holder, sqlite3.Cursor | sqlite3.Blob):
                holder.close()

    def __del__(self) -> None:
        # Python 3.13 warns of connections that were not closed; the pool reports lost leases itself.
        with suppress(sqlite3.ProgrammingError):  # never opened
            self.close()

    def note(self, statement: object) -> None:
        """Check a statement or a script; the driver refuses what is no text."""
        if isinstance(statement, str) and kinds[statement] & CHANGES_STATE:
            self.is_changed = True

    def cursor(self, factory: Any = WatchedCursor) -> Any:
        """As the driver's."""
        if factory is not WatchedCursor:
            self.is_changed = True  # it may do anything
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


# Methods that change the connection without a statement.
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
