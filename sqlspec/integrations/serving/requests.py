"""The work of one request of an event loop: begun, and ended before the response begins."""

from __future__ import annotations

import inspect
from typing import Any, get_origin

from anyio import CancelScope

from sqlspec import DatabaseConfig
from sqlspec.errors import InvalidArgumentError

from .loans import SUCCESS, Loan, NotStored
from .threads import ThreadedBlock

__all__ = ("SUCCESS", "Loan", "NotStored", "Work", "is_asynchronous")


class Work:
    """What one request does with its loan: begun, and ended once, before the response begins."""

    def __init__(self, loan: Loan, *, is_async: bool) -> None:
        self._loan = loan
        self._block: Any = loan.block() if is_async else ThreadedBlock(loan.block())
        self.failure: BaseException | None = None
        """What ending it has raised."""

    async def begin(self) -> Any:
        """Borrow; returns the session. Raises as the session's block does."""
        return await self._block.__aenter__()

    async def end(self, status: int) -> None:
        """Store or undo, by the response's *status*. Raises what COMMIT raises."""
        await self._end(None if self._loan.is_success(status) else NotStored())

    async def fail(self, error: BaseException) -> None:
        """Undo, unless it has ended."""
        await self._end(error)

    async def _end(self, error: BaseException | None) -> None:
        if self._block is None:
            return
        block, self._block = self._block, None
        try:
            # A client that goes away cancels the request; what has begun to end is not stopped by that.
            with CancelScope(shield=True):
                await block.__aexit__(None if error is None else type(error), error, None)
        except BaseException as exc:
            self.failure = exc
            raise


def is_asynchronous(kind: Any, *, write: str) -> bool:
    """Whether what is lent is used by `await`, by its class. Raises `InvalidArgumentError`: *write* that."""
    found = get_origin(kind) or kind
    is_class = isinstance(found, type) and found.__module__ not in {"builtins", "types", "typing"}
    if not is_class or issubclass(found, DatabaseConfig):
        name = getattr(kind, "__name__", None) if isinstance(kind, type) else None
        message = (
            "the class of what is lent says whether it is awaited, and "
            f"{name or 'what stands there'} is no such class: write {write}"
        )
        raise InvalidArgumentError(message)
    if hasattr(found, "__aenter__"):
        return True
    members = (getattr(found, name, None) for name in dir(found) if not name.startswith("_"))
    return any(map(inspect.iscoroutinefunction, members))
