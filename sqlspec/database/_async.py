# The source of _sync.py, which tools/print_sync.py prints from it.
"""What a database does that waits: opening a connection by the adapter's hook, a ping, warming up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.deadlines import ADAPTERS_FIRST, async_drop_after, async_within
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import ConnectError, SQLSpecError
from sqlspec.plugin._async import AsyncPooledConnection
from sqlspec.pool.base import PING_TIMEOUT

from .connector import ConnectorBase, async_made, expire, is_core, not_pingable

if TYPE_CHECKING:
    from sqlspec.lending import AsyncPoolLike
    from sqlspec.loading.manager import Plugins
    from sqlspec.plugin.contract import Resources

    from .connector import PingLimit
    from .observers import DatabaseObservers

__all__ = ("AsyncConnector", "async_ping", "async_warm_up")


class AsyncConnector(ConnectorBase):
    """`connect` of the pool hooks. Thread-safe; what each call returns is a connection of its own."""

    def __init__(
        self, name: str, config: Any, plugins: Plugins, resources: Resources, observers: DatabaseObservers
    ) -> None:
        super().__init__(name, config, plugins, resources, observers, hook="sqlspec_create_async_connection")

    async def __call__(self) -> AsyncPooledConnection[Any]:
        """Open one. Raises `ConnectError`, and `AdapterBrokenError` if the hook returns something else."""
        create = self._hook()
        try:
            connection = await async_made(create(self._config, self._resources), self)
        except SQLSpecError:
            raise
        except Exception as exc:
            if is_interruption(exc):
                raise
            if isinstance(exc, ImportError):
                self.check_driver()
            msg = f"adapter {self._config.adapter!r} could not connect to {self.label}: {type(exc).__name__}"
            raise ConnectError(msg) from exc
        if not isinstance(connection, AsyncPooledConnection):
            raise self.broken(connection, "AsyncConnection")
        connection.note_set_up()
        return connection


async def async_ping(pool: AsyncPoolLike, adapter: str, limit: PingLimit) -> float:
    """Ask the server of *pool* for a sign of life, or raise. Returns the seconds that it took."""
    if limit.seconds is None:
        return await _async_ping(pool, adapter, limit)
    # The pool and the adapter keep the deadline themselves, but for the opening of a connection.
    return await async_within(_async_ping(pool, adapter, limit), limit.seconds + ADAPTERS_FIRST, limit.late)


async def _async_ping(pool: AsyncPoolLike, adapter: str, limit: PingLimit) -> float:
    lease = await pool.acquire(limit.deadline)
    connection, ok = lease.connection, False
    if not isinstance(connection, AsyncPooledConnection):
        await pool.release(lease, True)  # untouched
        raise not_pingable(adapter)
    if limit.is_over():  # connecting took so long; the next one finds the connection
        await pool.release(lease, True)
        raise limit.late()
    until = time.monotonic() + PING_TIMEOUT if limit.deadline is None else limit.deadline
    timer = async_drop_after(until - time.monotonic(), connection)
    try:
        await connection.check(until)
        ok = True
    except BaseException as exc:
        error = connection.mapped(exc)
        if isinstance(error, SQLSpecError):
            if limit.is_over():  # of little patience no sibling is found dead
                raise limit.late() from exc
            expire(pool, lease)
        if error is exc:
            raise
        raise error from exc
    finally:
        timer.cancel()
        await pool.release(lease, ok)
    return time.monotonic() - limit.began


async def async_warm_up(pool: AsyncPoolLike, count: int) -> None:
    """Have *count* connections opened, or raise what hinders it."""
    if is_core(pool):
        await pool.warm_up()
        return
    leases: list[Any] = []
    try:
        for _ in range(count):
            leases.append(await pool.acquire())  # noqa: PERF401 - what was acquired must be given back
    finally:
        for lease in leases:
            await pool.release(lease, True)  # untouched
