"""DuckDB's errors in the tree of `sqlspec.errors`, by their classes and, where one says too little, texts.

DuckDB's texts quote keys, values that did not convert, paths, and the line of the statement. What may hold
a value stands in `.detail` alone.
"""

from __future__ import annotations

import re

import duckdb

from sqlspec.errors import (
    CheckViolationError,
    ConnectError,
    DatabaseError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    OperationalError,
    QueryCancelledError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
    StatementError,
    UniqueViolationError,
)
from sqlspec.plugin.files import file_problem

from .signals import is_of_handler

__all__ = ("connect_error", "is_interrupt", "map_error")

_KEY = re.compile(r'key "(?P<column>[^":]+): ')
_COLUMN = re.compile(r"NOT NULL constraint failed: (?P<table>.+)\.(?P<column>[^.]+)$")
_CHECK = re.compile(r'CHECK constraint failed(?: on table|:) "?(?P<table>[^" ]+)"?')
_PLACE = re.compile(r"\n+LINE \d+: .*", re.DOTALL)
_KIND = re.compile(r"\A(?:[A-Z]\w*(?: [A-Za-z]\w*)*) Error: ")
"""What the driver's texts begin with; our class says it."""
_OWN_TABLES = re.compile(r'Did you mean:? "(?:pg_|duckdb_|sqlite_|information_schema|pragma_)[^"]*"\??')
_CONFLICTS = ("onflict on", "write-write conflict", "Transaction conflict", "adding entries to a table that")
_UNIQUE = ("Duplicate key", "PRIMARY KEY or UNIQUE", "primary key", "unique")
_OUTSIDE = (" CHECKPOINT: the current transaction", "a single transaction can only write to a single")
"""In texts about what a transaction does not take, or not beside what is in it."""
_READ_ONLY = ("read-only mode", "is launched in read-only")

_TELLING: tuple[type[Exception], ...] = (
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.NotImplementedException,
    duckdb.InvalidTypeException,
    duckdb.DependencyException,
)
"""Their texts name tables, columns, types and tokens of the statement, never values."""

_RAN = "the statement failed while it ran"
_QUIET: dict[type[Exception], tuple[type[DatabaseError], str]] = {
    duckdb.ConversionException: (StatementError, "a value does not convert to the type that is wanted"),
    duckdb.OutOfRangeException: (StatementError, "a value is out of its type's range"),
    duckdb.TypeMismatchException: (StatementError, "a value is of another type than is wanted"),
    duckdb.PermissionException: (StatementError, "the configuration forbids it: files, network, extensions"),
    duckdb.InvalidInputException: (StatementError, _RAN),
    duckdb.IOException: (OperationalError, "a file or address could not be read or written"),
    duckdb.OutOfMemoryException: (
        OperationalError,
        "out of memory: raise memory_limit, or set temp_directory",
    ),
    duckdb.SequenceException: (OperationalError, "a sequence has come to its end"),
    duckdb.InterruptException: (QueryCancelledError, "the statement was interrupted"),
    duckdb.ConnectionException: (DisconnectedError, "the connection was closed"),
    duckdb.FatalException: (DisconnectedError, "DuckDB gave up the database; close it and open it again"),
    # What these have in common. 2.x has more classes than 1.x, and the next one may have others.
    duckdb.InternalError: (OperationalError, "DuckDB met an error of its own"),
    duckdb.OperationalError: (OperationalError, "DuckDB's circumstances did not permit it"),
    duckdb.IntegrityError: (IntegrityError, "a constraint was violated"),
    duckdb.DataError: (StatementError, _RAN),
    duckdb.ProgrammingError: (StatementError, _RAN),
    duckdb.NotSupportedError: (StatementError, "DuckDB does not support this"),
}
_NO_FILE = ("No files found that match", "No such file or directory")

_HARMLESS = (
    "Cannot execute statement of type",
    "Values were not provided",
    "Cannot change configuration option",
    "More than one row returned by a subquery",
    "Cannot prepare multiple statements",
)
"""Beginnings of texts that hold no value, of a class whose texts often do."""


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours; None for what is not the driver's."""
    if not isinstance(exc, duckdb.Error) and (type(exc).__module__ != "builtins" or is_of_handler(exc)):
        return None
    error = _mapped(exc, _PLACE.sub("", str(exc)), type(exc).__name__)
    if isinstance(exc, duckdb.Error):
        exc.args = (str(error),)  # it is printed as the cause
    return error


