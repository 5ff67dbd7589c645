"""The server's and the driver's errors as ours.

Parameters travel inside of the statement's text, and the server quotes that text in its errors. So its
words stand in `.detail` alone; what a caller reads is made of names and numbers. The driver's exception is
chained as a copy that holds the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from asyncmy.errors import MySQLError

from sqlspec.errors import (
    AuthenticationError,
    CheckViolationError,
    ConnectError,
    DatabaseError,
    DeadlockError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    NotNullViolationError,
    OperationalError,
    QueryCancelledError,
    QueryTimeoutError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
    StatementError,
    UniqueViolationError,
)
from sqlspec.plugin import error_for_sqlstate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("as_error", "is_server_error", "map_error")

# Sources: mysqld_error.h of MariaDB 10.11 and the "Server Error Message Reference" of MySQL 8.4.
_ERRORS: Final[Mapping[int, tuple[type[DatabaseError], str]]] = {
    1020: (SerializationError, "another transaction changed a row that this one had read; run it again"),
    1022: (UniqueViolationError, "two rows with one key"),
    1036: (ReadOnlyError, "the table is read-only"),
    1037: (OperationalError, "the server is out of memory"),
    1040: (ConnectError, "the server has as many connections as max_connections allows"),
    1044: (AuthenticationError, "the server refuses this user the database"),
    1045: (AuthenticationError, "the server refused the user name or the password"),
    1046: (StatementError, "no database is selected; name one in the config, or before the table"),
    # Of a Galera cluster: "WSREP has not yet prepared node for application use".
    1047: (DisconnectedError, "the server does not serve now: it has lost its cluster, or is joining one"),
    1048: (NotNullViolationError, "NULL in a column that takes none"),
    1050: (StatementError, "the table exists already"),
    1051: (StatementError, "no such table"),
    1053: (DisconnectedError, "the server is shutting down"),
    1054: (StatementError, "no such column"),
    1062: (UniqueViolationError, "two rows with one key"),
    1064: (StatementError, "the SQL has a syntax error"),
    1129: (ConnectError, "the server blocks this host; an administrator runs FLUSH HOSTS"),
    1130: (AuthenticationError, "the server takes no connection from this host"),
    1136: (StatementError, "as many values as columns are needed in every row"),
    1146: (StatementError, "no such table"),
    1152: (DisconnectedError, "the server gave up the connection"),
    1153: (DisconnectedError, "the statement is larger than the server's max_allowed_packet"),
    1158: (DisconnectedError, "the server could not read from the network"),
    1159: (DisconnectedError, "the server waited too long for the network"),
    1160: (DisconnectedError, "the server could not write to the network"),
    1161: (DisconnectedError, "the server waited too long for the network"),
    # What a Galera cluster says when it parts during a COMMIT; others, when their log can not be written.
    1180: (DisconnectedError, "the server could not finish the COMMIT"),
    1184: (DisconnectedError, "the server gave up the connection"),
    1203: (ConnectError, "this user has as many connections as max_user_connections allows"),
    1205: (LockTimeoutError, "another transaction held a lock for longer than innodb_lock_wait_timeout"),
    1213: (DeadlockError, "the server broke a deadlock by giving up this transaction; run it again"),
    1216: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1217: (ForeignKeyViolationError, "other rows refer to this one"),
    1226: (OperationalError, "this user is at one of the limits that the server sets"),
    1251: (AuthenticationError, "the server asks for an authentication that this driver does not know"),
    1264: (StatementError, "a value is out of its column's range"),
    1290: (ReadOnlyError, "the server's options do not permit this; most likely it is read-only"),
    1317: (QueryCancelledError, "the statement was interrupted"),
    1364: (NotNullViolationError, "a column without a default was left out"),
    1366: (StatementError, "a value is not of its column's type"),
    1396: (StatementError, "the account can not be changed like this"),
    1406: (StatementError, "a value is longer than its column"),
    1451: (ForeignKeyViolationError, "other rows refer to this one"),
    1452: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1557: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1586: (UniqueViolationError, "two rows with one key"),
    1698: (AuthenticationError, "the server refused the user name or the password"),
    1761: (UniqueViolationError, "two rows with one key, by way of a foreign key"),
    1762: (UniqueViolationError, "two rows with one key, by way of a foreign key"),
    1792: (ReadOnlyError, "a write in a read-only session"),
    1820: (AuthenticationError, "the password has expired"),
    1836: (ReadOnlyError, "the server is read-only"),
    1862: (AuthenticationError, "the password has expired"),
    1874: (ReadOnlyError, "InnoDB is read-only"),
    1927: (DisconnectedError, "the connection was killed"),
    1969: (QueryTimeoutError, "the statement ran longer than max_statement_time"),
    2002: (ConnectError, "no server listens there"),
    2003: (ConnectError, "no server listens there"),
    2005: (ConnectError, "the host's name is not known"),
    2006: (DisconnectedError, "the connection is gone"),
    2013: (DisconnectedError, "the connection was lost"),
    2014: (DisconnectedError, "the connection is out of step"),
    2055: (DisconnectedError, "the connection was lost"),
    2059: (AuthenticationError, "the server asks for an authentication that this driver does not know"),
    2061: (AuthenticationError, "the authentication failed"),
    3024: (QueryTimeoutError, "the statement ran longer than max_execution_time"),
    3032: (DisconnectedError, "the server is in offline mode"),
    3101: (
        SerializationError,
        "another server of the group changed the same rows, so the transaction was rolled back; run it again",
    ),
    3159: (AuthenticationError, "the server takes encrypted connections only"),
    3168: (DisconnectedError, "the server is not available"),
    **dict.fromkeys(
        # What the server refuses inside a transaction: a statement, and to set one of these variables.
        (1179, 1568, 1679, 1685, 1694, 1929, 1953),
        (StatementError, f"it can not be done inside a transaction: {StatementError.OUTSIDE_TRANSACTIONS}"),
    ),
    3572: (LockTimeoutError, "a row is locked, and NOWAIT was said"),
    3819: (CheckViolationError, "a CHECK constraint said no"),
    4025: (CheckViolationError, "a CHECK constraint said no"),
    4031: (DisconnectedError, "the server closed the connection: it was idle for too long"),
}
_FIRST_OF_CLIENT, _FIRST_AFTER_CLIENT = 2000, 3000
REFUSED = 1047
"""Also what a server says of a command that it does not know. The connection goes on."""

_KEY = re.compile(r"for key '(?:(?P<table>[^'.]+)\.)?(?P<constraint>[^']+)'\Z")
_FOREIGN = re.compile(
    r"fails \((?:`[^`]+`\.)?`(?P<table>[^`]+)`, CONSTRAINT `(?P<constraint>[^`]+)` "
    r"FOREIGN KEY \(`(?P<column>[^`]+)`\)"
)
_FIELD = re.compile(r"\A(?:Column|Field) '(?P<column>[^']+)'")
_CHECK = re.compile(
    r"\ACONSTRAINT `(?P<constraint>[^`]+)` failed for (?:`[^`]+`\.)?`(?P<table>[^`]+)`"
    r"|\ACheck constraint '(?P<name>[^']+)' is violated"
)
_PLACES: Final[Mapping[type[DatabaseError], re.Pattern[str]]] = {
    UniqueViolationError: _KEY,
    ForeignKeyViolationError: _FOREIGN,
    NotNullViolationError: _FIELD,
    CheckViolationError: _CHECK,
}
# What a syntax error points at, up to the first thing that may be a value; and names that are missing.
_NEAR = re.compile(r" near '([A-Za-z_`.,()=<>*;+/ \n\t-]*)")
_NAMED = {
    1050: re.compile(r"\ATable '([^']+)'"),
    1054: re.compile(r"\AUnknown column '([^']+)' in "),
    1146: re.compile(r"\ATable '([^']+)'"),
}
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.$]*\Z")


def is_server_error(exc: BaseException) -> bool:
    """Whether the server answered with this error, and the connection goes on as before."""
    code = _code(exc)
    if code is None or code < 1000 or _FIRST_OF_CLIENT <= code < _FIRST_AFTER_CLIENT:  # noqa: PLR2004
        return False
    return code == REFUSED or _kind(code, exc) is not DisconnectedError


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours, which holds the server's words in `.detail` alone.

    None for what is not the driver's.
    """
    if not isinstance(exc, MySQLError):
        return _of_python(exc)
    code = _code(exc)
    if code is None or not code:
        return DisconnectedError("the driver has lost the connection or its place in the conversation")
    detail = str(exc.args[1]) if len(exc.args) > 1 else None
    error = _kind(code, exc)(
        f"{_text(code, detail or '')} (error {code})",
        sqlstate=getattr(exc, "sqlstate", None),
        code=code,
        detail=detail,
    )
    _place(error, detail or "")
    return error


