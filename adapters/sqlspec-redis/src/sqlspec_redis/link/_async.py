# The source of _sync.py, which tools/print_sync.py prints from it.
"""One connection, and the clients that speak on it: made once, and lent to one borrower after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import SessionClosedError
from sqlspec.plugin import AsyncPooledConnection
from sqlspec_redis.drivers import AsyncConnectionPool, AsyncRedis

from .base import LinkBase

if TYPE_CHECKING:
    from sqlspec_redis.pool._async import AsyncPool

__all__ = ("AsyncDesk", "AsyncLink")

PING_TIMEOUT = 2.0


class AsyncDesk(AsyncConnectionPool):
    """What a link's clients take for their pool.

    It lends them the link's own connection. Only while that is busy, with a subscription, a pipeline that
    watches or a command of another task, it borrows one more from the pool for as long as it is needed.
    """

    link: AsyncLink
    is_open = False
    """Whether somebody may borrow; a client that outlives its session finds it closed."""

    def new_connection(self) -> Any:
        """One of ours, which redis-py knows as its own."""
        make: Any = self.make_connection
        return make()

    async def get_connection(self, *_names: Any, **_options: Any) -> Any:
        """A connection that nobody else uses; redis-py's clients call this for every command."""
        try:
            connection = self.link.spare.pop()
        except IndexError:
            connection = await self._borrow()
        if not connection.is_open:
            await self._open_again(connection)
        return connection

    async def release(self, connection: Any) -> None:
        """Take it back."""
        link = self.link
        if connection is link.connection:
            if self.is_open:
                link.spare.append(connection)
                if link.waiting:
                    link.pool.serve_own(link)
            return
        lease = link.borrowed.pop(connection, None)
        if lease is not None:
            link.pool.give_back(lease, is_good=True)

    async def _borrow(self) -> Any:
        link = self.link
        lease = await link.pool.borrow(link) if self.is_open else None
        if self.is_open:
            if lease is None:
                return link.connection
            connection = lease.connection.connection
            link.borrowed[connection] = lease
            return connection
        if lease is not None:  # it ended while we waited
            link.pool.give_back(lease, is_good=True)
        raise SessionClosedError("this session has ended; its connection may serve somebody else by now")

    async def _open_again(self, connection: Any) -> None:
        """It broke within this session. Nothing is sent twice: who connects is the next command."""
        pool = self.link.pool
        if connection.traces.is_lost:
            pool.expire(self.link.generation)
        try:
            await connection.open(pool.connect_timeout)
        except BaseException:
            await self.release(connection)
            raise


class AsyncLink(LinkBase, AsyncPooledConnection[Any]):
    """A place in the pool of one event loop."""

    pool: AsyncPool
    _client: AsyncRedis | None = None

    def __init__(self, pool: AsyncPool, generation: int, now: float) -> None:
        LinkBase.__init__(self, pool, generation, now)
        AsyncPooledConnection.__init__(self, None)

    async def open(self, seconds: float) -> None:
        """Connect; raises redis-py's errors, after *seconds* at the latest."""
        desk = self._new_desk()
        connection = desk.new_connection()
        try:
            await connection.open(seconds)
        except BaseException:
            connection.drop()
            raise
        self.desk, self.connection = desk, connection

    def _new_desk(self) -> AsyncDesk:
        desk: AsyncDesk = self.pool.new_desk()
        desk.link = self
        return desk

    def session(self) -> AsyncRedis:
        """The client for a session."""
        client = self._client
        if client is None:
            client = self._client = AsyncRedis(connection_pool=self.desk)
        self.serve()
        return client

    async def lend_raw(self, deadline: float | None) -> AsyncRedis:
        """Make `raw`, a client that uses nothing but this connection."""
        if self.raw is None:
            desk = (
                self._new_desk()
            )  # of its own: a client that outlives its session finds the other one closed
            self.spare.append(self.connection)  # the client may fetch it when it is made
            self.raw = AsyncRedis(connection_pool=desk, single_connection_client=True)
            self.spare.clear()
        self.raw.connection = self.connection
        self.raw.connection_pool.is_open = True
        return await super().lend_raw(deadline)  # type: ignore[no-any-return] # it is what was made above

    async def ping(self, deadline: float | None) -> None:
        """Ask for a sign of life."""
        await self.connection.probe(PING_TIMEOUT if deadline is None else deadline - time.monotonic())

    async def close(self) -> None:
        """Let go; Redis wants no good-bye."""
        self.abort()
