"""The driver's connect, with what a config says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncmy
from asyncmy.constants.CLIENT import FOUND_ROWS

if TYPE_CHECKING:
    from sqlspec import Secret

    from .config import AsyncMyConfig

__all__ = ("open_raw",)


async def open_raw(config: AsyncMyConfig, address: tuple[str, int], password: Secret | None) -> Any:
    """The driver's connection to one host; a socket's path is one."""
    host, port = address
    is_socket = host.startswith("/")
    connect: Any = asyncmy.connect  # its stubs forbid what its documentation allows
    return await connect(
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
