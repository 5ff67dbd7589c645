"""Database: a config brought to life. Internal; the registry and its blocks use it.

Its pools are keyed by process and event loop: one for threads, one for each loop. A pool is made on first
use and forgotten after a fork, and with its loop. The creation hooks are resolved once, when first needed.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.forks import retire_in_child
from sqlspec.errors import ConfigClosedError, InvalidArgumentError, PoolRetiredError, SQLSpecError
from sqlspec.plugin.contract import SessionOptions

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterator

    from sqlspec.arguments import IsolationLevel
    from sqlspec.config import DatabaseConfig, InstrumentationConfig
    from sqlspec.lending import AsyncPoolLike, PoolLike
    from sqlspec.loading.manager import Plugins
    from sqlspec.pool import PoolStats

    from .factories import Factories, SessionMakers
    from .observers import DatabaseObservers
    from .resources import KeptResources

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("DEFAULT_OPTIONS", "Database", "options_of")

DEFAULT_OPTIONS = SessionOptions()


@lru_cache(maxsize=256)
def options_of(
    autocommit: bool | None,
    read_only: bool | None,
    isolation: IsolationLevel | None,
    query_timeout: float | None,
) -> SessionOptions:
    """The same object for the same wishes, so that what follows from them is found by its identity.

    Raises `InvalidArgumentError` for a text where True or False belongs.
    """
    for name, value in (("autocommit", autocommit), ("read_only", read_only)):
        if value not in {None, True, False}:
            raise InvalidArgumentError(
                f"{name}= is True or False, and not a value of type {type(value).__name__}"
            )
    return SessionOptions(
        autocommit=autocommit, read_only=read_only, isolation=isolation, query_timeout=query_timeout
    )


class Database:
    """The pools of one registered config.

    Open until `close` or `retire`. A *closed* one (its registry was closed) may be opened again; a
    *retired* one (replaced or unregistered) never: who still holds it asks `successor`.
    """

    def __init__(
        self,
        name: str,
        config: AnyConfig,
        plugins: Plugins,
        *,
        successor: Callable[[], Database] | None = None,
    ) -> None:
        self.name, self.config, self.plugins = name, config, plugins
        self.successor: Callable[[], Database] = successor or self._no_successor
        self._is_registered = successor is not None
        self.source: object = None
        """The source that described the config, if one did."""
        self._resources: KeptResources | None = None
        self._lock = RLock()
        self.pool: PoolLike | None = None
        """The pool for threads, once it is open."""
        self._loop_pools: dict[AbstractEventLoop, AsyncPoolLike] = {}
        self._running_loop: Callable[[], Any] = _running_loop
        self.plugins_version = -1
        """The state of the plugins that `sessions` and `async_sessions` were resolved for."""
        self._factories: Factories | None = None
        self.sessions: SessionMakers
        """What makes sessions for threads, after `resolve_sessions`."""
        self.async_sessions: SessionMakers
        self.has_own_pool = False
        """A pool of the adapter's own is open, which may lend anything."""
        self.is_closed = False
        self.is_retired = False
        self._observers: DatabaseObservers | None = None
        self.reports_leases = False
        """Somebody wants to know of leases, since `resolve_sessions`."""
        retire_in_child(self, Database._forget_inherited)

    def __repr__(self) -> str:
        return f"<Database {self.name!r}>"

    def _no_successor(self) -> Database:
        raise ConfigClosedError(self.name, unregistered=True)

    # --- pools ----------------------------------------------------------------------------------

    @property
    def async_pool(self) -> AsyncPoolLike | None:
        """The pool for the running event loop, once it is open."""
        return self._loop_pools.get(self._running_loop())

    def _check_open(self) -> None:
        if self.is_retired:
            msg = f"database {self.name!r} was replaced"
            raise PoolRetiredError(msg)
        if self.is_closed:
            raise ConfigClosedError(self.name)

    def open_pool(self, otherwise: str = "async with") -> PoolLike:
        """The pool for threads; the first who asks makes it. *otherwise*: what async-only adapters take."""
        with self._lock:
            if self.pool is not None:
                return self.pool  # another thread was faster
            self._check_open()
            self.pool = pool = self.make().pool(otherwise)
            self._note_pool(pool)
        self._tell("sqlspec_pool_opened", kind="sync")
        return pool

    def open_async_pool(self) -> AsyncPoolLike:
        """The pool for the running event loop; the first who asks makes it."""
        loop = _running_loop()
        with self._lock:
            self._check_open()
            if loop in self._loop_pools:
                return self._loop_pools[loop]
            # Tests and scripts make many loops; nobody tells us when one is closed.
            self._drop_closed_loops()
            self._loop_pools[loop] = pool = self.make().async_pool()
            self._note_pool(pool)
            from asyncio import _get_running_loop

            self._running_loop = _get_running_loop  # from now on without a call of ours around it
        self._tell("sqlspec_pool_opened", kind="async")
        return pool

    def _passing_async_pool(self) -> AsyncPoolLike:
        """A pool for one use, which the caller closes."""
        with self._lock:
            self._check_open()
            return self.make().async_pool()

    def make(self) -> Factories:
        """What makes pools and sessions."""
        if self._factories is None:
            from .factories import Factories

            self._factories = Factories(self)
        return self._factories

    def _note_pool(self, pool: object) -> None:
        from .connector import is_core

        if not is_core(pool):
            self.has_own_pool = True

    def _drop_closed_loops(self) -> None:
        for loop in [loop for loop in self._loop_pools if loop.is_closed()]:
            self._loop_pools.pop(loop).retire()

    @property
    def resources(self) -> KeptResources:
        """What the adapter keeps for as long as the database is registered."""
        with self._lock:
            if self._resources is None:
                from .resources import KeptResources

                self._resources = KeptResources()
            return self._resources

    # --- sessions -------------------------------------------------------------------------------

    def resolve_sessions(self) -> None:
        """Plugins came or went: resolve the hooks of sessions again, and plan anew with the new observers."""
        with self._lock:
            # Read before the hooks are resolved: a plugin that comes meanwhile makes us resolve again.
            version, make = self.plugins.version, self.make()
            self.sessions, self.async_sessions = make.sessions(), make.async_sessions()
            self.reports_leases = bool(self.observers.current.lease_event)
            self.plugins_version = version

    # --- observers ------------------------------------------------------------------------------

    @property
    def observers(self) -> DatabaseObservers:
        """Who observes it. Raises `InvalidConfigError` for instrumentation that would do nothing."""
        if self._observers is None:
            with self._lock:
                if self._observers is None:
                    from .observers import DatabaseObservers

                    self._observers = DatabaseObservers(self)
        return self._observers

    def instrument(self, wanted: InstrumentationConfig) -> None:
        """Observe so, too, from the next session on."""
        with self._lock:
            observers = self.observers
            observers.instrument(observers.instrumentation.merge(wanted))
            self.plugins_version = -1  # sessions are planned anew

    def _tell(self, hook: str, *, kind: str) -> None:
        self.observers.emit(hook, self.name, self.config.adapter, kind)

    # --- life -----------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Open `pool_min_size` connections for threads, or raise what hinders it."""
        count = self.config.pool_min_size
        if count and self.plugins.serves_threads(self.config.adapter):
            from ._sync import warm_up

            warm_up(self.open_pool(), count)

    async def awarm_up(self) -> None:
        """Open `pool_min_size` connections for the running loop, or raise what hinders it."""
        count = self.config.pool_min_size
        if count:
            from ._async import async_warm_up

            await async_warm_up(self.async_pool or self.open_async_pool(), count)

    def ping(self, timeout: float | None = None) -> float:
        """Ask the server for a sign of life, or raise. Returns the seconds that it took."""
        from ._sync import ping
        from .connector import PingLimit

        limit = PingLimit(self.name, timeout)
        return ping(self.open_pool("await spec.aping(…)"), self.config.adapter, limit)

    async def aping(self, timeout: float | None = None, *, pooled: bool = True) -> float:
        """As `ping`, in the running event loop. Without *pooled* nothing stays open there."""
        from ._async import async_ping
        from .connector import PingLimit

        limit = PingLimit(self.name, timeout)
        if pooled:
            return await async_ping(self.async_pool or self.open_async_pool(), self.config.adapter, limit)
        pool = self._passing_async_pool()
        try:
            return await async_ping(pool, self.config.adapter, limit)
        finally:
            await pool.close(limit.deadline)

    # --- the end --------------------------------------------------------------------------------

    def stats(self) -> PoolStats:
        """The counts of this moment, over all pools."""
        with self._lock:
            pools = [pool for pool in (self.pool, *self._loop_pools.values()) if pool is not None]
        return _total([pool.stats() for pool in pools])

    @property
    def fault(self) -> SQLSpecError | None:
        """What an override's end shall raise; see `rollback.database`, which has one."""
        return None

    async def aend(self) -> None:
        """End what the end of an override can wait for; see there, too."""

    def retire(self) -> None:
        """Another took the name: lend no more and drop what is idle. Leases end in peace; never waits."""
        self.is_retired = True
        for pool in self._let_go_of_pools():
            pool.retire()
        if self._is_registered:
            tell = (self.plugins if self._observers is None else self._observers).emit
            tell("sqlspec_config_unregistered", self.name, self.config.adapter)
        if self._observers is not None:
            self._observers.close()
        if self._resources is not None:
            self._resources.close()

    def close(self) -> None:
        """The registry was closed: like `retire`, but what memory holds stays, and `reopen` is possible."""
        self.is_closed = True
        for pool in self._let_go_of_pools():
            pool.close()

    async def aclose(self) -> None:
        """As `close`, and sends the server a close message on this loop's connections."""
        self.is_closed = True
        with self._lock:
            pool = self._loop_pools.pop(_running_loop(), None)
        try:
            if pool is not None:
                await pool.close()
                self._tell("sqlspec_pool_closed", kind="async")
        finally:  # the others do not wait for this one
            self.close()

    def reopen(self) -> None:
        """Lend again."""
        self.is_closed = False

    def _let_go_of_pools(self) -> Iterator[PoolLike]:
        """Forget all pools. Those of loops are retired; that for threads is the caller's to end."""
        with self._lock:
            pool, self.pool = self.pool, None
            loop_pools, self._loop_pools = self._loop_pools, {}
        for loop, loop_pool in loop_pools.items():
            _retire_in(loop, loop_pool)
            self._tell("sqlspec_pool_closed", kind="async")
        if pool is not None:
            yield pool
            self._tell("sqlspec_pool_closed", kind="sync")

    def _forget_inherited(self) -> None:
        """In a forked child: the pools are the parent's. Forget them without touching a connection."""
        self._lock = RLock()
        if self._resources is not None:
            self._resources.abandon()
        pools = (self.pool, *self._loop_pools.values())
        self.pool, self._loop_pools = None, {}
        for pool in pools:
            if pool is not None:
                pool.abandon()


def _retire_in(loop: AbstractEventLoop, pool: AsyncPoolLike) -> None:
    """Retire a loop's pool from wherever we are: a driver's transport belongs to the loop's thread."""
    if loop.is_running() and loop is not _running_loop_or_none():
        with suppress(RuntimeError):  # closed at this moment: its pool is dropped with it
            loop.call_soon_threadsafe(pool.retire)
    else:
        pool.retire()


def _total(stats: list[Any]) -> PoolStats:
    from sqlspec.pool import PoolStats

    fields = PoolStats.__struct_fields__
    # A pool of an adapter's own counts what it likes; what it does not count is 0.
    return PoolStats(**{field: sum(getattr(one, field, 0) for one in stats) for field in fields})


def _running_loop_or_none() -> AbstractEventLoop | None:
    # asyncio is not imported for those who have no loop: it would double the cost of importing us.
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    loop: AbstractEventLoop | None = asyncio._get_running_loop()  # noqa: SLF001 - public, and cheap
    return loop


def _running_loop() -> AbstractEventLoop:
    loop = _running_loop_or_none()
    if loop is None:
        msg = "no event loop is running in this thread; use `with`, or call this from a coroutine"
        raise SQLSpecError(msg)
    return loop
