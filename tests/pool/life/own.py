"""Adapters that bring a pool of their own: as little as the contract asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Callable


class OwnLease:
    """A borrowed connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection


class OwnPool:
    """Makes a connection for each borrower. Its length is 0: what a pool holds is no reason to ignore it."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self.calls: list[str] = []

    def __len__(self) -> int:
        return 0

    def acquire(self, deadline: float | None = None) -> OwnLease:
        """One more."""
        self.calls.append(f"acquire {deadline}")
        return OwnLease(self._connect())

    def release(self, lease: OwnLease, ok: bool) -> None:
        """Never kept."""
        self.calls.append(f"release {ok}")
        lease.connection.drop()

    def retire(self) -> None:
        """Nothing to drop."""
        self.calls.append("retire")

    def close(self, deadline: float | None = None) -> None:
        """Nothing to close."""
        self.calls.append(f"close {deadline}")

    def abandon(self) -> None:
        """Nothing to forget."""
        self.calls.append("abandon")

    def stats(self) -> Any:
        """It counts one thing alone, in its own way."""
        return OwnStats(sum(call.startswith("acquire") for call in self.calls))


class OwnStats:
    """The counts of a pool that counts little."""

    def __init__(self, opened: int) -> None:
        self.opened = opened


class OwnAsyncPool(OwnPool):
    """The same for tasks."""

    async def acquire(self, deadline: float | None = None) -> OwnLease:  # type: ignore[override]
        """One more."""
        self.calls.append(f"acquire {deadline}")
        return OwnLease(await self._connect())

    async def release(self, lease: OwnLease, ok: bool) -> None:  # type: ignore[override]
        """Never kept."""
        super().release(lease, ok)

    async def close(self, deadline: float | None = None) -> None:  # type: ignore[override]
        """Nothing to close."""
        super().close(deadline)


class OwnPools(ScriptedPlugin):
    """The scripted adapter with pools of its own."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.made: list[Any] = []
        self.failures = 0
        """How many of the next pools can not be made."""

    def _make(self, pool: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        self.made.append(pool)
        return pool

    @hookimpl
    def sqlspec_create_pool(self, connect: Callable[[], Any]) -> Any:
        """For threads."""
        return self._make(OwnPool(connect))

    @hookimpl
    def sqlspec_create_async_pool(self, connect: Callable[[], Any]) -> Any:
        """For tasks."""
        return self._make(OwnAsyncPool(connect))