def as_error(exc: BaseException) -> SQLSpecError:
    """`map_error`, and the driver's exception as the cause: a copy without the server's words."""
    if isinstance(exc, SQLSpecError):
        return exc
    error = (map_error(exc) if isinstance(exc, Exception) else None) or DatabaseError(
        f"the driver raised {type(exc).__name__}"
    )
    if error is not exc and isinstance(exc, MySQLError):
        error.__cause__ = type(exc)(_code(exc) or 0, str(error))
    return error


def _code(exc: BaseException) -> int | None:
    code: Any = exc.args[0] if isinstance(exc, MySQLError) and exc.args else None
    return code if isinstance(code, int) else None


def _kind(code: int, exc: BaseException) -> type[DatabaseError]:
    if code in _ERRORS:
        return _ERRORS[code][0]
    if _FIRST_OF_CLIENT <= code < _FIRST_AFTER_CLIENT:
        return DisconnectedError
    by_state = error_for_sqlstate(getattr(exc, "sqlstate", None))
    return OperationalError if by_state is DatabaseError else by_state


def _text(code: int, detail: str) -> str:
    text = (
        _ERRORS[code][1] if code in _ERRORS else "the server refused the statement; its words are in .detail"
    )
    if code == 1064 and (near := _NEAR.search(detail)) and near[1].strip():  # noqa: PLR2004
        return f"{text} near {near[1].strip()!r}"
    if (pattern := _NAMED.get(code)) and (named := pattern.search(detail)) and _IDENTIFIER.match(named[1]):
        return f"{text}: {named[1]}"
    return text


def _place(error: DatabaseError, detail: str) -> None:
    """Table, constraint and column, where the server's text tells and is in English."""
    pattern = _PLACES.get(type(error))
    found = pattern.search(detail) if pattern and isinstance(error, IntegrityError) else None
    if found is not None and isinstance(error, IntegrityError):
        place = found.groupdict()
        error.table, error.column = place.get("table"), place.get("column")
        error.constraint = place.get("constraint") or place.get("name")


def _of_python(exc: Exception) -> SQLSpecError | None:
    if isinstance(exc, OSError | EOFError):
        return DisconnectedError(f"the network failed: {type(exc).__name__}")
    if type(exc).__module__ != "builtins":
        return None
    return DatabaseError(f"the driver raised {type(exc).__name__}")
