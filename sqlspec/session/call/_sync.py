# Printed from _async.py by tools/print_sync.py; do not edit.
"""One call of a session: it refuses overlap, and judges what the driver raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.callers import caller
from sqlspec.concurrency.guard import DROPPED, HELD
from sqlspec.concurrency.limits import Limit
from sqlspec.session.base import CLOSED, SessionBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from sqlspec.plugin import Connection
    from sqlspec.session.places import Place

__all__ = ("Call",)


class Call:
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
        session: SessionBase[Connection[Any]],
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
        self._limit: Limit | None = None
        self._first = False
        self._caller = caller()

    def is_left_behind(self, session: SessionBase[Connection[Any]]) -> bool:
        """Whether who asks made this call itself, and so is out of it.

        Ctrl-C may come on the threshold of `__exit__`, and then nobody leaves the guard.
        """
        return self._session is session and self._caller is caller()

    def __enter__(self) -> Connection[Any]:
        session, connection = self._session, self._session._connection
        guard = connection.guard
        try:
            if guard.setdefault(HELD, self) is not self or guard.ended:
                raise session._refusal(self)  # noqa: TRY301 - all that leaves here leaves the guard
            if session._trouble is CLOSED or (session._trouble and not self._even_if_aborted):
                raise session._refusal(self)  # noqa: TRY301
            self._first = not session._begun
            if self._seconds is not None:
                session._limit = self._limit = Limit(connection, self._seconds, self, self._ends_at)
        except BaseException:
            if guard[HELD] is self:
                del guard[HELD]
            raise
        return connection

    def __exit__(
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
                    self._limit.end()
            finally:
                if guard[HELD] is self:
                    del guard[HELD]
                if guard.ended is DROPPED:
                    guard.close_dropped(connection)
        if error is not None and error is not exc:
            raise error from exc
