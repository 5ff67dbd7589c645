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
    "08001": ConnectError,  # no connection was made
    "08004": ConnectError,  # … because the server refused it
    "2200H": OperationalError,  # a sequence has come to its end
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
    "55000": StatementError,  # an object is not what the statement takes it for: a view that takes no rows
    "55P02": StatementError,  # a setting that can not be changed
    "55P04": StatementError,  # a value that was added to an enum in this transaction
    "58P01": StatementError,  # no such file: the statement names it
    "58P02": StatementError,
    "58P03": StatementError,
    "72000": SerializationError,  # the snapshot is too old
    "HV000": OperationalError,  # of a foreign data wrapper
    "HV001": OperationalError,
    "HV00L": OperationalError,
    "HV00M": OperationalError,
    "HV00N": OperationalError,
    "HV014": OperationalError,
}
_CLASSES: Final[dict[str, type[DatabaseError]]] = {
    "01": StatementError,  # a warning that the server takes for an error
    "02": StatementError,  # no data
    "03": StatementError,
    "08": DisconnectedError,
    "09": StatementError,
    "0A": StatementError,  # not supported
    "0B": StatementError,  # transaction initiation
    "0F": StatementError,  # locators
    "0L": StatementError,  # grantors
    "0P": StatementError,  # roles
    "0Z": StatementError,  # diagnostics
    "10": StatementError,  # XQuery
    "20": StatementError,  # a CASE without a branch
    "21": StatementError,  # cardinality
    "22": StatementError,  # data
    "23": IntegrityError,
    "24": StatementError,  # cursors
    "25": StatementError,  # the state of the transaction
    "26": StatementError,  # names of statements
    "27": StatementError,  # triggers
    "28": AuthenticationError,
    "2B": StatementError,  # privileges that others depend on
    "2D": StatementError,  # transaction termination
    "2F": StatementError,  # functions
    "34": StatementError,  # names of cursors
    "38": StatementError,  # functions
    "39": StatementError,  # functions
    "3B": StatementError,  # savepoints
    "3D": StatementError,  # names of databases
    "3F": StatementError,  # names of schemas
    "40": SerializationError,
    "42": StatementError,  # syntax, names, rights
    "44": CheckViolationError,  # WITH CHECK OPTION
    "45": StatementError,  # SIGNAL, of the application's own
    "53": OperationalError,  # resources
    "54": StatementError,  # limits that the statement exceeds
    "55": OperationalError,  # objects that are in use
    "57": OperationalError,  # the operator
    "58": OperationalError,  # the system
    "F0": OperationalError,  # configuration files
    "HV": StatementError,  # foreign tables
    "P0": StatementError,  # RAISE, of the application's own
    "XX": OperationalError,  # errors of the server itself
}
"""What is wrong with a statement, its names or its data must be changed there; the rest are circumstances."""


def error_for_sqlstate(sqlstate: str | None) -> type[DatabaseError]:
    """The class for a server's error, by its SQLSTATE and else by the first two characters, its class."""
    if sqlstate is None:
        return DatabaseError
    return _STATES.get(sqlstate) or _CLASSES.get(sqlstate[:2], DatabaseError)
