"""The open stream of a connection: it must be at its end before another command is sent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sqlspec.errors import QueryCancelledError, SQLSpecError

from . import protocol, transport
from .stream_cursor import AsyncMyCursor
from .transaction_control import CLEAN_UP_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .command_runner import CommandRunner
    from .session_setup import SessionSetup
    from .transaction_control import TransactionControl

__all__ = ("Streams",)

T = TypeVar("T")


class Streams:
    """Opens streams, one at a time, and reads no more of them than is asked for."""

    def __init__(
        self, raw: Any, setup: SessionSetup, runner: CommandRunner, transaction: TransactionControl
    ) -> None:
        self._raw, self._setup, self._runner, self._transaction = raw, setup, runner, transaction
        self.cursor: AsyncMyCursor | None = None
        """The stream that is open."""

    async def open(self, text: bytes, kind: int, batch_size: int, deadline: float | None) -> AsyncMyCursor:
        """Send a query, and read no rows yet."""
        try:
            result = await self._runner.run(protocol.query_unbuffered(self._raw, text), deadline)
        except SQLSpecError:
            transport.restore_reads(self._raw)
            await self._transaction.check_open()
            raise
        transport.pause_reading(self._raw)
        self.cursor = AsyncMyCursor(self, result, batch_size, kind)
        return self.cursor

    async def fetch_rest(self) -> None:
        """Fetch the rest of the open stream, if there is one."""
        if self.cursor is not None:
            await self.cursor.fetch_rest()

    async def close(self) -> None:
        """Close the open stream, if there is one."""
        if self.cursor is not None:
            with suppress(SQLSpecError):  # the next command shows whether the connection is good
                await self.cursor.close()

    # --- what a cursor calls ----------------------------------------------------------------------

    async def read(self, steps: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
        """Run *steps*, which read rows; the socket is read no further than they need."""
        transport.resume_reading(self._raw)
        try:
            rows = await self._runner.run(steps, None if timeout is None else time.monotonic() + timeout)
        except SQLSpecError:
            self._forget()
            transport.restore_reads(self._raw)
            await self._transaction.check_open()
            raise
        transport.pause_reading(self._raw)
        return rows

    async def stop(self, steps: Coroutine[Any, Any, bool]) -> None:
        """Stop the statement on the server, and read the little that is on its way."""
        await self._setup.stop(self._raw.thread_id(), for_good=False)
        with suppress(QueryCancelledError):  # which is the answer to KILL QUERY
            await self.read(steps, timeout=CLEAN_UP_TIMEOUT)

    async def note_end(self, result: Any, kind: int) -> None:
        """The last row was read."""
        self.cursor = None
        transport.resume_reading(self._raw)
        transport.restore_reads(self._raw)
        if result.server_status:
            self._raw.server_status = result.server_status
        await self._runner.run(protocol.drain(self._raw), None)
        transaction = self._transaction
        if (
            transaction.begun is not None
            and transport.is_ready(self._raw)
            and transaction.note_statement(kind)
        ):
            await transaction.begin_again()

    def _forget(self) -> None:
        if self.cursor is not None:
            self.cursor.is_sending, self.cursor = False, None
