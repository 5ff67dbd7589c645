"""psycopg's errors in the tree of `sqlspec.errors`: the server's by the fields of its message.

What `sqlspec.plugin.postgresql` keeps out of our text, the driver's own error, which is the cause of ours,
loses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg

from sqlspec.errors import DatabaseError, DisconnectedError, ParameterError, StatementError
from sqlspec.plugin import PooledConnection
from sqlspec.plugin.postgresql import (
    ConnectFailure,
    ErrorFields,
    connect_error,
    failure_of_sqlstate,
    server_error,
    unreadable_value,
)

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from sqlspec.errors import ConnectError, SQLSpecError

    from .config import PostgreSQLConfig

__all__ = (
    "error_of",
    "having_values",
    "in_column",
    "interruption",
    "is_drivers",
    "is_mismatch",
    "is_stale",
    "map_connect_error",
    "map_error",
    "unreadable",
)

# libpq does not pass on the SQLSTATE of a refused connect, nor the errors of the system. These are its words,
# and the server's, in English; the first that is found counts.
_SIGNS = (
    (
        re.compile(r"(?:password|PAM|LDAP|RADIUS|BSD) authentication failed|no password supplied|SCRAM"),
        ConnectFailure.PASSWORD,
    ),
    (re.compile(r"unsupported startup parameter"), ConnectFailure.STARTUP_SETTING),
    (re.compile(r"unrecognized configuration parameter"), ConnectFailure.UNKNOWN_SETTING),
    (re.compile(r"permission denied"), ConnectFailure.NO_ACCESS),
    (re.compile(r'parameter "[^"]*" cannot be'), ConnectFailure.FIXED_SETTING),
    (re.compile(r'for parameter "|parameter "[^"]*" requires'), ConnectFailure.SETTING_VALUE),
    (re.compile(r"pg_hba\.conf.*(?:no encryption|SSL off)"), ConnectFailure.ENCRYPTED_ONLY),
    (
        re.compile(
            r"authentication failed|pg_hba\.conf|role .* does not exist"
            r"|not permitted to log in|requires a valid"
        ),
        ConnectFailure.USER,
    ),
    (re.compile(r"database .* does not exist"), ConnectFailure.DATABASE),
    (re.compile(r"too many clients|too many connections|connection slots are reserved"), ConnectFailure.FULL),
    (re.compile(r"the database system is|not (?:yet )?accepting connections"), ConnectFailure.NOT_READY),
    (re.compile(r"Connection refused"), ConnectFailure.NOT_LISTENING),
    (re.compile(r"No such file or directory"), ConnectFailure.NO_SOCKET),
    (re.compile(r"timeout expired"), ConnectFailure.TIMEOUT),
    (re.compile(r"resolve|translate host name"), ConnectFailure.UNKNOWN_HOST),
    (re.compile(r"does not support SSL"), ConnectFailure.PLAIN_TEXT_ONLY),
    (re.compile(r"certificate verify failed"), ConnectFailure.UNTRUSTED),
    (re.compile(r"does not match host name"), ConnectFailure.OTHER_HOST),
    (re.compile(r"server closed the connection"), ConnectFailure.CLOSED),
    (re.compile(r"session is (?:not )?read-only|hot standby"), ConnectFailure.OTHER_KIND),
    (re.compile(r"Network is unreachable|No route to host"), ConnectFailure.UNREACHABLE),
    (re.compile(r"Too many open files"), ConnectFailure.NO_FILES),
)


def is_drivers(exc: BaseException) -> bool:
    """Whether psycopg raised it, and not the handler of a signal, whose exception may derive from psycopg's.

    Core tells those by their traceback, but psycopg cuts that off of whatever looks like its own.
    """
    return isinstance(exc, psycopg.Error) and type(exc).__module__.startswith("psycopg")


def interruption(exc: BaseException) -> BaseException | None:
    """As of core's connections, which tell what a signal's handler raised by its traceback.

    Psycopg cuts that off: of whatever derives from its own error, and of all that is raised while a pipeline
    ends. It looks at no value there, and its own errors are its own classes; so the rest is a handler's.
    """
    found = PooledConnection.interruption(exc)
    if found is not None:
        return found
    if isinstance(exc, psycopg.Error) and not is_drivers(exc):
        return exc
    for error in (exc, exc.__context__):
        if error is not None and not isinstance(error, psycopg.Error) and _is_of_a_pipelines_end(error):
            return error
    return None


def _is_of_a_pipelines_end(exc: BaseException) -> bool:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "psycopg._pipeline"


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours; None for what is not the driver's."""
    if not isinstance(exc, psycopg.Error):
        return _of_a_value(exc)
    if not is_drivers(exc):
        return None
    if exc.sqlstate is None:
        return _of_the_driver(exc)
    return _of_the_server(exc)


def error_of(result: PGresult) -> SQLSpecError:
    """The error that the server answered with."""
    return _of_the_server(psycopg.errors.error_from_result(result))


def is_stale(exc: psycopg.Error) -> bool:
    """Whether what was prepared does not serve any more. The server found out before it ran anything."""
    if exc.sqlstate == "0A000":  # the result would have other columns than before
        return exc.diag.source_function == "RevalidateCachedQuery"
    return exc.sqlstate == "26000"  # somebody deallocated it


