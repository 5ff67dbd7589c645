"""psycopg's errors in the tree of `sqlspec.errors`, by SQLSTATE.

PostgreSQL's texts name tables, columns and constraints. Some quote values, too: those are masked, here and in
the driver's own error, which is the cause of ours. What the server says of a row stands in `.detail`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg

from sqlspec.errors import (
    AuthenticationError,
    ConnectError,
    DatabaseError,
    DisconnectedError,
    IntegrityError,
    ParameterError,
    SQLSpecError,
    StatementError,
)
from sqlspec.plugin import PooledConnection, error_for_sqlstate

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from .config import PostgreSQLConfig

__all__ = (
    "connect_error",
    "error_of",
    "having_values",
    "interruption",
    "is_drivers",
    "is_stale",
    "is_telling",
    "map_error",
)

_QUOTED = re.compile(r'".*"', re.DOTALL)
_QUERY_TIMEOUT = "statement timeout"
# Classes whose texts quote nothing but names, or what stands in the statement itself.
_OPEN_CLASSES = frozenset(
    {"08", "0A", "23", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"}
)
# libpq does not pass on the SQLSTATE of a refused connect; these are the server's words in English.
_REFUSALS = (
    (re.compile(r"password authentication failed|authentication failed|no password supplied|SCRAM"), "28P01"),
    (
        re.compile(r"no pg_hba\.conf entry|role .* does not exist|not permitted to log in|requires a valid"),
        "28000",
    ),
    (re.compile(r"database .* does not exist"), "3D000"),
    (re.compile(r"too many clients|too many connections|connection slots are reserved"), "53300"),
    (re.compile(r"the database system is|not (?:yet )?accepting connections"), "57P03"),
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


def error_of(result: PGresult) -> DatabaseError:
    """The error that the server answered with."""
    return _of_the_server(psycopg.errors.error_from_result(result))


def is_stale(exc: psycopg.Error) -> bool:
    """Whether what was prepared does not serve any more. The server found out before it ran anything."""
    if exc.sqlstate == "0A000":  # the result would have other columns than before
        return exc.diag.source_function == "RevalidateCachedQuery"
    return exc.sqlstate == "26000"  # somebody deallocated it


def is_telling(exc: psycopg.Error) -> bool:
    """Whether it may come from types that are not any more what they were."""
    return (exc.sqlstate or "").startswith(("42", "22P"))


def _of_the_server(exc: psycopg.Error) -> DatabaseError:
    state, diag = exc.sqlstate or "", exc.diag
    is_open = state[:2] in _OPEN_CLASSES and not _is_about_a_value(exc)
    text = _masked(diag.message_primary or "", state, is_open=is_open)
    kind = error_for_sqlstate(state)
    if state == "57014" and _is_timeout(exc):
        from sqlspec.errors import QueryTimeoutError

        kind = QueryTimeoutError
    said = None if is_open else diag.message_primary
    detail = "\n".join(filter(None, (said, diag.message_detail, diag.message_hint))) or None
    exc.args = (text,)  # the driver's own text ends with the row, and with the statement
    error = kind(text, sqlstate=state, code=state, detail=detail)
    if isinstance(error, IntegrityError):
        error.constraint, error.table, error.column = diag.constraint_name, diag.table_name, diag.column_name
    return error


def _is_timeout(exc: psycopg.Error) -> bool:
    """Nothing but the server's text tells it from another cancellation."""
    return _QUERY_TIMEOUT in (exc.diag.message_primary or "")


def having_values(exc: psycopg.Error) -> None:
    """Note on an error that its statement was sent with parameters."""
    exc.__dict__["had_values"] = True


def _is_about_a_value(exc: psycopg.Error) -> bool:
    """Whether a name may be a parameter's, as in `?::regclass`; for one in the text there is a position."""
    found = exc.diag.statement_position or exc.diag.internal_position
    return (exc.sqlstate or "").startswith("42") and not found and "had_values" in exc.__dict__


def _masked(text: str, state: str, *, is_open: bool) -> str:
    if state[:2] == "P0":
        return "a function raised an exception; what it says is in .detail"
    if is_open:
        return text
    return _QUOTED.sub('"…"', text)


