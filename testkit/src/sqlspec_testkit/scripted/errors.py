"""What the scripted driver raises, and what core makes of it."""

from __future__ import annotations

from typing import Final

from sqlspec.errors import (
    AuthenticationError,
    ConnectError,
    DatabaseError,
    DeadlockError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    InvalidArgumentError,
    LockTimeoutError,
    OperationalError,
    QueryCancelledError,
    ReadOnlyError,
    SerializationError,
    StatementError,
    UniqueViolationError,
    did_you_mean,
)

__all__ = ("KINDS", "ScriptedError", "error_for")

KINDS: Final[dict[str, type[DatabaseError]]] = {
    "disconnect": DisconnectedError,
    "closed": DisconnectedError,
    "refused": ConnectError,
    "authentication": AuthenticationError,
    "statement": StatementError,
    "integrity": IntegrityError,
    "unique": UniqueViolationError,
    "foreign-key": ForeignKeyViolationError,
    "read-only": ReadOnlyError,
    "deadlock": DeadlockError,
    "serialization": SerializationError,
    "lock-timeout": LockTimeoutError,
    "cancelled": QueryCancelledError,
    "aborted": OperationalError,
    "in-use": OperationalError,
    "stuck": OperationalError,
    "other": DatabaseError,
}
"""The kinds of `ScriptedError`, and the errors that they are mapped to."""


class ScriptedError(Exception):
    """The driver's own exception: what `Line.fail` and its like make a call raise."""

    def __init__(self, kind: str) -> None:
        if kind not in KINDS:
            raise InvalidArgumentError(f"no kind of error is named {kind!r}. {did_you_mean(kind, KINDS)}")
        self.kind = kind
        super().__init__(kind)


def error_for(exc: ScriptedError) -> DatabaseError:
    """The error of core's that stands for *exc*."""
    return KINDS[exc.kind](f"scripted: {exc.kind}", code=exc.kind)
