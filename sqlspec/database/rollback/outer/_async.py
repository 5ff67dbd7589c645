# The source of _sync.py, which tools/print_sync.py prints from it.
"""The one connection, with the transaction that is never committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.deadlines import async_drop_after, async_within
from sqlspec.database.rollback.base import OuterBase, async_check_home
from sqlspec.database.rollback.connection._async import AsyncNestedConnection
from sqlspec.database.rollback.turns._async import AsyncTurns
from sqlspec.plugin._async import AsyncConnection
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, TransactionOptions

if TYPE_CHECKING:
    from sqlspec.config import DatabaseConfig
    from sqlspec.database.rollback.rules import Rules
    from sqlspec.plugin._async import AsyncPooledConnection
    from sqlspec.plugin.protocols import AsyncConnect

__all__ = ("AsyncOuterTransaction",)


class AsyncOuterTransaction(OuterBase):
    """One connection, in one transaction, which is never committed. Opened by the first who asks."""

    inner: AsyncConnection[Any] | None = None

    def __init__(
        self, config: DatabaseConfig[Any, Any, Any, Any], connect: AsyncConnect, rules: Rules
    ) -> None:
        super().__init__(config, connect.label, rules)
        self._connect, self.turns = connect, AsyncTurns()

    async def open(self, deadline: float | None) -> AsyncNestedConnection:
        """A connection for one session."""
        self.check()
        async_check_home(self)
        inner = self.inner or await self._open_inner(deadline)
        return AsyncNestedConnection(self, inner)

    async def _open_inner(self, deadline: float | None) -> AsyncConnection[Any]:
        await self.turns.acquire(self.until(deadline))
        try:
            self.check()
            inner = self.inner
            if inner is None:
                opened = await async_within(self._connect(), self.config.connect_timeout)
                self.inner = inner = await self._begun(opened)
        finally:
            self.turns.give_back()
        return inner

    async def _begun(self, connection: AsyncPooledConnection[Any]) -> AsyncConnection[Any]:
        if not isinstance(connection, AsyncConnection):
            await connection.disconnect()
            raise self.without_sql()
        token = object()
        try:
            connection.guard.enter(token)
            await connection.begin(TransactionOptions(), time.monotonic() + self.config.connect_timeout)
        except BaseException as exc:
            error = connection.mapped(exc)
            connection.drop()
            if error is exc:
                raise
            raise error from exc
        finally:
            connection.guard.leave(token, connection)
        return connection

    async def end(self) -> None:
        """Undo everything, and close the connection. Never raises for what the database makes of that."""
        self.is_over = True
        inner, self.inner = self.inner, None
        if inner is None:
            return
        until = time.monotonic() + CLEAN_UP_TIMEOUT
        timer = async_drop_after(CLEAN_UP_TIMEOUT, inner)
        token = object()
        try:
            await self.turns.acquire(until)
            try:
                inner.guard.enter(token)
                try:
                    await inner.rollback(until)
                finally:
                    inner.guard.leave(token, inner)
                await inner.disconnect()
            finally:
                self.turns.give_back()
        except Exception as exc:
            if inner.is_foreign(exc):
                raise
        finally:
            timer.cancel()
            if inner.guard.ended is None:
                inner.drop()  # what was open on it is undone by the database
