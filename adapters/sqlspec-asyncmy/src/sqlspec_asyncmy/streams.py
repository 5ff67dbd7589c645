"""The open stream of a connection: it must be at its end before another command is sent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sqlspec.errors import OperationalError, QueryCancelledError, SQLSpecError

from . import protocol, transport
from .statement_kind import COMMITS, PROGRAM, SELECTS, SHOWS, select_of
from .stream_cursor import AsyncMyCursor
from .transaction_control import CLEAN_UP_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .command_runner import CommandRunner
    from .session_setup import SessionSetup
    from .session_state import SessionState
    from .transaction_control import TransactionControl

__all__ = ("Streams",)

DOUBT_SECONDS = 5.0
"""Seconds to read on, where it can not be found out whether the statement writes."""

T = TypeVar("T")


class Streams:
    """Opens streams, one at a time, and reads no more of them than is asked for."""

    def __init__(
        self,
        raw: Any,
        setup: SessionSetup,
        runner: CommandRunner,
        session: SessionState,
        transaction: TransactionControl,
    ) -> None:
        self._raw, self._setup, self._runner = raw, setup, runner
        self._session, self._transaction = session, transaction
        self.cursor: AsyncMyCursor | None = None
        """The stream that is open."""

    async def open(self, text: bytes, kind: int, batch_size: int, deadline: float | None) -> AsyncMyCursor:
        """Send a query, and read no rows yet."""
        transaction = self._transaction
        is_marked = bool(kind & PROGRAM) and transaction.begun is not None and transaction.is_open
        if is_marked:
            await transaction.set_mark()
        if kind & COMMITS and transaction.doubts:
            await transaction.resolve_doubts()
        try:
            result = await self._runner.run(protocol.query_unbuffered(self._raw, text), deadline)
        except SQLSpecError:
            transport.restore_reads(self._raw)
            await self._check_open(is_marked=is_marked)
            raise
        transport.pause_reading(self._raw)
        self.cursor = AsyncMyCursor(self, result, batch_size, kind, text, is_marked=is_marked)
        return self.cursor

    async def fetch_rest(self) -> None:
        """Fetch the rest of the open stream, if there is one."""
        if self.cursor is not None:
            await self.cursor.fetch_rest()

    async def discard(self) -> None:
        """Close the open stream, if there is one, because its work is undone."""
        if self.cursor is not None:
            with suppress(SQLSpecError):  # the next command shows whether the connection is good
                await self.cursor.discard()

    # --- what a cursor calls ----------------------------------------------------------------------

    async def read(self, steps: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
        """Run *steps*, which read rows; the socket is read no further than they need."""
        transport.resume_reading(self._raw)
        try:
            rows = await self._runner.run(steps, None if timeout is None else time.monotonic() + timeout)
        except SQLSpecError:
            is_marked = self.cursor is not None and self.cursor.is_marked
            self._forget()
            transport.restore_reads(self._raw)
            await self._check_open(is_marked=is_marked)
            raise
        transport.pause_reading(self._raw)
        return rows

    async def leave(self, cursor: AsyncMyCursor) -> None:
        """Make an end of a result of which more is to come, without losing what its statement writes.

        What surely only reads is stopped. In doubt it is read for a while; then an error says what is lost.
        """
        writes = False if cursor.is_undone else await self._writes(cursor)
        if writes is False:
            await self._stop(cursor)
        elif not await cursor.drain(None if writes else DOUBT_SECONDS):
            await self._stop(cursor)
            raise OperationalError(
                "a stream was left before its end, and nobody could tell whether its statement writes. It "
                f"was stopped after {DOUBT_SECONDS:g} s; what it wrote is undone. Read all rows, or use LIMIT"
            )

    async def _writes(self, cursor: AsyncMyCursor) -> bool | None:
        """Whether a statement that is under way may write; None if that can not be found out."""
        if cursor.kind & SHOWS:
            return False
        if not cursor.kind & SELECTS:
            return True
        if self._session.may_have_changed_database:
            return None
        reads_only = await self._setup.reads_only([select_of(cursor.text)])
        return None if reads_only is None else not reads_only

    async def _stop(self, cursor: AsyncMyCursor) -> None:
        """Stop the statement on the server, and read the little that is on its way."""
        await self._setup.side.stop(self._raw.thread_id(), for_good=False)
        with suppress(QueryCancelledError):  # which is the answer to KILL QUERY
            await self.read(cursor.drain_steps(None), timeout=CLEAN_UP_TIMEOUT)

    async def note_end(self, cursor: AsyncMyCursor) -> bool:
        """The last row was read. Returns whether the statement had further results, which are lost."""
        self.cursor = None
        raw, transaction = self._raw, self._transaction
        transport.resume_reading(raw)
        transport.restore_reads(raw)
        protocol.note_status(raw, cursor.result)
        try:
            has_lost_results = await self._runner.run(protocol.skip_results(raw), None)
        except SQLSpecError:
            await self._check_open(is_marked=cursor.is_marked)
            raise
        if cursor.is_marked:
            await transaction.release_mark()
        if not transport.is_ready(raw):
            return has_lost_results
        if transaction.begun is None:
            await transaction.note_outside()
        elif transaction.note_statement(cursor.kind, cursor.text, cursor.text):
            await transaction.begin_again()
        return has_lost_results

    async def _check_open(self, *, is_marked: bool) -> None:
        """After an error."""
        await self._transaction.check_open()
        if is_marked:
            await self._transaction.release_mark()

    def _forget(self) -> None:
        if self.cursor is not None:
            self.cursor.is_sending, self.cursor = False, None
