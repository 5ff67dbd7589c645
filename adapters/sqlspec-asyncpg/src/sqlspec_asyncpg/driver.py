# pyright: reportMissingTypeStubs=false
"""asyncpg's connection as we open it: with an ear at its wire, and able to tell what its owner changed.

What asyncpg keeps to itself and we need: whether the server has given the open transaction up, and what it
answered to each statement of one message. Both are in the bytes that come from the server, so we listen on
their way to asyncpg (PostgreSQL's documentation, "Message Formats"). Of asyncpg's own we look at
`_protocol`, `_top_xact` and the sets of listeners, which is why its version has an upper bound.
"""

from __future__ import annotations

from asyncio import BufferedProtocol
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.plugin import TransactionStatus

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Transport

__all__ = ("Ear", "FirstWord", "Reply", "WatchedConnection")

# Ours, because asyncio's is 256 KiB of malloc for every read, which may mean of the kernel: 40 µs each time.
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


class FirstWord(Reply):
    """What the server answers to COMMIT and the reset behind it: who asks wants COMMIT's own tag alone."""

    def feed(self, data: bytes) -> None:
        """More of it."""
        if self.tags:
            return
        if data.startswith(COMMITTED) and not self._rest:  # nearly always, and ten times as fast
            self.tags.append(b"COMMIT")
        else:
            super().feed(data)


class Ear(BufferedProtocol):
    """Stands between the socket and asyncpg's protocol: notes what comes, and hands it on."""

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._feed = protocol, protocol.data_received
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._tail = b""
        self.status = TransactionStatus.IDLE
        """The server's word at the end of its last answer."""
        self.reply: Reply | None = None
        """Who wants to know more."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - a hint
        """Where the loop shall put what it reads."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Something came."""
        data = self._view[:nbytes].tobytes()
        self._tail = tail = data[-READY_SIZE:] if nbytes >= READY_SIZE else (self._tail + data)[-READY_SIZE:]
        self.status = STATUSES.get(tail, self.status)
        if self.reply is not None:
            self.reply.feed(data)
        self._feed(data)

    def eof_received(self) -> bool | None:
        """As asyncpg has it."""
        return self._protocol.eof_received()  # type: ignore[no-any-return] # asyncpg has no types there

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncpg has it."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """As asyncpg has it."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """As asyncpg has it."""
        self._protocol.resume_writing()


class WatchedConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """The driver's own connection."""

    __slots__ = ("ear", "has_new_codecs", "transport")

    def __init__(self, protocol: Any, transport: Transport, loop: AbstractEventLoop, *facts: Any) -> None:
        super().__init__(protocol, transport, loop, *facts)
        self.transport = transport
        self.ear = Ear(protocol)
        self.has_new_codecs = False
        transport.set_protocol(self.ear)

    @property
    def is_cancelling(self) -> bool:
        """A call was cancelled, and the server has not acknowledged that yet."""
        protocol = self._protocol
        return protocol is not None and bool(protocol._is_cancelling())  # noqa: SLF001 - see the file's head

    def restore(self) -> bool:
        """Forget what an owner left on the client's side. False: it can not be forgotten."""
        self._top_xact = None  # type: ignore[misc] # a slot of the driver's class
        self._listeners.clear()
        for callbacks in (self._log_listeners, self._termination_listeners, self._query_loggers):
            callbacks.clear()
        return not self.has_new_codecs

    def close_without_loop(self) -> None:
        """Be closed without the loop, which is closed itself."""
        transport: Any = self.transport
        with suppress(RuntimeError):  # asyncio wants to do the rest later, and there is no later
            self.terminate()
        # With TLS there are two of them, the inner with the socket. uvloop closed its own with the loop.
        inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
        if getattr(inner, "_sock", None) is not None:
            with suppress(RuntimeError):
                inner._call_connection_lost(None)  # noqa: SLF001 - the only way that leaves no warning behind

    async def set_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().set_type_codec(typename, **options)

    async def reset_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().reset_type_codec(typename, **options)

    async def set_builtin_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().set_builtin_type_codec(typename, **options)
