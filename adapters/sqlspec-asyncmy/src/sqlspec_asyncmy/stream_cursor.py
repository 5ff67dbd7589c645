"""A result that is read while the server sends it.

MySQL sends one answer at a time: while rows are on their way, no other command can be answered. So another
command first fetches the rest of the rows, and a stream that is closed early is stopped on the server.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlspec.plugin import AsyncCursor, RawResult

from .result_reader import columns_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

__all__ = ("AsyncMyCursor", "StreamOwner")

DRAIN_SECONDS = 0.05
"""Seconds to spend on reading rows that nobody needs, before the statement is stopped on the server."""
CHUNK = 1000
"""Rows that are read in one step."""

T = TypeVar("T")


class StreamOwner(Protocol):
    """What a cursor needs of what opened it."""

    async def read(self, steps: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
        """Run *steps*, which read rows."""
        ...

    async def stop(self, steps: Coroutine[Any, Any, bool]) -> None:
        """Stop the statement on the server, and run *steps*, which read the remaining rows."""
        ...

    async def note_end(self, result: Any, kind: int) -> None:
        """The last row was read."""
        ...


async def _read_rows(result: Any, count: int) -> list[Any]:
    """The next *count* rows; fewer at the end."""
    rows: list[Any] = []
    while len(rows) < count:
        row = await result._read_rowdata_packet_unbuffered()
        if row is None:
            break
        rows.append(row)
        rows += result._take_pending_rows(count - len(rows))
    return rows


class AsyncMyCursor(AsyncCursor):
    """One open stream, of which a connection has one at most."""

    def __init__(self, owner: StreamOwner, result: Any, batch_size: int, kind: int) -> None:
        super().__init__(RawResult(columns=columns_of(result)), batch_size)
        self._owner, self._result, self._size, self._kind = owner, result, batch_size, kind
        self.is_sending = True
        """The server has not sent the last row yet."""

    async def fetch(self) -> Sequence[Any]:
        """The next batch."""
        if not self.is_sending:
            return await super().fetch()
        rows: list[Any] = await self._owner.read(_read_rows(self._result, self._size))
        if len(rows) < self._size:
            await self._end()
        return rows

    async def fetch_rest(self) -> None:
        """Fetch the remaining rows, because another command is about to be sent."""
        rows: list[Any] = []
        while batch := await self._owner.read(_read_rows(self._result, CHUNK)):
            rows += batch
        self._rows = rows
        await self._end()

    async def close(self) -> None:
        """Make the server send no more."""
        self._rows = ()
        if self.is_sending:
            if not await self._owner.read(self._drain(time.monotonic() + DRAIN_SECONDS)):
                await self._owner.stop(self._drain(None))
            await self._end()

    async def _drain(self, deadline: float | None) -> bool:
        """Read on, and drop the rows. False: there are more, and the time is over."""
        while await _read_rows(self._result, CHUNK):
            if deadline is not None and time.monotonic() > deadline:
                return False
        return True

    async def _end(self) -> None:
        if self.is_sending:
            self.is_sending = False
            await self._owner.note_end(self._result, self._kind)
