"""Reading the server's messages on their way to asyncpg.

asyncpg does not tell whether the server has aborted the open transaction, nor how it answered each statement
of one message. Both are in the bytes that the server sends (PostgreSQL's documentation, "Message Formats").
"""

from __future__ import annotations

from asyncio import BufferedProtocol
from typing import Any

from sqlspec.plugin import TransactionStatus

__all__ = ("CommandTagReader", "Reply", "WireTap")

# Kept, because asyncio allocates 256 KiB for every read, which may take 40 µs each time.
BUFFER = 64 * 1024

COMMAND_COMPLETE, ERROR, READY = b"CEZ"
COMMITTED = b"C\0\0\0\x0bCOMMIT\0"
HEADER = 5  # a message's type, and its length without that
STATUSES = {
    b"Z\0\0\0\x05I": TransactionStatus.IDLE,
    b"Z\0\0\0\x05T": TransactionStatus.ACTIVE,
    b"Z\0\0\0\x05E": TransactionStatus.ABORTED,
}
"""ReadyForQuery, the last message of every answer."""
READY_SIZE = 6


class Reply:
    """What the server answers to one message: the tag of each statement that ran, or that one failed."""

    def __init__(self) -> None:
        self.tags: list[bytes] = []
        self.has_failed = False
        self.is_complete = False
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """More of it; messages may be cut anywhere."""
        data = self._rest + data
        start, end = 0, len(data)
        while end - start >= HEADER:
            size = 1 + int.from_bytes(data[start + 1 : start + HEADER], "big")
            if end - start < size:
                break
            self._note(data[start], data, start + HEADER, start + size)
            start += size
        self._rest = data[start:]

    def _note(self, kind: int, data: bytes, start: int, end: int) -> None:
        if kind == COMMAND_COMPLETE:
            self.tags.append(data[start : end - 1])
        elif kind == ERROR:
            self.has_failed = True
        elif kind == READY:
            self.is_complete = True


class CommandTagReader(Reply):
    """What the server answers to COMMIT and the reset behind it: only COMMIT's own tag is read."""

    def feed(self, data: bytes) -> None:
        """More of it."""
        if self.tags:
            return
        if data.startswith(COMMITTED) and not self._rest:  # nearly always, and ten times as fast
            self.tags.append(b"COMMIT")
        else:
            super().feed(data)


class WireTap(BufferedProtocol):
    """Stands between the socket and asyncpg's protocol: reads what arrives, and passes it on."""

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._feed = protocol, protocol.data_received
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._tail = b""
        self.status = TransactionStatus.IDLE
        """The transaction's status at the end of the server's last answer."""
        self.reply: Reply | None = None
        """Gets all that arrives, while it is set."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - a hint
        """Where the loop puts what it reads."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Something arrived."""
        data = self._view[:nbytes].tobytes()
        self._tail = tail = data[-READY_SIZE:] if nbytes >= READY_SIZE else (self._tail + data)[-READY_SIZE:]
        self.status = STATUSES.get(tail, self.status)
        if self.reply is not None:
            self.reply.feed(data)
        self._feed(data)

    def eof_received(self) -> bool | None:
        """Passed on to asyncpg."""
        return self._protocol.eof_received()  # type: ignore[no-any-return] # asyncpg has no types there

    def connection_lost(self, exc: Exception | None) -> None:
        """Passed on to asyncpg."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Passed on to asyncpg."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Passed on to asyncpg."""
        self._protocol.resume_writing()
