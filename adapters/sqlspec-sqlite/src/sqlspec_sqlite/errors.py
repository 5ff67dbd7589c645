"""SQLite's errors in the tree of `sqlspec.errors`, by their extended result codes.

Source of the codes: https://www.sqlite.org/rescode.html. SQLite's texts name tables, columns and tokens of
the statement, never values.
"""

from __future__ import annotations

import sqlite3

from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    MultipleStatementsError,
    NotNullViolationError,
    OperationalError,
    ParameterError,
    QueryCancelledError,
    ReadOnlyError,
    SQLSpecError,
    StatementError,
    UniqueViolationError,
)

__all__ = ("map_error", "outside_only")

_BY_CODE: dict[str, type[DatabaseError]] = {
    "SQLITE_CONSTRAINT_UNIQUE": UniqueViolationError,
    "SQLITE_CONSTRAINT_PRIMARYKEY": UniqueViolationError,
    "SQLITE_CONSTRAINT_ROWID": UniqueViolationError,
    "SQLITE_CONSTRAINT_FOREIGNKEY": ForeignKeyViolationError,
    "SQLITE_CONSTRAINT_NOTNULL": NotNullViolationError,
    "SQLITE_CONSTRAINT_CHECK": CheckViolationError,
    "SQLITE_CONSTRAINT": IntegrityError,
    "SQLITE_BUSY": LockTimeoutError,
    "SQLITE_LOCKED": LockTimeoutError,
    "SQLITE_READONLY": ReadOnlyError,
    "SQLITE_INTERRUPT": QueryCancelledError,
    "SQLITE_ERROR": StatementError,
    "SQLITE_MISMATCH": StatementError,
    "SQLITE_RANGE": StatementError,
    "SQLITE_TOOBIG": StatementError,
    "SQLITE_AUTH": StatementError,
}

_OUTSIDE = ("from within a transaction", "inside a transaction")
"""With what the texts end about statements that no transaction takes."""


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours; None for what is not the driver's."""
    name: str | None = getattr(exc, "sqlite_errorname", None)
    if name is not None:
        text = str(exc)
        is_outside = any(words in text for words in _OUTSIDE)
        says = f"{text}: {StatementError.OUTSIDE_TRANSACTIONS}" if is_outside else text
        return _with_place(_kind(name)(says, code=name), text)
    return _of_the_module(exc)


def outside_only() -> StatementError:
    """Why a PRAGMA was not run."""
    return StatementError(
        "inside a transaction SQLite ignores or refuses PRAGMA wal_checkpoint, and those that set "
        f"foreign_keys, journal_mode or synchronous: {StatementError.OUTSIDE_TRANSACTIONS}"
    )


def _kind(name: str) -> type[DatabaseError]:
    """By the extended code, else by the primary code that it begins with."""
    primary = "_".join(name.split("_")[:2])
    return _BY_CODE.get(name) or _BY_CODE.get(primary) or OperationalError


def _with_place(error: DatabaseError, text: str) -> DatabaseError:
    """Table and column, where SQLite's text tells: `UNIQUE constraint failed: user.email`."""
    _, found, place = text.partition(" constraint failed: ")
    if found and isinstance(error, IntegrityError):
        if isinstance(error, CheckViolationError):
            error.constraint = place
        elif "," not in place and "." in place:
            error.table, _, error.column = place.rpartition(".")
        else:
            error.table = place.partition(".")[0] or None
    return error


def _of_the_module(exc: Exception) -> SQLSpecError | None:
    """What Python's sqlite3 raises by itself, before SQLite is asked."""
    if isinstance(exc, OverflowError):
        return ParameterError("an int is too large: SQLite's integers have 64 bits, sign included")
    if isinstance(exc, UnicodeEncodeError):
        return ParameterError("a str holds a lone surrogate, which can not be stored as UTF-8")
    return _by_text(exc, str(exc)) if isinstance(exc, (sqlite3.Error, sqlite3.Warning)) else None


def _by_text(exc: sqlite3.Error | sqlite3.Warning, text: str) -> SQLSpecError:
    if "one statement at a time" in text:
        return MultipleStatementsError("one statement at a time; execute_script() runs several")
    if "binding" in text.lower() or "not supported" in text:
        return ParameterError("SQLite can not bind these parameters to this statement")
    if "closed" in text:
        return DisconnectedError("the connection was closed")
    if isinstance(exc, sqlite3.ProgrammingError):
        return StatementError(text)
    return DatabaseError(f"sqlite3 raised {type(exc).__name__}")
