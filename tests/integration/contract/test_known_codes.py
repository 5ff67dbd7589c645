# pyright: reportMissingTypeStubs=false
"""Whatever a driver or server can raise was looked at: its own list has nothing without a class of ours."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from shutil import which
from typing import TYPE_CHECKING, Any

import asyncmy.constants.CR
import asyncmy.constants.ER
import asyncmy.errors
import asyncpg
import duckdb
import psycopg
import pytest

from sqlspec.errors import (
    CheckViolationError,
    ConnectError,
    DatabaseError,
    DeadlockError,
    DisconnectedError,
    IntegrityError,
    LockTimeoutError,
    NotNullViolationError,
    OperationalError,
    QueryCancelledError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
    StatementError,
    UniqueViolationError,
)

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec import SQLSpec

# --- the lists --------------------------------------------------------------------------------------------


def of_sqlite() -> Iterator[tuple[str, Exception]]:
    """The result codes that Python knows, of which SQLite has one more."""
    no_errors = ("SQLITE_OK", "SQLITE_ROW", "SQLITE_DONE", "SQLITE_LIMIT_", "SQLITE_DENY", "SQLITE_IGNORE")
    actions = (
        "SQLITE_CREATE_",
        "SQLITE_DROP_",
        "SQLITE_ALTER_",
        "SQLITE_INSERT",
        "SQLITE_SELECT",
        "SQLITE_UPDATE",
    )
    more = (
        "SQLITE_DELETE",
        "SQLITE_ATTACH",
        "SQLITE_DETACH",
        "SQLITE_ANALYZE",
        "SQLITE_REINDEX",
        "SQLITE_PRAGMA",
    )
    rest = ("SQLITE_READ", "SQLITE_TRANSACTION", "SQLITE_FUNCTION", "SQLITE_SAVEPOINT", "SQLITE_RECURSIVE")
    for name, code in [*vars(sqlite3).items(), ("SQLITE_CONSTRAINT_DATATYPE", 3091)]:
        is_other = name.startswith((*no_errors, *actions, *more)) or name in rest
        if name.startswith("SQLITE_") and not is_other:
            error = sqlite3.DatabaseError("words")
            error.sqlite_errorcode, error.sqlite_errorname = code, name
            yield name, error


def of_duckdb() -> Iterator[tuple[str, Exception]]:
    """Its classes."""
    for name, kind in vars(duckdb).items():
        if isinstance(kind, type) and issubclass(kind, duckdb.Error):
            yield name, kind("words")


def of_psycopg() -> Iterator[tuple[str, Exception]]:
    """PostgreSQL's SQLSTATEs as psycopg has them, and its own classes."""
    for name, kind in vars(psycopg.errors).items():
        if isinstance(kind, type) and issubclass(kind, psycopg.Error):
            yield f"{name} {kind.sqlstate}", kind("words")


def of_asyncpg() -> Iterator[tuple[str, Exception]]:
    """PostgreSQL's SQLSTATEs as asyncpg has them."""
    for name, kind in vars(asyncpg.exceptions).items():
        state: str | None = getattr(kind, "sqlstate", None)
        if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and state is not None:
            error: Any = kind("words")
            error.severity = "ERROR"  # as the server's have
            yield f"{name} {state}", error


def of_asyncmy() -> Iterator[tuple[str, Exception]]:
    """The server's numbers as its `perror` has them, and the driver's constants."""
    numbers = map(str, [*range(1000, 2000), *range(3000, 10_000)])
    told = subprocess.run(
        [str(which("perror")), *numbers], capture_output=True, check=False, encoding="latin-1"
    ).stdout
    found = re.findall(r"^\w+ error code (\d+) \((\w+)\):", told, re.MULTILINE)
    codes = {int(code): name for code, name in found}
    assert len(codes) > 1000, told[:500]
    for constants in (asyncmy.constants.ER, asyncmy.constants.CR):
        codes = {code: name for name, code in vars(constants).items() if isinstance(code, int)} | codes
    for code, name in codes.items():
        yield f"{code} {name}", asyncmy.errors.DatabaseError(code, "words")


LISTS: dict[str, Callable[[], Iterator[tuple[str, Exception]]]] = {
    "sqlite": of_sqlite,
    "duckdb": of_duckdb,
    "psycopg": of_psycopg,
    "asyncpg": of_asyncpg,
    "asyncmy": of_asyncmy,
}
SAY_NOTHING = frozenset(
    {"Error None", "DatabaseError None", "InterfaceError None", "InternalError None", "IntegrityError None"}
    | {"Error", "DatabaseError"}
    # Closing a connection, of an adapter that has bounds of its own.
    | {"PipelineAborted None"}
)
"""Bases of others, which drivers raise for nothing in particular."""


