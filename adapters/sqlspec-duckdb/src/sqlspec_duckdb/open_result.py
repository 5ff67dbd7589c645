"""A result that is read in batches. DuckDB has one open result for each connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import Cursor

from .results import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import DuckDBConnection
    from .values import Row

__all__ = ("DuckDBCursor",)


class DuckDBCursor(Cursor):
    """The open result of a connection, until another statement needs the connection."""

    def __init__(self, owner: DuckDBConnection, described: Any, batch_size: int) -> None:
        self.columns = names(described)
        self._owner, self._batch_size = owner, batch_size
        self._rest: Sequence[Row] | None = None
        """What another statement has fetched in advance."""
        self._error: BaseException | None = None

    def fetch(self) -> Sequence[Row]:
        """The next batch of rows; empty at the end."""
        if self._error is not None:
            raise self._error
        if self._rest is None:
            return self._owner.fetch(self._batch_size)
        batch, self._rest = self._rest[: self._batch_size], self._rest[self._batch_size :]
        return batch

    def fill(self, raw: Any) -> None:
        """Fetch the rest, because another statement comes; both raise what is raised here."""
        self._rest = ()
        try:
            self._rest = raw.fetchall()
        except BaseException as exc:
            self._error = exc
            raise

    def close(self) -> None:
        """Read no more."""
        self._owner.leave(self)
        self._rest = ()
