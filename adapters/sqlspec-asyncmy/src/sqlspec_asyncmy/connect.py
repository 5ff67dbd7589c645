"""Opening a connection: find a host that serves, and learn what its server can do."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from asyncmy.charset import charset_by_name
from asyncmy.errors import MySQLError

from sqlspec.errors import AuthenticationError, ConnectError, SQLSpecError
from sqlspec.plugin.network import Hosts, set_keepalive

from . import protocol, transport
from .config import harmful_modes, harmless
from .connect_errors import CAN_NOT, connect_error
from .connection import AsyncMyConnection
from .opening import open_raw
from .session_setup import SessionSetup
from .side_connection import SideConnection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec import Secret
    from sqlspec.plugin import Resources
    from sqlspec.plugin.network import Host, Turn

    from .config import AsyncMyConfig

__all__ = ("connect",)

SERVER_VARIABLES = b"SELECT @@sql_mode, @@max_allowed_packet, @@global.read_only, @@global.innodb_read_only"


async def connect(config: AsyncMyConfig, resources: Resources) -> AsyncMyConnection:
    """A connection that is ready for core. Raises `ConnectError`, within `connect_timeout`."""
    # First, and by itself: what an application's own function raises is the application's.
    password = await config.afetch_password()
    hosts = resources.get(
        "hosts", lambda: Hosts(config.addresses, config.target_session_attrs), lambda _: None
    )
    refused: list[ConnectError] = []
    for turn in hosts.turns(time.monotonic() + config.connect_timeout):
        try:
            connection = await _connect_to(turn, config, password)
        except AuthenticationError:  # a wrong password is wrong everywhere
            raise
        except ConnectError as exc:
            refused.append(exc)
        else:
            if hosts.serves(turn):
                return connection
            connection.interrupt(for_good=True)
    raise _of_all(refused, config)


async def _connect_to(turn: Turn, config: AsyncMyConfig, password: Secret | None) -> AsyncMyConnection:
    """Connect to one host, while it is its turn. Raises `ConnectError`."""
    place = _place(turn.host)
    raw: Any = None
    try:
        async with asyncio.timeout(turn.until - time.monotonic()):
            raw = await open_raw(config, turn.host.address, password)
            return await _prepare(raw, config, turn.host)
    except TimeoutError as exc:
        if AsyncMyConnection.is_foreign(exc):
            raise
        turn.host.leave()
        time_out = f"{'its share of ' if config.hosts else ''}connect_timeout={config.connect_timeout:g} s"
        error: SQLSpecError = ConnectError(
            f"can not connect to MySQL at {place}: no answer within {time_out}"
        )
    except (MySQLError, OSError, ValueError) as exc:
        if AsyncMyConnection.is_foreign(exc):
            raise
        error = connect_error(exc, place, config)
    except ConnectError as exc:
        error = exc
    except BaseException:
        if raw is not None:
            raw.close()
        raise
    if raw is not None:
        raw.close()
    # Outside of the handler, so that the driver's exception, which may quote secrets, is not its context.
    raise error


def _place(host: Host) -> str:
    name, port = host.address
    return name if name.startswith("/") else f"{name}:{port}"


def _of_all(refused: Sequence[ConnectError], config: AsyncMyConfig) -> ConnectError:
    """One error for all hosts, which says of each why it does not serve."""
    if not refused:
        return ConnectError(
            f"can not connect to MySQL at {config.location}: another primary was met meanwhile"
        )
    if len(refused) == 1:
        return refused[0]
    # That a server is not of the kind that was asked for says less than why another could not be asked.
    telling = next((error for error in refused if error.code is not None), refused[0])
    text = "; ".join(map(str, refused))
    found = ConnectError(text, sqlstate=telling.sqlstate, code=telling.code, detail=telling.detail)
    found.__cause__ = telling.__cause__
    return found


async def _prepare(raw: Any, config: AsyncMyConfig, host: Host) -> AsyncMyConnection:
    """Switch off multiple statements, and find out what the server can do."""
    set_keepalive(transport.fileno(raw), config.tcp_keepalive)
    await protocol.disable_multi_statements(raw)
    no_reset, not_ready, failed = await protocol.exchange(
        raw,
        [
            protocol.packet(protocol.RESET),
            protocol.PROBE,
            protocol.packet(protocol.QUERY, SERVER_VARIABLES),
        ],
        at_once=config.pipelining,
    )
    if error := not_ready or failed:
        raise error
    sql_mode, max_packet, *read_only = protocol.last_rows(raw)[0]
    is_reader = protocol.takes_no_writes(read_only)
    _check_kind(config, host, is_reader=is_reader)
    statements = _setup(config, sql_mode, autocommit=bool(raw.server_status & protocol.AUTOCOMMIT))
    setup = SessionSetup(
        statements=statements,
        names=_names(config),
        can_reset=no_reset is None,
        max_packet=int(max_packet),
        database=config.database,
        pipelining=config.pipelining,
        is_reader=is_reader,
        host=host,
        side=SideConnection(config, host.address, raw),
    )
    for failed in filter(None, await protocol.exchange(raw, setup.packets, at_once=config.pipelining)):
        raise failed
    return AsyncMyConnection(raw, setup)


def _check_kind(config: AsyncMyConfig, host: Host, *, is_reader: bool) -> None:
    wanted = config.target_session_attrs
    if wanted != "any" and is_reader != (wanted == "read-only"):
        what = "takes no writes" if is_reader else "takes writes"
        raise ConnectError(
            f"{CAN_NOT} {_place(host)}: the server {what}, and target_session_attrs is {wanted!r}"
        )


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
