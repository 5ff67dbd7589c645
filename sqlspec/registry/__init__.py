"""SQLSpec: the databases an application knows, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from sqlspec.database import Database, EitherSessionBlock
from sqlspec.database.blocks import EitherConnectionBlock
from sqlspec.database.database import DEFAULT_OPTIONS, options_of
from sqlspec.errors import ConfigAlreadyRegisteredError

from .names import NameTable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike
    from types import TracebackType
    from typing import Self, TypedDict, Unpack

    from sqlspec.arguments import IsolationLevel
    from sqlspec.config import AsyncOnlyConfig, DatabaseConfig, InstrumentationConfig, Secret
    from sqlspec.config.sources import ConfigSource
    from sqlspec.database import AsyncConnectionBlock, AsyncSessionBlock
    from sqlspec.loading.manager import Plugins
    from sqlspec.pool import PoolStats
    from sqlspec.session import AsyncSession, Session

    from .overrides import Override, Overrides
    from .registration import Registration
    from .watch import SourceStatus
    from .watches import Watches

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

    class InstrumentationFlags(TypedDict, total=False):
        """What `instrument` switches: the fields of `InstrumentationConfig`."""

        enable_opentelemetry: bool
        enable_prometheus: bool
        log_queries: bool
        log_results: bool
        log_parameters: bool
        service_name: str | None
        slow_query_threshold: float | None

    Key = str | AnyConfig | type[AnyConfig] | None

__all__ = ("SQLSpec",)

C = TypeVar("C", bound="DatabaseConfig[Any, Any, Any, Any]")
S = TypeVar("S")
A = TypeVar("A")
R = TypeVar("R")
AR = TypeVar("AR")


class SQLSpec:
    """The databases an application knows, by name.

    Make one per application and keep it. Safe to share between threads and event loops: lookups take no
    lock, and every change is one step. Nothing is opened before it is used. `close` (or a `with` block)
    closes what was opened, the newest first.

    *plugins* names opt-in plugins to load, as in `SQLSPEC_PLUGINS`; *allow* and *block* name adapters that
    may, or may not, be used here.
    """

    def __init__(
        self,
        *,
        plugins: Iterable[str] = (),
        allow: Iterable[str] | None = None,
        block: Iterable[str] = (),
    ) -> None:
        # Here and below, what only an application that goes on needs is imported when it does.
        from sqlspec.database.defaults import Defaults
        from sqlspec.loading.manager import Plugins

        self.plugins: Plugins = Plugins(allow=allow, block=block, names=plugins, defaults=Defaults())
        self._table = NameTable()
        self._overrides: Overrides | None = None
        self._watches: Watches | None = None

    def __repr__(self) -> str:
        return f"<SQLSpec: {', '.join(self._table.databases) or 'no databases'}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: databases and pools; nothing of a URL, and nothing is opened."""
        from sqlspec.notebooks import html_of_rows

        default = self._table.default_name()
        rows: list[tuple[Any, ...]] = []
        for name, database in self._table.databases.copy().items():
            stats = database.stats()
            shown = f"{name} (default)" if name == default else name
            rows.append((shown, database.config.adapter, stats.size, stats.in_use, stats.waiting))
        return html_of_rows(("name", "adapter", "connections", "in use", "waiting"), rows)

    # --- registering ----------------------------------------------------------------------------

    @overload
    def register_config(self, config: C, name: str | None = None, *, override: bool = False) -> C: ...
    @overload
    def register_config(
        self, config: str | Mapping[str, Any], name: str | None = None, *, override: bool = False
    ) -> AnyConfig: ...

    def register_config(
        self,
        config: AnyConfig | str | Mapping[str, Any],
        name: str | None = None,
        *,
        override: bool = False,
    ) -> Any:
        """Make a database known, and return its config: a typed key for `provide_session`.

        *config* is a config, a URL, or a mapping with `adapter` or `url`. Without *name* it is named after
        its adapter. *override* replaces what has the name; the old one's sessions end on its own pool.

        Raises `ConfigAlreadyRegisteredError` for a name that is taken, `InvalidConfigError` for fields that
        do not fit, and an `AdapterError` if a URL or mapping names an adapter that can not be used.
        """
        from .config_input import check_added, checked_name, config_from

        registered = config_from(config, self.plugins, name)
        chosen = registered.adapter if name is None else checked_name(name)
        with self._table.lock:
            replaced = self._table.databases.get(chosen)
            if replaced is not None and not override:
                raise ConfigAlreadyRegisteredError(chosen, named_after_adapter=name is None)
            check_added({chosen: registered}, self._table.databases, self.plugins)
            self._table.put(self._new_database(chosen, registered))
        if replaced is not None:
            replaced.retire()
        self.plugins.emit("sqlspec_config_registered", chosen, registered.adapter)
        return registered

    def register_from_env(
        self,
        prefix: str = "DB_",
        mapping: Mapping[str, type[AnyConfig]] | None = None,
        *,
        environ: Mapping[str, Any] | None = None,
        override: bool = False,
    ) -> list[str]:
        """Register every database that environment variables describe, all or none; returns their names.

        *mapping* says which databases there are and their configs' classes; without it, those that have a
        `…_URL` or an `…_ADAPTER`. Raises `ConfigSourceError`, a list of all that is wrong.
        """
        from .registration import environment_source, registration

        source = environment_source(prefix, mapping, environ, self.plugins)
        return self._register_all(registration(source, self.plugins), override=override)

    def register_from_file(
        self,
        *paths: str | PathLike[str],
        profile: str | None = None,
        environ: Mapping[str, Any] | None = None,
        private: bool = False,
        override: bool = False,
    ) -> list[str]:
        """Register every database of YAML, TOML or JSON files, all or none; returns their names.

        Of several files the later win; `${VAR}` is filled in from *environ*; *private* refuses a file that
        others than its owner may read or change. Raises `ConfigSourceError`: all that is wrong, and where.
        """
        from .registration import FileSource, registration

        source = FileSource(*paths, private=private)
        described = registration(source, self.plugins, profile=profile, environ=environ)
        return self._register_all(described, override=override)

    def register_from(
        self, source: ConfigSource | str, *, profile: str | None = None, override: bool = False
    ) -> list[str]:
        """As `register_from_file`, from a `sqlspec.plugin.ConfigSource` or the opt-in plugin that brings one.

        What the source raises by itself is not changed. `watch` follows one that is a `WatchedSource`.
        """
        from .registration import source_of

        return self._register_from([source_of(source, self.plugins)], profile=profile, override=override)

    def register_from_consul(
        self,
        *services: str,
        template: AnyConfig,
        name: str | None = None,
        tag: str | None = None,
        fields: Mapping[str, str] | None = None,
        datacenter: str | None = None,
        address: str = "http://127.0.0.1:8500",
        token: Secret | str | None = None,
        stale: bool = True,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        wait: float = 60.0,
        override: bool = False,
    ) -> list[str]:
        """Register services of a Consul catalogue, all or none; returns their names. `watch` follows them.

        Each is *template* with the addresses of the service's healthy instances, registered under the
        service's name, or *name*. Only instances with *tag* count. *fields* says which keys of the instances'
        metadata fill options of the config: `{"database": "db_name"}`. With *stale* any server of Consul may
        answer. *timeout* is for an answer, *wait* how long Consul may hold back an answer that has no news.

        Raises `ConfigSourceError` for what Consul does not have, or does not say.
        """
        from sqlspec.config.secret import as_secret
        from sqlspec.config.sources.consul import Consul, consul_sources

        token = as_secret(token)
        consul = Consul(
            address,
            token=token,
            tag=tag,
            datacenter=datacenter,
            stale=stale,
            tls=tls,
            timeout=timeout,
            wait=wait,
        )
        sources = consul_sources(consul, services, template, name=name, fields=fields or {})
        return self._register_from(sources, override=override)

    def register_from_etcd(
        self,
        prefix: str = "/sqlspec/",
        *,
        template: AnyConfig | None = None,
        address: str = "http://127.0.0.1:2379",
        username: str | None = None,
        password: Secret | str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        wait: float = 60.0,
        override: bool = False,
    ) -> list[str]:
        """Register the databases below a prefix of etcd, all or none; returns their names. `watch` follows.

        The key `PREFIX/NAME/OPTION` holds an option of a database as a text, `PREFIX/NAME/url` its URL. What
        they do not say is the *template*'s. *timeout* is for an answer, *wait* how long etcd may be silent.

        Raises `ConfigSourceError` for what etcd does not have, or does not say.
        """
        from sqlspec.config.secret import as_secret
        from sqlspec.config.sources.etcd import EtcdSource

        password = as_secret(password)
        source = EtcdSource(
            prefix,
            address,
            template=template,
            username=username,
            password=password,
            tls=tls,
            timeout=timeout,
            wait=wait,
        )
        return self._register_from([source], override=override)

    def watch(self) -> None:
        """Follow all sources that can be watched, in one daemon thread, until `close`; see `sources`.

        A config that changes replaces the old one as `override` would; its sessions end on the old pool. A
        child that is forked follows in a thread of its own.
        """
        self._watched().start()

    async def awatch(self) -> None:
        """As `watch`, in a task of the running event loop, and not in children."""
        self._watched().start_task()

    @property
    def sources(self) -> tuple[SourceStatus, ...]:
        """How each source that can be watched is doing: its state, since when, and its last error."""
        return self._watches.statuses() if self._watches else ()

    @classmethod
    def from_file(
        cls,
        *paths: str | PathLike[str],
        profile: str | None = None,
        environ: Mapping[str, Any] | None = None,
        private: bool = False,
    ) -> Self:
        """A registry of what configuration files describe; see `register_from_file`."""
        spec = cls()
        spec.register_from_file(*paths, profile=profile, environ=environ, private=private)
        return spec

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of configuration files, for the adapters that are installed; imports no driver."""
        from .registration import json_schema

        return json_schema()

    def _register_from(
        self, sources: Sequence[ConfigSource], *, profile: str | None = None, override: bool
    ) -> list[str]:
        """Read the sources and register all that they say, or nothing; remember those that can be watched."""
        from sqlspec.config.sources import WatchedSource

        from .registration import registration

        found = [registration(source, self.plugins, profile=profile) for source in sources]
        names = self._register_all(*found, override=override)
        if any(isinstance(source, WatchedSource) for source in sources):
            from .watch import Registered, Watch

            registered = Registered(self._table, self.plugins, self._new_database, self._lowest_override)
            self._watched().add(
                [
                    Watch(one.source, one, registered, profile=profile)
                    for one in found
                    if isinstance(one.source, WatchedSource)
                ]
            )
        return names

    def _register_all(self, *found: Registration, override: bool) -> list[str]:
        from .registration import put_all

        made = put_all(found, self._table, self._new_database, self.plugins, override=override)
        for name, database in made.items():
            self.plugins.emit("sqlspec_config_registered", name, database.config.adapter)
        return list(made)

    def _lowest_override(self, name: str) -> Override | None:
        return self._overrides.lowest(name) if self._overrides else None

    def _watched(self) -> Watches:
        """What watches, made when it is first asked for."""
        with self._table.lock:
            if self._watches is None:
                from .watches import Watches

                self._watches = Watches()
            return self._watches

    def unregister_config(self, name: str) -> None:
        """Forget a database. Open sessions end as they would have; waiting callers get an error."""
        self._table.remove(name).retire()

    @overload
    def override(
        self, name: str, config: AnyConfig | str | Mapping[str, Any], *, rollback: bool = False
    ) -> Override: ...
    @overload
    def override(self, name: str, *, rollback: Literal[True]) -> Override: ...
    def override(
        self, name: str, config: AnyConfig | str | Mapping[str, Any] | None = None, *, rollback: bool = False
    ) -> Override:
        """`with spec.override("main", test_config):` replaces a database inside the block, restored after.

        For the whole process, nested blocks in order. The database that was replaced keeps its pools and
        its in-memory data. `async with` also waits until the sessions of the replacement have ended.

        With *rollback*, for tests, all sessions inside of the block share one connection, whose transaction
        is undone at its end, whatever they commit; docs/testing.md says what this can not do. Its end raises
        `TransactionAbortedError` if it could not keep sessions apart. Without *config* the database itself is
        used. Entering raises `NotSupportedError` if the adapter has no transactions, or no savepoints.
        """
        from .config_input import config_from
        from .overrides import Override, Overrides

        registered = None if config is None and rollback else config_from(config, self.plugins)
        with self._table.lock:
            self._overrides = self._overrides or Overrides(self._table, self._new_database)
        return Override(self._overrides, name, registered, rolls_back=rollback)

    def instrument(self, name: Key = None, **flags: Unpack[InstrumentationFlags]) -> InstrumentationConfig:
        """Switch what is observed of a database, from its next session on; returns what is observed now.

        *flags* are those of `InstrumentationConfig`, laid over what holds now; without one nothing changes.
        The config stays as it is, and so do keys. What was switched goes when the database is replaced.

        Raises `InvalidConfigError` for a flag that does not exist or would do nothing.
        """
        from sqlspec.config import InstrumentationConfig

        database = self._table.find(name)
        if flags:
            database.instrument(InstrumentationConfig(**flags))
        return database.observers.instrumentation

    def set_default(self, name: str) -> None:
        """Choose the database that is meant when none is named."""
        self._table.choose_default(name)

    def _new_database(self, name: str, config: AnyConfig, source: ConfigSource | None = None) -> Database:
        database = Database(name, config, self.plugins, successor=lambda: self._table.successor(name))
        database.is_closed, database.source = self._table.is_closed, source
        return database

    # --- looking up -----------------------------------------------------------------------------

    @overload
    def get_config(self, name: str | None = None) -> AnyConfig: ...
    @overload
    def get_config(self, name: type[C]) -> C: ...

    def get_config(self, name: str | type[AnyConfig] | None = None) -> AnyConfig:
        """The config of this name, type, or the default. The same object each time.

        Raises `ConfigNotFoundError`, with the nearest spelling.
        """
        return self._table.find(name).config

    def get_config_by_type(self, config_type: type[C]) -> C:
        """The config of this class, or else of its subclasses; of several the default, if it is among them.

        Raises `ConfigNotFoundError` or `AmbiguousConfigError`.
        """
        found: C = self._table.find_type(config_type).config  # type: ignore[assignment] # found by its class
        return found

    @property
    def configs(self) -> Mapping[str, AnyConfig]:
        """The registered configs by name, as they are now, in the order of registration. Read-only."""
        configs = {name: database.config for name, database in self._table.databases.copy().items()}
        return MappingProxyType(configs)

    @property
    def config_by_type(self) -> Mapping[type[AnyConfig], AnyConfig]:
        """The config that each class stands for, as `get_config_by_type` finds it. Read-only, as it is now.

        A class of several configs is left out, unless the default is one of them.
        """
        return MappingProxyType(self._table.config_by_type())

    @property
    def default_config_name(self) -> str | None:
        """The name that is meant when none is given: the default, or the only one. None: a name is needed."""
        return self._table.default_name()

    @property
    def config_types(self) -> frozenset[type[AnyConfig]]:
        """The classes of the registered configs."""
        return frozenset(type(database.config) for database in list(self._table.databases.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the registered databases, in the order of registration."""
        return tuple(self._table.databases)

    def __contains__(self, name: object) -> bool:
        return name in self._table.databases

    def __len__(self) -> int:
        return len(self._table.databases)

    # --- lending --------------------------------------------------------------------------------

    @overload
    def provide_session(
        self,
        name: str | None = None,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> EitherSessionBlock[Session, AsyncSession]: ...
    @overload
    def provide_session(  # type: ignore[overload-overlap] # less than the next one gives, on purpose: no `with`
        self,
        name: AsyncOnlyConfig[A, AR] | type[AsyncOnlyConfig[A, AR]],
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> AsyncSessionBlock[A]: ...
    @overload
    def provide_session(
        self,
        name: DatabaseConfig[S, A, R, AR] | type[DatabaseConfig[S, A, R, AR]],
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> EitherSessionBlock[S, A]: ...

    def provide_session(
        self,
        name: Key = None,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> Any:
        """Lend a session for one `with` or `async with` block; see `Session` for what ends it how.

        *name* is a name, what `register_config` returned, a config type, or nothing for the default.
        *autocommit*, *read_only*, *isolation* and *query_timeout* go before the config's own. Raises
        `ConfigNotFoundError` here, `PoolTimeoutError` and `ConnectError` on entering.
        """
        # A name that is known is the common case: one lookup, no call.
        database = self._table.databases.get(name) if isinstance(name, str) else None
        if database is None:
            database = self._table.find(name)
        if autocommit is None and read_only is None and isolation is None and query_timeout is None:
            return EitherSessionBlock(database, DEFAULT_OPTIONS)
        return EitherSessionBlock(database, options_of(autocommit, read_only, isolation, query_timeout))

    @overload
    def provide_connection(self, name: str | None = None) -> EitherConnectionBlock[Any, Any]: ...
    @overload
    def provide_connection(  # type: ignore[overload-overlap] # as above
        self, name: AsyncOnlyConfig[A, AR] | type[AsyncOnlyConfig[A, AR]]
    ) -> AsyncConnectionBlock[AR]: ...
    @overload
    def provide_connection(
        self, name: DatabaseConfig[S, A, R, AR] | type[DatabaseConfig[S, A, R, AR]]
    ) -> EitherConnectionBlock[R, AR]: ...

    def provide_connection(self, name: Key = None) -> Any:
        """Lend the driver's own connection for one block, in autocommit mode.

        A transaction that is left open is rolled back, and the connection's state is reset.
        """
        database = self._table.databases.get(name) if isinstance(name, str) else None
        return EitherConnectionBlock(database or self._table.find(name), DEFAULT_OPTIONS)

    # --- life -----------------------------------------------------------------------------------

    def open(self) -> None:
        """Lend again after `close`, and warm up: open each database's `pool_min_size`, or raise."""
        self._reopen()
        for database in list(self._table.databases.values()):
            database.warm_up()

    async def aopen(self) -> None:
        """As `open`, for the running event loop."""
        self._reopen()
        for database in list(self._table.databases.values()):
            await database.awarm_up()

    def close(self) -> None:
        """Close every pool, the newest first, and watch no more. Configs stay; nothing is lent until `open`.

        May be called twice and from any thread. Sessions that are open end as they would have; their
        connections close then. Keeps going past errors and raises them together as an `ExceptionGroup`.
        """
        from .closing import close_all

        if self._watches is not None:
            self._watches.stop()
        close_all(self._table.close() + self._covered())

    async def aclose(self) -> None:
        """As `close`; connections of the running event loop send their server a close message."""
        from .closing import aclose_all

        if self._watches is not None:
            await self._watches.astop()
        await aclose_all(self._table.close() + self._covered())

    def _reopen(self) -> None:
        self._table.reopen()
        for database in self._covered():
            database.reopen()

    def _covered(self) -> list[Database]:
        """What overrides cover at the moment: it is closed and opened with the rest."""
        return self._overrides.covered() if self._overrides else []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @overload
    def stats(self) -> dict[str, PoolStats]: ...
    @overload
    def stats(self, name: str | AnyConfig | type[AnyConfig]) -> PoolStats: ...

    def stats(self, name: Key = None) -> Any:
        """What the pools of one database hold and have done; of all databases by name without *name*."""
        if name is not None:
            return self._table.find(name).stats()
        # A copy, because items are tuples: making one may start gc, and with it any other thread.
        return {one: database.stats() for one, database in self._table.databases.copy().items()}

    def ping(self, name: Key = None, *, timeout: float | None = None) -> float:
        """Ask a database for a sign of life; returns the seconds it took, connecting included if need be.

        *timeout* is in seconds, for all of it. Without it the wait for a connection has `pool_timeout`, and
        the ping two seconds. Raises `PoolTimeoutError` if no connection became free in time,
        `DeadlineExceeded` if no answer came, and what connecting raises. A sync driver that is connecting
        then goes on until its `connect_timeout`.
        """
        return self._table.find(name).ping(timeout)

    async def aping(self, name: Key = None, *, timeout: float | None = None, pooled: bool = True) -> float:
        """As `ping`, in the running event loop; *timeout* limits connecting, too.

        `pooled=False` opens a connection, and closes it again: for an event loop that ends afterwards, as in
        `asyncio.run(spec.aping("main", pooled=False))`.
        """
        return await self._table.find(name).aping(timeout, pooled=pooled)
