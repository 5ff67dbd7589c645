"""A result that is read while the server sends it.

MySQL sends one answer at a time: while rows are on their way, no other command can be answered. So another
command first fetches the rest of the rows. A stream that is closed early is stopped on the server, if it only
reads: of a statement that writes, the server would undo the work, so that is read to its end.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlspec.errors import NotSupportedError
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

    async def leave(self, cursor: AsyncMyCursor) -> None:
        """Make an end of a result of which more is to come, without losing what its statement writes."""
        ...

    async def note_end(self, cursor: AsyncMyCursor) -> bool:
        """The last row was read. Returns whether the statement had further results, which are lost."""
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

    def __init__(
        self,
        owner: StreamOwner,
        result: Any,
        batch_size: int,
        kind: int,
        text: bytes,
        *,
        is_marked: bool,
    ) -> None:
        super().__init__(RawResult(columns=columns_of(result)), batch_size)
        self._owner, self._size = owner, batch_size
        self.result, self.kind, self.text, self.is_marked = result, kind, text, is_marked
        self.is_sending = True
        """The server has not sent the last row yet."""
        self.is_undone = False
        """What the statement does is about to be undone: it need not be done to its end."""
        self._has_lost_results = False

    async def fetch(self) -> Sequence[Any]:
        """The next batch."""
        if self.is_sending:
            rows: list[Any] = await self._owner.read(_read_rows(self.result, self._size))
            if len(rows) < self._size:
                await self._end()
        else:
            rows = list(await super().fetch())
        if not rows and self._has_lost_results:
            raise NotSupportedError(
                "the statement returned further results, and stream() gives the first alone; "
                "execute(...).result_sets() gives all of them"
            )
        return rows

    async def fetch_rest(self) -> None:
        """Fetch the remaining rows, because another command is about to be sent."""
        rows: list[Any] = []
        while batch := await self._owner.read(_read_rows(self.result, CHUNK)):
            rows += batch
        self._rows = rows
        await self._end()

    async def close(self) -> None:
        """Make the server send no more, once it has done the statement's work."""
        self._rows, self._has_lost_results = (), False
        if self.is_sending:
            if not await self.drain(DRAIN_SECONDS):
                await self._owner.leave(self)
            if self.is_sending:
                await self._end()
            self._has_lost_results = False

    async def discard(self) -> None:
        """Make the server send no more: what the statement does is about to be undone."""
        self.is_undone = True
        await self.close()

    async def drain(self, seconds: float | None) -> bool:
        """Read on, and drop the rows. False: there are more, and the time is over."""
        return await self._owner.read(self.drain_steps(seconds))

    async def drain_steps(self, seconds: float | None) -> bool:
        """The same, for the owner to run."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while await _read_rows(self.result, CHUNK):
            if deadline is not None and time.monotonic() > deadline:
                return False
        return True

    async def _end(self) -> None:
        self.is_sending = False
        self._has_lost_results = await self._owner.note_end(self)
