# Printed from _async.py by tools/print_sync.py; do not edit.
"""One connection, and the clients that speak on it: made once, and lent to one borrower after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import SessionClosedError
from sqlspec.plugin import PooledConnection
from sqlspec_redis.drivers import ConnectionPool, Redis

from .base import LinkBase

if TYPE_CHECKING:
    from sqlspec_redis.pool._sync import Pool

__all__ = ("Desk", "Link")

PING_TIMEOUT = 2.0


class Desk(ConnectionPool):
    """What a link's clients take for their pool.

    It lends them the link's own connection. Only while that is busy, with a subscription, a pipeline that
    watches or a command of another task, it borrows one more from the pool for as long as it is needed.
    """

    link: Link
    is_open = False
    """Whether somebody may borrow; a client that outlives its session finds it closed."""

    def new_connection(self) -> Any:
        """One of ours, which redis-py knows as its own."""
        make: Any = self.make_connection
        return make()

    def get_connection(self, *_names: Any, **_options: Any) -> Any:
        """A connection that nobody else uses; redis-py's clients call this for every command."""
        try:
            connection = self.link.spare.pop()
        except IndexError:
            connection = self._borrow()
        if not connection.is_open:
            self._open_again(connection)
        return connection

    def release(self, connection: Any) -> None:
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

    def _borrow(self) -> Any:
        link = self.link
        lease = link.pool.borrow(link) if self.is_open else None
        if self.is_open:
            if lease is None:
                return link.connection
            connection = lease.connection.connection
            link.borrowed[connection] = lease
            return connection
        if lease is not None:  # it ended while we waited
            link.pool.give_back(lease, is_good=True)
        raise SessionClosedError("this session has ended; its connection may serve somebody else by now")

    def _open_again(self, connection: Any) -> None:
        """It broke within this session. Nothing is sent twice: who connects is the next command."""
        pool = self.link.pool
        if connection.traces.is_lost:
            pool.expire(self.link.generation)
        try:
            connection.open(pool.connect_timeout)
        except BaseException:
            self.release(connection)
            raise


class Link(LinkBase, PooledConnection[Any]):
    """A place in the pool of one event loop."""

    pool: Pool
    _client: Redis | None = None

    def __init__(self, pool: Pool, generation: int, now: float) -> None:
        LinkBase.__init__(self, pool, generation, now)
        PooledConnection.__init__(self, None)

    def open(self, seconds: float) -> None:
        """Connect; raises redis-py's errors, after *seconds* at the latest."""
        desk = self._new_desk()
        connection = desk.new_connection()
        try:
            connection.open(seconds)
        except BaseException:
            connection.drop()
            raise
        self.desk, self.connection = desk, connection

    def _new_desk(self) -> Desk:
        desk: Desk = self.pool.new_desk()
        desk.link = self
        return desk

    def session(self) -> Redis:
        """The client for a session."""
        client = self._client
        if client is None:
            client = self._client = Redis(connection_pool=self.desk)
        self.serve()
        return client

    def lend_raw(self, deadline: float | None) -> Redis:
        """Make `raw`, a client that uses nothing but this connection."""
        if self.raw is None:
            desk = (
                self._new_desk()
            )  # of its own: a client that outlives its session finds the other one closed
            self.spare.append(self.connection)  # the client may fetch it when it is made
            self.raw = Redis(connection_pool=desk, single_connection_client=True)
            self.spare.clear()
        self.raw.connection = self.connection
        self.raw.connection_pool.is_open = True
        return super().lend_raw(deadline)  # type: ignore[no-any-return] # it is what was made above

    def ping(self, deadline: float | None) -> None:
        """Ask for a sign of life."""
        self.connection.probe(PING_TIMEOUT if deadline is None else deadline - time.monotonic())

    def close(self) -> None:
        """Let go; Redis wants no good-bye."""
        self.abort()
