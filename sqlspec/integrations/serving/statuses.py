"""Which HTTP status an error is answered with, and what the answer says: never a value of a row."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http.client import SERVICE_UNAVAILABLE, responses
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from sqlspec.errors import (
    AuthenticationError,
    CheckViolationError,
    CommitOutcomeUnknownError,
    ConfigClosedError,
    ConnectError,
    DeadlockError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    InvalidArgumentError,
    LockTimeoutError,
    NoRowError,
    NotNullViolationError,
    PoolFullError,
    PoolTimeoutError,
    QueryTimeoutError,
    SerializationError,
    SQLSpecError,
    UniqueViolationError,
)

__all__ = ("MEDIA_TYPE", "STATUSES", "Problem", "Statuses", "problem_of", "statuses_with")

T = TypeVar("T")

logger = logging.getLogger("sqlspec.integrations")

Statuses: TypeAlias = "Mapping[type[SQLSpecError], int | None]"

MEDIA_TYPE = "application/problem+json"
"""RFC 9457."""
ERRORS = range(400, 600)
"""The statuses of responses that tell of an error."""
FIRST_OF_SERVICE = 500
"""From here on the fault is not the client's."""

STATUSES: Statuses = {
    NoRowError: 404,
    UniqueViolationError: 409,
    ForeignKeyViolationError: 409,
    IntegrityError: 409,
    NotNullViolationError: 422,
    CheckViolationError: 422,
    SerializationError: 503,
    DeadlockError: 503,
    LockTimeoutError: 503,
    PoolTimeoutError: 503,
    PoolFullError: 503,
    ConnectError: 503,
    DisconnectedError: 503,
    ConfigClosedError: 503,
    QueryTimeoutError: 503,
    CommitOutcomeUnknownError: 504,
}
"""The status of each error, and of those below it that have none. The rest is the framework's 500."""

# Nothing of the request is stored, and the same request may well succeed in a moment. A connection that broke
# and a statement that took too long are not here: in autocommit what they did may be stored. Nor is a refused
# password: it will be refused again.
TRY_AGAIN = (
    SerializationError,
    DeadlockError,
    LockTimeoutError,
    PoolTimeoutError,
    PoolFullError,
    ConnectError,
    ConfigClosedError,
)
SECONDS_BEFORE_RETRY = 1

DETAILS: Mapping[type[SQLSpecError], str] = {
    NoRowError: "What was asked for does not exist.",
    UniqueViolationError: "It exists already.",
    ForeignKeyViolationError: "It refers to something that does not exist, or is still referred to.",
    IntegrityError: "It does not fit what is stored already.",
    NotNullViolationError: "A value that is needed is missing.",
    CheckViolationError: "A value is not allowed.",
    SerializationError: "Others changed the same data. Nothing was stored; try again.",
    DeadlockError: "Others changed the same data. Nothing was stored; try again.",
    LockTimeoutError: "Others work on the same data. Nothing was stored; try again.",
    PoolTimeoutError: "The service is busy. Nothing was stored; try again.",
    PoolFullError: "The service is busy. Nothing was stored; try again.",
    ConnectError: "The database can not be reached. Nothing was stored; try again.",
    AuthenticationError: "The service can not log in to its database.",
    DisconnectedError: "The connection to the database was lost.",
    ConfigClosedError: "The service is stopping. Nothing was stored; try again.",
    QueryTimeoutError: "The database took too long.",
    CommitOutcomeUnknownError: "Whether it was stored is not known. Look before you send it again.",
}


class Problem(NamedTuple):
    """An answer about an error."""

    status: int
    headers: dict[str, str]
    body: bytes


def statuses_with(changes: Statuses | None) -> Statuses:
    """The table, with what an application wants otherwise; None leaves an error to the framework.

    Raises `InvalidArgumentError` for what is no class of `sqlspec.errors` or no status of an error.
    """
    if changes is None:
        return STATUSES
    _check(changes)
    return {**STATUSES, **changes}


def _check(changes: Any) -> None:
    if not isinstance(changes, Mapping):
        raise _wrong_changes(f"a {type(changes).__name__}")
    for kind, status in changes.items():
        if not (isinstance(kind, type) and issubclass(kind, SQLSpecError)):
            raise _wrong_changes("another key")
        if status is not None and (type(status) is not int or status not in ERRORS):
            raise _wrong_changes(f"another status for {kind.__name__}")


def _wrong_changes(found: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        "the statuses of errors are a mapping from classes of sqlspec.errors to a status from 400 to 599, or "
        f"to None, and not {found}: write {{UniqueViolationError: 422}}"
    )


def problem_of(error: BaseException, statuses: Statuses = STATUSES) -> Problem | None:
    """How *error* is answered; None: it is the framework's to answer.

    An answer that tells of a fault of the service is logged: the framework takes it for handled.
    """
    status = _nearest(error, statuses)
    if status is None:
        return None
    if status >= FIRST_OF_SERVICE:
        logger.warning("answered %d, because of %s: %s", status, type(error).__name__, error)
    phrase = responses.get(status, "Error")
    body = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": _nearest(error, DETAILS) or phrase,
    }
    headers = {"Content-Type": MEDIA_TYPE}
    if status == SERVICE_UNAVAILABLE and _may_be_retried(error):
        headers["Retry-After"] = str(SECONDS_BEFORE_RETRY)
    return Problem(status, headers, msgspec.json.encode(body))


def _nearest(error: BaseException, table: Mapping[type[SQLSpecError], T]) -> T | None:
    """What *table* says of the error's class, or of the first above it."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


def _may_be_retried(error: BaseException) -> bool:
    return isinstance(error, TRY_AGAIN) and not isinstance(error, DisconnectedError | AuthenticationError)
