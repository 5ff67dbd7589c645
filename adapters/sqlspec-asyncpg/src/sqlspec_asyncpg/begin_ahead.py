"""A BEGIN that travels ahead of the statement, in the same packet: one round trip less for each transaction.

It is Parse, Bind and Execute without Sync, so the server answers it together with the message that follows.
Should it fail, the server skips all up to that message's Sync, and the statement does not run outside of a
transaction. asyncpg knows nothing of it: what the server answers to it is taken out of what asyncpg reads.

Formats: PostgreSQL's documentation, "Message Formats" and "Extended Query".
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.postgresql import begin_statement

if TYPE_CHECKING:
    from asyncio import Transport

    from sqlspec.plugin import TransactionOptions

__all__ = ("BeginAnswer", "Sender", "begin_message")

HEADER = 5  # a message's type, and its length without that
PARTS = (b"1", b"2", b"C")  # parsed, bound, done
ERROR = b"E"
ANSWER = b"1\0\0\0\x042\0\0\0\x04C\0\0\0\x0aBEGIN\0"


@lru_cache(maxsize=32)
def begin_message(options: TransactionOptions) -> bytes:
    """The unnamed statement, parsed, bound and executed, without a Sync behind it."""
    bodies = {
        b"P": b"\0" + begin_statement(options).encode() + b"\0" + bytes(2),  # no types of parameters
        b"B": bytes(2 + 6),  # the unnamed portal and statement; no formats, no parameters
        b"E": bytes(1 + 4),  # the unnamed portal, all rows
    }
    return b"".join(kind + (4 + len(body)).to_bytes(4, "big") + body for kind, body in bodies.items())


class BeginAnswer:
    """What the server answers to a BEGIN that was sent ahead."""

    def __init__(self) -> None:
        self._wanted = list(PARTS)
        """What is still to come; nothing after an error."""
        self._rest = b""

    def taken_out_of(self, data: bytes) -> bytes:
        """What is left of *data*, which arrived next; messages may be cut anywhere."""
        if not self._wanted:
            return data
        if data.startswith(ANSWER) and len(self._wanted) == len(PARTS) and not self._rest:  # nearly always
            self._wanted.clear()
            return data[len(ANSWER) :]
        data = self._rest + data
        passed, start = bytearray(), 0
        while self._wanted and (size := _size_at(data, start)):
            kind = data[start : start + 1]
            if kind == self._wanted[0]:
                del self._wanted[0]
            else:  # a notice or the like, in between
                passed += data[start : start + size]
                if kind == ERROR:
                    self._wanted.clear()  # it is the error of the message that BEGIN precedes
            start += size
        self._rest = data[start:] if self._wanted else b""
        return bytes(passed) if self._wanted else bytes(passed + data[start:])


def _size_at(data: bytes, start: int) -> int:
    """Of the message that begins there; 0 if it is not all here."""
    size = 1 + int.from_bytes(data[start + 1 : start + HEADER], "big")
    return size if len(data) - start >= max(size, HEADER) else 0


class Sender:
    """Writes ahead of asyncpg, on its transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self._socket = transport, _socket_of(transport)

    def send(self, message: bytes) -> None:
        """Send it together with what follows. Where that can not be, it goes at once: a packet more."""
        if self._socket is not None and not self._transport.get_write_buffer_size():
            with suppress(OSError):  # as if nothing had been sent: asyncio meets the same
                # The kernel keeps it for a moment, at most 200 ms, for the next message.
                message = message[self._socket.send(message, socket.MSG_MORE) :]
        if message:
            self._transport.write(message)


def _socket_of(transport: Transport) -> socket.socket | None:
    """The socket of a transport of asyncio's without TLS. uvloop's writes both messages at once anyway."""
    if sys.platform != "linux" or transport.get_extra_info("sslcontext") is not None:
        return None
    found: Any = getattr(transport, "_sock", None)
    return found if isinstance(found, socket.socket) else None
