# The source of _sync.py, which tools/print_sync.py prints from it.
"""The pool: lends links, waits where it must, and connects for who needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec_redis.drivers import AsyncWaiter, async_connection_class, async_pause
from sqlspec_redis.errors import connect_error, is_worth_another_try
from sqlspec_redis.link._async import PING_TIMEOUT, AsyncDesk, AsyncLink

from .base import Lease, PoolBase

if TYPE_CHECKING:
    from sqlspec_redis.config import RedisConfig

__all__ = ("AsyncPool",)

PAUSES = (0.05, 0.25)
"""Seconds between attempts to connect; a server that restarts is back by then, or for long away."""


class AsyncPool(PoolBase[AsyncLink]):
    """Connections of one config, for the tasks of one event loop."""

    def __init__(self, config: RedisConfig, label: str) -> None:
        kind = async_connection_class(config)
        super().__init__(config, label, pool_class=AsyncDesk, connection_class=kind)

    def _new_link(self, now: float) -> AsyncLink:
        return AsyncLink(self, self._generation, now)

    async def acquire(self, deadline: float | None = None) -> Lease:
        """Borrow a link; give it back with `release`.

        Waits for a free one until *deadline* (monotonic seconds; default: `pool_timeout` from now) and
        raises `PoolTimeoutError`. A failed connect raises, and so does a full queue.
        """
        lease, now = Lease(), self._now()
        link = self._take(lease, now)
        if link is None:
            link = await self._wait(lease, now, deadline)
            now = self._now()
        if not self._is_fresh(link, now):
            link = await self._made_fit(lease, link, now)
        return self._hand_out(lease, link)

    async def borrow(self, link: AsyncLink) -> Lease | None:
        """One more connection for the clients of *link*, or None: its own is at hand again, and theirs.

        Waits for whichever comes first, as long as `acquire` does.
        """
        lease, now = Lease(), self._now()
        found = self._take(lease, now)
        if found is None:
            found = await self._wait(lease, now, None, link)
            now = self._now()
        if found is link:
            return None
        if not self._is_fresh(found, now):
            found = await self._made_fit(lease, found, now)
        return self._hand_out(lease, found)

    async def release(self, lease: Lease, ok: bool) -> None:  # noqa: ARG002, FBT001 - the connection knows better
        """Give it back: its connection has seen what was done with it. Never waits."""
        self.give_back(lease, is_good=True)

    async def warm_up(self) -> None:
        """Open `pool_min_size` connections, or raise what hinders it."""
        leases: list[Lease] = []
        try:
            # Counting what others hold: two that warm up at once must not wait for each other.
            while self.stats().size < self._config.pool_min_size:
                leases.append(await self.acquire())
        finally:
            for lease in leases:
                self.give_back(lease, is_good=True)

    async def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - nothing here takes time
        """Lend no more, and close what is idle; leased connections are closed when they return."""
        self.retire()
        await async_pause(0)  # a loop closes sockets at its next turn

    # --- steps of acquire -----------------------------------------------------------------------

    async def _made_fit(self, lease: Lease, link: AsyncLink, now: float) -> AsyncLink:
        if link.connection is not None:
            fault = await self._fault(lease, link, now)
            if fault is None:
                return link
            link = self._exchange(lease, link, self._now(), fault)
        try:
            await self._open(link)
        except BaseException as exc:
            self._not_opened(lease, link, exc)
            raise
        return link

    async def _fault(self, lease: Lease, link: AsyncLink, now: float) -> str | None:
        """Why a connection must not be lent."""
        if not self._is_young(link, now):
            return "aged"
        if not link.connection.is_quiet():
            return "dead"
        try:
            await link.connection.probe(PING_TIMEOUT)
        except BaseException as exc:
            if link.is_foreign(exc):
                # Interrupted in the middle of a ping: in doubt, so it serves no longer.
                self.give_back(lease, is_good=False)
                raise
            self.expire(link.generation)  # no error of the caller: a new one serves
            return "dead"
        return None

    async def _open(self, link: AsyncLink) -> None:
        """Connect, more than once if that may help; all of it within `connect_timeout`."""
        until = self._now() + self.connect_timeout
        pauses = list(PAUSES)
        while (error := await self._attempt(link, until - self._now())) is not None:
            is_over = not pauses or self._now() + pauses[0] >= until
            if is_over or not is_worth_another_try(error):
                raise connect_error(error, self._config)
            await async_pause(pauses.pop(0))
        self._opened(link)

    async def _attempt(self, link: AsyncLink, seconds: float) -> Exception | None:
        try:
            await link.open(seconds)
        except Exception as exc:
            if link.is_foreign(exc):
                raise
            return exc
        return None

    async def _wait(
        self, lease: Lease, now: float, deadline: float | None, beside: AsyncLink | None = None
    ) -> AsyncLink:
        until = now + self._config.pool_timeout if deadline is None else deadline
        waiter = AsyncWaiter(lease, now)
        try:
            link = self._enqueue(waiter, now, beside)
            if link is not None:
                return link
            await waiter.wait(until)
        except BaseException:
            self._give_up(waiter, beside)
            raise
        link = self._leave(waiter, self._now(), beside)
        if link is None:
            raise self._timed_out(self._now() - now)
        return link
