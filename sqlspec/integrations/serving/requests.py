"""What one request borrows, and whether its response says that its work is to be stored."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_origin

from anyio import CancelScope

from sqlspec import AsyncOnlyConfig
from sqlspec.errors import InvalidArgumentError, SyncNotSupportedError

from .threads import ThreadedBlock

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from sqlspec import SQLSpec

__all__ = ("SUCCESS", "Loan", "NotStored", "Work", "is_asynchronous")

SUCCESS = range(200, 400)
"""The statuses of responses whose work is stored."""


class NotStored(Exception):  # noqa: N818 - it says what becomes of the work, and nobody sees it
    """Ends a block whose response says that it failed; never leaves the integration."""


class Loan:
    """What a request borrows, from which database, and after which statuses its work is stored.

    Two that say the same of one registry are equal: in one request they stand for one session.
    """

    def __init__(
        self,
        spec: SQLSpec,
        key: Any,
        *,
        is_raw: bool = False,
        options: Mapping[str, Any],
        commit_on: Container[int] = SUCCESS,
    ) -> None:
        self.spec, self.key, self.is_raw = spec, key, is_raw
        self.options = {name: value for name, value in options.items() if value is not None}
        self.commit_on = commit_on

    def _identity(self) -> tuple[Any, ...]:
        # A config is known by its identity, as in the registry: its fields need not be hashable.
        key = self.key if self.key is None or isinstance(self.key, str) else id(self.key)
        return id(self.spec), key, self.is_raw, id(self.commit_on), *sorted(self.options.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loan) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def block(self, *, is_async: bool) -> Any:
        """What `async with` lends it by, and gives it back; never waits in the event loop."""
        lend = self.spec.provide_connection if self.is_raw else self.spec.provide_session
        block = lend(self.key, **self.options)
        if is_async:
            return block
        self.check_sync()
        return ThreadedBlock(block)

    def check_sync(self) -> None:
        """Raise `SyncNotSupportedError` where it is known beforehand that there is nothing for a thread."""
        kind = self.key if isinstance(self.key, type) else type(self.key)
        if issubclass(kind, AsyncOnlyConfig):
            message = f"{kind.__name__} lends to tasks alone: annotate the parameter with AsyncSession"
            raise SyncNotSupportedError(message)

    def is_success(self, status: int) -> bool:
        """Whether the work behind a response of this status is stored."""
        return status in self.commit_on


class Work:
    """What one request does with its loan: begun, and ended once, before the response begins."""

    def __init__(self, loan: Loan, *, is_async: bool) -> None:
        self._loan = loan
        self._block: Any = loan.block(is_async=is_async)
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


def is_asynchronous(annotation: Any) -> bool:
    """Whether what a parameter is annotated with is used by `await`. Raises `InvalidArgumentError`."""
    kind = get_origin(annotation) or annotation
    if not isinstance(kind, type) or kind in {Any, object}:
        message = (
            "a session needs the type of its parameter to know whether it is awaited: write "
            'Annotated[AsyncSession, session(spec, "main")], or Annotated[Session, …] in a `def`'
        )
        raise InvalidArgumentError(message)
    if hasattr(kind, "__aenter__"):
        return True
    members = (getattr(kind, name, None) for name in dir(kind) if not name.startswith("_"))
    return any(map(inspect.iscoroutinefunction, members))
