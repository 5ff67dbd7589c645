# The source of _sync.py, which tools/print_sync.py prints from it.
"""Opening a connection: try the hosts, within one deadline, and find out what the server's reset is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from psycopg import generators

from sqlspec.errors import DeadlineExceeded
from sqlspec.plugin.network import Hosts, share_of
from sqlspec.plugin.postgresql import ConnectFailure, SchemaChanges, connect_error
from sqlspec_psycopg.connect_inputs import async_attempts
from sqlspec_psycopg.connection._async import AsyncPsycopgConnection
from sqlspec_psycopg.conninfo import check_files, conninfo, parameters
from sqlspec_psycopg.deadlines import async_run_connect
from sqlspec_psycopg.errors import is_drivers, is_mismatch, map_connect_error
from sqlspec_psycopg.raw._async import AsyncBoundedConnection
from sqlspec_psycopg.reset import Resets

if TYPE_CHECKING:
    from psycopg import pq

    from sqlspec import Secret
    from sqlspec.errors import ConnectError
    from sqlspec.plugin import Resources
    from sqlspec.plugin.network import Host, Turn
    from sqlspec_psycopg.config import PostgreSQLConfig

__all__ = ("async_connect",)


async def async_connect(config: PostgreSQLConfig, resources: Resources) -> AsyncPsycopgConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    check_files(config)
    until = time.monotonic() + config.connect_timeout
    password = await config.afetch_password()
    hosts = resources.get(
        "hosts", lambda: Hosts(config.addresses, config.target_session_attrs), lambda _: None
    )
    pgconn, host = await _open(config, hosts, password, until)
    try:
        changes = resources.get("changes", SchemaChanges, lambda _: None)
        connection = AsyncPsycopgConnection(AsyncBoundedConnection(pgconn), config, changes, host)
        resets = resources.get("resets", lambda: Resets(config), Resets.forget)
        await connection.set_up(resets, until)
    except BaseException as exc:
        pgconn.finish()
        if is_drivers(exc) or isinstance(exc, DeadlineExceeded):
            raise _failed(exc, config) from exc
        raise
    return connection


async def _open(
    config: PostgreSQLConfig, hosts: Hosts, password: Secret | None, until: float
) -> tuple[pq.abc.PGconn, Host]:
    """A connection to the first host that answers and is what `target_session_attrs` asks for."""
    failure: psycopg.Error | DeadlineExceeded | None = None
    for turn in hosts.turns(until):
        pgconn, exc = await _ask(config, turn, password)
        if isinstance(exc, DeadlineExceeded):
            turn.host.leave()
        # That it is not the kind of server asked for says less than why another could not be asked.
        if exc is not None and (failure is None or not is_mismatch(exc)):
            failure = exc
        if pgconn is not None:
            if hosts.serves(turn):
                return pgconn, turn.host
            pgconn.finish()
    # Outside of the handlers, because psycopg's errors would be a chain of one host after the other.
    raise _failed(failure, config) from failure


async def _ask(
    config: PostgreSQLConfig, turn: Turn, password: Secret | None
) -> tuple[pq.abc.PGconn | None, psycopg.Error | DeadlineExceeded | None]:
    """Connect to one of a host's addresses; or the last error."""
    failure: psycopg.Error | DeadlineExceeded | None = None
    try:
        remaining = await async_attempts(parameters(config, turn), turn.until)
    except (psycopg.Error, DeadlineExceeded) as exc:
        return None, _its_own(exc)
    while remaining:
        until = share_of(turn.until, len(remaining), time.monotonic())
        try:
            key_password: Secret | None = config.ssl_key_password  # type: ignore[assignment] # what may be given
            steps = generators.connect(conninfo(remaining.pop(0), password, key_password))
            return await async_run_connect(steps, until), None
        except (psycopg.Error, DeadlineExceeded) as exc:
            failure = _its_own(exc)
    return None, failure


def _its_own(exc: psycopg.Error | DeadlineExceeded) -> psycopg.Error | DeadlineExceeded:
    foreign = AsyncPsycopgConnection.interruption(exc)
    if foreign is None and isinstance(exc, psycopg.Error) and not is_drivers(exc):
        foreign = exc
    if foreign is not None:
        raise foreign
    return exc


def _failed(exc: BaseException | None, config: PostgreSQLConfig) -> ConnectError:
    if isinstance(exc, psycopg.Error):
        return map_connect_error(exc, config)
    return connect_error(ConnectFailure.TIMEOUT, config)
