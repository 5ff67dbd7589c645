"""From a five-character SQLSTATE to the error of ours that means it.

Sources: ISO/IEC 9075-2, subclause 24.1, for the classes that every database shares; PostgreSQL's appendix A
("PostgreSQL Error Codes") for its own.
"""

from __future__ import annotations

from typing import Final

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
    ReadOnlyError,
    SerializationError,
    StatementError,
    UniqueViolationError,
)

__all__ = ("error_for_sqlstate",)


_STATES: Final[dict[str, type[DatabaseError]]] = {
    "23502": NotNullViolationError,
    "23503": ForeignKeyViolationError,
    "23505": UniqueViolationError,
    "23514": CheckViolationError,
    "25001": StatementError,  # it does not run inside a transaction
    "25P01": StatementError,  # it does not run outside of one
    "2D000": StatementError,  # a COMMIT or ROLLBACK in a procedure, inside a transaction
    "25006": ReadOnlyError,
    "40001": SerializationError,
    "40P01": DeadlockError,
    "55P03": LockTimeoutError,
    "57014": QueryCancelledError,
    "57P01": DisconnectedError,  # the administrator ended this backend
    "57P02": DisconnectedError,  # another backend crashed
    "57P03": ConnectError,  # the server is starting or stopping
    "57P04": DisconnectedError,  # the database was dropped
    "57P05": DisconnectedError,  # idle for too long
    "25P03": DisconnectedError,  # idle for too long in a transaction
    "25P04": DisconnectedError,  # the transaction took too long
    "53300": ConnectError,  # too many connections
    "3D000": ConnectError,  # no such database
    "3F000": StatementError,
}
_CLASSES: Final[dict[str, type[DatabaseError]]] = {
    "08": DisconnectedError,
    "0A": StatementError,
    "21": StatementError,
    "22": StatementError,
    "23": IntegrityError,
    "26": StatementError,
    "28": AuthenticationError,
    "2F": StatementError,
    "34": StatementError,
    "38": StatementError,
    "39": StatementError,
    "40": SerializationError,
    "42": StatementError,
    "44": CheckViolationError,  # WITH CHECK OPTION
    "53": OperationalError,
    "54": StatementError,
    "55": OperationalError,
    "57": OperationalError,
    "58": OperationalError,
}


def error_for_sqlstate(sqlstate: str | None) -> type[DatabaseError]:
    """The class for a server's error, by its SQLSTATE and else by the first two characters, its class."""
    if sqlstate is None:
        return DatabaseError
    return _STATES.get(sqlstate) or _CLASSES.get(sqlstate[:2], DatabaseError)
