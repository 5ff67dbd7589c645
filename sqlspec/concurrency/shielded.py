"""A COMMIT must not be stopped half-way by the cancellation of its task."""

from __future__ import annotations

from asyncio import CancelledError, get_running_loop
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from .deadlines import ADAPTERS_FIRST, watch_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Generator
    from contextvars import Context

    from .deadlines import Droppable

__all__ = ("async_shielded", "shielded")

T = TypeVar("T")

GRACE = 1.0
"""Seconds that a COMMIT under way may go on after its caller was cancelled, and once more after the drop."""


def shielded(result: T, connection: Droppable, until: float) -> tuple[T, None]:  # noqa: ARG001
    """What was done already: threads are not cancelled, and the adapter keeps a sync driver's deadlines."""
    return result, None


class ShieldedCall(msgspec.Struct, Generic[T], eq=False):
    """Awaits something that a cancellation must not stop half-way: a COMMIT.

    Gives its result, and the cancellation that came meanwhile or None. After that came, it has one second;
    then the connection is cut, and if even that does not wake it, `asyncio.CancelledError` is raised. The
    connection is cut too a moment after *until* (monotonic seconds), should its adapter not.

    A cancelled task cancels what it waits for, and it waits for anything that has a future's methods. Here
    that is this object: it has the driver's own future wake the task, and of a cancellation it makes a
    note. A task of its own under `asyncio.shield` would do the same for twenty times the price.
    """

    _awaitable: Awaitable[T]
    _connection: Droppable
    until: float
    _awaited: Any = None
    _wake: Callable[[Any], None] | None = None
    _cancelled: CancelledError | None = None
    _timers: tuple[asyncio.TimerHandle, ...] = ()
    _is_lost: bool = False
    # What asyncio reads of a future.
    _loop: asyncio.AbstractEventLoop | None = None
    _asyncio_future_blocking: bool = False

    def __await__(self) -> Generator[Any, Any, tuple[T, CancelledError | None]]:
        self._loop = loop = get_running_loop()
        watch = watch_of(loop)
        self.until += ADAPTERS_FIRST
        watch.add(self, loop)
        inner = self._awaitable.__await__()
        try:
            awaited = next(inner)
            while True:
                self._awaited = awaited
                try:
                    if awaited is None:  # asyncio.sleep(0), which nobody can stand in for
                        yield
                    else:
                        awaited._asyncio_future_blocking = False  # noqa: SLF001 - as asyncio's tasks do
                        self._asyncio_future_blocking = True
                        yield self
                except BaseException as exc:  # noqa: BLE001 - it goes where it belongs
                    if awaited is None and isinstance(exc, CancelledError):
                        self._note(exc)
                    elif not self._is_lost:
                        awaited = inner.throw(exc)
                        continue
                if self._is_lost and self._cancelled is not None:
                    inner.close()
                    raise self._cancelled
                awaited = next(inner)
        except StopIteration as end:
            return end.value, self._cancelled
        finally:
            watch.timers.discard(self)
            for timer in self._timers:
                timer.cancel()

    def wake(self) -> None:
        """Its time is over."""
        self._connection.drop()

    def _note(self, exc: CancelledError) -> None:
        if self._cancelled is None:
            self._cancelled = exc
            loop = get_running_loop()
            self._timers = (
                loop.call_later(GRACE, self._connection.drop),
                loop.call_later(2 * GRACE, self._give_up),
            )

    def _give_up(self) -> None:
        self._is_lost = True
        if self._awaited is None or self._awaited.done():
            return  # it is about to wake anyway
        self._awaited.remove_done_callback(self._wake)
        lost: asyncio.Future[None] = get_running_loop().create_future()
        lost.cancel()
        lost.add_done_callback(self._wake)  # type: ignore[arg-type] # whoever waits has said so

    # What a task asks of the future that it waits for.

    def add_done_callback(self, wake: Callable[[Any], None], *, context: Context | None = None) -> None:
        """Have the driver's future wake the task."""
        self._wake = wake
        self._awaited.add_done_callback(wake, context=context)

    def cancel(self, msg: object = None) -> bool:
        """Note that the task was cancelled, and say that this has been seen to."""
        self._note(CancelledError() if msg is None else CancelledError(msg))
        return True


async_shielded = ShieldedCall
