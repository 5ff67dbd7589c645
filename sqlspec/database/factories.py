"""Pools and sessions of one database: made by the adapter's hooks, or core's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlspec.errors import AdapterBrokenError, NotSupportedError, SyncNotSupportedError
from sqlspec.session import AsyncSession, Session, plan_session
from sqlspec.session.base import SessionBase
from sqlspec.session.plan import statements_of

from ._async import AsyncConnector
from ._sync import Connector
from .blocks.base import Lent
from .defaults import CoreSessionOptions, Defaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.lending import AsyncPoolLike, PoolLike
    from sqlspec.plugin.contract import SessionOptions
    from sqlspec.plugin.events import Reporter
    from sqlspec.session.bridge import BridgedConnector

    from .database import Database

    MakeSession = Callable[[Any], Any]

__all__ = ("Factories", "SessionMakers")

_POOL = ("acquire", "release", "retire", "close", "abandon", "stats")


class Factories:
    """What makes the pools and sessions of one database. Used under its lock."""

    def __init__(self, database: Database) -> None:
        self._name, self._config, self._plugins = database.name, database.config, database.plugins
        self._resources, self._observers = database.resources, database.observers

    # --- pools ----------------------------------------------------------------------------------

    def pool(self, otherwise: str = "async with") -> PoolLike:
        """Another pool for threads, which nobody keeps yet; *otherwise*: what async-only adapters take."""
        config, connect = self._config, self._connector()
        if not self._plugins.serves_threads(config.adapter):
            raise self._no_sync(otherwise)
        make = self._plugins.hook("sqlspec_create_pool", config.adapter)
        pool = make(config, connect) if make else None
        if pool is None:  # and not "if not pool": one may have a length of 0
            return Defaults().sqlspec_create_pool(config, connect)
        self._check_pool(pool, "sqlspec_create_pool")
        return pool

    def async_pool(self) -> AsyncPoolLike:
        """Another pool for the running loop, which nobody keeps yet."""
        config, connect = self._config, self._async_connector()
        make = self._plugins.hook("sqlspec_create_async_pool", config.adapter)
        pool = make(config, connect) if make else None
        if pool is None:
            return Defaults().sqlspec_create_async_pool(config, connect)
        self._check_pool(pool, "sqlspec_create_async_pool")
        return pool

    def _check_pool(self, pool: object, hook: str) -> None:
        """A pool without one of its methods would fail much later, and somewhere else."""
        lacking = [name for name in _POOL if not callable(getattr(pool, name, None))]
        if lacking:
            what = f"its {hook} returned {type(pool).__name__}, which has no {lacking[0]}()"
            raise self._broken(what)

    def _connector(self) -> Connector:
        return Connector(self._name, self._config, self._plugins, self._resources, self._observers)

    def _async_connector(self) -> AsyncConnector | BridgedConnector:
        connect = AsyncConnector(self._name, self._config, self._plugins, self._resources, self._observers)
        sync = self._connector()
        if connect.is_possible or not sync.is_possible:
            return connect
        from sqlspec.session.bridge import BridgedConnector

        return BridgedConnector(self._config.pool_size, sync)

    def _no_sync(self, otherwise: str) -> SyncNotSupportedError:
        adapter = self._config.adapter
        others = self._plugins.sync_alternatives(adapter)
        hint = "No installed adapter offers `with`."
        if others:
            hint = f"Or use {' or '.join(others)}, which has both."
        return SyncNotSupportedError(
            f"adapter {adapter!r} of database {self._name!r} is async only: write `{otherwise}`. {hint}"
        )

    # --- sessions -------------------------------------------------------------------------------

    def sessions(self) -> SessionMakers:
        """How sessions are made for threads."""
        create = self._plugins.hook("sqlspec_create_session", self._config.adapter)
        return SessionMakers(partial(self._maker, create, Session, is_async=False))

    def async_sessions(self) -> SessionMakers:
        """How sessions are made for tasks."""
        create = self._plugins.hook("sqlspec_create_async_session", self._config.adapter)
        return SessionMakers(partial(self._maker, create, AsyncSession, is_async=True))

    def _maker(
        self,
        create: Callable[..., Any] | None,
        core: type[Session | AsyncSession],
        options: SessionOptions,
        *,
        is_async: bool,
    ) -> MakeSession:
        make = _Lazily(self, core, options, is_async=is_async)
        if create is None:
            make.resolve()
            return make
        info = self._plugins.adapter(self._config.adapter).info
        reporter = self._observers.reporter(statements_of(info))
        create = partial(create, self._config)
        return partial(_by_hook, create, options, make, reporter)

    def core_session(
        self, core: type[Session | AsyncSession], options: SessionOptions, *, is_async: bool
    ) -> Callable[[Any], Any]:
        """What makes core's session, or the adapter's class of it, on a connection."""
        plugins, config = self._plugins, self._config
        kind = plugins.session_class(config.adapter, core, is_async=is_async)
        info = plugins.adapter(config.adapter).info
        plan = plan_session(info, config, options, name=self._name, report_to=self._observers.reporter)
        return partial(kind, plan)

    def check_sql(self, connection: object, *, is_async: bool) -> None:
        """Core's session needs a connection that speaks SQL; what is lent may be anything."""
        from sqlspec.plugin import AsyncConnection, Connection

        if not isinstance(connection, AsyncConnection if is_async else Connection):
            adapter = self._config.adapter
            msg = f"adapter {adapter!r} has no SQL and no sessions of its own; use provide_connection()"
            raise NotSupportedError(msg)

    def _broken(self, what: str) -> AdapterBrokenError:
        adapter = self._config.adapter
        return AdapterBrokenError(f"adapter {adapter!r} is broken: {what}", adapter=adapter)


