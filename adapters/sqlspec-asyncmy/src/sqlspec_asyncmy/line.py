"""The line to one server: in step with it, or dropped.

Whatever interrupts a conversation leaves answers behind that would be read as those to the next question.
So there is no way out of `talk` but with the last answer read, or with the connection gone.
"""

# ruff: noqa: SLF001 - the driver offers no other way

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmy.errors import MySQLError

from sqlspec.errors import DeadlineExceeded, DisconnectedError, SQLSpecError

from . import wire
from .errors import is_answer, told

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .setup import Setup

__all__ = ("Line",)

T = TypeVar("T")

_stopping: set[asyncio.Future[bool]] = set()
"""What is being stopped on some server: the event loop alone would forget it."""


class Line:
    """Carries one conversation at a time."""

    def __init__(self, raw: Any, setup: Setup, is_foreign: Callable[[BaseException], bool]) -> None:
        """*is_foreign* tells what interrupted the driver from what the driver raised."""
        self._raw, self._setup, self._is_foreign = raw, setup, is_foreign
        self._is_alarmed = wire.watch(raw)
        self._is_late = False
        self.is_waiting = False
        """Something was asked, and is not answered in full."""

    async def talk(self, words: Coroutine[Any, Any, T], deadline: float | None) -> T:
        """Ask, and read all that is answered. Raises errors of ours alone, with no driver's in their context.

        A cancellation also stops what the server is at. At the *deadline* the connection is dropped.
        """
        if deadline is not None:
            return await self._talk_until(deadline, words)
        self.is_waiting = True
        try:
            result = await words
        except BaseException as exc:  # noqa: BLE001 - a driver that fails in any way is out of step
            error = await self.failed(exc)
        else:
            self.is_waiting = False
            return result
        raise error

    async def _talk_until(self, deadline: float, words: Coroutine[Any, Any, T]) -> T:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(max(0.0, deadline - time.monotonic()), self._too_late)
        try:
            return await self.talk(words, None)
        finally:
            timer.cancel()

    async def failed(self, exc: BaseException) -> SQLSpecError:
        """What *exc* means, after what has to be done about it; raises what is no error of a database."""
        if isinstance(exc, Exception) and not self._is_foreign(exc):
            return self._judged(exc)
        self.drop()
        if isinstance(exc, asyncio.CancelledError):
            await self._stop_server()
        raise exc

    def _judged(self, exc: Exception) -> SQLSpecError:
        if is_answer(exc):
            self.is_waiting = False
            return told(exc)
        self.drop()
        if self._is_late:
            return DeadlineExceeded("the server did not answer in time")
        error = told(exc)
        return error if isinstance(exc, (MySQLError, SQLSpecError)) else DisconnectedError(str(error))

    def _too_late(self) -> None:
        self._is_late = True
        self.drop()

    async def _stop_server(self) -> None:
        """It would go on with what nobody waits for, and hold its locks."""
        stopping = asyncio.ensure_future(self._setup.stop(self._raw.thread_id(), for_good=True))
        _stopping.add(stopping)
        stopping.add_done_callback(_stopping.discard)
        await asyncio.wait([stopping])

    def stop_statement(self) -> None:
        """Stop what the server is at and keep the connection; from any thread, without waiting."""
        if self.is_waiting:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                self._raw.loop.call_soon_threadsafe(self._stop_soon)

    def _stop_soon(self) -> None:
        if self.is_waiting:
            stopping = asyncio.ensure_future(self._setup.stop(self._raw.thread_id(), for_good=False))
            _stopping.add(stopping)
            stopping.add_done_callback(_stopping.discard)

    def drop(self) -> None:
        """Let go at once, in the loop's thread, or from anywhere once the loop is closed."""
        wire.drop(self._raw)

    async def close(self) -> None:
        """Say good-bye, and let go."""
        try:
            if wire.is_ready(self._raw):
                await self._raw.ensure_closed()
        finally:
            self.drop()

    def is_usable(self) -> bool:
        """Whether nothing speaks against it: a look at the driver and at the socket, without a round trip."""
        raw = self._raw
        if self.is_waiting or not raw._connected:
            return False
        protocol = raw._proto
        if protocol.eof or protocol.length > protocol.pos or protocol.exc is not None:
            return False
        try:
            return not self._is_alarmed()
        except (OSError, ValueError):
            return False