def _of_the_server(exc: psycopg.Error) -> SQLSpecError:
    diag = exc.diag
    error = server_error(
        ErrorFields(
            exc.sqlstate or "",
            diag.message_primary or "",
            detail=diag.message_detail,
            hint=diag.message_hint,
            constraint=diag.constraint_name,
            table=diag.table_name,
            column=diag.column_name,
            routine=diag.source_function,
            has_position=bool(diag.statement_position or diag.internal_position),
            had_parameters="had_values" in exc.__dict__,
            copied_column=exc.__dict__.get("copied_column"),
        )
    )
    exc.args = (str(error),)  # the driver's own text ends with the row, and with the statement
    return error


def having_values(exc: psycopg.Error) -> None:
    """Note on an error that its statement was sent with parameters."""
    exc.__dict__["had_values"] = True


def in_column(exc: psycopg.Error, column: str | None) -> None:
    """Note in which column of a load it was."""
    exc.__dict__["copied_column"] = column


def _of_the_driver(exc: psycopg.Error) -> SQLSpecError:
    """What psycopg raises by itself."""
    text = str(exc)
    if isinstance(exc, psycopg.OperationalError):
        exc.args = ("the connection is closed",)
        return DisconnectedError("the connection to the server is gone")
    if isinstance(exc, (psycopg.DataError, psycopg.ProgrammingError)):
        exc.args = ("psycopg refused the statement or its parameters",)
        if found := _UNREADABLE.match(text):
            return unreadable_value(found[1], ())
        return _of_a_statement(text)
    if isinstance(exc, psycopg.NotSupportedError) or "pipeline" in text:
        return StatementError("psycopg can not run this statement here")
    return DatabaseError(f"psycopg raised {type(exc).__name__}")


def _of_a_statement(text: str) -> SQLSpecError:
    adapted = re.match(r"cannot adapt type '(\w+)'", text)
    if adapted:
        return ParameterError(f"psycopg can not send a value of type {adapted[1]}; convert it")
    if "NUL" in text:
        return ParameterError("a str holds a NUL (0x00), which PostgreSQL's texts can not")
    if "COPY" in text:
        return StatementError("COPY is not run by execute(): use load(), or the driver's connection")
    if "result" in text:
        return StatementError("psycopg can not read the result of this statement")
    return ParameterError(
        "psycopg can not send these parameters: a list's elements are of one type; name it in the statement, "
        "as ?::float8[], or convert the value"
    )


_UNREADABLE = re.compile(
    r"(?:can't parse )?(date|timestamp|timetz|time|interval)\b (?:too (?:large|small)|not supported by|')"
)
_TIMES = {
    1082: "date",
    1114: "timestamp",
    1184: "timestamptz",
    1083: "time",
    1266: "timetz",
    1186: "interval",
}


def unreadable(exc: psycopg.DataError, result: PGresult) -> SQLSpecError:
    """What psycopg raises about a value of a result, which no Python object is."""
    found = _UNREADABLE.match(str(exc))
    if found is None:
        return StatementError("psycopg can not read the result of this statement")
    kind = found[1]
    names = [kind, f"{kind}tz"]
    places = [place for place in range(result.nfields) if _TIMES.get(result.ftype(place)) in names]
    kinds = {_TIMES[result.ftype(place)] for place in places}
    return unreadable_value(
        kinds.pop() if len(kinds) == 1 else kind,
        [(result.fname(place) or b"").decode() for place in places],
    )


def _of_a_value(exc: Exception) -> SQLSpecError | None:
    """What Python raises about a value on its way to the server."""
    if isinstance(exc, UnicodeEncodeError):
        return ParameterError("a str holds a lone surrogate, which can not be stored as UTF-8")
    if isinstance(exc, (TypeError, ValueError, OverflowError, AttributeError, LookupError)):
        return ParameterError(
            "a parameter has a value that PostgreSQL can not take, such as NaN in JSON; convert it"
        )
    if type(exc).__module__ == "builtins":
        return DatabaseError(f"the driver raised {type(exc).__name__}")
    return None


def map_connect_error(exc: psycopg.Error, config: PostgreSQLConfig) -> ConnectError:
    """Why no connection was made, in our words: libpq's are a paragraph for each host."""
    said = str(exc).rpartition("FATAL:")[2]  # before it libpq tells where it was
    failure = _failure(exc)
    role = config.session_settings.get("role")
    if failure is ConnectFailure.USER and role != config.username and f'role "{role}" does not exist' in said:
        failure = ConnectFailure.SETTING_VALUE
    error = connect_error(failure, config, sqlstate=exc.sqlstate, said=said)
    exc.args = (str(error),)
    exc._pgconn = None  # noqa: SLF001 - it holds the password
    return error


def is_mismatch(exc: BaseException) -> bool:
    """Whether a server was not what `target_session_attrs` asks for."""
    return isinstance(exc, psycopg.Error) and _failure(exc) is ConnectFailure.OTHER_KIND


def _failure(exc: psycopg.Error) -> ConnectFailure:
    text = str(exc)
    found = next((failure for sign, failure in _SIGNS if sign.search(text)), ConnectFailure.UNKNOWN)
    return found if exc.sqlstate is None else failure_of_sqlstate(exc.sqlstate, text)
