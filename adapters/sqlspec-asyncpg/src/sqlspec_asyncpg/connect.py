# pyright: reportMissingTypeStubs=false
"""Opening a connection: find a host that answers, and learn what its server allows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.plugin import default_ssl_mode, tls_context

from .connection import AsyncpgConnection
from .ending import find_reset
from .errors import map_connect_error
from .values import set_codecs
from .watched_connection import WatchedConnection

if TYPE_CHECKING:
    from sqlspec import Secret
    from sqlspec.plugin import Resources

    from .config import AsyncpgConfig

__all__ = ("connect",)

CONNECT: Any = asyncpg.connect  # its annotations say less than its documentation
ELSEWHERE = (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched, asyncpg.CannotConnectNowError)
"""Errors after which another host may serve. A wrong password is wrong everywhere."""


async def connect(config: AsyncpgConfig, resources: Resources) -> AsyncpgConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    where = ", ".join(f"{host}:{port}" for host, port in config.addresses)
    try:
        raw = await _open(config)
    except Exception as exc:
        if AsyncpgConnection.is_foreign(exc):
            raise
        error = map_connect_error(exc, where)
        if error is exc:
            raise
        raise error from exc
    try:
        await set_codecs(raw)
        known: dict[bool, str] = resources.get("resets", dict, dict.clear)
        reset = await find_reset(raw, known, pgbouncer=config.pgbouncer) if config.reset == "full" else ""
    except BaseException:
        raw.terminate()
        raise
    return AsyncpgConnection(raw, config, reset)


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
    settings = dict(config.server_settings)
    settings.setdefault("application_name", config.application_name)
    if config.read_only and not config.pgbouncer:  # which refuses settings that it does not know
        settings["default_transaction_read_only"] = "on"
    mode = config.ssl_mode or default_ssl_mode([host for host, _ in config.addresses])
    context = tls_context(mode, root_cert=config.ssl_root_cert, cert=config.ssl_cert, key=config.ssl_key)
    return {
        "user": config.username,
        "password": await _revealed(config.password),
        "database": config.database,
        "ssl": context or False,
        "server_settings": settings,
        "statement_cache_size": config.cached_statements,
        "connection_class": WatchedConnection,
    }


async def _revealed(password: Secret | None) -> str | None:
    """A function that fetches a password may take its time, and must not hold up the loop."""
    if password is None:
        return None
    if isinstance(password._source, str):  # noqa: SLF001 - a thread for nothing would be a pity
        return password.reveal()
    from asyncio import to_thread

    return await to_thread(password.reveal)
