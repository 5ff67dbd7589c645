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
    CheckViolationError,
    DatabaseError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    SQLSpecError,
    UniqueViolationError,
)

from .error_codes import CLIENT, WORDS, class_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("as_error", "is_server_error", "map_error")

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
    1049: re.compile(r"\AUnknown database '([^']+)'"),
    1052: re.compile(r"\AColumn '([^']+)' in "),
    1050: re.compile(r"\ATable '([^']+)'"),
    1054: re.compile(r"\AUnknown column '([^']+)' in "),
    1146: re.compile(r"\ATable '([^']+)'"),
}
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.$]*\Z")


def is_server_error(exc: BaseException) -> bool:
    """Whether the server answered with this error, and the connection goes on as before."""
    code = _code(exc)
    if not code or code in CLIENT:
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
    return class_of(code, getattr(exc, "sqlstate", None))


def _text(code: int, detail: str) -> str:
    text = WORDS[code][1] if code in WORDS else "the server refused the statement; its words are in .detail"
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
