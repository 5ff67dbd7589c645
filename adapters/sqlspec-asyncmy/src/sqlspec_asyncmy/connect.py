"""Opening a connection, and the side connection that stops what another one runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncmy
from asyncmy.charset import charset_by_name
from asyncmy.constants.CLIENT import FOUND_ROWS
from asyncmy.errors import MySQLError

from sqlspec.errors import ConnectError, DatabaseError, DisconnectedError, SQLSpecError
from sqlspec.plugin.network import set_keepalive

from . import protocol, transport
from .config import harmful_modes, harmless
from .connection import AsyncMyConnection
from .errors import as_error
from .session_setup import SessionSetup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec import Secret

    from .config import AsyncMyConfig

__all__ = ("connect",)

SERVER_VARIABLES = b"SELECT @@sql_mode, @@max_allowed_packet"
READ_ONLY_TRANSACTION, NO_EXPLAIN = 1792, 1345
"""Errors: a write in such a transaction; a view with tables that the user may not see."""
STOP_TIMEOUT = 0.8
"""Seconds to stop another connection's statement: the cancelled task waits for it."""


async def connect(config: AsyncMyConfig) -> AsyncMyConnection:
    """A connection that is ready for core. Raises `ConnectError`, within `connect_timeout`."""
    # First, and by itself: what an application's own function raises is the application's.
    password = await config.afetch_password()
    raw: Any = None
    try:
        async with asyncio.timeout(config.connect_timeout):
            raw = await _open(config, password)
            return await _prepare(raw, config)
    except TimeoutError as exc:
        if AsyncMyConnection.is_foreign(exc):
            raise
        error: SQLSpecError = ConnectError(
            f"no connection within connect_timeout={config.connect_timeout:g} s"
        )
    except (MySQLError, OSError, ValueError) as exc:
        if AsyncMyConnection.is_foreign(exc):
            raise
        error = _refused(exc, config)
    except BaseException:
        if raw is not None:
            raw.close()
        raise
    if raw is not None:
        raw.close()
    # Outside of the handler, so that the driver's exception, which may quote secrets, is not its context.
    raise error


def _refused(exc: Exception, config: AsyncMyConfig) -> SQLSpecError:
    error = as_error(exc)
    if not isinstance(error, DatabaseError):
        return error
    is_ours = isinstance(error, ConnectError) and not isinstance(error, DisconnectedError)
    kind = type(error) if is_ours else ConnectError
    # The server's text can only quote names here: no statement and no row was sent yet.
    text = f"can not connect to {config.location}: {error.detail or error}"
    found = kind(text, sqlstate=error.sqlstate, code=error.code, detail=error.detail)
    found.__cause__ = error.__cause__
    return found


async def _open(config: AsyncMyConfig, password: Secret | None) -> Any:
    connect: Any = asyncmy.connect  # its stubs forbid what its documentation allows
    return await connect(
        host=config.host if config.socket is None else "localhost",
        port=config.port,
        unix_socket=config.socket,
        user=config.username,
        # As bytes, for the driver would encode a str as latin1; it takes those from a function alone.
        password_creator=None if password is None else lambda: password.reveal().encode(),
        database=config.database,
        charset=config.charset,
        autocommit=None,  # set below, together with everything else
        connect_timeout=config.connect_timeout,
        local_infile=config.local_infile,
        program_name=config.application_name,
        client_flag=FOUND_ROWS,  # UPDATE counts the rows it found, as all other databases do
        ssl=config.tls(),
    )


async def _prepare(raw: Any, config: AsyncMyConfig) -> AsyncMyConnection:
    """Switch off multiple statements, and find out what the server can do."""
    set_keepalive(transport.fileno(raw), config.tcp_keepalive)
    await protocol.disable_multi_statements(raw)
    no_reset, failed = await protocol.exchange(
        raw,
        [protocol.packet(protocol.RESET), protocol.packet(protocol.QUERY, SERVER_VARIABLES)],
        at_once=config.pipelining,
    )
    if failed is not None:
        raise failed
    sql_mode, max_packet = protocol.last_rows(raw)[0]
    statements = _setup(config, sql_mode, autocommit=bool(raw.server_status & protocol.AUTOCOMMIT))
    setup = SessionSetup(
        statements=statements,
        names=_names(config),
        can_reset=no_reset is None,
        max_packet=int(max_packet),
        database=config.database,
        pipelining=config.pipelining,
        stop=lambda thread, *, for_good: stop(config, thread, for_good=for_good),
        reads_only=lambda selects: reads_only(config, statements, selects),
    )
    for failed in filter(None, await protocol.exchange(raw, setup.packets, at_once=config.pipelining)):
        raise failed
    return AsyncMyConnection(raw, setup)


def _names(config: AsyncMyConfig) -> str:
    collation = config.collation or charset_by_name(config.charset).collation
    return f"SET NAMES {config.charset} COLLATE {collation}"


def _setup(config: AsyncMyConfig, sql_mode: str, *, autocommit: bool) -> tuple[str, ...]:
    """What makes a session of the server's ours, where its own settings do not."""
    parts: list[str] = []
    if config.collation is not None:
        parts.append(f"NAMES {config.charset} COLLATE {config.collation}")
    if not autocommit:
        parts.append("autocommit=1")
    if config.sql_mode is not None or harmful_modes(sql_mode):
        parts.append(f"sql_mode='{harmless(sql_mode) if config.sql_mode is None else config.sql_mode}'")
    if config.time_zone is not None:
        parts.append(f"time_zone='{config.time_zone}'")
    statements = [f"SET {', '.join(parts)}"] if parts else []
    if config.read_only:
        statements.append("SET SESSION TRANSACTION READ ONLY")
    return tuple(statements)


async def stop(config: AsyncMyConfig, thread: int, *, for_good: bool) -> bool:
    """KILL what the server runs for connection *thread*; *for_good*: the connection as well.

    A best effort, in bounded time: returns whether the server has done it.
    """
    raw: Any = None
    with suppress(Exception):  # the caller has an error of its own to raise
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                raw = await _open(config, await config.afetch_password())
                await raw.query(b"KILL %s %d" % (b"CONNECTION" if for_good else b"QUERY", thread))
                return True
        finally:
            if raw is not None:
                raw.close()
    return False


async def reads_only(
    config: AsyncMyConfig, statements: Sequence[str], selects: Sequence[bytes]
) -> bool | None:
    """Whether all *selects* write nothing, not by functions or views either; None if nobody can tell.

    In a transaction that is read-only the server explains no statement that writes.
    """
    raw: Any = None
    with suppress(Exception):  # a best effort
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                raw = await _open(config, await config.afetch_password())
                for statement in (*statements, "START TRANSACTION READ ONLY"):
                    await raw.query(statement)
                for select in selects:
                    await _explain(raw, select)
                return True
        except MySQLError as exc:
            return False if exc.args[0] == READ_ONLY_TRANSACTION else None
        finally:
            if raw is not None:
                raw.close()
    return None


async def _explain(raw: Any, select: bytes) -> None:
    try:
        await raw.query(b"EXPLAIN " + select)
    except MySQLError as exc:
        if exc.args[0] != NO_EXPLAIN:
            raise
        await raw.query(b"SELECT 1 FROM (" + select + b"\n) AS explained LIMIT 0")
