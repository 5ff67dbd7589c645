"""The driver's connect, with what a config says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmy.connection import Connection
from asyncmy.constants.CLIENT import FOUND_ROWS, SSL
from asyncmy.errors import MySQLError

if TYPE_CHECKING:
    from sqlspec import Secret

    from .config import AsyncMyConfig

__all__ = ("offered_tls", "open_raw")

GREETING = "sqlspec_greeting"
"""The attribute of a driver's exception that has the packet with which the server began."""


async def open_raw(config: AsyncMyConfig, address: tuple[str, int], password: Secret | None) -> Any:
    """The driver's connection to one host; a socket's path is one."""
    host, port = address
    is_socket = host.startswith("/")
    kind: Any = Connection  # its stubs forbid what its documentation allows
    raw = kind(
        host="localhost" if is_socket else host,
        port=port,
        unix_socket=host if is_socket else None,
        user=config.username,
        # As bytes, for the driver would encode a str as latin1; it takes those from a function alone.
        password_creator=None if password is None else lambda: password.reveal().encode(),
        database=config.database,
        charset=config.charset,
        autocommit=None,  # set with everything else
        connect_timeout=config.connect_timeout,
        local_infile=config.local_infile,
        program_name=config.application_name,
        client_flag=FOUND_ROWS,  # UPDATE counts the rows it found, as all other databases do
        ssl=config.tls(),
    )
    greeting = _keep_greeting(raw)
    try:
        await raw.connect()
    except MySQLError as exc:
        exc.__dict__[GREETING] = b"".join(greeting)
        raise
    return raw


def offered_tls(exc: Exception) -> bool:
    """Whether the server that refused a connect had offered TLS."""
    _, _, rest = exc.__dict__.get(GREETING, b"").partition(b"\0")  # behind the server's version
    capabilities = rest[13:15]  # behind the connection's number, eight bytes of salt and a zero
    return bool(int.from_bytes(capabilities, "little") & SSL)


def _keep_greeting(raw: Any) -> list[bytes]:
    """Where the first packet that the server sends will be: the driver keeps to itself what that offers."""
    packets: list[bytes] = []
    read_packet = raw.read_packet

    async def read_first(*arguments: Any) -> Any:
        del raw.read_packet
        packet = await read_packet(*arguments)
        packets.append(packet.get_all_data())
        return packet

    raw.read_packet = read_first
    return packets
