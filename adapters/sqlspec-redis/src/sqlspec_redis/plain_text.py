"""Whether a server that says nothing to TLS speaks plain text.

Redis takes the first message of TLS for the beginning of a command, and waits for the rest of it: nobody
would say anything until `connect_timeout`. But it answers a PING in plain text, which holds no secret.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from sqlspec.plugin import PooledConnection

__all__ = ("SILENCE", "arefuse_plain_text", "refuse_plain_text")

SILENCE = 0.75
"""Seconds without a word of the server's after which it is asked."""
PATIENCE = 1.0
"""Seconds that it has to answer."""
PING = b"PING\r\n"
ANSWERS = {b"+", b"-"}
"""Redis' replies begin so: yes, or that it wants a password."""


def refuse_plain_text(address: tuple[str, int]) -> None:
    """Raise the error of TLS that an answer in plain text is, if the server gives one."""
    try:
        with socket.create_connection(address, timeout=PATIENCE) as sock:
            sock.sendall(PING)
            answer = sock.recv(1)
    except OSError as exc:
        if PooledConnection.is_foreign(exc):
            raise
        return
    _check(answer)


async def arefuse_plain_text(address: tuple[str, int]) -> None:
    """The same for a task."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(PING)
                answer = await reader.read(1)
            finally:
                writer.transport.abort()
    except OSError as exc:  # TimeoutError is one
        if PooledConnection.is_foreign(exc):
            raise
        return
    _check(answer)


def _check(answer: bytes) -> None:
    if answer in ANSWERS:
        error = ssl.SSLError("the server answers in plain text")
        error.reason = "WRONG_VERSION_NUMBER"
        raise error
