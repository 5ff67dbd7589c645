"""PostgreSQL's errors in the tree of `sqlspec.errors`, from plain facts: drivers have classes of their own.

The server's texts that name tables, columns, constraints and words of the statement are passed on. Others may
quote values of rows or of parameters, and how they do it differs from language to language. So a text is
passed on whole or not at all: then it stands in `.detail` alone, and ours says what the SQLSTATE means. An
adapter takes the server's words from the driver's exception, too, which is printed as the cause of ours.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.errors import (
    AuthenticationError,
    ConnectError,
    DatabaseError,
    DisconnectedError,
    IntegrityError,
    ParameterError,
    QueryCancelledError,
    QueryTimeoutError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec.plugin.sqlstate import error_for_sqlstate
from sqlspec.plugin.tls import OTHER_HOST, PLAIN_TEXT_ONLY, UNTRUSTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin.postgresql.config import PostgreSQLSettings

__all__ = (
    "ConnectFailure",
    "ErrorFields",
    "connect_error",
    "failure_of_sqlstate",
    "server_error",
    "unreadable_value",
)

# --- of a statement -----------------------------------------------------------------------------------

TRANSACTION_ABORTED = "25P02"
NAMING_CLASSES = frozenset(
    {"08", "0A", "23", "24", "25", "26", "28", "2B", "2D", "34", "3B", "3D", "3F"}
    | {"40", "42", "53", "54", "55", "57", "58"}
)
"""Classes of SQLSTATE whose texts, by the server itself, quote names alone."""
RAISE = "exec_stmt_raise"
"""The server's function behind PL/pgSQL's RAISE: the application wrote that text, whatever its SQLSTATE."""
MEANINGS = {
    "21000": "a subquery returned more than one row",
    "22": "the server does not accept a value",
    "22001": "a value is too long for its type",
    "22003": "a number is out of the range of its type",
    "22004": "a value is NULL where that is not allowed",
    "22007": "a text is not a date or time that the server can read",
    "22008": "a date or time is out of range",
    "22012": "a division by zero",
    "22021": "a text has bytes that its encoding does not allow",
    "22023": "a function or a setting does not accept a value",
    "2201B": "a text is not a regular expression",
    "22P02": "a value does not fit its type, as NaN or the text '1.0' does not fit an integer",
    "22P05": "a character does not exist in the other encoding",
    "42": "a value names something that does not exist, or is no name",
    "42P18": "the server can not tell the type of a parameter; cast it in the statement: ?::text",
    "44": "a row violates the CHECK OPTION of its view",
    "P0": "a function raised an exception",
}
"""What a SQLSTATE means, or else its class, where the server's own words may quote values."""

ADVICE = {
    "25001": StatementError.OUTSIDE_TRANSACTIONS,
    "25P01": "run it in a transaction, as a session.begin() block is one",
    "2D000": f"it has a COMMIT or ROLLBACK; {StatementError.OUTSIDE_TRANSACTIONS}, nor beside an EXCEPTION",
}
"""What to do about a statement that does not run inside a transaction, or not outside of one."""
ADVISED = ("PreventIn", "PreventTransaction", "CheckTransaction", "SPI_", "_SPI_")
"""How the server's functions begin that report those; the same SQLSTATE may mean something else."""

NOT_OF_THE_ENCODING, NUL = "22021", "0x00"


class ErrorFields(NamedTuple):
    """The fields of the server's error message, as PostgreSQL's documentation names them."""

    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None
    constraint: str | None = None
    table: str | None = None
    column: str | None = None
    routine: str | None = None
    """The function in the server's source that reported it."""
    has_position: bool = False
    """The server said where in the statement, or in one that it ran itself, the fault is."""
    had_parameters: bool = False
    """The statement was sent with parameters. Not a field: the adapter knows it."""
    copied_column: str | None = None
    """In which column of a load it was, as `column_of_copy` finds it in the context."""


def server_error(fields: ErrorFields) -> SQLSpecError:
    """The error that a message of the server means.

    No value of a row or a parameter is in its text; `.detail` has all that the server said.
    """
    state = fields.sqlstate
    if state == TRANSACTION_ABORTED:
        return TransactionAbortedError(
            "the transaction was given up after an error; roll back before the next statement"
        )
    if state == NOT_OF_THE_ENCODING and NUL in fields.message and fields.had_parameters:
        return ParameterError("a str holds a NUL (0x00), which PostgreSQL's texts can not")
    names_only = _names_only(fields)
    text = f"{fields.message}{_advice(fields)}" if names_only else _meaning(fields)
    said = (None if names_only else fields.message, fields.detail, fields.hint)
    detail = "\n".join(filter(None, said)) or None
    error = _class_of(fields)(text, sqlstate=state, code=state, detail=detail)
    if isinstance(error, IntegrityError):
        error.constraint, error.table, error.column = fields.constraint, fields.table, fields.column
    return error


def _names_only(fields: ErrorFields) -> bool:
    if fields.sqlstate[:2] not in NAMING_CLASSES or fields.routine == RAISE:
        return False
    # A name may be a parameter's value, as in `?::regclass`. One in the statement's text has a position.
    return not (fields.sqlstate.startswith("42") and fields.had_parameters and not fields.has_position)


def _advice(fields: ErrorFields) -> str:
    is_known = fields.sqlstate in ADVICE and (fields.routine or "").startswith(ADVISED)
    return f": {ADVICE[fields.sqlstate]}" if is_known else ""


