"""The socket below asyncmy: reading paused or in small parts, looking without reading, closing at once.

Like `protocol.py` it uses what the driver does not document: read both when a new version of it comes.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

from asyncio import BufferedProtocol
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.network import watch_socket

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "drop",
    "fileno",
    "is_ready",
    "limit_reads",
    "pause_reading",
    "peer",
    "readable_check",
    "restore_reads",
    "resume_reading",
)

READ_LIMIT = 16 * 1024
"""Bytes that a stream reads in one step."""


# --- reading --------------------------------------------------------------------------------------------


def pause_reading(raw: Any) -> None:
    """Read nothing for a while: the driver would read, and keep, all that a server sends."""
    with suppress(RuntimeError, AttributeError):  # it is closed
        raw._transport.pause_reading()


def resume_reading(raw: Any) -> None:
    """Read again."""
    with suppress(RuntimeError, AttributeError):
        raw._transport.resume_reading()


class _SmallReads(BufferedProtocol):
    """Stands before the driver's protocol and offers a smaller buffer.

    uvloop fills the buffer up to 32 times before anything else can run, and the driver offers a larger one
    each time.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the loop puts what it reads."""
        buffer: memoryview = self._protocol.get_buffer(sizehint)
        return buffer[:READ_LIMIT]

    def buffer_updated(self, nbytes: int) -> None:
        """Passed on to the driver."""
        self._protocol.buffer_updated(nbytes)

    def eof_received(self) -> bool | None:
        """Passed on to the driver."""
        return self._protocol.eof_received()  # type: ignore[no-any-return] # the driver has no types there

    def connection_lost(self, exc: Exception | None) -> None:
        """Passed on to the driver."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Passed on to the driver."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Passed on to the driver."""
        self._protocol.resume_writing()


def limit_reads(raw: Any) -> None:
    """Read a large result in small parts, until `restore_reads`."""
    if raw._transport is not None:
        raw._transport.set_protocol(_SmallReads(raw._proto))


def restore_reads(raw: Any) -> None:
    """Read as the driver does."""
    if raw._transport is not None:
        raw._transport.set_protocol(raw._proto)


# --- the state of the socket ------------------------------------------------------------------------------


def is_ready(raw: Any) -> bool:
    """Whether the driver, as far as it knows, has a connection on which nothing is waiting to be read."""
    transport, protocol = raw._transport, raw._proto
    if not raw._connected or transport is None or transport.is_closing():
        return False
    return not (protocol.eof or protocol.exc is not None or protocol.length > protocol.pos)


def readable_check(raw: Any) -> Callable[[], object]:
    """A function that is true when there is something to read, or the socket is broken. Does not read.

    What a server sends without a command is that it closes the connection.
    """
    return watch_socket(fileno(raw))


def fileno(raw: Any) -> int:
    """The number of its socket."""
    number: int = raw._transport.get_extra_info("socket").fileno()
    return number


def peer(raw: Any) -> tuple[str, int] | None:
    """The address of the server itself, whatever name led there; None over a socket of this machine."""
    name: Any = raw._transport.get_extra_info("peername")
    return (name[0], name[1]) if isinstance(name, tuple) else None


def drop(raw: Any) -> None:
    """Close the connection at once; a task that waits for an answer is woken."""
    transport, raw._connected = raw._transport, False
    if transport is None:
        return
    raw._close_reason = "dropped"
    if raw._loop.is_closed():
        _close_without_loop(transport)
    else:
        transport.abort()


def _close_without_loop(transport: Any) -> None:
    """Free what a closed loop's transport holds: asyncio's own way needs the loop, and it would complain."""
    with suppress(AttributeError):
        protocol = transport._ssl_protocol
        transport._closed = True
        transport = protocol._transport
    with suppress(AttributeError, OSError):
        below, transport._sock = transport._sock, None
        below.close()