def _mapped(exc: Exception, text: str, code: str) -> DatabaseError:
    if isinstance(exc, duckdb.ConstraintException) or "Failed to commit: " in text:
        return _constraint(text, code)
    if any(words in text for words in _READ_ONLY):
        return ReadOnlyError("this session or its database is read-only", code=code, detail=text)
    if isinstance(exc, duckdb.TransactionException):
        return _transaction(text, code)
    if isinstance(exc, _TELLING):
        return StatementError(_sentence(text), code=code)
    return _quiet(exc, text, code)


def _quiet(exc: BaseException, text: str, code: str) -> DatabaseError:
    _, _, after = text.partition(": ")
    if after.startswith(_HARMLESS):
        return StatementError(_sentence(text), code=code, detail=text)
    if any(words in text for words in _NO_FILE):
        return StatementError("there is no such file or folder", code=code, detail=text)
    for kind in type(exc).__mro__:
        if kind in _QUIET:
            ours, says = _QUIET[kind]
            return ours(says, code=code, detail=text)
    return DatabaseError(f"duckdb raised {code}", code=code, detail=text)


def _sentence(text: str) -> str:
    """A text of the driver's as one line, without the kind of error in front and DuckDB's own tables."""
    lines = [_OWN_TABLES.sub("", line).strip() for line in _KIND.sub("", text).splitlines()]
    return "; ".join([line.rstrip(".!") for line in lines if line])


def _constraint(text: str, code: str) -> DatabaseError:
    """A constraint, at once or at COMMIT: which, and where."""
    if any(words in text for words in _CONFLICTS):
        return _conflict(text, code)
    if "foreign key" in text:
        return _placed(
            ForeignKeyViolationError("a row refers to one that is not there, or is referred to"), text, code
        )
    if "NOT NULL" in text:
        return _placed(NotNullViolationError("NULL in a column that takes none"), text, code)
    if "CHECK" in text:
        return _placed(CheckViolationError("a CHECK constraint said no"), text, code)
    if any(words in text for words in _UNIQUE):
        return _placed(UniqueViolationError("a row with this key is there already"), text, code)
    return IntegrityError("a constraint was violated", code=code, detail=text)


def _placed(error: IntegrityError, text: str, code: str) -> IntegrityError:
    """With table and column, where the text tells: values come after the colon."""
    error.code, error.detail = code, text
    for pattern in (_KEY, _COLUMN, _CHECK):
        found = pattern.search(text)
        if found is not None:
            parts = found.groupdict()
            error.table, error.column = parts.get("table"), parts.get("column")
            place = ".".join(filter(None, (error.table, error.column)))
            error.args = (f"{error.args[0]}: {place}",)
            break
    return error


def _transaction(text: str, code: str) -> DatabaseError:
    if any(words in text for words in _CONFLICTS):
        return _conflict(text, code)
    if any(words in text for words in _OUTSIDE):
        return StatementError(
            f"{_sentence(text)}: {StatementError.OUTSIDE_TRANSACTIONS}", code=code, detail=text
        )
    return OperationalError(_sentence(text.partition("(")[0]), code=code, detail=text)


def _conflict(text: str, code: str) -> SerializationError:
    msg = "another transaction changed the same rows or the same table; run this one again"
    return SerializationError(msg, code=code, detail=text)


def connect_error(exc: duckdb.Error, database: str, *, read_only: bool) -> ConnectError:
    """Why a database could not be opened. The texts name paths and settings, and nothing of its rows."""
    text = str(exc)
    code = type(exc).__name__
    if "set lock on file" in text:
        msg = (
            f"the DuckDB file {database!r} is open in another process, and DuckDB lets one process write. "
            "Close it there; or open it with read_only=True in every process that only reads"
        )
        return ConnectError(msg, code=code, detail=text)
    problem = file_problem(database, read_only=read_only) if isinstance(exc, duckdb.IOException) else None
    why = problem or _sentence(text)
    return ConnectError(f"can not open the DuckDB database {database!r}: {why}", code=code)


def is_interrupt(exc: BaseException) -> bool:
    """The statement was stopped by `interrupt()`."""
    return isinstance(exc, duckdb.InterruptException)
