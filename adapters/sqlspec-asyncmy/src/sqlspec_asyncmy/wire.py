"""What asyncmy does not offer by itself: commands by number, several at once, and letting go at once.

The one file that looks inside of the driver, so the one to read when a new version of it comes.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

from asyncio import BufferedProtocol
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from asyncmy.errors import MySQLError

from sqlspec.plugin.network import watch_socket

from .errors import is_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = (
    "AUTOCOMMIT",
    "GONE",
    "INIT_DB",
    "IN_TRANSACTION",
    "NO_BACKSLASHES",
    "ONE_PACKET",
    "OURS",
    "QUERY",
    "RESET",
    "answer",
    "answered",
    "answers",
    "drop",
    "exchange",
    "fileno",
    "go_on",
    "hold",
    "is_in_transaction",
    "is_ready",
    "last_rows",
    "packet",
    "ping",
    "quiet",
    "refuse_stacking",
    "send",
    "unbuffered",
    "watch",
    "widen",
)

INIT_DB, QUERY, PING, SET_OPTION, RESET = 0x02, 0x03, 0x0E, 0x1B, 0x1F
IN_TRANSACTION, AUTOCOMMIT, NO_BACKSLASHES = 1, 2, 512
"""Bits of the status that ends every answer but an error."""
OURS = IN_TRANSACTION | AUTOCOMMIT | NO_BACKSLASHES
"""Those that a session begins with: of these AUTOCOMMIT alone."""

PLAIN_OK = b"\1\0\0\0"
"""The first in reply: an OK, no row changed, no key made; the status follows."""
SHORT = 9
"""Bytes up to that status; no answer is shorter."""
GONE = 2006
NARROW = 16 * 1024
"""Bytes that a stream takes in at once."""
MULTI_STATEMENTS_OFF = (1).to_bytes(2, "little")
ONE_PACKET = 2**24 - 2
"""The most bytes that one packet holds besides the command's number."""


# --- the conversation -------------------------------------------------------------------------------


def packet(command: int, payload: bytes = b"") -> bytes:
    """One command, framed; for payloads up to `ONE_PACKET`."""
    return (len(payload) + 1).to_bytes(3, "little") + bytes((0, command)) + payload


def hold(raw: Any) -> None:
    """Read nothing for a while: the driver would take in, and keep, all that a server sends."""
    with suppress(RuntimeError, AttributeError):  # it is closed
        raw._transport.pause_reading()


def go_on(raw: Any) -> None:
    """Read again."""
    with suppress(RuntimeError, AttributeError):
        raw._transport.resume_reading()


class _Narrow(BufferedProtocol):
    """Stands before the driver's protocol and takes in less at once.

    uvloop fills what it is given up to 32 times before anybody else has a turn, and the driver gives more
    each time.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the loop shall put what it reads."""
        room: memoryview = self._protocol.get_buffer(sizehint)
        return room[:NARROW]

    def buffer_updated(self, nbytes: int) -> None:
        """As the driver has it."""
        self._protocol.buffer_updated(nbytes)

    def eof_received(self) -> bool | None:
        """As the driver has it."""
        return self._protocol.eof_received()  # type: ignore[no-any-return] # the driver has no types there

    def connection_lost(self, exc: Exception | None) -> None:
        """As the driver has it."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """As the driver has it."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """As the driver has it."""
        self._protocol.resume_writing()


def _narrow(raw: Any) -> None:
    """Take in a large result in small bites."""
    if raw._transport is not None:
        raw._transport.set_protocol(_Narrow(raw._proto))


def widen(raw: Any) -> None:
    """As the driver has it."""
    if raw._transport is not None:
        raw._transport.set_protocol(raw._proto)


def send(raw: Any, packets: bytes) -> None:
    """Write commands that `answer` is to be called for, once each."""
    if not raw._connected:
        raise MySQLError(GONE, "the connection is closed")
    raw._result = None
    raw._write_bytes(packets)


async def answer(raw: Any) -> Any:
    """Read the answer to the next command that was sent: its result, which is also `raw._result`."""
    raw._next_seq_id = 1
    await raw._read_query_result()
    return raw._result


async def exchange(raw: Any, packets: Sequence[bytes], *, at_once: bool = True) -> list[Exception | None]:
    """Send commands, and read all their answers: None for each that went well, else the server's error.

    What is no answer of the server's is raised.
    """
    if at_once:
        send(raw, b"".join(packets))
        return await answers(raw, len(packets))
    errors: list[Exception | None] = []
    for one in packets:
        send(raw, one)
        errors.append(await answered(raw))
    return errors


async def answers(raw: Any, count: int) -> list[Exception | None]:
    """Read the answers to commands that were sent at once."""
    return [await answered(raw) for _ in range(count)]


async def answered(raw: Any) -> Exception | None:
    """Read one answer: the server's error, or None."""
    raw._next_seq_id = 1
    protocol = raw._proto
    if protocol.length - protocol.pos < SHORT:
        await raw._fill_buffer(SHORT)
    at = protocol.pos
    head = protocol.buffer[at : at + SHORT]
    end = at + 4 + (head[0] | head[1] << 8 | head[2] << 16)
    if head[3:7] == PLAIN_OK and end <= protocol.length:
        # The driver would make four objects and as many coroutines of it.
        raw.server_status = head[7] | head[8] << 8
        protocol.pos = end
        return None
    try:
        await answer(raw)
    except MySQLError as exc:
        if not is_answer(exc):
            raise
        return exc
    return None


async def ping(raw: Any) -> None:
    """Ask for a sign of life."""
    send(raw, packet(PING))
    await answer(raw)


async def refuse_stacking(raw: Any) -> None:
    """Switch off several statements in one text, which the driver switches on, always."""
    send(raw, packet(SET_OPTION, MULTI_STATEMENTS_OFF))
    raw._next_seq_id = 1
    await raw.read_packet()  # not an OK but an EOF, which the driver takes for the head of a result


async def unbuffered(raw: Any, words: bytes) -> Any:
    """Ask for a result that is to be read while it comes; `widen` is for its end."""
    _narrow(raw)
    await raw.query(words, unbuffered=True)
    return raw._result


async def quiet(raw: Any) -> None:
    """Read what an owner of the driver's object has left unread; the caller sees to it that it ends."""
    result = raw._result
    if result is not None and result.unbuffered_active:
        await result._finish_unbuffered_query()
    while raw._result is not None and raw._result.has_next:
        await raw.next_result()


def last_rows(raw: Any) -> Any:
    """The rows of the last answer that was read by the driver."""
    return None if raw._result is None else raw._result.rows


def is_in_transaction(raw: Any) -> bool:
    """As the last answer had it. What was open on a connection that is gone is undone."""
    return bool(raw.server_status & IN_TRANSACTION) and raw._connected


# --- the socket ---------------------------------------------------------------------------------------


def is_ready(raw: Any) -> bool:
    """Whether the driver, as far as it knows, has a connection on which nothing is waiting to be read."""
    transport, protocol = raw._transport, raw._proto
    if not raw._connected or transport is None or transport.is_closing():
        return False
    return not (protocol.eof or protocol.exc is not None or protocol.length > protocol.pos)


def watch(raw: Any) -> Callable[[], object]:
    """A look at the socket without reading: something has come, or it is broken.

    What comes while nobody asked is a good-bye.
    """
    return watch_socket(fileno(raw))


def fileno(raw: Any) -> int:
    """The number of its socket."""
    number: int = raw._transport.get_extra_info("socket").fileno()
    return number


def drop(raw: Any) -> None:
    """Let go of the connection at once; who waits for an answer is woken."""
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
