"""A sync block for the tasks of an event loop, which never waits in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ("ThreadedBlock",)

T = TypeVar("T")


class ThreadedBlock(Generic[T]):
    """`async with` around a sync block: waits for the pool in the loop; begins and ends in a thread.

    A caller that waits for a connection holds no thread. The thread that ends the block is none of the few
    that endpoints share: those may all be taken by endpoints that need what this one gives back.
    """

    def __init__(self, block: Any) -> None:
        self._block = block

    async def __aenter__(self) -> T:
        await self._block.reserve()
        try:
            lent: T
            lent, cancellation = await _run(self._block.__enter__)
        except BaseException:
            self._block.cancel_reservation()  # does nothing if the block was entered
            raise
        if cancellation is not None:
            await self.__aexit__(type(cancellation), cancellation, None)
            raise cancellation
        return lent

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        _, cancellation = await _run(self._block.__exit__, kind, exc, trace)
        if cancellation is not None and cancellation is not exc:
            raise cancellation


async def _run(call: Callable[..., T], *args: Any) -> tuple[T, asyncio.CancelledError | None]:
    """Run *call* in a thread, to its end; returns what it returns, and the cancellation that came meanwhile.

    A thread can not be cancelled, and what it did must not be forgotten.
    """
    # A limiter of its own: as many threads as there are connections, whoever else waits for a thread.
    job = asyncio.ensure_future(to_thread.run_sync(call, *args, limiter=CapacityLimiter(1)))
    cancellation = None
    with CancelScope(shield=True):
        while not job.done():
            try:
                await asyncio.wait((job,))
            except asyncio.CancelledError as exc:
                cancellation = exc
    if cancellation is not None and (error := job.exception()) is not None:
        raise cancellation from error
    return job.result(), cancellation
