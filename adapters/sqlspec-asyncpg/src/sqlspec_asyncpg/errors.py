# pyright: reportMissingTypeStubs=false
"""PostgreSQL's and asyncpg's errors in the tree of `sqlspec.errors`.

Texts of the server that name constraints, columns and words of the statement are passed on. Those that quote
values, as all of class 22 do, and those that an application wrote itself, stand in `.detail` alone; the
driver's own exception, which is chained, loses them.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from sqlspec.errors import (
    ConnectError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    IntegrityError,
    QueryCancelledError,
    QueryTimeoutError,
    SQLSpecError,
    TransactionAbortedError,
)
from sqlspec.plugin import error_for_sqlstate

__all__ = ("having_values", "is_from_server", "map_connect_error", "map_error")

SPEAKS_OF_NAMES = frozenset(
    {"0A", "23", "25", "26", "28", "34", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"}
)
"""SQLSTATE classes whose texts hold no values."""
ABORTED = "25P02"


def having_values(exc: Exception) -> Exception:
    """Note on an error that its statement was sent with parameters."""
    exc.__dict__["had_values"] = True
    return exc


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
    return DatabaseError(f"asyncpg raised {type(exc).__name__}")


def is_from_server(exc: BaseException) -> bool:
    """Whether it came from there: asyncpg raises some of the server's errors by itself, without severity."""
    return getattr(exc, "severity", None) is not None


def map_connect_error(exc: Exception, where: str) -> Exception:
    """The same while there is no connection yet; what is not the driver's comes back as it is."""
    if isinstance(exc, SQLSpecError):
        return exc
    if isinstance(exc, TimeoutError):
        return ConnectError(f"no answer from PostgreSQL at {where} within connect_timeout")
    if isinstance(exc, asyncpg.TargetServerAttributeNotMatched):
        return ConnectError(f"none of {where} is what target_session_attrs asks for")
    if isinstance(exc, OSError):
        return ConnectError(f"can not connect to PostgreSQL at {where}: {_reason(exc)}")
    error = map_error(exc)
    if isinstance(error, DisconnectedError) and not is_from_server(exc):
        return ConnectError(f"PostgreSQL at {where} closed the connection before it was of use")
    if isinstance(error, ConnectError):
        error.args = (f"PostgreSQL at {where}: {error}",)
    return error or exc


def _reason(exc: OSError) -> str:
    if isinstance(exc, ConnectionError) and "rejected SSL" in str(exc):
        return 'it does not speak TLS, and ssl_mode="disable" was not said'
    return exc.strerror or type(exc).__name__


# --- the server's -----------------------------------------------------------------------------------


def _of_server(exc: Any) -> SQLSpecError:
    state, words = str(exc.sqlstate), str(exc.args[0])
    if state == ABORTED:
        return TransactionAbortedError(
            "the transaction was given up after an error; roll back before the next"
        )
    kind = _kind(state, words)
    if state[:2] in SPEAKS_OF_NAMES and not _is_about_a_value(exc, state):
        text, detail = words, exc.detail
    else:
        text = f"PostgreSQL says {type(exc).__name__} ({state}); its words are in .detail"
        detail = "\n".join(filter(None, (words, exc.detail, exc.hint)))
        exc.args = (text,)
        exc.__dict__.pop("hint", None)
    error = kind(text, sqlstate=state, detail=detail)
    if isinstance(error, IntegrityError):
        error.constraint, error.table, error.column = exc.constraint_name, exc.table_name, exc.column_name
    _silence(exc)
    return error


def _is_about_a_value(exc: Any, state: str) -> bool:
    """Whether a name may be a parameter's, as in `?::regclass`; for one in the text there is a position."""
    found = exc.position or exc.internal_position
    return state.startswith("42") and not found and "had_values" in exc.__dict__


def _kind(state: str, words: str) -> type[DatabaseError]:
    kind = error_for_sqlstate(state)
    # One state for both; the words are those of an English server.
    return QueryTimeoutError if kind is QueryCancelledError and "timeout" in words else kind


def _silence(exc: Any) -> None:
    """Take from the driver's exception what quotes rows: it is printed with ours, as its cause."""
    for attribute in ("detail", "context", "internal_query", "message"):
        exc.__dict__.pop(attribute, None)


# --- asyncpg's own ------------------------------------------------------------------------------------


def _of_driver(words: str) -> SQLSpecError:
    if "is closed" in words or "was closed" in words:
        return DisconnectedError("the connection to PostgreSQL is closed")
    return DatabaseError("asyncpg refused this call")
