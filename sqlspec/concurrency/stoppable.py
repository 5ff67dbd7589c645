"""A long call of a driver ends soon when its task is cancelled, whatever the driver makes of that.

Some drivers go on after a cancellation: one that was sending many rows stops to send, and then waits until
the server has worked through all of those that it has.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ("arrived", "async_arrived", "async_stoppable", "stoppable")

T = TypeVar("T")

CANCEL_EVERY = 0.05
"""Seconds between two cancellations of the call."""
WAIT_STEP = 0.002
"""Seconds between two looks whether a request to stop has arrived."""
GRACE = 1.0
"""Seconds that it has to end by itself, and once more after its connection was dropped."""


class Stoppable(Protocol):
    """A connection."""

    def interrupt(self, *, for_good: bool) -> Any:
        """Stop its statement; a future that is done when the server knows, or None."""
        ...

    def drop(self) -> None:
        """Give it up at once."""
        ...


def stoppable(result: T, connection: Stoppable, *, cancels: bool = True) -> T:  # noqa: ARG001 - as its other half
    """What was done already: threads are not cancelled."""
    return result


async def async_stoppable(call: Coroutine[Any, Any, T], connection: Stoppable, *, cancels: bool = True) -> T:
    """Await a call of *connection*. Cancelled, it ends within two seconds, the connection perhaps dropped.

    Not *cancels*: only the server is asked to stop. Some drivers give up a connection that is cancelled.
    """
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await _stop(task, connection, cancels=cancels)
        raise
    finally:
        if task.done() and not task.cancelled():
            task.exception()  # has been seen
        else:
            task.add_done_callback(_look_at)


async def _stop(task: asyncio.Future[Any], connection: Stoppable, *, cancels: bool) -> None:
    until = time.monotonic() + GRACE
    request: Any = None
    # One that is still on its way could stop the next statement.
    while not (task.done() and _has_arrived(request)) and time.monotonic() < until:
        if cancels:
            task.cancel()
        if not task.done() and _has_arrived(request):
            with suppress(Exception):  # one that can not be stopped is dropped below
                request = connection.interrupt(for_good=False)
        try:
            if task.done():
                await asyncio.sleep(WAIT_STEP)
            else:
                await asyncio.wait([task], timeout=CANCEL_EVERY)
        except asyncio.CancelledError:
            if cancels:
                break  # the caller will not wait
    if not (task.done() and _has_arrived(request)):
        connection.drop()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=GRACE)


def arrived(request: Any) -> None:
    """Wait until a request to stop is with the server, or never will be: it could stop the next statement."""
    until = time.monotonic() + GRACE
    while not _has_arrived(request) and time.monotonic() < until:
        time.sleep(WAIT_STEP)


async def async_arrived(request: Any) -> None:
    """The same for tasks."""
    until = time.monotonic() + GRACE
    while not _has_arrived(request) and time.monotonic() < until:  # noqa: ASYNC110 - a future of any kind
        await asyncio.sleep(WAIT_STEP)


def _has_arrived(request: Any) -> bool:
    return request is None or bool(request.done())


def _look_at(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
