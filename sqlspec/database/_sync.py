# Printed from _async.py by tools/print_sync.py; do not edit.
"""What a database does that waits: opening a connection by the adapter's hook, a ping, warming up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.deadlines import ADAPTERS_FIRST, drop_after, within
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import ConnectError, SQLSpecError
from sqlspec.plugin._sync import PooledConnection
from sqlspec.pool.base import PING_TIMEOUT

from .connector import ConnectorBase, made, expire, is_core, not_pingable

if TYPE_CHECKING:
    from sqlspec.lending import PoolLike
    from sqlspec.loading.manager import Plugins
    from sqlspec.plugin.contract import Resources

    from .connector import PingLimit
    from .observers import DatabaseObservers

__all__ = ("Connector", "ping", "warm_up")


class Connector(ConnectorBase):
    """`connect` of the pool hooks. Thread-safe; what each call returns is a connection of its own."""

    def __init__(
        self, name: str, config: Any, plugins: Plugins, resources: Resources, observers: DatabaseObservers
    ) -> None:
        super().__init__(name, config, plugins, resources, observers, hook="sqlspec_create_connection")

    def __call__(self) -> PooledConnection[Any]:
        """Open one. Raises `ConnectError`, and `AdapterBrokenError` if the hook returns something else."""
        create = self._hook()
        try:
            connection = made(create(self._config, self._resources), self)
        except SQLSpecError:
            raise
        except Exception as exc:
            if is_interruption(exc):
                raise
            if isinstance(exc, ImportError):
                self.check_driver()
            msg = f"adapter {self._config.adapter!r} could not connect to {self.label}: {type(exc).__name__}"
            raise ConnectError(msg) from exc
        if not isinstance(connection, PooledConnection):
            raise self.broken(connection, "Connection")
        connection.note_set_up()
        return connection


def ping(pool: PoolLike, adapter: str, limit: PingLimit) -> float:
    """Ask the server of *pool* for a sign of life, or raise. Returns the seconds that it took."""
    if limit.seconds is None:
        return _ping(pool, adapter, limit)
    # The pool and the adapter keep the deadline themselves, but for the opening of a connection.
    return within(_ping(pool, adapter, limit), limit.seconds + ADAPTERS_FIRST, limit.late)


def _ping(pool: PoolLike, adapter: str, limit: PingLimit) -> float:
    lease = pool.acquire(limit.deadline)
    connection, ok = lease.connection, False
    if not isinstance(connection, PooledConnection):
        pool.release(lease, True)  # untouched
        raise not_pingable(adapter)
    if limit.is_over():  # connecting took so long; the next one finds the connection
        pool.release(lease, True)
        raise limit.late()
    until = time.monotonic() + PING_TIMEOUT if limit.deadline is None else limit.deadline
    timer = drop_after(until - time.monotonic(), connection)
    try:
        connection.check(until)
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
        pool.release(lease, ok)
    return time.monotonic() - limit.began


def warm_up(pool: PoolLike, count: int) -> None:
    """Have *count* connections opened, or raise what hinders it."""
    if is_core(pool):
        pool.warm_up()
        return
    leases: list[Any] = []
    try:
        for _ in range(count):
            leases.append(pool.acquire())  # noqa: PERF401 - what was acquired must be given back
    finally:
        for lease in leases:
            pool.release(lease, True)  # untouched
