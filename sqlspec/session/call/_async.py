# The source of _sync.py, which tools/print_sync.py prints from it.
"""One call of a session: it refuses overlap, and judges what the driver raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.callers import async_caller
from sqlspec.concurrency.guard import DROPPED, HELD
from sqlspec.concurrency.limits import AsyncLimit
from sqlspec.session.base import CLOSED, SessionBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from sqlspec.plugin import AsyncConnection
    from sqlspec.session.places import Place

__all__ = ("AsyncCall",)


class AsyncCall:
    """One call, under the connection's guard: refuses overlap and trouble, judges what the call raises."""

    __slots__ = (
        "_caller",
        "_ends_at",
        "_even_if_aborted",
        "_first",
        "_given",
        "_limit",
        "_place",
        "_seconds",
        "_session",
        "_sql",
    )

    def __init__(
        self,
        session: SessionBase[AsyncConnection[Any]],
        sql: str,
        *,
        even_if_aborted: bool = False,
        seconds: float | None = None,
        ends_at: float | None = None,
        given: Iterable[Any] = (),
        place: Callable[[int], Place] | None = None,
    ) -> None:
        """*seconds*: its time limit, which began before if *ends_at* is given; others: as of `_failed`."""
        self._session, self._sql, self._even_if_aborted = session, sql, even_if_aborted
        self._seconds, self._ends_at, self._place = seconds, ends_at, place
        self._given = given
        self._limit: AsyncLimit | None = None
        self._first = False
        self._caller = async_caller()

    def is_left_behind(self, session: SessionBase[AsyncConnection[Any]]) -> bool:
        """Whether who asks made this call itself, and so is out of it.

        Ctrl-C may come on the threshold of `__aexit__`, and then nobody leaves the guard.
        """
        return self._session is session and self._caller is async_caller()

    async def __aenter__(self) -> AsyncConnection[Any]:
        session, connection = self._session, self._session._connection
        guard = connection.guard
        try:
            if guard.setdefault(HELD, self) is not self or guard.ended:
                raise session._refusal(self)  # noqa: TRY301 - all that leaves here leaves the guard
            if session._trouble is CLOSED or (session._trouble and not self._even_if_aborted):
                raise session._refusal(self)  # noqa: TRY301
            self._first = not session._begun
            if self._seconds is not None:
                session._limit = self._limit = AsyncLimit(connection, self._seconds, self, self._ends_at)
        except BaseException:
            if guard[HELD] is self:
                del guard[HELD]
            raise
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, connection = self._session, self._session._connection
        guard = connection.guard
        try:
            error = (
                None
                if exc is None
                else session._failed(exc, self._sql, first=self._first, given=self._given, place=self._place)
            )
        finally:
            try:
                if self._limit is not None:
                    session._limit = None
                    await self._limit.end()
            finally:
                if guard[HELD] is self:
                    del guard[HELD]
                if guard.ended is DROPPED:
                    guard.close_dropped(connection)
        if error is not None and error is not exc:
            raise error from exc
