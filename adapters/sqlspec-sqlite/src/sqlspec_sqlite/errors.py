"""SQLite's errors in the tree of `sqlspec.errors`, by their extended result codes.

Source of the codes: https://www.sqlite.org/rescode.html. SQLite's texts name tables, columns and tokens of
the statement. The few that quote a value stand in `.detail` alone.
"""

from __future__ import annotations

import re
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
    "SQLITE_CONSTRAINT_DATATYPE": StatementError,  # of a STRICT table
    "SQLITE_CONSTRAINT_FUNCTION": StatementError,
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
    **dict.fromkeys(
        (
            *("SQLITE_ABORT", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_EMPTY", "SQLITE_FORMAT"),
            *("SQLITE_FULL", "SQLITE_INTERNAL", "SQLITE_IOERR", "SQLITE_MISUSE", "SQLITE_NOLFS"),
            *("SQLITE_NOMEM", "SQLITE_NOTADB", "SQLITE_NOTFOUND", "SQLITE_NOTICE", "SQLITE_PERM"),
            *("SQLITE_PROTOCOL", "SQLITE_SCHEMA", "SQLITE_WARNING"),
        ),
        OperationalError,
    ),
}
"""By the extended code, or else by the primary one that it begins with."""
_QUOTING = re.compile(
    r"JSON path error|bad JSON path|fts5: syntax error|malformed MATCH expression|unable to open database"
)
"""Beginnings of texts that go on with a value."""
_NOT_UTF8 = "Could not decode to UTF-8 column '"
_DATATYPE = 3091
"""SQLITE_CONSTRAINT_DATATYPE, which Python does not name."""

_OUTSIDE = ("from within a transaction", "inside a transaction")
"""With what the texts end about statements that no transaction takes."""


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours; None for what is not the driver's."""
    name = _name_of(exc)
    if name is not None:
        return _of_sqlite(exc, name, str(exc))
    return _of_the_module(exc)


def outside_only() -> StatementError:
    """Why a PRAGMA was not run."""
    return StatementError(
        "inside a transaction SQLite ignores or refuses PRAGMA wal_checkpoint, and those that set "
        f"foreign_keys, journal_mode or synchronous: {StatementError.OUTSIDE_TRANSACTIONS}"
    )


def _name_of(exc: Exception) -> str | None:
    """SQLite's name of what it reported; None if it reported nothing, because Python raised it."""
    name: str | None = getattr(exc, "sqlite_errorname", None)
    return "SQLITE_CONSTRAINT_DATATYPE" if getattr(exc, "sqlite_errorcode", 0) == _DATATYPE else name


def _kind(name: str) -> type[DatabaseError]:
    """By the extended code, else by the primary code that it begins with."""
    primary = "_".join(name.split("_")[:2])
    return _BY_CODE.get(name) or _BY_CODE.get(primary) or DatabaseError


def _of_sqlite(exc: Exception, name: str, text: str) -> DatabaseError:
    quoting = _QUOTING.match(text)
    if quoting is None:
        is_outside = any(words in text for words in _OUTSIDE)
        says = f"{text}: {StatementError.OUTSIDE_TRANSACTIONS}" if is_outside else text
        return _with_place(_kind(name)(says, code=name), text)
    exc.args = (quoting[0],)  # it is printed as the cause
    return _kind(name)(quoting[0], code=name, detail=text)


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


def _not_utf8(exc: Exception, text: str) -> StatementError:
    """Python's text quotes the value."""
    column = text.removeprefix(_NOT_UTF8).partition("' with text '")[0]
    says = f"column {column!r} holds text that is not UTF-8; CAST(… AS BLOB) in the statement gives its bytes"
    exc.args = (says,)
    return StatementError(says, detail=text)


def _by_text(exc: sqlite3.Error | sqlite3.Warning, text: str) -> SQLSpecError:
    if "one statement at a time" in text:
        return MultipleStatementsError("one statement at a time; execute_script() runs several")
    if text.startswith(_NOT_UTF8):
        return _not_utf8(exc, text)
    if "binding" in text.lower() or "not supported" in text:
        return ParameterError("SQLite can not bind these parameters to this statement")
    if "closed" in text:
        return DisconnectedError("the connection was closed")
    if isinstance(exc, sqlite3.ProgrammingError):
        return StatementError(text)
    return DatabaseError(f"sqlite3 raised {type(exc).__name__}")
