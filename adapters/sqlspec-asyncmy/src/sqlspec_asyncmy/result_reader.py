"""Reading results, with a cache of the column definitions of earlier ones.

A server sends the definitions of a result's columns with each answer, and the driver parses all of them: for
one row that is most of its work. The same statement on the same connection gets the same bytes. So they are
kept, and where an answer begins with them, only its rows are parsed, by the driver's own parser. An answer
that looks different, or has not arrived in full, is left to the driver from its first byte.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncmy.errors import MySQLError
from asyncmy.protocol import parse_rows_from_buffer

from sqlspec.plugin import RawResult

from . import protocol
from .column_types import types_of_bytes, types_of_fields

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("ResultReader", "columns_of")

CACHE_SIZE, CACHE_BYTES = 256, 512 * 1024
"""Definitions that are kept, and their size with their statements; when there are more, all are dropped."""
MAX_STATEMENT = 8 * 1024
"""Characters of a statement whose definitions are kept: a longer one is seldom sent again."""
MAX_DEFINITION = 8 * 1024
MAX_CACHED_ANSWER = 64 * 1024
"""Bytes of an answer that is parsed here; of a larger one much is still on its way."""
END_OF_ROWS = b"\xfe\0\0"
"""How the packet begins that ends the rows: its kind, no rows changed, no key made."""
MORE_RESULTS = 8


class Definition(NamedTuple):
    """The columns of a result that was read before."""

    prefix: bytes
    """Its bytes, from the first to the end of the last column's definition."""
    packets: int
    columns: tuple[str, ...]
    converters: tuple[Any, ...]
    arrow_types: Callable[[], list[Any]]


def columns_of(result: Any) -> tuple[str, ...]:
    """The names of a result's columns."""
    return next(zip(*result.description, strict=False)) if result.description else ()


class ResultReader:
    """Sends one query at a time, and reads its result."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._definitions: dict[str, Definition] = {}
        self._size = 0
        # Older servers end the definitions with an EOF packet, which this cache does not handle.
        self._can_cache = bool(raw._deprecate_eof)

    def forget(self) -> None:
        """The application may have changed how the driver converts values."""
        self._definitions.clear()
        self._size = 0

    async def query(self, statement: str, text: bytes) -> RawResult:
        """Send *text*, and read all results of it.

        *statement* is the text before its parameters were filled in: the key of the cache.
        """
        raw = self._raw
        if raw._result is not None or len(text) > protocol.MAX_PAYLOAD:  # to finish first; to split
            await raw.query(text)
            return await self._take_result()
        if not raw._connected:
            raise MySQLError(protocol.SERVER_GONE, "the connection is closed")
        # What the driver's `query` does, with two coroutines less.
        raw._write_bytes((len(text) + 1).to_bytes(3, "little") + b"\0\x03" + text)
        return await self.read(statement)

    async def read(self, statement: str) -> RawResult:
        """Read the answer to a query that was sent."""
        raw = self._raw
        raw._next_seq_id = 1
        if not self._can_cache:
            await raw._read_query_result()
            return await self._take_result()
        protocol = raw._proto
        if protocol.length - protocol.pos < 5:  # noqa: PLR2004 - a packet's header, and one byte
            await raw._fill_buffer(5)
        known = self._definitions.get(statement)
        if known is not None and (result := self._read_with(known, protocol)) is not None:
            return result
        position = protocol.pos
        received = bytes(protocol.buffer[position : min(position + MAX_DEFINITION, protocol.length)])
        await raw._read_query_result()
        self._store(statement, received)
        return await self._take_result()

    def _read_with(self, known: Definition, protocol: Any) -> RawResult | None:
        """The rows of a result with known columns; None if it has others, or has not arrived in full."""
        buffer, start, end = protocol.buffer, protocol.pos, protocol.length
        rows_at = start + len(known.prefix)
        if end - start > MAX_CACHED_ANSWER or buffer[start:rows_at] != known.prefix:
            return None
        rows: list[Any] = []
        at, number = parse_rows_from_buffer(
            buffer,
            rows_at,
            end,
            known.converters,
            known.packets + 1,
            rows,
            True,  # noqa: FBT003 - the driver's
        )
        last = buffer[at : at + 11]
        if last[4:7] != END_OF_ROWS or len(last) < 11 or last[7] & MORE_RESULTS or last[3] != number & 0xFF:  # noqa: PLR2004
            return None
        size = last[0] | last[1] << 8 | last[2] << 16
        if at + 4 + size > end:
            return None
        protocol.pos = at + 4 + size
        self._raw.server_status = last[7] | last[8] << 8
        return RawResult(known.columns, rows, len(rows), None, (), known.arrow_types)

    def _store(self, statement: str, received: bytes) -> None:
        result = self._raw._result
        if result is None or not result.description or len(statement) > MAX_STATEMENT:
            return
        packets = result.field_count + 1
        length = _length_of(received, packets)
        if not length:
            return
        if len(self._definitions) >= CACHE_SIZE or self._size > CACHE_BYTES:
            self.forget()
        self._size += length + len(statement)
        prefix = received[:length]
        self._definitions[statement] = Definition(
            prefix, packets, columns_of(result), tuple(result.converters), partial(types_of_bytes, prefix)
        )

    async def _take_result(self) -> RawResult:
        raw = self._raw
        if not raw._result.has_next:
            protocol.note_status(raw, raw._result)
            taken = _raw_result(raw._result)
            raw._result = None
            return taken
        results = [_raw_result(raw._result)]
        while raw._result.has_next:
            await raw.next_result()
            results.append(_raw_result(raw._result))
        protocol.note_status(raw, raw._result)
        raw._result = None
        # A procedure's last answer only says that it is at its end.
        taken, *more = [one for one in results if one.columns] or results[-1:]
        taken.more = more
        return taken


def _raw_result(result: Any) -> RawResult:
    columns = columns_of(result)
    if not columns:
        return RawResult((), (), result.affected_rows, result.insert_id or None)
    return RawResult(
        columns, result.rows, result.affected_rows, None, (), partial(types_of_fields, result.fields)
    )


def _length_of(received: bytes, packets: int) -> int:
    """Where the last of so many packets ends; 0 if it has not arrived in full."""
    at = 0
    for _ in range(packets):
        if at + 4 > len(received):
            return 0
        at += 4 + int.from_bytes(received[at : at + 3], "little")
    return at if at <= len(received) else 0
