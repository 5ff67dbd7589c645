"""A result that is read in batches. DuckDB has one open result for each connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlspec.plugin import Cursor

from .results import column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .values import Row

__all__ = ("DuckDBCursor",)


class ResultOwner(Protocol):
    """What a cursor needs of its connection."""

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows of the open result."""
        ...

    def close_result(self, cursor: DuckDBCursor) -> None:
        """The result of *cursor* is read no more."""
        ...


class DuckDBCursor(Cursor):
    """The open result of a connection, until another statement needs the connection."""

    def __init__(self, owner: ResultOwner, described: Any, batch_size: int) -> None:
        self.columns = column_names(described)
        self._owner, self._batch_size = owner, batch_size
        self._remaining: Sequence[Row] | None = None
        """The remaining rows, once they were fetched because another statement came."""
        self._error: BaseException | None = None

    def fetch(self) -> Sequence[Row]:
        """The next batch of rows; empty at the end."""
        if self._error is not None:
            raise self._error
        if self._remaining is None:
            return self._owner.fetch(self._batch_size)
        batch, self._remaining = self._remaining[: self._batch_size], self._remaining[self._batch_size :]
        return batch

    def fetch_remaining(self, raw: Any) -> None:
        """Fetch all rows, because another statement comes; an error is raised here and by `fetch`."""
        self._remaining = ()
        try:
            self._remaining = raw.fetchall()
        except BaseException as exc:
            self._error = exc
            raise

    def close(self) -> None:
        """Read no more."""
        self._owner.close_result(self)
        self._remaining = ()
