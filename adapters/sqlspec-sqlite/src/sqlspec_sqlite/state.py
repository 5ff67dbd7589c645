"""Noticing what an owner changed on a connection besides data."""

from __future__ import annotations

import sqlite3

__all__ = ("StateWatch",)

_CONNECTION_STATE = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
    }
)
# Pragmas that take an argument and leave the connection as it was.
_ASKING = frozenset(
    """application_id foreign_key_check foreign_key_list incremental_vacuum index_info index_list
    index_xinfo integrity_check optimize quick_check table_info table_list table_xinfo user_version
    wal_checkpoint""".split()  # noqa: SIM905 - a table of words
)


class StateWatch:
    """Sees pragmas, ATTACH and temporary objects as SQLite compiles them, from whomever they come.

    SQLite asks its authorizer while it compiles a statement, never while it runs one: so watching costs
    nothing for statements in the cache. What is found here can not be undone with certainty: a
    connection that has changed is replaced by a new one.
    """

    __slots__ = ("changes",)

    def __init__(self, raw: sqlite3.Connection) -> None:
        # The callback holds the list alone: holding us, or the connection, it would make a cycle.
        self.changes: list[int] = []
        note = self.changes.append

        def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
            if action in _CONNECTION_STATE or (
                action == sqlite3.SQLITE_PRAGMA and second is not None and first not in _ASKING
            ):
                note(action)
            return sqlite3.SQLITE_OK

        raw.set_authorizer(authorize)
