"""Every await of a task, counted, and the task cancelled at those that were chosen.

Counted from outside of what is tested: whatever suspends the task is one point, be it the queue of the pool,
the driver, or core's own stand-in for a COMMIT. There are two moments to be cancelled at a point:

* *early*: before what is awaited has happened; it is cancelled along.
* *late*: it has happened, and the task has not run since. Whatever was handed over is in flight.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

__all__ = ("MOMENTS", "Ran", "run_cancelled")

MOMENTS = ("early", "late")


class Ran(NamedTuple):
    """How it went."""

    points: int
    """How many awaits there were."""
    cancelled: int
    """How often it was cancelled."""
    error: BaseException | None
    """What came out of it."""

    @property
    def note(self) -> str:
        """What the error says of the transaction."""
        return " ".join(getattr(self.error, "__notes__", ()))


class Watched:
    """Stands around a coroutine and sees every await of it."""

    def __init__(self, work: Coroutine[Any, Any, Any], at: tuple[int, ...], *, late: bool) -> None:
        self._work, self._at, self._late = work, at, late
        self.points = self.cancelled = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        try:
            awaited = next(inner)
            while True:
                self._reach(awaited)
                try:
                    sent = yield awaited
                except BaseException as exc:  # noqa: BLE001 - for the coroutine to see
                    awaited = inner.throw(exc)
                else:
                    awaited = inner.send(sent)
        except StopIteration as end:
            return end.value

    def _reach(self, awaited: Any) -> None:
        self.points += 1
        if self.points not in self._at:
            return
        self.cancelled += 1
        task = asyncio.current_task()
        assert task is not None
        if self._late and awaited is not None:
            # The task's own callback is added after this one, so it is woken and cancelled at once.
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()


async def run_cancelled(work: Coroutine[Any, Any, Any], *at: int, moment: str = "early") -> Ran:
    """Run *work* in a task, and cancel that at these points."""
    watched = Watched(work, at, late=moment == "late")

    async def run() -> BaseException | None:
        try:
            await watched
        except BaseException as exc:  # noqa: BLE001 - here, because a task that ends with it drops its notes
            return exc
        return None

    error = await asyncio.create_task(run())
    return Ran(watched.points, watched.cancelled, error)
