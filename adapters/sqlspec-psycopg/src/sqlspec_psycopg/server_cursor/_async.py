# The source of _sync.py, which tools/print_sync.py prints from it.
"""A result that stays on the server and is read in batches: DECLARE, FETCH, CLOSE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from sqlspec.errors import StatementError
from sqlspec.plugin import AsyncCursor, RawResult, TransactionStatus
from sqlspec_psycopg.errors import having_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters

__all__ = ("AsyncDeclaredCursor",)

ABORTED = TransactionStatus.ABORTED


class AsyncExecutor(Protocol):
    """What a cursor needs of its connection."""

    @property
    def transaction_status(self) -> TransactionStatus:
        """The connection's."""
        ...

    async def execute(
        self, statement: str, parameters: Parameters, deadline: float | None, *, prepare: bool | None = None
    ) -> RawResult:
        """Run one statement."""
        ...


class AsyncDeclaredCursor(AsyncCursor):
    """A cursor on the server."""

    def __init__(self, connection: AsyncExecutor, name: str, batch_size: int) -> None:
        super().__init__(RawResult(), batch_size)
        self._connection, self._name = connection, name
        self._fetch = f"FETCH FORWARD {batch_size} FROM {name}"
        self._is_open = True

    async def fetch(self) -> Sequence[tuple[Any, ...]]:
        """The next batch of rows."""
        try:
            batch = await self._connection.execute(self._fetch, None, None, prepare=False)
        except psycopg.Error as exc:
            having_values(exc)  # the query runs now, with the parameters of DECLARE
            self._is_open = self._connection.transaction_status is not ABORTED  # whose end closes it
            raise
        except StatementError:  # of a value that Python has not; the transaction goes on
            await self.close()
            raise
        self.columns = batch.columns
        return batch.rows

    async def close(self) -> None:
        """Close it on the server, unless the transaction is aborted, whose end closes it."""
        if self._is_open:
            self._is_open = False
            if self._connection.transaction_status is not ABORTED:
                await self._connection.execute(f"CLOSE {self._name}", None, None, prepare=False)
