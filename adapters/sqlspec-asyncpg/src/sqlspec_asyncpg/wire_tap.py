"""Reading the server's messages on their way to asyncpg.

asyncpg does not tell whether the server has aborted the open transaction, nor how it answered each statement
of one message. Both are in the bytes that the server sends (PostgreSQL's documentation, "Message Formats").
"""

from __future__ import annotations

from asyncio import BufferedProtocol
from typing import TYPE_CHECKING, Any

from sqlspec.plugin import TransactionStatus

if TYPE_CHECKING:
    from .begin_ahead import BeginAnswer

__all__ = ("CommandTagReader", "Reply", "WireTap")

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

    def __init__(self, protocol: Any, buffer: memoryview) -> None:
        """*buffer*: where the loop puts what it reads; others may use it between two reads."""
        self._protocol, self._feed, self._view = protocol, protocol.data_received, buffer
        self._tail = b""
        self.status = TransactionStatus.IDLE
        """The transaction's status at the end of the server's last answer."""
        self.reply: Reply | None = None
        """Gets all that arrives, while it is set."""
        self.begin: BeginAnswer | None = None
        """Of a BEGIN that was sent ahead, until the server has told the transaction's status."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - a hint
        """Where the loop puts what it reads."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Something arrived."""
        data = self._view[:nbytes].tobytes()
        self._tail = tail = data[-READY_SIZE:] if nbytes >= READY_SIZE else (self._tail + data)[-READY_SIZE:]
        status = STATUSES.get(tail)
        if self.begin is not None:
            data = self.begin.taken_out_of(data)
            if status is not None:
                self.begin = None
        if status is not None:
            self.status = status
        if self.reply is not None:
            self.reply.feed(data)
        if data:
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
