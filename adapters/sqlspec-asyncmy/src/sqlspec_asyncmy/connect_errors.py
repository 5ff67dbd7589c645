"""Why no connection was made, in our words: those of driver and server name no option and no cure."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final

from sqlspec.errors import AuthenticationError, ConnectError, DatabaseError, DisconnectedError
from sqlspec.plugin.network import tls_problem

from .error_codes import WORDS as MEANINGS
from .errors import as_error
from .opening import offered_tls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec.errors import SQLSpecError

    from .config import AsyncMyConfig

__all__ = ("CAN_NOT", "connect_error")

CAN_NOT = "can not connect to MySQL at"
ACCESS_DENIED, CAN_NOT_CONNECT = 1045, 2003
ENCRYPTED_ONLY = "if this user may connect encrypted only, write ssl_mode='require'"
WORDS: Final[Mapping[int, str]] = {
    1044: "this user may not use the database {database!r}, or there is none of this name",
    1049: "there is no database {database!r}",
    1231: "the server does not take sql_mode={sql_mode!r}",
    1273: "the server does not know collation={collation!r}",
    1253: "collation={collation!r} is not one of charset={charset!r}",
    1115: "the server does not know charset={charset!r}; write charset='utf8'",
    1298: (
        "the server does not know time_zone={time_zone!r}; names need its tables of time zones, "
        "an offset as time_zone='+00:00' does not"
    ),
    2013: "the server closed the connection",
    3159: "the server takes encrypted connections only; write ssl_mode='require'",
}
"""What a number means while a connection is made; those in braces come from the config."""
SYSTEM: Final[Mapping[int, str]] = {
    errno.ENOENT: "there is no such socket",
    errno.ENETUNREACH: "the network does not lead there",
    errno.EHOSTUNREACH: "the network does not lead there",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "the system has too many files open",
    errno.EACCES: "this process may not use that socket",
}


def connect_error(exc: Exception, place: str, config: AsyncMyConfig) -> SQLSpecError:
    """The error for a connect that failed at *place*; nothing secret is in it."""
    error = as_error(exc)
    if not isinstance(error, DatabaseError):
        return error
    is_ours = isinstance(error, ConnectError) and not isinstance(error, DisconnectedError)
    kind = type(error) if is_ours else ConnectError
    who = f" as {config.username!r}" if config.username and issubclass(kind, AuthenticationError) else ""
    found = kind(
        f"{CAN_NOT} {place}{who}: {_why(exc, error, config)}",
        sqlstate=error.sqlstate,
        code=error.code,
        detail=error.detail,
    )
    found.__cause__ = error.__cause__
    return found


def _why(exc: Exception, error: DatabaseError, config: AsyncMyConfig) -> str:
    if problem := tls_problem(exc):
        return problem
    code = error.code if isinstance(error.code, int) else 0
    if not code:
        return str(error)
    if code == CAN_NOT_CONNECT and isinstance(exc.__cause__, OSError):
        return _of_system(exc.__cause__)
    if code in WORDS:
        options = ("database", "sql_mode", "collation", "charset", "time_zone")
        return WORDS[code].format(**{name: getattr(config, name) for name in options})
    if code not in MEANINGS:
        return f"the server refused the connection; its words are in .detail (error {code})"
    why = MEANINGS[code][1]
    # A server says the same of a wrong password and of a user for whom it insists on encryption.
    is_plain = config.effective_ssl_mode == "disable" and offered_tls(exc)
    return f"{why}; {ENCRYPTED_ONLY}" if code == ACCESS_DENIED and is_plain else why


def _of_system(exc: OSError) -> str:
    if isinstance(exc, socket.gaierror):
        return "the host's name is not known"
    # A name with several addresses: asyncio tells of all in one text, without a number.
    if isinstance(exc, ConnectionRefusedError) or "Connect call failed" in str(exc):
        return "no server listens there"
    if isinstance(exc, ConnectionError):
        return "the server closed the connection"
    return SYSTEM.get(exc.errno or 0, f"the network failed: {type(exc).__name__}")
