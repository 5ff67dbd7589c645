"""The pools of an override that rolls back: they lend to all who ask, always the same connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import PoolRetiredError
from sqlspec.plugin.contract import TransactionStatus
from sqlspec.pool.stats import PoolStats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .connection._async import AsyncNestedConnection
    from .connection._sync import NestedConnection

    Nested = NestedConnection | AsyncNestedConnection

__all__ = ("AsyncRollbackPool", "RollbackPool")

IDLE = TransactionStatus.IDLE


class RollbackLease:
    """One session's connection."""

    __slots__ = ("connection", "nested")

    def __init__(self, connection: Any, nested: Nested) -> None:
        self.connection, self.nested = connection, nested


class RollbackPoolBase:
    """What both pools do. Nobody waits here but for the first connection, and for a turn on it."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._leases: set[RollbackLease] = set()
        self._lent = 0
        self._is_retired = False

    def _check(self) -> None:
        if self._is_retired:
            raise PoolRetiredError(f"the pool of {self._label} is closed")

    def _lend(self, connection: Any) -> RollbackLease:
        lease = RollbackLease(connection, getattr(connection, "_inner", connection))
        self._leases.add(lease)
        self._lent += 1
        return lease

    def _take_back(self, lease: RollbackLease, *, ok: bool) -> None:
        if lease not in self._leases:
            return  # given back before
        self._leases.discard(lease)
        if not ok:
            lease.nested.give_up()

    def retire(self) -> None:
        """Lend no more. The connection is ended by the override."""
        self._is_retired = True

    def abandon(self) -> None:
        """In a forked child: forget what was lent; the parent still uses it."""
        self._leases = set()
        self._is_retired = True

    def stats(self) -> PoolStats:
        """Sessions count as connections."""
        counts = dict.fromkeys(PoolStats.__struct_fields__, 0)
        in_use = len(self._leases)
        counts |= {"size": in_use, "in_use": in_use, "opened": self._lent, "closed": self._lent - in_use}
        return PoolStats(**counts)


class RollbackPool(RollbackPoolBase):
    """For threads."""

    def __init__(self, label: str, connect: Callable[[float | None], Any]) -> None:
        super().__init__(label)
        self._connect = connect

    def acquire(self, deadline: float | None = None) -> RollbackLease:
        """A connection for one session."""
        self._check()
        return self._lend(self._connect(deadline))

    def release(self, lease: RollbackLease, ok: bool) -> None:
        """It has ended. Not *ok*: nobody knows what its last call has done."""
        self._take_back(lease, ok=ok)

    def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - the contract's
        """As `retire`."""
        self.retire()


class AsyncRollbackPool(RollbackPoolBase):
    """For the tasks of one event loop."""

    def __init__(self, label: str, connect: Callable[[float | None], Awaitable[Any]]) -> None:
        super().__init__(label)
        self._connect = connect

    async def acquire(self, deadline: float | None = None) -> RollbackLease:
        """A connection for one session."""
        self._check()
        return self._lend(await self._connect(deadline))

    async def release(self, lease: RollbackLease, ok: bool) -> None:
        """It has ended. Not *ok*: nobody knows what its last call has done."""
        self._take_back(lease, ok=ok)

    async def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - the contract's
        """As `retire`."""
        self.retire()