class _Lazily:
    """Core's way to make a session, resolved when it is first wanted: an adapter's hook may do without."""

    def __init__(
        self,
        factories: Factories,
        core: type[Session | AsyncSession],
        options: SessionOptions,
        *,
        is_async: bool,
    ) -> None:
        self._resolve = partial(factories.core_session, core, options, is_async=is_async)
        self._check = partial(factories.check_sql, is_async=is_async)
        self._make: Callable[[Any], Any] | None = None

    def resolve(self) -> Callable[[Any], Any]:
        """What makes the session; raises what is wrong with the options."""
        if self._make is None:
            self._make = self._resolve()
        return self._make

    def __call__(self, connection: Any) -> Any:
        self._check(connection)
        return self.resolve()(connection)


class SessionMakers(dict["SessionOptions", "MakeSession"]):
    """What makes a session on a connection, by the options that were asked for: resolved once for each.

    A maker returns core's session; or `Lent`, where a hook is in between.
    """

    __slots__ = ("_resolve",)

    def __init__(self, resolve: Callable[[SessionOptions], MakeSession]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, options: SessionOptions) -> MakeSession:
        make = self._resolve(options)

        def first(connection: Any) -> Any:
            session = make(connection)  # looks at the connection: those that follow are of the same kind
            self[options] = make.resolve() if isinstance(make, _Lazily) else make
            return session

        return first


def _by_hook(
    create: Callable[..., Any],
    options: SessionOptions,
    make: _Lazily,
    reporter: Reporter | None,
    connection: Any,
) -> Any:
    made: list[Any] = []
    wanted = CoreSessionOptions(
        autocommit=options.autocommit,
        read_only=options.read_only,
        isolation=options.isolation,
        query_timeout=options.query_timeout,
        reporter=reporter,
        make=make,
        made=made,
    )
    yielded = create(connection, wanted)
    if yielded is None:  # the hook leaves it to core
        return make(connection)
    session = made[0] if made else yielded
    return Lent(yielded, session if isinstance(session, SessionBase) else None)
