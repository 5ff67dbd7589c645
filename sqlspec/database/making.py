"""Making pools and sessions: what a database needs once it is used, and not before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sqlspec.errors import AdapterBrokenError, SyncNotSupportedError
from sqlspec.observe.events import ConnectionEvent
from sqlspec.session import AsyncSession, Session, plan_session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec.plugin.contract import AsyncPoolLike, PoolLike, SessionOptions
    from sqlspec.session import SessionPlan

    from .database import AnyConfig, Database

    MakeSession = Callable[[Any], Any]

__all__ = ("new_async_pool", "new_pool", "session_makers")

P = TypeVar("P", "PoolLike", "AsyncPoolLike")


def new_pool(database: Database) -> PoolLike:
    """Another pool for threads, which nobody keeps yet."""
    from sqlspec.pool._sync import Pool

    plugins, config = database.plugins, database.config
    create = plugins.hook("sqlspec_create_connection", config.adapter)
    make = plugins.hook("sqlspec_create_pool", config.adapter)
    if create is None and make is None:
        raise _no_sync(database)
    connect = partial(create, config, database.resources) if create else partial(_no_connection, config)
    pool = make(config, connect) if make else None
    if pool is not None:  # whatever it says of itself, as one with a length of 0 does
        return _labelled(pool, database)
    return Pool(config, connect, label=repr(database.name), observe=_connection_observer(database))


def new_async_pool(database: Database) -> AsyncPoolLike:
    """Another pool for the running loop, which nobody keeps yet."""
    from sqlspec.pool._async import AsyncPool

    config = database.config
    connect = _async_connect(database)
    make = database.plugins.hook("sqlspec_create_async_pool", config.adapter)
    pool = make(config, connect) if make else None
    if pool is not None:
        return _labelled(pool, database)
    return AsyncPool(config, connect, label=repr(database.name), observe=_connection_observer(database))


def _labelled(pool: P, database: Database) -> P:
    """A pool of the adapter's own that has a `label` calls the database by its name in errors."""
    named: Any = pool
    if hasattr(named, "label"):
        named.label = repr(database.name)
    return pool


def _no_connection(config: AnyConfig) -> NoReturn:
    """What a pool is given that needs no `connect`."""
    msg = f"adapter {config.adapter!r} makes no connections"
    raise AdapterBrokenError(msg, adapter=config.adapter)


def _connection_observer(database: Database) -> Callable[[str, str | None, float | None], None]:
    plugins, name, adapter = database.plugins, database.name, database.config.adapter

    def observe(kind: str, reason: str | None, seconds: float | None) -> None:
        if plugins.observers.connection_event:
            event = ConnectionEvent(name=name, adapter=adapter, kind=kind, reason=reason, seconds=seconds)
            plugins.emit("sqlspec_connection_event", event)

    return observe


def _async_connect(database: Database) -> Callable[[], Awaitable[Any]]:
    plugins, config, resources = database.plugins, database.config, database.resources
    create = plugins.hook("sqlspec_create_async_connection", config.adapter)
    if create is not None:
        return partial(create, config, resources)
    # A sync driver under async: its calls wait in threads of this pool's own.
    from sqlspec.session.threaded import Workers

    create_sync = plugins.hook("sqlspec_create_connection", config.adapter)
    if create_sync is None:  # its pool will do without, and it has one: loading it has checked that
        return partial(_no_connection, config)
    workers = Workers(config.pool_size, name=f"sqlspec-{database.name}")
    return partial(workers.connect, partial(create_sync, config, resources))


def _no_sync(database: Database) -> SyncNotSupportedError:
    adapter = database.config.adapter
    others = database.plugins.sync_alternatives(adapter)
    hint = "No installed adapter offers `with`."
    if others:
        hint = f"Or use {' or '.join(others)}, which has both."
    return SyncNotSupportedError(
        f"adapter {adapter!r} of database {database.name!r} is async only: write `async with`. {hint}"
    )


def session_makers(database: Database) -> tuple[Sessions, Sessions]:
    """How sessions are made, for threads and for tasks: by the adapter's hook, or core's own."""
    plugins, config = database.plugins, database.config
    create = plugins.hook("sqlspec_create_session", config.adapter)
    create_async = plugins.hook("sqlspec_create_async_session", config.adapter)
    return (
        Sessions(_maker(database, create, Session, is_async=False)),
        Sessions(_maker(database, create_async, AsyncSession, is_async=True)),
    )


def _maker(
    database: Database,
    create: Callable[..., Any] | None,
    core: type[Session | AsyncSession],
    *,
    is_async: bool,
) -> Callable[[SessionOptions], MakeSession]:
    config = database.config
    if create is not None:
        return partial(_by_hook, create, config)
    kind = database.plugins.session_class(config.adapter, core, is_async=is_async)
    return partial(_by_core, database, kind)


class Sessions(dict["SessionOptions", "MakeSession"]):
    """What makes a session on a connection, by the options that were asked for: settled once for each."""

    __slots__ = ("_settle",)

    def __init__(self, settle: Callable[[SessionOptions], MakeSession]) -> None:
        super().__init__()
        self._settle = settle

    def __missing__(self, options: SessionOptions) -> MakeSession:
        make = self[options] = self._settle(options)
        return make


def _by_hook(create: Callable[..., Any], config: Any, options: SessionOptions) -> MakeSession:
    return lambda connection: create(config, connection, options)


def _by_core(database: Database, kind: type[Session | AsyncSession], options: SessionOptions) -> MakeSession:
    """Nothing stands between who asks for a session and the class, which is made in C."""
    plan = _plan(database, options)
    return partial(kind, plan, plan.starts_ready)


def _plan(database: Database, options: SessionOptions) -> SessionPlan:
    plugins, config = database.plugins, database.config
    observed = plugins.observers.statement_executed
    observe = partial(plugins.emit, "sqlspec_statement_executed") if observed else None
    info = plugins.adapter(config.adapter).info
    return plan_session(info, config, options, name=database.name, observe=observe)
