"""Stop work at its n-th await: the way to test that every one of them is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .script import Script

__all__ = ("Stopped", "async_stop_at", "stop_at")


class Stopped(NamedTuple):
    """How work ended that was to be stopped."""

    point: str | None
    """Where it was stopped; None if it did not get that far."""
    error: BaseException | None
    """What came out of it."""


def stop_at(script: Script, number: int, work: Callable[[], object]) -> Stopped:
    """Do *work*, and raise `KeyboardInterrupt` at the *number*-th point where a call of the driver waits."""
    error: BaseException | None = None

    def interrupt() -> None:
        points.append(script.awaits[-1])
        raise KeyboardInterrupt

    points: list[str] = []
    script.at_await(number, interrupt)
    try:
        work()
    except BaseException as exc:  # noqa: BLE001 - judged by the test
        error = exc
    script.never_mind()
    return Stopped(points[0] if points else None, error)


async def async_stop_at(
    script: Script, number: int, work: Callable[[], Coroutine[Any, Any, object]]
) -> Stopped:
    """Do *work* in a task, and cancel it at the *number*-th point where a call of the driver waits."""
    import asyncio

    def cancel() -> None:
        points.append(script.awaits[-1])
        task.cancel()

    points: list[str] = []
    task = asyncio.create_task(work())
    script.at_await(number, cancel)
    (error,) = await asyncio.gather(task, return_exceptions=True)
    script.never_mind()
    return Stopped(points[0] if points else None, error if isinstance(error, BaseException) else None)
