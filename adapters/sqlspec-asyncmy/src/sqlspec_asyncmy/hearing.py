"""Reading results, and knowing those again that were read before.

A server describes a result's columns anew with each answer, and the driver takes every description apart:
for one row that is most of its work. The same statement on the same connection gets the same bytes. So they
are kept, and where an answer begins with them, only its rows are read, by the driver's own reader.
Whatever looks different, or is not there in full, goes the driver's way from its first byte.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from asyncmy.errors import MySQLError
from asyncmy.protocol import parse_rows_from_buffer

from sqlspec.plugin import RawResult

from . import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Hearing", "columns_of")

KEPT = 256
"""Results known again; then it begins anew."""
LONGEST_HEAD = 8 * 1024
LARGEST = 64 * 1024
"""Bytes of an answer that is read at once; of a larger one much is still under way."""
END = b"\xfe\0\0"
"""How the packet begins that ends the rows: its kind, no rows changed, no key made."""
MORE_RESULTS = 8


class Known(NamedTuple):
    """A result that was read before."""

    head: bytes
    """From its first byte to the end of the last column's description."""
    packets: int
    columns: tuple[str, ...]
    converters: tuple[Any, ...]


def columns_of(result: Any) -> tuple[str, ...]:
    """The names of a result's columns."""
    return next(zip(*result.description, strict=False)) if result.description else ()


class Hearing:
    """Asks for one result at a time."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._known: dict[str, Known] = {}
        # Without the end-of-file packets of old, which the shorter way does not look for.
        self._may_know = bool(raw._deprecate_eof)

    def forget(self) -> None:
        """How values are read may have changed."""
        self._known.clear()

    async def ask(self, statement: str, words: bytes) -> RawResult:
        """Send *words*, and read the answer: the first result, which is a procedure's own.

        *statement* is what they were made of: it is known by that.
        """
        raw = self._raw
        if raw._result is not None or len(words) > wire.ONE_PACKET:  # to finish first; to split
            await raw.query(words)
            return await self._taken()
        if not raw._connected:
            raise MySQLError(wire.GONE, "the connection is closed")
        # The driver's `query`, less two coroutines on the way.
        raw._write_bytes((len(words) + 1).to_bytes(3, "little") + b"\0\x03" + words)
        return await self.hear(statement)

    async def hear(self, statement: str) -> RawResult:
        """Read the answer to what was sent."""
        raw = self._raw
        raw._next_seq_id = 1
        if not self._may_know:
            await raw._read_query_result()
            return await self._taken()
        protocol = raw._proto
        if protocol.length - protocol.pos < 5:  # noqa: PLR2004 - a packet's head, and one byte
            await raw._fill_buffer(5)
        known = self._known.get(statement)
        if known is not None and (result := self._again(known, protocol)) is not None:
            return result
        position = protocol.pos
        seen = bytes(protocol.buffer[position : min(position + LONGEST_HEAD, protocol.length)])
        await raw._read_query_result()
        self._learn(statement, seen)
        return await self._taken()

    def _again(self, known: Known, protocol: Any) -> RawResult | None:
        """The rows of a known result, if all of it is there."""
        buffer, start, end = protocol.buffer, protocol.pos, protocol.length
        rows_at = start + len(known.head)
        if end - start > LARGEST or buffer[start:rows_at] != known.head:
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
        if last[4:7] != END or len(last) < 11 or last[7] & MORE_RESULTS or last[3] != number & 0xFF:  # noqa: PLR2004
            return None
        size = last[0] | last[1] << 8 | last[2] << 16
        if at + 4 + size > end:
            return None
        protocol.pos = at + 4 + size
        self._raw.server_status = last[7] | last[8] << 8
        return RawResult(known.columns, rows, len(rows))

    def _learn(self, statement: str, seen: bytes) -> None:
        result = self._raw._result
        if result is None or not result.description:
            return
        packets = result.field_count + 1
        length = _length_of(seen, packets)
        if length:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[statement] = Known(
                seen[:length], packets, columns_of(result), tuple(result.converters)
            )

    async def _taken(self) -> RawResult:
        raw = self._raw
        result = raw._result
        if result.has_next:
            await wire.quiet(raw)
        raw._result = None
        rows: Sequence[Any] = () if result.rows is None else result.rows
        return RawResult(columns_of(result), rows, result.affected_rows, result.insert_id or None)


def _length_of(seen: bytes, packets: int) -> int:
    """Where the last of so many packets ends; 0 if that is not to be seen."""
    at = 0
    for _ in range(packets):
        if at + 4 > len(seen):
            return 0
        at += 4 + int.from_bytes(seen[at : at + 3], "little")
    return at if at <= len(seen) else 0