@pytest.mark.parametrize(
    "side", [side for side in SIDES if side.in_tasks], ids=lambda side: side.name, indirect=True
)
async def test_nothing_that_a_driver_knows_is_without_a_class(side: Side, spec: SQLSpec) -> None:
    """One that is new to it, or to its server, must be looked at."""
    known = dict(LISTS[side.database.name]())
    async with side.session(spec) as session:
        found = {name: session.map_error(error) for name, error in known.items()}

    assert len(found) > 25
    assert not [
        name for name, error in found.items() if type(error) is DatabaseError and name not in SAY_NOTHING
    ]
    assert all(isinstance(error, SQLSpecError) for error in found.values())


# --- which is which -----------------------------------------------------------------------------------------

# The words of the lists: what one of them stands in is of this class, the first that fits.
POSTGRESQL: dict[str, type[DatabaseError]] = {
    "SerializationFailure SerializationError TransactionRollback SnapshotTooOld": SerializationError,
    "Deadlock": DeadlockError,
    "LockNotAvailable": LockTimeoutError,
    "ReadOnlySQLTransaction ReadOnlySqlTransaction": ReadOnlyError,
    "QueryCanceled": QueryCancelledError,
    "TooManyConnections CannotConnectNow": ConnectError,
    "AdminShutdown CrashShutdown DatabaseDropped IdleSessionTimeout": DisconnectedError,
    "DiskFull OutOfMemory ObjectInUse ConfigFile IoError IOError DataCorrupted": OperationalError,
    "SequenceGeneratorLimitExceeded FdwUnableToEstablishConnection": OperationalError,
    "UniqueViolation": UniqueViolationError,
    "NotNullViolation": NotNullViolationError,
    "CheckViolation": CheckViolationError,
    "ExclusionViolation": IntegrityError,
    "Undefined Duplicate Ambiguous InvalidText InvalidCatalog InvalidSchema StringDataRight": StatementError,
    "InvalidTransactionTermination NoDataFound TooManyRows RaiseException CaseNotFound": StatementError,
    "ObjectNotInPrerequisite NumericValueOut DependentObjects InvalidSavepoint FdwColumn": StatementError,
}
CLASSES: dict[str, dict[str, type[DatabaseError]]] = {
    "psycopg": POSTGRESQL,
    "asyncpg": POSTGRESQL,
    "sqlite": {
        "READONLY": ReadOnlyError,
        "SQLITE_BUSY SQLITE_LOCKED": LockTimeoutError,
        "IOERR CORRUPT FULL CANTOPEN NOTADB PROTOCOL": OperationalError,
        "CONSTRAINT_DATATYPE CONSTRAINT_FUNCTION MISMATCH TOOBIG SQLITE_ERROR": StatementError,
        "CONSTRAINT": IntegrityError,
    },
    "duckdb": {
        "OutOfMemory IOException HTTP ResourceInUse Sequence": OperationalError,
        "Interrupt": QueryCancelledError,
        "Fatal ConnectionEx": DisconnectedError,
        "Conversion OutOfRange TypeMismatch InvalidInput InvalidType Binder Catalog": StatementError,
        "Parser Dependency": StatementError,
        "Constraint": IntegrityError,
    },
    "asyncmy": {
        "LOCK_DEADLOCK RBDEADLOCK": DeadlockError,
        "WAIT_TIMEOUT LOCK_ABORTED": LockTimeoutError,
        "ER_DUP_ENTRY ER_DUP_UNIQUE": UniqueViolationError,
        "ER_VIEW_CHECK_FAILED ER_CONSTRAINT_FAILED": CheckViolationError,
        "ER_NO_REFERENCED ER_ROW_IS_REFERENCED": IntegrityError,
        "DISK_FULL OUTOFMEMORY OUT_OF_SORTMEMORY CRASHED TOO_MANY_CONCURRENT FILE_FULL": OperationalError,
        "ER_ERROR_ON CORRUPT SLAVE_THREAD BINLOG_ROW_LOGGING_FAILED": OperationalError,
        "NET_READ_ERROR NET_ERROR_ON FORCING_CLOSE CONNECTION_KILLED": DisconnectedError,
        "NON_UNIQ ER_TRUNCATED DATA_TOO_LONG DATA_OUT_OF WRONG_VALUE GENERATED": StatementError,
        "UNKNOWN_COLL JSON_PATH PARTITION_FUNC UNKNOWN_S": StatementError,
    },
}


@pytest.mark.parametrize(
    "side", [side for side in SIDES if side.in_tasks], ids=lambda side: side.name, indirect=True
)
async def test_a_code_has_the_class_that_its_name_says(side: Side, spec: SQLSpec) -> None:
    """Names come from the drivers and servers, and so do the codes."""
    known = dict(LISTS[side.database.name]())
    classes = CLASSES[side.database.name]
    table = {word: kind for words, kind in classes.items() for word in words.split()}
    async with side.session(spec) as session:
        found = {name: session.map_error(error) for name, error in known.items()}
    wrong: dict[str, str] = {}
    for name, error in found.items():
        wanted = next((kind for word, kind in table.items() if word in name), None)
        if wanted is not None and not isinstance(error, wanted):
            wrong[name] = type(error).__name__

    assert not wrong
    assert all(any(word in name for name in found for word in words.split()) for words in classes)
