# pyright: reportMissingTypeStubs=false
"""Opening a connection: find a host that answers, and learn what its server allows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.plugin.network import set_keepalive
from sqlspec.plugin.postgresql import SchemaChanges

from .codecs import set_codecs
from .connection import AsyncpgConnection
from .ending import find_reset
from .errors import map_connect_error
from .watched_connection import WatchedConnection

if TYPE_CHECKING:
    from sqlspec.plugin import Resources

    from .config import AsyncpgConfig

__all__ = ("connect",)

CONNECT: Any = asyncpg.connect  # its annotations say less than its documentation
ELSEWHERE = (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched, asyncpg.CannotConnectNowError)
"""Errors after which another host may serve. A wrong password is wrong everywhere."""


async def connect(config: AsyncpgConfig, resources: Resources) -> AsyncpgConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    try:
        raw = await _open(config)
    except Exception as exc:
        if AsyncpgConnection.is_foreign(exc):
            raise
        error = map_connect_error(exc, config)
        if error is exc:
            raise
        raise error from exc
    try:
        reset = await _prepare(raw, config, resources)
    except BaseException:
        raw.terminate()
        raise
    changes = resources.get("changes", SchemaChanges, lambda _: None)
    return AsyncpgConnection(raw, config, reset, changes)


async def _prepare(raw: WatchedConnection, config: AsyncpgConfig, resources: Resources) -> str:
    """Make a new connection ours; returns its reset."""
    set_keepalive(raw.transport.get_extra_info("socket").fileno(), config.tcp_keepalive)
    await set_codecs(raw)
    if config.reset != "full":
        return ""
    known: dict[object, str] = resources.get("resets", dict, dict.clear)
    return await find_reset(raw, known, pgbouncer=config.pgbouncer)


async def _open(config: AsyncpgConfig) -> WatchedConnection:
    arguments = await _arguments(config)
    until = time.monotonic() + config.connect_timeout
    if config.target_session_attrs != "prefer-standby":
        return await _first(config, arguments, config.target_session_attrs, until)
    try:
        return await _first(config, arguments, "standby", until)
    except asyncpg.TargetServerAttributeNotMatched:
        return await _first(config, arguments, "any", until)


async def _first(
    config: AsyncpgConfig, arguments: dict[str, Any], attrs: str, until: float
) -> WatchedConnection:
    """The first host that answers and is what is asked for. None may use up the time of those behind it."""
    last: Exception = TimeoutError()
    for number, (host, port) in enumerate(config.addresses):
        seconds = (until - time.monotonic()) / (len(config.addresses) - number)
        if seconds <= 0:
            break
        try:
            return await CONNECT(  # type: ignore[no-any-return] # asyncpg has no types
                host=host, port=port, target_session_attrs=attrs, timeout=seconds, **arguments
            )
        except ELSEWHERE as exc:
            if AsyncpgConnection.is_foreign(exc):
                raise
            # That it is not the kind of server asked for says less than why another could not be asked.
            if not isinstance(exc, asyncpg.TargetServerAttributeNotMatched) or type(last) is TimeoutError:
                last = exc
    raise last


async def _arguments(config: AsyncpgConfig) -> dict[str, Any]:
    return {
        "user": config.username,
        "password": await config.areveal_password(),
        "database": config.database,
        "ssl": config.tls() or False,
        "server_settings": {"application_name": config.application_name, **config.session_settings},
        "statement_cache_size": config.cached_statements,
        "connection_class": WatchedConnection,
    }
