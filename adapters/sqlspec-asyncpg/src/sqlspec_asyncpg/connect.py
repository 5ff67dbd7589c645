# pyright: reportMissingTypeStubs=false
"""Opening a connection: find a host that answers, and learn what its server allows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.plugin.network import Hosts, set_keepalive
from sqlspec.plugin.postgresql import SchemaChanges

from .codecs import set_codecs
from .connection import AsyncpgConnection
from .deadlines import seconds_until
from .ending import find_reset
from .errors import map_connect_error
from .watched_connection import WatchedConnection

if TYPE_CHECKING:
    from sqlspec.plugin import Resources
    from sqlspec.plugin.network import Host

    from .config import AsyncpgConfig

__all__ = ("connect",)

CONNECT: Any = asyncpg.connect  # its annotations say less than its documentation
ELSEWHERE = (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched, asyncpg.CannotConnectNowError)
"""Errors after which another host may serve. A wrong password is wrong everywhere."""


async def connect(config: AsyncpgConfig, resources: Resources) -> AsyncpgConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    until = time.monotonic() + config.connect_timeout
    hosts = resources.get(
        "hosts", lambda: Hosts(config.addresses, config.target_session_attrs), lambda _: None
    )
    try:
        raw, host = await _open(config, hosts, until)
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
    return AsyncpgConnection(raw, config, reset, changes, host)


async def _prepare(raw: WatchedConnection, config: AsyncpgConfig, resources: Resources) -> str:
    """Make a new connection ours; returns its reset."""
    set_keepalive(raw.transport.get_extra_info("socket").fileno(), config.tcp_keepalive)
    await set_codecs(raw)
    if config.reset != "full":
        return ""
    known: dict[object, str] = resources.get("resets", dict, dict.clear)
    return await find_reset(raw, known, pgbouncer=config.pgbouncer)


async def _open(config: AsyncpgConfig, hosts: Hosts, until: float) -> tuple[WatchedConnection, Host]:
    """A connection to the first host that answers and is what is asked for."""
    arguments = await _arguments(config)
    last: Exception = TimeoutError()
    for turn in hosts.turns(until):
        host, port = turn.host.address
        try:
            raw = await CONNECT(
                host=host,
                port=port,
                target_session_attrs=turn.attrs,
                timeout=seconds_until(turn.until),
                **arguments,
            )
        except ELSEWHERE as exc:
            if AsyncpgConnection.is_foreign(exc):
                raise
            if isinstance(exc, TimeoutError):
                turn.host.leave()
            # That it is not the kind of server asked for says less than why another could not be asked.
            if not isinstance(exc, asyncpg.TargetServerAttributeNotMatched) or type(last) is TimeoutError:
                last = exc
        else:
            if hosts.serves(turn):
                return raw, turn.host
            raw.terminate()
    raise last


async def _arguments(config: AsyncpgConfig) -> dict[str, Any]:
    password = await config.afetch_password()
    return {
        "user": config.username,
        "password": None if password is None else password.reveal,  # called by asyncpg
        "database": config.database,
        "ssl": config.tls() or False,
        "server_settings": {"application_name": config.application_name, **config.session_settings},
        "statement_cache_size": config.cached_statements,
        "connection_class": WatchedConnection,
    }
