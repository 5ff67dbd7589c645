# The source of _sync.py, which tools/print_sync.py prints from it.
"""What redis-py's client takes for its pool, and asks for a connection before every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import PoolTimeoutError, SessionClosedError
from sqlspec_redis.drivers import AsyncConnectionPool, AsyncWaiter

from .command_queue import ENDED, HELD, CommandQueue

if TYPE_CHECKING:
    from typing import Protocol

    from sqlspec.plugin.events import Reporter

    class Owner(Protocol):
        """The connection that the client speaks on, with its access to core's pool."""

        connection: Any
        timeout: float

        async def borrow(self, client_pool: AsyncClientPool) -> Any:
            """One more connection."""

        async def give_back(self, connection: Any) -> None:
            """That is over."""

        async def open_again(self, connection: Any) -> None:
            """Connect a connection that broke."""


__all__ = ("AsyncClientPool",)


class AsyncClientPool(AsyncConnectionPool):
    """Lends the session's own connection to one command after another.

    A subscription, a pipeline that watches and a blocking command hold it for long. Then whoever else needs
    one gets another of core's pool, for as long as that is needed.
    """

    def __init__(self, owner: Owner, **options: Any) -> None:
        super().__init__(**options)
        self._owner = owner
        self.queue = CommandQueue()
        self.reporter: Reporter | None = None
        """Whom the session's client tells what it does; None: nobody."""
        self._free = self.queue.free

    def new_connection(self) -> Any:
        """One of ours, which redis-py knows as its own."""
        make: Any = self.make_connection
        return make()

    async def get_connection(self, *_names: Any, **_options: Any) -> Any:
        """A connection that nobody else uses."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = await self._wait()
        if not connection.is_open:
            await self._open_again(connection)
        return connection

    async def release(self, connection: Any) -> None:
        """Take it back."""
        if connection is self._owner.connection:
            self.queue.give_back(connection)
        else:
            await self._owner.give_back(connection)

    async def _wait(self) -> Any:
        waiter = AsyncWaiter()
        try:
            self.queue.join(waiter)
            await waiter.wait(self._owner.timeout)
        except BaseException:
            self.queue.leave_early(waiter)
            raise
        item = self.queue.leave(waiter)
        if item is HELD:
            return await self._owner.borrow(self)
        if item is ENDED:
            raise self.ended()
        if item is None:
            msg = (
                f"this session's connection was not free within {self._owner.timeout:g} s, because another "
                "thread or task uses the session; open a session for each"
            )
            raise PoolTimeoutError(msg)
        return item

    def ended(self) -> SessionClosedError:
        """The error for a client that outlived its session."""
        return SessionClosedError("this session has ended; its connection may serve somebody else by now")

    async def _open_again(self, connection: Any) -> None:
        try:
            await self._owner.open_again(connection)
        except BaseException:
            await self.release(connection)
            raise
