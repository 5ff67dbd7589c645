"""SQLSpec: the databases an application knows, by name."""

from __future__ import annotations

import time
from functools import lru_cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import ref

from sqlspec.concurrency.forks import renew_locks_of
from sqlspec.config import DatabaseConfig
from sqlspec.database import Database, SessionContext
from sqlspec.database.contexts import ConnectionContext
from sqlspec.database.database import DEFAULT_OPTIONS
from sqlspec.errors import (
    AmbiguousConfigError,
    ConfigAlreadyRegisteredError,
    ConfigClosedError,
    ConfigNotFoundError,
    InvalidArgumentError,
)
from sqlspec.plugin.contract import SessionOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from types import TracebackType
    from typing import Self

    from sqlspec.config import AsyncOnlyConfig
    from sqlspec.config.sources import ConfigSource
    from sqlspec.database import AsyncConnectionContext, AsyncSessionContext
    from sqlspec.loading.manager import Plugins
    from sqlspec.pool import PoolStats
    from sqlspec.registry.overrides import Override
    from sqlspec.registry.registration import Registration
    from sqlspec.session import AsyncSession, Session

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]
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
        self._lock = RLock()
        # Written under the lock, one step at a time, and read without it: a reader looks up once, or copies.
        self._databases: dict[str, Database] = {}
        self._keys: dict[int, tuple[ref[AnyConfig], str]] = {}
        self._by_type: dict[type, str] = {}
        self._overrides: dict[str, list[Override]] = {}
        self._default: str | None = None
        self._is_closed = False
        renew_locks_of(self, SQLSpec._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = RLock()

    def __repr__(self) -> str:
        return f"<SQLSpec: {', '.join(self._databases) or 'no databases'}>"

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
        from sqlspec.registry.config_input import check_beside, checked_name, config_from

        settled = config_from(config, self.plugins)
        chosen = settled.adapter if name is None else checked_name(name)
        with self._lock:
            replaced = self._databases.get(chosen)
            if replaced is not None and not override:
                raise ConfigAlreadyRegisteredError(chosen, named_after_adapter=name is None)
            check_beside({chosen: settled}, self._databases)
            self._put(chosen, self._database(chosen, settled))
        if replaced is not None:
            replaced.retire()
        self.plugins.emit("sqlspec_config_registered", chosen, settled.adapter)
        return settled

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
        from sqlspec.registry.registration import environment_source, registration

        source = environment_source(prefix, mapping, environ, self.plugins)
        return self._register_all(registration(source, self.plugins), override=override)

    def register_from_file(
        self,
        *paths: str | PathLike[str],
        profile: str | None = None,
        environ: Mapping[str, Any] | None = None,
        override: bool = False,
    ) -> list[str]:
        """Register every database of YAML, TOML or JSON files, all or none; returns their names.

        Of several files the later win; `${VAR}` is filled in from *environ*. Raises `ConfigSourceError`: all
        that is wrong, and where.
        """
        from sqlspec.registry.registration import FileSource, registration

        described = registration(FileSource(*paths), self.plugins, profile=profile, environ=environ)
        return self._register_all(described, override=override)

    def register_from(
        self, source: ConfigSource | str, *, profile: str | None = None, override: bool = False
    ) -> list[str]:
        """As `register_from_file`, from a `sqlspec.plugin.ConfigSource` or the opt-in plugin that brings one.

        What the source raises by itself is not changed.
        """
        from sqlspec.registry.registration import registration

        return self._register_all(registration(source, self.plugins, profile=profile), override=override)

    @classmethod
    def from_file(
        cls, *paths: str | PathLike[str], profile: str | None = None, environ: Mapping[str, Any] | None = None
    ) -> Self:
        """A registry of what configuration files describe; see `register_from_file`."""
        spec = cls()
        spec.register_from_file(*paths, profile=profile, environ=environ)
        return spec

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of configuration files, for the adapters that are installed; imports no driver."""
        from sqlspec.registry.registration import json_schema

        return json_schema()

    def _register_all(self, described: Registration, *, override: bool) -> list[str]:
        configs = described.configs
        with self._lock:
            replaced = [database for name, database in self._databases.items() if name in configs]
            if replaced and not override:
                raise ConfigAlreadyRegisteredError(replaced[0].name)
            described.check_beside(self._databases)
            # A copy that takes the place of the original: readers see all of the source or nothing of it.
            made = {name: self._database(name, config) for name, config in configs.items()}
            self._databases = {**self._databases, **made}
            self._default = described.default or self._default
            self._by_type = {}
            for database in made.values():
                self._note_key(database)
        for database in replaced:
            database.retire()
        for name, config in configs.items():
            self.plugins.emit("sqlspec_config_registered", name, config.adapter)
        return list(configs)

    def unregister_config(self, name: str) -> None:
        """Forget a database. Sessions that are open end in peace; who waits gets `ConfigClosedError`."""
        with self._lock:
            database = self._named(name)
            self._remove(name)
            if self._default == name:
                self._default = None
        database.retire()

    def override(self, name: str, config: AnyConfig | str | Mapping[str, Any]) -> Override:
        """`with spec.override("main", test_config):` replaces a database inside the block, restored after.

        For the whole process, nested blocks in order. The database that was replaced keeps its pools and
        its in-memory data. `async with` also waits until the sessions of the replacement have ended.
        """
        from sqlspec.registry.config_input import config_from
        from sqlspec.registry.overrides import Override

        return Override(self, name, config_from(config, self.plugins))

    def set_default(self, name: str) -> None:
        """Choose the database that is meant when none is named."""
        with self._lock:
            self._named(name)
            self._default = name
            self._by_type = {}

    def _database(self, name: str, config: AnyConfig) -> Database:
        database = Database(name, config, self.plugins, successor=lambda: self._successor(name))
        database.is_closed = self._is_closed
        return database

    def _successor(self, name: str) -> Database:
        """The database that has the name now, for a block that was written when another had it."""
        database = self._databases.get(name)
        if database is None:
            raise ConfigClosedError(name, unregistered=True)
        return database

    def _put(self, name: str, database: Database) -> None:
        """Under the lock: give the name to *database*. Its config is a key for as long as somebody holds it.

        The key of a config that was replaced still leads to the name: who holds it meant that database.
        """
        self._databases[name] = database
        self._by_type = {}  # after the change, or who looks in between would remember what was before
        self._note_key(database)

    def _note_key(self, database: Database) -> None:
        key = id(database.config)
        if self._named_by(key) is not database.config:
            forget = partial(_forget, self._keys, key)
            self._keys[key] = (ref(database.config, forget), database.name)

    def _remove(self, name: str) -> None:
        del self._databases[name]
        self._by_type = {}
        for key, (config, named) in list(self._keys.items()):
            if named == name:
                others = [other for other, one in self._databases.items() if one.config is config()]
                if others:
                    self._keys[key] = (config, others[0])
                else:
                    self._keys.pop(key, None)

    def _named_by(self, key: int) -> AnyConfig | None:
        found = self._keys.get(key)
        return found[0]() if found else None

    def _push_override(self, name: str, override: Override, config: AnyConfig) -> None:
        """Put *config* over what has the name. For `override` blocks."""
        from sqlspec.registry.config_input import check_beside

        with self._lock:
            beneath = self._named(name)
            check_beside({name: config}, self._databases, covered=beneath.config)
            override.beneath = beneath
            self._overrides.setdefault(name, []).append(override)
            self._put(name, self._database(name, config))

    def _pop_override(self, name: str, override: Override) -> Database:
        """End an override and return the database that it had put there, for the caller to retire.

        Blocks may end out of order: an inner one then covers what the outer one had covered.
        """
        with self._lock:
            layers, beneath = self._overrides[name], override.beneath
            above = layers.index(override) + 1
            override.beneath = None
            layers.remove(override)
            if beneath is None or name not in self._databases:
                raise ConfigNotFoundError(name, self._databases)
            if above <= len(layers):
                mine, layers[above - 1].beneath = layers[above - 1].beneath, beneath
                return mine or beneath
            mine = self._databases[name]
            self._put(name, beneath)
            others = [one.config for one in self._databases.values()]
            if all(config is not mine.config for config in others):
                self._keys.pop(id(mine.config), None)  # it meant the replacement, never what is restored
            return mine

    # --- looking up -----------------------------------------------------------------------------

    @overload
    def get_config(self, name: str | None = None) -> AnyConfig: ...
    @overload
    def get_config(self, name: type[C]) -> C: ...

    def get_config(self, name: str | type[AnyConfig] | None = None) -> AnyConfig:
        """The config of this name, type, or the default. The same object each time.

        Raises `ConfigNotFoundError`, with the nearest spelling.
        """
        return self._find(name).config

    def get_config_by_type(self, config_type: type[C]) -> C:
        """The config of this class, or else of its subclasses; of several the default, if it is among them.

        Raises `ConfigNotFoundError` or `AmbiguousConfigError`.
        """
        found: C = self._find_type(config_type).config  # type: ignore[assignment] # found by its class
        return found

    @property
    def config_types(self) -> frozenset[type[AnyConfig]]:
        """The classes of the registered configs."""
        return frozenset(type(database.config) for database in list(self._databases.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the registered databases, in the order of registration."""
        return tuple(self._databases)

    def __contains__(self, name: object) -> bool:
        return name in self._databases

    def __len__(self) -> int:
        return len(self._databases)

    def _named(self, name: str) -> Database:
        try:
            return self._databases[name]
        except KeyError:
            raise ConfigNotFoundError(name, self._databases) from None

    def _find(self, key: object) -> Database:
        """The one place where a name, config, type or nothing becomes a database."""
        if isinstance(key, str):
            return self._named(key)
        if key is None:
            return self._find_default()
        if isinstance(key, DatabaseConfig):
            return self._find_config(key)
        if isinstance(key, type) and issubclass(key, DatabaseConfig):
            return self._find_type(key)
        wanted = "a str, a config or a config type"
        raise InvalidArgumentError(f"a database is named by {wanted}, not by {type(key).__name__}")

    def _find_default(self) -> Database:
        default = self._default  # looked at once: another thread may change it meanwhile
        if default is not None:
            return self._named(default)
        databases = list(self._databases.values())
        if len(databases) == 1:
            return databases[0]
        if not databases:
            raise ConfigNotFoundError("", message="no database is registered; call register_config() first")
        raise AmbiguousConfigError("no name", [database.name for database in databases])

    def _find_config(self, config: AnyConfig) -> Database:
        found = self._keys.get(id(config))
        if found is not None and found[0]() is config:
            return self._named(found[1])
        wanted = f"this {type(config).__name__}"
        hint = f"{wanted} is not registered; pass what register_config() returned, or a name"
        raise ConfigNotFoundError(wanted, self._databases, message=hint)

    def _find_type(self, config_type: type[AnyConfig]) -> Database:
        known, databases = self._by_type, self._databases
        database = databases.get(known.get(config_type, ""))
        if database is None:
            databases = databases.copy()
            # Remembered in the dict that was current before the look, which every change replaces.
            name = known[config_type] = self._name_by_type(config_type, databases)
            database = databases[name]
        return database

    def _name_by_type(self, config_type: type[AnyConfig], databases: Mapping[str, Database]) -> str:
        default = self._default
        fits = [name for name, one in databases.items() if type(one.config) is config_type]
        fits = fits or [name for name, one in databases.items() if isinstance(one.config, config_type)]
        if len(fits) == 1:
            return fits[0]
        if default is not None and default in fits:
            return default
        if fits:
            raise AmbiguousConfigError(config_type.__name__, fits)
        types = {type(one.config).__name__ for one in databases.values()}
        raise ConfigNotFoundError(config_type.__name__, types)

    # --- lending --------------------------------------------------------------------------------

    @overload
    def provide_session(
        self,
        name: str | None = None,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: str | None = None,
    ) -> SessionContext[Session, AsyncSession]: ...
    @overload
    def provide_session(  # type: ignore[overload-overlap] # less than the next one gives, on purpose: no `with`
        self,
        name: AsyncOnlyConfig[A, AR] | type[AsyncOnlyConfig[A, AR]],
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: str | None = None,
    ) -> AsyncSessionContext[A]: ...
    @overload
    def provide_session(
        self,
        name: DatabaseConfig[S, A, R, AR] | type[DatabaseConfig[S, A, R, AR]],
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: str | None = None,
    ) -> SessionContext[S, A]: ...

    def provide_session(
        self,
        name: Key = None,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: str | None = None,
    ) -> Any:
        """Lend a session for one `with` or `async with` block; see `Session` for what ends it how.

        *name* is a name, what `register_config` returned, a config type, or nothing for the default.
        *autocommit*, *read_only* and *isolation* go before the config's own. Raises `ConfigNotFoundError`
        here, `PoolTimeoutError` and `ConnectError` on entering.
        """
        # A name that is known is the common case: one lookup, no call.
        database = self._databases.get(name) if isinstance(name, str) else None
        if database is None:
            database = self._find(name)
        if autocommit is None and read_only is None and isolation is None:
            return SessionContext(database, DEFAULT_OPTIONS)
        return SessionContext(database, _options(autocommit, read_only, isolation))

    @overload
    def provide_connection(self, name: str | None = None) -> ConnectionContext[Any, Any]: ...
    @overload
    def provide_connection(  # type: ignore[overload-overlap] # as above
        self, name: AsyncOnlyConfig[A, AR] | type[AsyncOnlyConfig[A, AR]]
    ) -> AsyncConnectionContext[AR]: ...
    @overload
    def provide_connection(
        self, name: DatabaseConfig[S, A, R, AR] | type[DatabaseConfig[S, A, R, AR]]
    ) -> ConnectionContext[R, AR]: ...

    def provide_connection(self, name: Key = None) -> Any:
        """Lend the driver's own connection for one block, in autocommit mode.

        A transaction that is left open is rolled back, and the connection's state is reset.
        """
        database = self._databases.get(name) if isinstance(name, str) else None
        return ConnectionContext(database or self._find(name), DEFAULT_OPTIONS)

    # --- life -----------------------------------------------------------------------------------

    def open(self) -> None:
        """Lend again after `close`, and warm up: open each database's `pool_min_size`, or raise."""
        self._reopen()
        for database in list(self._databases.values()):
            database.warm_up()

    async def aopen(self) -> None:
        """As `open`, for the running event loop."""
        self._reopen()
        for database in list(self._databases.values()):
            await database.awarm_up()

    def close(self) -> None:
        """Close every pool, the newest first. Configs stay registered; nothing is lent until `open`.

        May be called twice and from any thread. Sessions that are open end as they would have; their
        connections close then. Keeps going past errors and raises them together as an `ExceptionGroup`.
        """
        errors: list[Exception] = []
        for database in self._closing():
            try:
                database.close()
            except Exception as exc:  # noqa: BLE001 - collected
                errors.append(exc)
        _raise_together(errors)

    async def aclose(self) -> None:
        """As `close`; connections of the running event loop say good-bye to their server."""
        errors: list[Exception] = []
        databases = self._closing()
        try:
            while databases:
                try:
                    await databases.pop(0).aclose()
                except Exception as exc:  # noqa: BLE001 - collected
                    errors.append(exc)
        finally:  # cancelled: the rest is closed without a good-bye
            for database in databases:
                database.close()
        _raise_together(errors)

    def _reopen(self) -> None:
        with self._lock:
            self._is_closed = False
            for database in self._databases.values():
                database.reopen()

    def _closing(self) -> list[Database]:
        with self._lock:
            self._is_closed = True
            return list(reversed(self._databases.values()))

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
            return self._find(name).stats()
        # A copy, because items are tuples: making one may start gc, and with it any other thread.
        return {one: database.stats() for one, database in self._databases.copy().items()}

    def ping(self, name: Key = None) -> float:
        """Ask a database for a sign of life; returns the seconds it took, connecting included if need be."""
        started = time.monotonic()
        self._find(name).ping()
        return time.monotonic() - started

    async def aping(self, name: Key = None) -> float:
        """As `ping`, in the running event loop."""
        started = time.monotonic()
        await self._find(name).aping()
        return time.monotonic() - started


@lru_cache(maxsize=256)
def _options(autocommit: bool | None, read_only: bool | None, isolation: str | None) -> SessionOptions:  # noqa: FBT001
    """The same object for the same wishes, so that what follows from them is found by its identity."""
    return SessionOptions(autocommit=autocommit, read_only=read_only, isolation=isolation)


def _forget(keys: dict[int, Any], key: int, _: object) -> None:
    """Nobody holds this config any more: its identity may be another's soon."""
    keys.pop(key, None)


def _raise_together(errors: list[Exception]) -> None:
    """Raise what closing came to; an interruption is no error of a database, and comes out as itself."""
    if not errors:
        return
    from sqlspec.concurrency.interruptions import is_interruption

    for error in errors:
        if is_interruption(error):
            raise error
    msg = "closing databases"
    raise ExceptionGroup(msg, errors)
