# pyright: reportMissingTypeStubs=false
"""Results that are read in batches: cursors on the server."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

from sqlspec.plugin import AsyncCursor, TransactionStatus

from .codecs import UnreadableError
from .errors import having_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters, RawResult

    from .preparer import Resolved
    from .watched_connection import WatchedConnection

__all__ = ("HoldableCursor", "PortalCursor", "declare")

ABORTED = TransactionStatus.ABORTED
_numbers = count(1)


class Executor(Protocol):
    """What cursors need of their connection."""

    @property
    def raw(self) -> WatchedConnection:
        """The driver's connection."""
        ...

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement."""
        ...

    async def cast(self, statement: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """The form of a statement that takes these values unchanged, and the values for it."""
        ...

    async def prepare_once(self, statement: str) -> bool:
        """Prepare a statement that will not come again. False: the server refuses it."""
        ...

    def forget(self, statement: str) -> None:
        """It does not come again."""
        ...

    def note_late(self, statement: str, failure: Exception) -> None:
        """What a cursor raised, while its statement ran."""
        ...


class PortalCursor(AsyncCursor):
    """In a transaction: a portal, which takes any statement that returns rows."""

    def __init__(self, owner: Executor, found: Resolved, cursor: Any, batch_size: int) -> None:
        self.columns = found.columns
        self._owner, self._raw, self._found = owner, owner.raw, found
        self._cursor, self._batch_size = cursor, batch_size
        self._is_open = True

    async def fetch(self) -> Sequence[Any]:
        """The next batch of rows."""
        try:
            rows: Sequence[Any] = await self._cursor.fetch(self._batch_size)
        except (asyncpg.PostgresError, asyncpg.InternalClientError) as exc:
            self._owner.note_late(self._found.text, exc)
            having_values(exc)  # the query runs now, with the parameters it was given before
            self._is_open = self._raw.tap.status is not ABORTED  # whose end closes it
            raise
        except UnreadableError as exc:
            await self.close()  # which the end of the transaction, that goes on, would do too late
            raise exc.of(self._found.prepared) from None
        return rows

    async def close(self) -> None:
        """Close it on the server; the end of the transaction would too."""
        name = getattr(self._cursor, "_portal_name", None)
        if self._is_open and name and self._raw.is_in_transaction():
            self._is_open = False
            with suppress(asyncpg.PostgresError):  # an aborted transaction has closed it
                await self._raw.execute(f'CLOSE "{name}"')


class HoldableCursor(AsyncCursor):
    """Outside of transactions: a cursor WITH HOLD.

    The server keeps its rows, so that other statements, each committed by itself, may run between batches.
    """

    def __init__(
        self, owner: Executor, statement: str, name: str, prepared: Any, columns: tuple[str, ...]
    ) -> None:
        self.columns = columns
        self._owner, self._raw, self._statement = owner, owner.raw, statement
        self._name, self._prepared = name, prepared
        self._is_open = True

    async def fetch(self) -> Sequence[Any]:
        """The next batch of rows."""
        try:
            rows: Sequence[Any] = await self._prepared.fetch()
        except (asyncpg.PostgresError, asyncpg.InternalClientError) as exc:
            self._owner.note_late(self._statement, exc)
            raise
        except UnreadableError as exc:
            await self.close()
            raise exc.of(self._prepared) from None
        return rows

    async def close(self) -> None:
        """Close it on the server."""
        if self._is_open:
            self._is_open = False
            await self._raw.execute(f"CLOSE {self._name}")


async def declare(
    owner: Executor, statement: str, values: Sequence[Any], batch_size: int
) -> HoldableCursor | None:
    """Run a query whose rows the server keeps. None: it makes no cursor of this statement; nothing ran."""
    name = f"sqlspec_stream_{next(_numbers)}"
    if (
        values
    ):  # with the casts that these need, which are kept for the statement, and not for its declaration
        statement, values = await owner.cast(statement, values)
    declaration = f"DECLARE {name} NO SCROLL CURSOR WITH HOLD FOR {statement}"
    if not await owner.prepare_once(declaration):
        return None
    try:
        await owner.execute(declaration, values, None)
    finally:
        owner.forget(declaration)
    prepared = await owner.raw.prepare(f"FETCH FORWARD {batch_size} FROM {name}")
    columns = tuple([attribute.name for attribute in prepared.get_attributes()])
    return HoldableCursor(owner, statement, name, prepared, columns)