def _of_the_driver(exc: psycopg.Error) -> SQLSpecError:
    """What psycopg raises by itself."""
    text = str(exc)
    if isinstance(exc, psycopg.OperationalError):
        exc.args = ("the connection is closed",)
        return DisconnectedError("the connection to the server is gone")
    if isinstance(exc, (psycopg.DataError, psycopg.ProgrammingError)):
        exc.args = ("psycopg refused the statement or its parameters",)
        return _of_a_statement(text)
    if isinstance(exc, psycopg.NotSupportedError) or "pipeline" in text:
        return StatementError("psycopg can not run this statement here")
    return DatabaseError(f"psycopg raised {type(exc).__name__}")


def _of_a_statement(text: str) -> SQLSpecError:
    adapted = re.match(r"cannot adapt type '(\w+)'", text)
    if adapted:
        return ParameterError(f"PostgreSQL has no type for a {adapted[1]}; convert it")
    if "NUL" in text:
        return ParameterError("a str holds a NUL (0x00), which PostgreSQL's texts can not")
    if "COPY" in text:
        return StatementError("COPY is not run by execute(): use load(), or the driver's connection")
    if "result" in text:
        return StatementError("psycopg can not read the result of this statement")
    return ParameterError("psycopg can not send these parameters with this statement")


def _of_a_value(exc: Exception) -> SQLSpecError | None:
    """What Python raises about a value on its way to the server."""
    if isinstance(exc, UnicodeEncodeError):
        return ParameterError("a str holds a lone surrogate, which can not be stored as UTF-8")
    if isinstance(exc, (TypeError, ValueError, OverflowError, AttributeError, LookupError)):
        return ParameterError(f"a parameter is of a kind that PostgreSQL can not take ({type(exc).__name__})")
    if type(exc).__module__ == "builtins":
        return DatabaseError(f"the driver raised {type(exc).__name__}")
    return None


def connect_error(exc: psycopg.Error, config: PostgreSQLConfig) -> ConnectError:
    """Why no connection was made, in our words: libpq's are a paragraph for each host."""
    text = str(exc)
    state = exc.sqlstate or next((state for pattern, state in _REFUSALS if pattern.search(text)), None)
    where = ", ".join(f"{host}:{port}" for host, port in config.addresses)
    why = _why(text, state)
    exc.args = (why,)
    exc._pgconn = None  # noqa: SLF001 - it holds the password
    kind: Any = error_for_sqlstate(state) if state else ConnectError
    if not issubclass(kind, ConnectError) or issubclass(kind, DisconnectedError):
        kind = ConnectError
    who = f" as {config.username!r}" if issubclass(kind, AuthenticationError) and config.username else ""
    error: ConnectError = kind(
        f"can not connect to PostgreSQL at {where}{who}: {why}", sqlstate=state, code=state
    )
    return error


def _why(text: str, state: str | None) -> str:
    """The last line that libpq has for it, which is the server's or the system's; never a password."""
    words = {
        "28P01": "the server refused the password",
        "28000": "the server does not let this user in from here",
        "3D000": "there is no such database",
        "53300": "the server has no connection left",
        "57P03": "the server is starting, stopping or recovering",
    }
    if state in words:
        return words[state]
    for sign, meaning in _SIGNS:
        if sign in text:
            return meaning
    return "the server did not answer as expected; is it PostgreSQL, and does it take this ssl_mode?"


_SIGNS = (
    ("Connection refused", "nobody listens there"),
    ("No such file or directory", "there is no such socket"),
    ("timeout expired", "no answer in time"),
    ("resolve", "the host's name is not known"),
    ("translate host name", "the host's name is not known"),
    ("does not support SSL", "the server does not take encrypted connections; its ssl_mode is 'disable'"),
    ("certificate verify failed", "the server's certificate is not trusted"),
    ("does not match host name", "the server's certificate is not for this host"),
    ("server closed the connection", "the server closed the connection"),
    ("session is read-only", "the server is read-only, and target_session_attrs asks for another"),
    ("session is not read-only", "the server is not read-only, and target_session_attrs asks for another"),
    ("hot standby", "the server is a standby, and target_session_attrs asks for another"),
    ("not in hot standby", "the server is no standby, and target_session_attrs asks for one"),
    ("Network is unreachable", "the network is unreachable"),
    ("No route to host", "there is no route to it"),
)
