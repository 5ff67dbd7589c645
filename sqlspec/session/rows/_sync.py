# Printed from _async.py by tools/print_sync.py; do not edit.
"""The rows of `stream`: a cursor of the session's connection, read in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlspec.concurrency.guard import HELD
from sqlspec.concurrency.limits import Limit
from sqlspec.result.mapping import mapper_for
from sqlspec.session.base import CLOSED
from sqlspec.session.call._sync import Call
from sqlspec.session.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import UnionType
    from typing import Self

    from sqlspec.arguments import Parameters
    from sqlspec.plugin import Connection, Cursor
    from sqlspec.session._sync import Session

__all__ = ("Rows",)

T = TypeVar("T")


class Rows(Generic[T]):
    """The rows of `stream`, read in batches as they are asked for. Closed at its end and with its session."""

    def __init__(
        self,
        session: Session,
        sql: str,
        parameters: Parameters,
        schema_type: type[Any] | UnionType | None,
        batch_size: int,
        *,
        seconds: float | None,
    ) -> None:
        """*seconds*: how long each wait may take."""
        self._session, self._sql, self._parameters = session, sql, parameters
        self._schema_type, self._batch_size, self._seconds = schema_type, batch_size, seconds
        self._cursor: Cursor | None = None
        self._batch: Iterator[T] = iter(())
        self._count = 0
        self._is_done = False
        self._observed = Observed(session._plan.reporter, sql, "stream", is_over=False)
        self._observed.parameters = parameters

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        for row in self._batch:
            return row
        if not self._is_done:
            self._fetch()
            for row in self._batch:
                return row
        raise StopIteration

    def _fetch(self) -> None:
        observed = self._observed
        with observed:
            given = (self._parameters,)
            with Call(self._session, self._sql, seconds=self._seconds, given=given) as connection:
                if self._cursor is None:
                    self._cursor = self._open(connection)
                rows = self._cursor.fetch()
                self._session._check_kept()
                mapper = mapper_for(self._schema_type, self._cursor.columns)
                self._batch = iter(mapper(rows, self._count + 1))
                self._count += len(rows)
                observed.rowcount = self._count
                if not rows:
                    observed.is_over = True
                    self._end()

    def _open(self, connection: Connection[Any]) -> Cursor:
        session = self._session
        statement = session._plan.statements[self._sql]
        native = statement.bind(self._parameters)
        session._begin_if_needed()
        cursor = connection.stream(statement.text, native, self._batch_size, session._deadline)
        session._streams = [*(session._streams or ()), self]
        return cursor

    def _end(self, *, is_undone: bool = False) -> None:
        self._is_done = True
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            (cursor.discard() if is_undone else cursor.close())

    def _leave(self, *, is_undone: bool) -> None:
        """The session ends, within the guard: read no more; *is_undone*: what it did is undone."""
        if self._cursor is None:
            return
        connection, limit = self._session._connection, None
        self._observed.is_over = True
        with self._observed:
            try:
                if self._seconds is not None:
                    limit = Limit(connection, self._seconds, connection.guard[HELD])
                self._end(is_undone=is_undone)
            except Exception as exc:
                if limit is None or connection.interruption(exc) is not None:
                    raise
                raise limit.judge(connection.mapped(exc)) from exc
            finally:
                if limit is not None:
                    limit.end()

    def close(self) -> None:
        """Read no more. May be called twice; the session's end does it too.

        Raises `SessionInUseError` while another task or thread is running a statement of the session.
        """
        if self._cursor is not None and self._session._trouble is not CLOSED:
            call = Call(self._session, self._sql, even_if_aborted=True, seconds=self._seconds)
            try:
                with call:
                    self._end()
            except BaseException as exc:
                if self._is_done:  # else it was refused, and is not over
                    self._observed.end(exc)
                raise
            self._observed.end()
        self._is_done, self._batch = True, iter(())
