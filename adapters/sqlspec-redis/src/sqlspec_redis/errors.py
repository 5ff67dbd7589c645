"""redis-py's errors where core has a word for them: at connecting. Those of commands are redis-py's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
from redis import exceptions

from sqlspec.errors import (
    AuthenticationError,
    ConnectError,
    DatabaseError,
    DisconnectedError,
    ParameterError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
)

if TYPE_CHECKING:
    from .config import RedisConfig

__all__ = ("connect_error", "is_worth_another_try", "mapped")


_MEANINGS: tuple[tuple[Any, type[DatabaseError], str], ...] = (
    (
        (redis.AuthenticationError, exceptions.AuthorizationError),  # ConnectionErrors, too
        AuthenticationError,
        "Redis refuses the credentials",
    ),
    (
        (redis.ConnectionError, redis.TimeoutError),
        DisconnectedError,
        "the connection to Redis is gone; a command in flight may have run",
    ),
    (redis.WatchError, SerializationError, "a watched key was changed; run the whole transaction again"),
    (redis.ReadOnlyError, ReadOnlyError, "this Redis server takes no writes"),
    (redis.RedisError, DatabaseError, "Redis refused a command"),
)
"""Errors of commands; the first that fits counts."""
_CODES: dict[type[Exception], str] = {
    exceptions.ExecAbortError: "EXECABORT",
    exceptions.BusyLoadingError: "LOADING",
    exceptions.NoScriptError: "NOSCRIPT",
    exceptions.ReadOnlyError: "READONLY",
    exceptions.NoPermissionError: "NOPERM",
    exceptions.OutOfMemoryError: "OOM",
}
"""What redis-py has made classes of, and cut off."""
_WORDS = frozenset(
    {
        *("BUSY", "BUSYGROUP", "BUSYKEY", "CLUSTERDOWN", "CROSSSLOT", "DENIED", "INPROG", "IOERR"),
        *("MASTERDOWN", "MISCONF", "NOGOODSLAVE", "NOGROUP", "NOMASTERLINK", "NOPROTO", "NOREPLICAS"),
        *("NOTBUSY", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE", "WRONGTYPE"),
    }
)
"""With what other errors begin."""


def is_worth_another_try(exc: Exception) -> bool:
    """Whether the next attempt to connect may succeed: not with a wrong password, or no right to come in."""
    if isinstance(exc, redis.BusyLoadingError):
        return True
    return isinstance(exc, redis.ConnectionError) and not isinstance(exc, redis.AuthenticationError)


def connect_error(exc: Exception, config: RedisConfig) -> Exception:
    """What to raise for *exc*, with *exc* as its cause only if its text is redis-py's own.

    A server repeats a command that it does not know, and the one that carries the password may be such.
    """
    if not isinstance(exc, redis.RedisError | OSError):
        return exc
    error = _connect_error(exc, config)
    if _is_of_the_client(exc):
        error.__cause__ = exc
    return error


def _connect_error(exc: Exception, config: RedisConfig) -> ConnectError:
    where = f"Redis at {config.place}"
    if isinstance(
        exc,
        redis.AuthenticationError | exceptions.AuthorizationError | exceptions.NoPermissionError,
    ):
        return AuthenticationError(f"{where} refuses the credentials; look at username and password")
    if isinstance(exc, redis.BusyLoadingError):
        return ConnectError(f"{where} is still loading its data")
    if isinstance(exc, exceptions.MasterDownError):
        return ConnectError(
            f"{where} is a replica that has lost its master, and serves nobody until it is back"
        )
    if isinstance(exc, redis.ResponseError):
        return ConnectError(
            f"{where} refuses the connection. Is there a database of that number, and does the server speak "
            "the protocol? For one older than 6.0 write protocol=2"
        )
    if isinstance(exc, redis.TimeoutError | TimeoutError):
        return ConnectError(f"{where} did not answer within connect_timeout={config.connect_timeout:g} s")
    return ConnectError(f"no connection to {where}. {_hint(config)}")


def _hint(config: RedisConfig) -> str:
    if config.ssl_mode is None and config.effective_ssl_mode == "require":
        return "It was tried with TLS, as the host is not this machine; write ssl_mode='disable' for none"
    return "Is it running there?"


def _is_of_the_client(exc: Exception) -> bool:
    return type(exc) in {redis.ConnectionError, redis.TimeoutError} or isinstance(exc, OSError)


def mapped(exc: Exception) -> SQLSpecError | None:
    """The error of core's that means the same as redis-py's; None for what is not redis-py's."""
    if isinstance(exc, redis.DataError):
        return ParameterError("a value is of a type that is not sent to Redis")
    if isinstance(exc, redis.WatchError) and "while watching" in str(exc):
        exc = redis.ConnectionError()  # a pipeline that watches makes a WatchError of any loss
    for theirs, ours, text in _MEANINGS:
        if isinstance(exc, theirs):
            return ours(text, code=_code(exc))
    return None


def _code(exc: Exception) -> str | None:
    """The word with which the server's error began: one of Redis' own, for a script's may be anything."""
    found: str | None = _CODES.get(type(exc)) or getattr(exc, "status_code", None)
    # A pipeline puts text before the server's.
    word = str(exc).rpartition("caused error: ")[2].lstrip("(\"'").partition(" ")[0]
    return found or (word if word in _WORDS else None)
