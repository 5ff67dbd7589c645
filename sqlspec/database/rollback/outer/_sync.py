# Printed from _async.py by tools/print_sync.py; do not edit.
"""The one connection, with the transaction that is never committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.deadlines import drop_after, within
from sqlspec.database.rollback.base import OuterBase, check_home
from sqlspec.database.rollback.connection._sync import NestedConnection
from sqlspec.database.rollback.turns._sync import Turns
from sqlspec.plugin._sync import Connection
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, TransactionOptions

if TYPE_CHECKING:
    from sqlspec.config import DatabaseConfig
    from sqlspec.database.rollback.rules import Rules
    from sqlspec.plugin._sync import PooledConnection
    from sqlspec.plugin.protocols import Connect

__all__ = ("OuterTransaction",)


class OuterTransaction(OuterBase):
    """One connection, in one transaction, which is never committed. Opened by the first who asks."""

    inner: Connection[Any] | None = None

    def __init__(
        self, config: DatabaseConfig[Any, Any, Any, Any], connect: Connect, rules: Rules
    ) -> None:
        super().__init__(config, connect.label, rules)
        self._connect, self.turns = connect, Turns()

    def open(self, deadline: float | None) -> NestedConnection:
        """A connection for one session."""
        self.check()
        check_home(self)
        inner = self.inner or self._open_inner(deadline)
        return NestedConnection(self, inner)

    def _open_inner(self, deadline: float | None) -> Connection[Any]:
        self.turns.acquire(self.until(deadline))
        try:
            self.check()
            inner = self.inner
            if inner is None:
                opened = within(self._connect(), self.config.connect_timeout)
                self.inner = inner = self._begun(opened)
        finally:
            self.turns.give_back()
        return inner

    def _begun(self, connection: PooledConnection[Any]) -> Connection[Any]:
        if not isinstance(connection, Connection):
            connection.disconnect()
            raise self.without_sql()
        token = object()
        try:
            connection.guard.enter(token)
            connection.begin(TransactionOptions(), time.monotonic() + self.config.connect_timeout)
        except BaseException as exc:
            error = connection.mapped(exc)
            connection.drop()
            if error is exc:
                raise
            raise error from exc
        finally:
            connection.guard.leave(token, connection)
        return connection

    def end(self) -> None:
        """Undo everything, and close the connection. Never raises for what the database makes of that."""
        self.is_over = True
        inner, self.inner = self.inner, None
        if inner is None:
            return
        until = time.monotonic() + CLEAN_UP_TIMEOUT
        timer = drop_after(CLEAN_UP_TIMEOUT, inner)
        token = object()
        try:
            self.turns.acquire(until)
            try:
                inner.guard.enter(token)
                try:
                    inner.rollback(until)
                finally:
                    inner.guard.leave(token, inner)
                inner.disconnect()
            finally:
                self.turns.give_back()
        except Exception as exc:
            if inner.is_foreign(exc):
                raise
        finally:
            timer.cancel()
            if inner.guard.ended is None:
                inner.drop()  # what was open on it is undone by the database
