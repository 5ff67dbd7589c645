# pyright: reportMissingTypeStubs=false
"""asyncpg's errors in the tree of `sqlspec.errors`: the server's by the fields of its message.

What `sqlspec.plugin.postgresql` keeps out of our text, the driver's own exception, which is chained, loses.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import (
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    SQLSpecError,
)
from sqlspec.plugin.postgresql import (
    ConnectFailure,
    ErrorFields,
    connect_error,
    failure_of_sqlstate,
    server_error,
)

if TYPE_CHECKING:
    from sqlspec.errors import ConnectError

    from .config import AsyncpgConfig

__all__ = ("having_values", "in_column", "is_from_server", "map_connect_error", "map_error")

FAILURES = {
    errno.ENOENT: ConnectFailure.NO_SOCKET,
    errno.ECONNREFUSED: ConnectFailure.NOT_LISTENING,
    errno.ENETUNREACH: ConnectFailure.UNREACHABLE,
    errno.EHOSTUNREACH: ConnectFailure.UNREACHABLE,
    errno.EMFILE: ConnectFailure.NO_FILES,
    errno.ENFILE: ConnectFailure.NO_FILES,
}
ADVISED = frozenset({"26000", "42P05"})
"""States whose hint asyncpg extends by advice about its own pools and options, which are not ours."""
HOST_MISMATCHES = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def having_values(exc: Exception) -> Exception:
    """Note on an error that its statement was sent with parameters."""
    exc.__dict__["had_values"] = True
    return exc


def in_column(exc: Exception, column: str | None) -> None:
    """Note in which column of a load it was."""
    exc.__dict__["copied_column"] = column


def map_error(exc: Exception) -> SQLSpecError | None:
    """The driver's exception as one of ours; None for what is not the driver's."""
    if isinstance(exc, asyncpg.PostgresError) and is_from_server(exc):
        return _of_server(exc)
    if isinstance(exc, TimeoutError):
        return DeadlineExceeded("the statement was stopped at its deadline")
    if isinstance(exc, (OSError, asyncpg.ConnectionDoesNotExistError)):
        return DisconnectedError("the connection to PostgreSQL broke; a statement under way may have run")
    if isinstance(exc, asyncpg.InterfaceError):
        return _of_driver(str(exc.args[0]))
    if type(exc).__module__.partition(".")[0] not in {"asyncpg", "builtins"}:
        return None
    if isinstance(exc, asyncpg.OutdatedSchemaCacheError):
        text = "a type has been changed meanwhile: the statement ran, and its rows can not be read"
    else:
        text = f"asyncpg raised {type(exc).__name__}"
    return DatabaseError(text)


def is_from_server(exc: BaseException) -> bool:
    """Whether it came from there: asyncpg raises some of the server's errors by itself, without severity."""
    return getattr(exc, "severity", None) is not None


def _of_server(exc: Any) -> SQLSpecError:
    error = server_error(
        ErrorFields(
            str(exc.sqlstate),
            str(exc.args[0]),
            detail=exc.detail,
            hint=None if exc.sqlstate in ADVISED else exc.hint,
            constraint=exc.constraint_name,
            table=exc.table_name,
            column=exc.column_name,
            routine=exc.server_source_function,
            has_position=bool(exc.position or exc.internal_position),
            had_parameters="had_values" in exc.__dict__,
            copied_column=exc.__dict__.get("copied_column"),
        )
    )
    _silence(exc, str(error))
    return error


def _silence(exc: Any, text: str) -> None:
    """Leave in the driver's exception, which is printed as the cause of ours, no more than ours says."""
    exc.args = (text,)
    for attribute in ("detail", "hint", "context", "internal_query", "message"):
        exc.__dict__.pop(attribute, None)


def _of_driver(words: str) -> SQLSpecError:
    if "is closed" in words or "was closed" in words:
        return DisconnectedError("the connection to PostgreSQL is closed")
    return DatabaseError("asyncpg refused this call")


# --- while there is no connection yet -----------------------------------------------------------------


def map_connect_error(exc: Exception, config: AsyncpgConfig) -> Exception:
    """Why no connection was made; what is not the driver's comes back as it is."""
    if isinstance(exc, asyncpg.PostgresError) and is_from_server(exc):
        return _refused(exc, config)
    failure = _failure(exc)
    return exc if failure is None else connect_error(failure, config)


def _refused(exc: Any, config: AsyncpgConfig) -> ConnectError:
    state = str(exc.sqlstate)
    is_setting = "unsupported startup parameter" in str(exc)
    failure = ConnectFailure.STARTUP_SETTING if is_setting else failure_of_sqlstate(state, str(exc))
    error = connect_error(failure, config, sqlstate=state, said=str(exc))
    _silence(exc, str(error))
    return error


def _failure(exc: Exception) -> ConnectFailure | None:
    """What an error means that is not the server's; None if it is none of a connect."""
    if isinstance(exc, asyncpg.TargetServerAttributeNotMatched):
        return ConnectFailure.OTHER_KIND
    if isinstance(exc, asyncpg.ConnectionDoesNotExistError):
        return ConnectFailure.CLOSED
    if isinstance(exc, OSError):
        return _failure_of_system(exc)
    is_drivers = isinstance(exc, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError))
    return ConnectFailure.UNKNOWN if is_drivers else None


def _failure_of_system(exc: OSError) -> ConnectFailure:
    if isinstance(exc, TimeoutError):
        return ConnectFailure.TIMEOUT
    if isinstance(exc, ssl.SSLCertVerificationError):
        is_for_other = exc.verify_code in HOST_MISMATCHES
        return ConnectFailure.OTHER_HOST if is_for_other else ConnectFailure.UNTRUSTED
    if isinstance(exc, socket.gaierror):
        return ConnectFailure.UNKNOWN_HOST
    return _failure_by_words(exc) or FAILURES.get(exc.errno or 0, ConnectFailure.UNKNOWN)


def _failure_by_words(exc: OSError) -> ConnectFailure | None:
    if "rejected SSL" in str(exc):
        return ConnectFailure.PLAIN_TEXT_ONLY
    # A name with several addresses: asyncio tells of all in one text, without a number.
    if "Connect call failed" in str(exc):
        return ConnectFailure.NOT_LISTENING
    is_refused = isinstance(exc, ConnectionRefusedError)
    return ConnectFailure.CLOSED if isinstance(exc, ConnectionError) and not is_refused else None
