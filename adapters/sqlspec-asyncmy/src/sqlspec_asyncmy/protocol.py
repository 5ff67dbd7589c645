"""What asyncmy does not offer of the MySQL protocol: commands by number, and several at once.

Like `transport.py` it uses what the driver does not document: read both when a new version of it comes.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmy.errors import MySQLError

from .errors import is_server_error
from .transport import limit_reads

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "AUTOCOMMIT",
    "INIT_DB",
    "IN_TRANSACTION",
    "MAX_PAYLOAD",
    "NO_BACKSLASH_ESCAPES",
    "PROBE",
    "QUERY",
    "RESET",
    "SERVER_GONE",
    "TRACKED_STATUS",
    "disable_multi_statements",
    "drain",
    "exchange",
    "last_rows",
    "note_status",
    "packet",
    "ping",
    "query",
    "query_unbuffered",
    "read_error",
    "read_errors",
    "read_result",
    "send",
    "skip_results",
    "takes_no_writes",
)

INIT_DB, QUERY, PING, SET_OPTION, RESET = 0x02, 0x03, 0x0E, 0x1B, 0x1F
IN_TRANSACTION, AUTOCOMMIT, NO_BACKSLASH_ESCAPES = 1, 2, 512
"""Bits of the status that ends every answer but an error."""
TRACKED_STATUS = IN_TRANSACTION | AUTOCOMMIT | NO_BACKSLASH_ESCAPES
"""The bits that a reset is judged by: a session begins with AUTOCOMMIT alone."""

SIMPLE_OK = b"\1\0\0\0"
"""An OK packet's beginning: packet number 1, no row changed, no key made; the status follows."""
OK_SIZE = 9
"""Bytes up to the end of that status; no answer is shorter."""
SERVER_GONE = 2006
MULTI_STATEMENTS_OFF = (1).to_bytes(2, "little")
MAX_PAYLOAD = 2**24 - 2
"""The most bytes that one packet holds besides the command's number."""


def packet(command: int, payload: bytes = b"") -> bytes:
    """One command, framed; for payloads up to `MAX_PAYLOAD`."""
    return (len(payload) + 1).to_bytes(3, "little") + bytes((0, command)) + payload


PROBE = packet(QUERY, b"DO 1")
"""Does nothing. A node of a Galera cluster that has lost the others refuses it; a ping it would answer."""


def send(raw: Any, packets: bytes) -> None:
    """Write commands; `read_result` or `read_error` is to be called for each."""
    if not raw._connected:
        raise MySQLError(SERVER_GONE, "the connection is closed")
    raw._result = None
    raw._write_bytes(packets)


async def read_result(raw: Any) -> Any:
    """Read the answer to the next command that was sent: its result, which is also `raw._result`."""
    raw._next_seq_id = 1
    await raw._read_query_result()
    note_status(raw, raw._result)
    return raw._result


async def query(raw: Any, text: bytes) -> None:
    """Send a query, and read its result."""
    await raw.query(text)
    note_status(raw, raw._result)


def note_status(raw: Any, result: Any) -> None:
    """The driver takes a status of zero, without a transaction and without autocommit, for none."""
    if raw._deprecate_eof or not result.field_count:  # else the answer's end has not told it
        raw.server_status = result.server_status


async def exchange(raw: Any, packets: Sequence[bytes], *, at_once: bool = True) -> list[Exception | None]:
    """Send commands, and read all their answers: None for each that went well, else the server's error.

    What is no error of the server's is raised.
    """
    if at_once:
        send(raw, b"".join(packets))
        return await read_errors(raw, len(packets))
    errors: list[Exception | None] = []
    for one in packets:
        send(raw, one)
        errors.append(await read_error(raw))
    return errors


async def read_errors(raw: Any, count: int) -> list[Exception | None]:
    """Read the answers to commands that were sent at once."""
    return [await read_error(raw) for _ in range(count)]


async def read_error(raw: Any) -> Exception | None:
    """Read one answer: the server's error, or None."""
    raw._next_seq_id = 1
    protocol = raw._proto
    if protocol.length - protocol.pos < OK_SIZE:
        await raw._fill_buffer(OK_SIZE)
    at = protocol.pos
    head = protocol.buffer[at : at + OK_SIZE]
    end = at + 4 + (head[0] | head[1] << 8 | head[2] << 16)
    if head[3:7] == SIMPLE_OK and end <= protocol.length:
        # A shortcut: the driver would make four objects and as many coroutines of it.
        raw.server_status = head[7] | head[8] << 8
        protocol.pos = end
        return None
    try:
        await read_result(raw)
    except MySQLError as exc:
        if not is_server_error(exc):
            raise
        return exc
    return None


async def ping(raw: Any) -> None:
    """COM_PING."""
    send(raw, packet(PING))
    await read_result(raw)


async def disable_multi_statements(raw: Any) -> None:
    """Switch off several statements in one text, which the driver switches on, always."""
    send(raw, packet(SET_OPTION, MULTI_STATEMENTS_OFF))
    raw._next_seq_id = 1
    await raw.read_packet()  # an EOF packet, which the driver would take for the beginning of a result


async def query_unbuffered(raw: Any, text: bytes) -> Any:
    """Send a query whose result is read while it arrives; `restore_reads` is called at its end."""
    limit_reads(raw)
    await raw.query(text, unbuffered=True)
    return raw._result


async def drain(raw: Any) -> None:
    """Read the results that an application has not read on the driver's object."""
    result = raw._result
    if result is not None and result.unbuffered_active:
        await result._finish_unbuffered_query()
    while raw._result is not None and raw._result.has_next:
        await raw.next_result()


async def skip_results(raw: Any) -> bool:
    """Read what follows the first result, and keep none of it. Returns whether it had rows."""
    has_rows = False
    while raw._result is not None and raw._result.has_next:
        await raw.next_result(unbuffered=True)
        has_rows |= bool(raw._result.field_count)
        await raw._result._finish_unbuffered_query()
        note_status(raw, raw._result)
    return has_rows


def last_rows(raw: Any) -> Any:
    """The rows of the last answer that was read by the driver."""
    return None if raw._result is None else raw._result.rows


def takes_no_writes(variables: Sequence[Any]) -> bool:
    """Whether one of these server variables says so; their values have numbers or names."""
    return any(str(value).upper() not in {"0", "OFF"} for value in variables)
