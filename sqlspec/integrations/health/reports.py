"""What is told about one database: words from this file and the name of a class, never an error's text."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqlspec.errors import (
    AdapterError,
    AuthenticationError,
    ConfigClosedError,
    ConfigError,
    ConfigNotFoundError,
    ConnectError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    NotSupportedError,
    PoolFullError,
    PoolRetiredError,
    PoolTimeoutError,
    QueryTimeoutError,
)

__all__ = ("LATE", "Report", "answered", "failed")

# The first that fits.
REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (PoolTimeoutError, "pool exhausted"),
    (PoolFullError, "pool exhausted"),
    (PoolRetiredError, "closed"),
    (ConfigClosedError, "closed"),
    (ConfigNotFoundError, "not registered"),
    (ConfigError, "wrong configuration"),
    (AdapterError, "adapter can not be used"),
    (NotSupportedError, "can not be pinged"),
    (AuthenticationError, "authentication failed"),
    (DisconnectedError, "connection lost"),
    (ConnectError, "can not connect"),
    (QueryTimeoutError, "timed out"),
    (TimeoutError, "timed out"),
    (DatabaseError, "error of the database"),
)
UNKNOWN = "unexpected error"


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One database."""

    status: Literal["ok", "failed"]
    seconds: float | None = None
    """What the ping took, if there was an answer."""
    reason: str | None = None
    error: str | None = None
    """The name of the error's class."""


def answered(seconds: float) -> Report:
    """It gave a sign of life."""
    return Report(status="ok", seconds=round(seconds, 6))


def failed(exc: BaseException) -> Report:
    """It did not, and this came of it."""
    if isinstance(exc, PoolTimeoutError) and isinstance(exc.__cause__, ConnectError):
        exc = exc.__cause__  # the pool is empty because no connection can be opened
    reason = next((reason for kind, reason in REASONS if isinstance(exc, kind)), UNKNOWN)
    return Report(status="failed", reason=reason, error=type(exc).__name__)


LATE = failed(DeadlineExceeded("no answer in time"))
"""The ping is not over yet."""
