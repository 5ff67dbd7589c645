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
    LockTimeoutError,
    OperationalError,
    ParameterError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
    StatementError,
)
from sqlspec.plugin.network import TLS_ONLY, tls_problem

if TYPE_CHECKING:
    from .config import RedisConfig

__all__ = ("connect_error", "is_worth_another_try", "mapped")


_REFUSED = "Redis refused a command"
_MEANINGS: tuple[tuple[Any, type[DatabaseError], str], ...] = (
    (
        (
            redis.AuthenticationError,
            exceptions.AuthorizationError,
            exceptions.AuthenticationWrongNumberOfArgsError,
        ),
        AuthenticationError,
        "Redis refuses the credentials",
    ),
    (redis.BusyLoadingError, OperationalError, "Redis is still loading its data"),
    (exceptions.MaxConnectionsError, OperationalError, "redis-py's own pool has no connection left"),
    (
        (redis.ConnectionError, redis.TimeoutError, exceptions.InvalidResponse),
        DisconnectedError,
        "the connection to Redis is gone; a command in flight may have run",
    ),
    (redis.WatchError, SerializationError, "a watched key was changed; run the whole transaction again"),
    (redis.ReadOnlyError, ReadOnlyError, "this Redis server takes no writes"),
    (
        exceptions.LockError,
        LockTimeoutError,
        "a lock of redis-py's was not to be had, or is not owned any more",
    ),
    (exceptions.OutOfMemoryError, OperationalError, "Redis has no memory left for it; see maxmemory"),
    (
        exceptions.ClusterCrossSlotError,
        StatementError,
        "the keys of one command are in several slots",
    ),
    (
        (
            exceptions.ClusterError,
            exceptions.RedisClusterException,
            exceptions.AskError,
            exceptions.TryAgainError,
        ),
        OperationalError,
        "the cluster did not serve it",
    ),
    ((redis.ResponseError, redis.PubSubError), StatementError, _REFUSED),
    (redis.RedisError, DatabaseError, _REFUSED),
)
"""Errors of commands; the first that fits counts. Those of a class to come are like those of their base."""
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
    {"BUSYGROUP", "BUSYKEY", "CROSSSLOT", "DENIED", "NOGROUP", "NOPROTO", "NOTBUSY", "WRONGTYPE"}
)
"""With what other errors begin: the command, or what it names, is wrong."""
_CIRCUMSTANCES = frozenset(
    {
        *("BUSY", "CLUSTERDOWN", "INPROG", "IOERR", "MASTERDOWN", "MISCONF", "NOGOODSLAVE", "NOMASTERLINK"),
        *("NOREPLICAS", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE"),
    }
)
"""The server is not in a state to run it."""


def is_worth_another_try(exc: Exception) -> bool:
    """Whether the next attempt to connect may succeed: not with a wrong password, or no right to come in."""
    if isinstance(exc, redis.BusyLoadingError):
        return True
    if tls_problem(exc) is not None:
        return False
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
    return ConnectError(f"no connection to {where}: {_reason(exc, config)}")


def _reason(exc: Exception, config: RedisConfig) -> str:
    if problem := tls_problem(exc):
        # A URL that begins with rediss:// contradicts that mode.
        is_about_url = config.has_secure_url and "ssl_mode" in problem
        return f"{problem}, in a URL that begins with redis://" if is_about_url else problem
    if not _was_reached(exc):
        return "is it running there?"
    if config.effective_ssl_mode == "disable" and config.socket_path is None:
        return f"the server does not answer as Redis does; {TLS_ONLY}"
    return "the server closed the connection"


def _was_reached(exc: Exception) -> bool:
    """Whether a server accepted the connection, before it failed."""
    system = exc.__context__ if isinstance(exc.__context__, OSError) else exc
    return not isinstance(system, OSError) or isinstance(system, ConnectionResetError | BrokenPipeError)


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
            code = _code(exc)
            if ours is StatementError and code in _CIRCUMSTANCES:
                return OperationalError("Redis can not run this command now", code=code)
            return ours(text, code=code)
    return None


def _code(exc: Exception) -> str | None:
    """The word with which the server's error began: one of Redis' own, for a script's may be anything."""
    found: str | None = _CODES.get(type(exc)) or getattr(exc, "status_code", None)
    # A pipeline puts text before the server's.
    word = str(exc).rpartition("caused error: ")[2].lstrip("(\"'").partition(" ")[0]
    return found or (word if word in _WORDS or word in _CIRCUMSTANCES else None)
