"""Running commands on one connection: every answer is read, or the connection is closed.

An interrupted command leaves answers unread, which would be taken for those to the next one. So `run` returns
with the last answer read, or with the connection closed.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmy.errors import MySQLError

from sqlspec.errors import DeadlineExceeded, DisconnectedError, SQLSpecError

from . import transport
from .errors import as_error, is_server_error

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .session_setup import SessionSetup

__all__ = ("CommandRunner",)

T = TypeVar("T")

_stopping: set[asyncio.Future[bool]] = set()
"""Tasks that stop a statement on some server: the event loop holds tasks weakly."""


class CommandRunner:
    """Runs one command at a time, and stops it where its caller is interrupted."""

    def __init__(self, raw: Any, setup: SessionSetup, is_foreign: Callable[[BaseException], bool]) -> None:
        """*is_foreign* tells what interrupted the driver from what the driver raised."""
        self._raw, self._setup, self._is_foreign = raw, setup, is_foreign
        self._is_readable = transport.readable_check(raw)
        self._is_past_deadline = False
        self.is_waiting = False
        """A command was sent, and is not answered in full."""

    async def run(self, steps: Coroutine[Any, Any, T], deadline: float | None) -> T:
        """Send commands and read all answers. Raises only our errors, without the driver's as context.

        A cancellation also stops the statement on the server. At the *deadline* the connection is dropped.
        """
        if deadline is not None:
            return await self._run_until(deadline, steps)
        self.is_waiting = True
        try:
            result = await steps
        except BaseException as exc:  # noqa: BLE001 - after any failure the connection is in doubt
            error = await self._failed(exc)
        else:
            self.is_waiting = False
            return result
        raise error

    async def _run_until(self, deadline: float, steps: Coroutine[Any, Any, T]) -> T:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(max(0.0, deadline - time.monotonic()), self._pass_deadline)
        try:
            return await self.run(steps, None)
        finally:
            timer.cancel()

    async def _failed(self, exc: BaseException) -> SQLSpecError:
        """*exc* as our error, after the connection was dropped if it must be; raises an interruption."""
        if isinstance(exc, Exception) and not self._is_foreign(exc):
            return self._mapped(exc)
        self.drop()
        if isinstance(exc, asyncio.CancelledError):
            await self._stop_server()
        raise exc

    def _mapped(self, exc: Exception) -> SQLSpecError:
        if is_server_error(exc):
            self.is_waiting = False
            return as_error(exc)
        self.drop()
        if self._is_past_deadline:
            return DeadlineExceeded("the server did not answer in time")
        error = as_error(exc)
        return error if isinstance(exc, (MySQLError, SQLSpecError)) else DisconnectedError(str(error))

    def _pass_deadline(self) -> None:
        self._is_past_deadline = True
        self.drop()

    async def _stop_server(self) -> None:
        """Else the statement would go on, and hold its locks."""
        stopping = asyncio.ensure_future(self._setup.side.stop(self._raw.thread_id(), for_good=True))
        _stopping.add(stopping)
        stopping.add_done_callback(_stopping.discard)
        await asyncio.wait([stopping])

    def stop_statement(self) -> asyncio.Future[bool] | None:
        """Stop the statement on the server and keep the connection; done when the server has been told."""
        if not self.is_waiting or self._raw.loop.is_closed():
            return None
        stopping = asyncio.ensure_future(self._setup.side.stop(self._raw.thread_id(), for_good=False))
        _stopping.add(stopping)
        stopping.add_done_callback(_stopping.discard)
        return stopping

    def drop(self) -> None:
        """Close at once: in the loop's thread, or from any other once the loop is closed."""
        transport.drop(self._raw)

    async def close(self) -> None:
        """Send the close message (COM_QUIT), and close."""
        try:
            if transport.is_ready(self._raw):
                await self._raw.ensure_closed()
        finally:
            self.drop()

    def is_usable(self) -> bool:
        """Whether the driver and the socket look good, without a round trip."""
        raw = self._raw
        if self.is_waiting or not raw._connected:
            return False
        protocol = raw._proto
        if protocol.eof or protocol.length > protocol.pos or protocol.exc is not None:
            return False
        try:
            return not self._is_readable()
        except (OSError, ValueError):
            return False
