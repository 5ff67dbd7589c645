"""Opening a connection: find the database, set what sessions rely on, and check that it was set."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlspec.errors import ConnectError
from sqlspec.plugin.files import file_problem

from .busy_retry import BUSY_SLICE, is_busy, lock_timeout
from .connection import SQLiteConnection
from .watched_connection import WatchedConnection

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import SQLiteConfig

__all__ = ("connect",)


def connect(config: SQLiteConfig, resources: Resources) -> SQLiteConnection:
    """A connection that is ready for core.

    Raises `ConnectError`, and `LockTimeoutError` when others keep the database locked for `busy_timeout`.
    """
    target, is_uri = _target(config, resources)
    try:
        raw = _open(target, config, is_uri=is_uri)
    except sqlite3.Error as exc:
        if SQLiteConnection.is_foreign(exc):
            raise
        raise _refused("open", config, exc) from exc
    try:
        _prepare(raw, config)
    except BaseException as exc:
        raw.close()
        if not isinstance(exc, sqlite3.Error) or SQLiteConnection.is_foreign(exc):
            raise
        if is_busy(exc):
            raise lock_timeout(config.busy_timeout) from exc
        raise _refused("use", config, exc) from exc
    return SQLiteConnection(raw, config)


def _refused(what: str, config: SQLiteConfig, exc: sqlite3.Error) -> ConnectError:
    code = getattr(exc, "sqlite_errorname", "")
    is_path = code.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")) and not config.database.startswith("file:")
    why = (is_path and file_problem(config.database, read_only=config.read_only)) or str(exc)
    return ConnectError(f"can not {what} the SQLite database {config.database!r}: {why}", code=code or None)


def _open(target: str, config: SQLiteConfig, *, is_uri: bool) -> WatchedConnection:
    return sqlite3.connect(
        target,
        # SQLite waits inside one call, which no interrupt ends: so it waits in slices, and we repeat.
        timeout=min(BUSY_SLICE, config.busy_timeout),
        # Transactions are begun and ended by sessions, explicitly.
        isolation_level=None,
        # A connection has one owner at a time, but not always the same thread.
        check_same_thread=False,
        cached_statements=config.cached_statements,
        uri=is_uri,
        factory=WatchedConnection,
    )


def _target(config: SQLiteConfig, resources: Resources) -> tuple[str, bool]:
    """What sqlite3 is to open, and whether that is a URI."""
    if config.is_memory:
        return resources.get("memory", _Memory, _Memory.close).uri, True
    if config.database.startswith("file:"):
        return config.database, True
    if config.read_only:
        return f"file:{quote(os.path.abspath(config.database))}?mode=ro", True  # noqa: PTH100 - as typed
    return config.database, False


class _Memory:
    """A database in memory, and the connection that keeps it alive while all others come and go."""

    def __init__(self) -> None:
        self.uri = f"file:/sqlspec-{os.urandom(8).hex()}?vfs=memdb"
        try:
            self._keeper = sqlite3.connect(
                self.uri, uri=True, check_same_thread=False, factory=WatchedConnection
            )
        except sqlite3.Error as exc:
            msg = f"this SQLite ({sqlite3.sqlite_version}) has no shared memory databases; 3.36 or newer has"
            raise ConnectError(msg) from exc

    def close(self) -> None:
        self._keeper.close()


def _prepare(raw: sqlite3.Connection, config: SQLiteConfig) -> None:
    until = time.monotonic() + min(config.busy_timeout, config.connect_timeout)
    _set(raw, "foreign_keys", str(int(config.foreign_keys)), until)
    _set(raw, "synchronous", {"normal": "1", "full": "2", "extra": "3"}[config.synchronous], until)
    if config.read_only:
        _set(raw, "query_only", "1", until)
    elif not config.is_memory and not _is_in_memory(raw):
        _set(raw, "journal_mode", config.journal_mode, until)


def _is_in_memory(raw: sqlite3.Connection) -> bool:
    return not raw.execute("PRAGMA database_list").fetchone()[2]


def _set(raw: sqlite3.Connection, pragma: str, value: str, until: float) -> None:
    """Set and verify: SQLite ignores in silence what it does not know or can not do."""
    if _read(raw, pragma, until) != value:
        _retry_until(raw, f"PRAGMA {pragma}={value}", until)
    found = _read(raw, pragma, until)
    if found != value:
        msg = f"SQLite does not take {pragma}={value} here; it stays at {found}"
        raise ConnectError(msg)


def _read(raw: sqlite3.Connection, pragma: str, until: float) -> str:
    rows = _retry_until(raw, f"PRAGMA {pragma}", until)
    return str(rows[0][0]) if rows else "nothing"


def _retry_until(raw: sqlite3.Connection, statement: str, until: float) -> list[tuple[object, ...]]:
    """Switching to WAL needs the file for a moment, and does not wait for it by itself."""
    while True:
        try:
            return raw.execute(statement).fetchall()
        except sqlite3.OperationalError as exc:
            if not is_busy(exc) or time.monotonic() > until:
                raise
            time.sleep(0.005)
