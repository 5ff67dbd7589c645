"""For wrappers around async creation hooks: what happens when the awaitable runs, not when it is made."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Ran", "wrap_awaitable")

T = TypeVar("T")


class Ran(NamedTuple, Generic[T]):
    """How an awaitable ended: with a result, or with an error, cancellation included."""

    seconds: float
    result: T | None
    error: BaseException | None


async def wrap_awaitable(awaitable: Awaitable[T], *, after: Callable[[Ran[T]], object]) -> T:
    """Await *awaitable*, tell *after* how it ended, and end the same way.

    A wrapper around an async creation hook gets an awaitable from its `yield` and returns one: the
    time between the two is that of making a coroutine. *after* is called when it has run, in the same
    task. What *after* itself raises is logged and goes no further: a connection that was opened
    reaches its owner.
    """
    started = perf_counter()
    try:
        result = await awaitable
    except BaseException as error:
        _tell(after, Ran(perf_counter() - started, None, error))
        raise
    _tell(after, Ran(perf_counter() - started, result, None))
    return result


def _tell(after: Callable[[Ran[T]], object], ran: Ran[T]) -> None:
    try:
        after(ran)
    except Exception as exc:
        from sqlspec.concurrency.interruptions import is_interruption

        if is_interruption(exc):
            raise
        import logging

        log = logging.getLogger("sqlspec.plugins")
        log.warning("what wrap_awaitable calls afterwards raised", exc_info=True)
