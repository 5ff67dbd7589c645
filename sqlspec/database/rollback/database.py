"""A database whose sessions are all in one transaction, which is undone in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlspec.database.database import Database
from sqlspec.database.factories import Factories
from sqlspec.errors import NotSupportedError, SavepointNotSupportedError, SQLSpecError
from sqlspec.plugin.info import Capability

from .outer._async import AsyncOuterTransaction
from .outer._sync import OuterTransaction
from .pools import AsyncRollbackPool, RollbackPool
from .rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.lending import AsyncPoolLike, PoolLike

    from .connection._async import AsyncNestedConnection
    from .connection._sync import NestedConnection

__all__ = ("RollbackDatabase", "check_possible")


def check_possible(database: Database) -> None:
    """Raise if the database's adapter can not undo what is done in savepoints."""
    info = database.plugins.adapter(database.config.adapter).info
    hint = (
        f"give each test a database of its own instead, such as a copy of the file: "
        f"spec.override({database.name!r}, copy)"
    )
    if Capability.TRANSACTIONS not in info.capabilities:
        raise NotSupportedError(
            f"adapter {info.name!r} has no transactions, so override(…, rollback=True) could undo "
            f"nothing; {hint}"
        )
    if Capability.SAVEPOINTS not in info.capabilities:
        raise SavepointNotSupportedError(
            f"adapter {info.name!r} has no savepoints, so override(…, rollback=True) could not undo what "
            f"a session commits; {hint}"
        )


class RollbackDatabase(Database):
    """The replacement inside of `override(…, rollback=True)`.

    It has one connection: for threads where the adapter has any, which serves the tasks of all event loops,
    too; else one of the first event loop that asks.
    """

    def __init__(
        self, name: str, config: Any, plugins: Any, *, successor: Callable[[], Database], covered: Database
    ) -> None:
        super().__init__(name, config, plugins, successor=successor)
        if covered.config is config:
            # A database in memory lives there, and it is the one that the test means.
            self._resources = covered.resources
        self._is_borrowing = covered.config is config
        self.around = covered if self._is_borrowing and isinstance(covered, RollbackDatabase) else None
        """The override around this one, if that rolls back, too: this one is a savepoint in it."""
        self._outer: OuterTransaction | AsyncOuterTransaction | None = None

    def make(self) -> RollbackFactories:
        """What makes pools and sessions."""
        if self._factories is None:
            self._factories = RollbackFactories(self)
        return cast("RollbackFactories", self._factories)

    def outer(self, make: Callable[[], Any]) -> Any:
        """The one transaction; the first who asks makes it."""
        with self._lock:
            if self._outer is None:
                self._outer = make()
            return self._outer

    @property
    def fault(self) -> SQLSpecError | None:
        """What happened in the block that could not be undone as it should."""
        return None if self._outer is None or self._outer.fault is None else self._outer.error()

    async def aend(self) -> None:
        """Undo everything, where the connection belongs to the running loop; `retire` does it otherwise."""
        outer = self._outer
        if isinstance(outer, AsyncOuterTransaction):
            from asyncio import get_running_loop

            if outer.home is get_running_loop():
                await outer.end()

    def retire(self) -> None:
        """The block has ended: everything is undone."""
        outer = self._outer
        try:
            if isinstance(outer, AsyncOuterTransaction):
                outer.end_now()
            elif outer is not None:
                outer.end()
        finally:
            if self._is_borrowing:
                self._resources = None
            super().retire()


class RollbackFactories(Factories):
    """What makes its pools. Sessions are made as ever."""

    def __init__(self, database: RollbackDatabase) -> None:
        super().__init__(database)
        self._database = database

    def pool(self, otherwise: str = "async with") -> PoolLike:
        """The pool for threads."""
        if not self._plugins.serves_threads(self._config.adapter):
            raise self._no_sync(otherwise)
        return RollbackPool(repr(self._name), self.outer().open)

    def async_pool(self) -> AsyncPoolLike:
        """A pool for the running loop."""
        outer = self.outer()
        connect = (
            _Bridge(outer, self._config.pool_size) if isinstance(outer, OuterTransaction) else outer.open
        )
        return AsyncRollbackPool(outer.label, connect)

    def outer(self) -> OuterTransaction | AsyncOuterTransaction:
        """The one transaction, in a thread's connection if the adapter has any."""
        outer: OuterTransaction | AsyncOuterTransaction = self._database.outer(self._make_outer)
        return outer

    def _make_outer(self) -> OuterTransaction | AsyncOuterTransaction:
        around = self._database.around
        if around is not None:
            outer = around.make().outer()
            if isinstance(outer, OuterTransaction):
                return OuterTransaction(self._config, _Opener(outer), self._rules())
            return AsyncOuterTransaction(self._config, _AsyncOpener(outer), self._rules())
        connect = self._connector()
        if connect.is_possible:
            return OuterTransaction(self._config, connect, self._rules())
        return AsyncOuterTransaction(self._config, self._async_connector(), self._rules())

    def _rules(self) -> Rules:
        return Rules(self._plugins.adapter(self._config.adapter).info)


class _Opener:
    """What opens a connection for a session, as the bridge to async calls it."""

    def __init__(self, outer: OuterTransaction) -> None:
        self.label, self._outer = outer.label, outer

    def observe(self, kind: str, reason: str | None, seconds: float | None) -> None:
        """Nothing is opened that an observer would count."""

    def __call__(self) -> NestedConnection:
        """In a thread."""
        return self._outer.open(None)


class _AsyncOpener:
    """The same for tasks."""

    def __init__(self, outer: AsyncOuterTransaction) -> None:
        self.label, self._outer = outer.label, outer

    async def __call__(self) -> AsyncNestedConnection:
        """In the loop of the outer transaction."""
        return await self._outer.open(None)


class _Bridge:
    """Lends the connection of threads to the tasks of one loop."""

    def __init__(self, outer: OuterTransaction, size: int) -> None:
        from sqlspec.session.bridge import BridgedConnector

        self._connect = BridgedConnector(size, _Opener(outer))

    async def __call__(self, deadline: float | None) -> Any:  # noqa: ARG002 - the outer transaction has its own
        """A connection for one session."""
        return await self._connect()
