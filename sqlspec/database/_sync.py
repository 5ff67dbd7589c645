# Printed from _async.py by tools/print_sync.py; do not edit.
"""What a database does that waits: opening a connection by the adapter's hook, a ping, warming up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.deadlines import drop_after
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import ConnectError, SQLSpecError
from sqlspec.plugin._sync import PooledConnection
from sqlspec.pool.base import PING_TIMEOUT

from .connector import ConnectorBase, made, expire, is_core, not_pingable

if TYPE_CHECKING:
    from sqlspec.lending import PoolLike
    from sqlspec.loading.manager import Plugins
    from sqlspec.plugin.contract import Resources

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
            msg = f"adapter {self._config.adapter!r} could not connect to {self.label}: {type(exc).__name__}"
            raise ConnectError(msg) from exc
        if not isinstance(connection, PooledConnection):
            raise self.broken(connection, "Connection")
        return connection


def ping(pool: PoolLike, adapter: str) -> None:
    """Ask the server of *pool* for a sign of life, or raise."""
    lease = pool.acquire()
    connection, ok = lease.connection, False
    if not isinstance(connection, PooledConnection):
        pool.release(lease, True)  # untouched
        raise not_pingable(adapter)
    timer = drop_after(PING_TIMEOUT, connection)
    try:
        connection.check(time.monotonic() + PING_TIMEOUT)
        ok = True
    except BaseException as exc:
        error = connection.mapped(exc)
        if isinstance(error, SQLSpecError):
            expire(pool, lease)
        if error is exc:
            raise
        raise error from exc
    finally:
        timer.cancel()
        pool.release(lease, ok)


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
