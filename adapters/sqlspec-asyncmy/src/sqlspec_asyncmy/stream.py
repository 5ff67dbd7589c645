"""A result that is read while the server sends it.

MySQL sends one thing at a time: as long as rows are under way, no other answer can come. So a statement
between two rows brings in the rest of them first, and a stream that is left early is stopped on the server.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.plugin import AsyncCursor, RawResult

from .hearing import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import AsyncMyConnection

__all__ = ("AsyncMyCursor", "read")

SOON = 0.05
"""Seconds to spend on reading rows that nobody wants, before the server is told to stop."""
GULP = 1000


async def read(result: Any, count: int) -> list[Any]:
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

    def __init__(self, owner: AsyncMyConnection, result: Any, batch_size: int, does: int) -> None:
        super().__init__(RawResult(columns=columns_of(result)), batch_size)
        self._owner, self._result, self._size = owner, result, batch_size
        self.does = does
        self.is_coming = True
        """The server is still sending."""

    async def fetch(self) -> Sequence[Any]:
        """The next batch."""
        if not self.is_coming:
            return await super().fetch()
        rows: list[Any] = await self._owner.hear(self, read(self._result, self._size))
        if len(rows) < self._size:
            await self._ended()
        return rows

    async def settle(self) -> None:
        """Bring in the rest, because something else is about to be asked."""
        rows: list[Any] = []
        while batch := await self._owner.hear(self, read(self._result, GULP)):
            rows += batch
        self._rows = rows
        await self._ended()

    async def close(self) -> None:
        """Let the server send no more."""
        self._rows = ()
        if self.is_coming:
            if not await self._owner.hear(self, self._drained(time.monotonic() + SOON)):
                await self._owner.silence(self, self._drained(None))
            await self._ended()

    async def _drained(self, until: float | None) -> bool:
        """Read on, and drop what comes. False: there is more, and time is up."""
        while await read(self._result, GULP):
            if until is not None and time.monotonic() > until:
                return False
        return True

    async def _ended(self) -> None:
        if self.is_coming:
            self.is_coming = False
            await self._owner.heard(self, self._result)
