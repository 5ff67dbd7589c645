# Printed from _async.py by tools/print_sync.py; do not edit.
"""Opening a connection: try the hosts, within one deadline, and find out what the server's reset is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from psycopg import generators
from psycopg.conninfo import make_conninfo

from sqlspec.errors import DeadlineExceeded
from sqlspec.plugin.postgresql import ConnectFailure, SchemaChanges, connect_error
from sqlspec_psycopg.connect_inputs import attempts
from sqlspec_psycopg.connection._sync import PsycopgConnection
from sqlspec_psycopg.conninfo import check_files, parameters
from sqlspec_psycopg.deadlines import run_connect
from sqlspec_psycopg.errors import is_drivers, map_connect_error
from sqlspec_psycopg.raw._sync import BoundedConnection
from sqlspec_psycopg.reset import Resets

if TYPE_CHECKING:
    from psycopg import pq

    from sqlspec.errors import ConnectError
    from sqlspec.plugin import Resources
    from sqlspec_psycopg.config import PostgreSQLConfig

__all__ = ("connect",)


def connect(config: PostgreSQLConfig, resources: Resources) -> PsycopgConnection:
    """A connection that is ready for core. Raises `ConnectError`."""
    check_files(config)
    until = time.monotonic() + config.connect_timeout
    password = config.reveal_password()
    pgconn = _open(config, password, until)
    try:
        changes = resources.get("changes", SchemaChanges, lambda _: None)
        connection = PsycopgConnection(BoundedConnection(pgconn), config, changes)
        resets = resources.get("resets", lambda: Resets(config), Resets.forget)
        connection.set_up(resets, until)
    except BaseException as exc:
        pgconn.finish()
        if is_drivers(exc) or isinstance(exc, DeadlineExceeded):
            raise _failed(exc, config) from exc
        raise
    return connection


def _open(config: PostgreSQLConfig, password: str | None, until: float) -> pq.abc.PGconn:
    """The first host that answers and is what `target_session_attrs` asks for."""
    failure: psycopg.Error | DeadlineExceeded | None = None
    try:
        for attempt in attempts(parameters(config, password)):
            try:
                steps = generators.connect(make_conninfo("", **attempt))
                pgconn: pq.abc.PGconn = run_connect(steps, until)
                return pgconn  # noqa: TRY300 - the loop goes on in the handler
            except psycopg.Error as exc:
                failure = _its_own(exc)
    except (psycopg.Error, DeadlineExceeded) as exc:
        failure = _its_own(exc)
    # Outside of the handlers, because psycopg's errors would be a chain of one host after the other.
    raise _failed(failure, config) from failure


def _its_own(exc: psycopg.Error | DeadlineExceeded) -> psycopg.Error | DeadlineExceeded:
    foreign = PsycopgConnection.interruption(exc)
    if foreign is None and isinstance(exc, psycopg.Error) and not is_drivers(exc):
        foreign = exc
    if foreign is not None:
        raise foreign
    return exc


def _failed(exc: BaseException | None, config: PostgreSQLConfig) -> ConnectError:
    if isinstance(exc, psycopg.Error):
        return map_connect_error(exc, config)
    return connect_error(ConnectFailure.TIMEOUT, config)