def _meaning(fields: ErrorFields) -> str:
    state = "P0001" if fields.routine == RAISE else fields.sqlstate
    meaning = MEANINGS.get(state) or MEANINGS.get(state[:2], "the server reports an error")
    where = f"in column {fields.copied_column!r} " if fields.copied_column else ""
    return f"{where}{meaning} (SQLSTATE {fields.sqlstate}); the server's words are in .detail"


def _class_of(fields: ErrorFields) -> type[DatabaseError]:
    found = error_for_sqlstate(fields.sqlstate)
    # One state for both. The words are those of an English server; another's timeout is a cancellation.
    return (
        QueryTimeoutError if found is QueryCancelledError and "statement timeout" in fields.message else found
    )


# --- of a connect -------------------------------------------------------------------------------------


class ConnectFailure(Enum):
    """Why no connection was made, and in which words it is told; those in braces come from the config."""

    PASSWORD = "the server refused the password"  # noqa: S105 - no secret
    USER = "the server does not let this user in from here"
    ENCRYPTED_ONLY = (
        "the server does not let this user in from here without encryption; write ssl_mode='require'"
    )
    DATABASE = "there is no database {database!r}"
    NO_ACCESS = "this user may not connect to the database {database!r}"
    FULL = (
        "the server has no connection left; lower pool_size, or raise max_connections of the server, "
        "or the CONNECTION LIMIT of this user"
    )
    NOT_READY = "the server is starting, stopping or recovering"
    NOT_LISTENING = "no server listens there"
    NO_SOCKET = "there is no such socket"
    TIMEOUT = "no answer within connect_timeout={timeout:g} s"
    UNKNOWN_HOST = "the host's name is not known"
    UNREACHABLE = "the network does not lead there"
    NO_FILES = "this process has too many files open"
    CLOSED = "the server closed the connection"
    PLAIN_TEXT_ONLY = PLAIN_TEXT_ONLY
    UNTRUSTED = UNTRUSTED
    OTHER_HOST = OTHER_HOST
    OTHER_KIND = "the server is not what target_session_attrs asks for"
    STARTUP_SETTING = (
        "PgBouncer refuses {setting} of server_settings; see its option ignore_startup_parameters"
    )
    UNKNOWN_SETTING = "the server does not know {setting} of server_settings; correct the name"
    SETTING_VALUE = "the server does not take the value of {setting} of server_settings"
    FIXED_SETTING = "the server lets no connection set {setting} of server_settings; leave it out"
    FORBIDDEN_SETTING = "the server does not let this user set {setting} of server_settings; leave it out"
    UNKNOWN = "the server did not answer as expected; is it PostgreSQL, and does it take this ssl_mode?"


FAILURES = {
    "28P01": ConnectFailure.PASSWORD,
    "28000": ConnectFailure.USER,
    "3D000": ConnectFailure.DATABASE,
    "53300": ConnectFailure.FULL,
    "57P03": ConnectFailure.NOT_READY,
    "42704": ConnectFailure.UNKNOWN_SETTING,
    "22023": ConnectFailure.SETTING_VALUE,
    "55P02": ConnectFailure.FIXED_SETTING,
    "42501": ConnectFailure.NO_ACCESS,
}
STATES = {**{failure: state for state, failure in FAILURES.items()}, ConnectFailure.ENCRYPTED_ONLY: "28000"}


WITHOUT_ENCRYPTION = ("no encryption", "SSL off")
"""Words in which PostgreSQL says that a connect which no rule lets in was in plain text; SSL before 14."""


def failure_of_sqlstate(sqlstate: str | None, message: str = "") -> ConnectFailure:
    """What the SQLSTATE of a refused connect means; *message* is the server's."""
    if sqlstate == "28000" and any(words in message for words in WITHOUT_ENCRYPTION):
        return ConnectFailure.ENCRYPTED_ONLY
    return FAILURES.get(sqlstate or "", ConnectFailure.UNKNOWN)


def connect_error(
    failure: ConnectFailure,
    config: PostgreSQLSettings[Any, Any, Any, Any],
    *,
    sqlstate: str | None = None,
    said: str = "",
) -> ConnectError:
    """The error for a connect that failed; nothing secret is in it.

    *sqlstate* is the server's, if the driver passes it on. *said* is the server's text: nothing of it is told
    but which of the config's settings it names.
    """
    state = sqlstate or STATES.get(failure)
    found = error_for_sqlstate(state)
    # What ends a connection later only kept this one from being made.
    setting = _setting_in(said, config.session_settings)
    if failure is ConnectFailure.NO_ACCESS and setting is not None:
        failure = ConnectFailure.FORBIDDEN_SETTING
    is_refusal = issubclass(found, ConnectError) and not issubclass(found, DisconnectedError)
    kind: type[ConnectError] = found if is_refusal and issubclass(found, ConnectError) else ConnectError
    who = f" as {config.username!r}" if config.username and kind is AuthenticationError else ""
    why = failure.value.format(
        database=config.database or config.username or "named like the user",
        timeout=config.connect_timeout,
        setting="one" if setting is None else repr(setting),
    )
    return kind(f"can not connect to PostgreSQL at {config.location}{who}: {why}", sqlstate=state, code=state)


def _setting_in(text: str, settings: Iterable[str]) -> str | None:
    """The setting that a server's text, in whatever language, names first."""
    places = {name: re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in settings}
    found = [(match.start(), name) for name, match in places.items() if match]
    return min(found)[1] if found else None


def unreadable_value(kind: str, columns: Sequence[str]) -> StatementError:
    """A value that PostgreSQL's type has and Python's has not; *columns* are those it may stand in."""
    place = f", in column {' or '.join(map(repr, columns))}," if columns else ""
    return StatementError(
        f"a value of type {kind}{place} is infinite or beyond what Python's can be; cast it to text"
    )
