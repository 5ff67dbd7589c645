"""The names of databases: which database a name, a config, a config type or nothing stands for.

Every change happens under one lock and is one step for readers, who take none: a reader looks a dict up once,
or copies it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import ref

from sqlspec.concurrency.forks import renew_locks_of
from sqlspec.config import DatabaseConfig
from sqlspec.errors import (
    AmbiguousConfigError,
    ConfigClosedError,
    ConfigNotFoundError,
    InvalidArgumentError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec.database import Database

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("NameTable",)


class NameTable:
    """The databases of one registry, by all that an application may call them."""

    def __init__(self) -> None:
        self.lock = RLock()
        """Held around every change. May be held by the caller for more than one."""
        self.databases: dict[str, Database] = {}
        """By name, in the order of registration. Only read from outside."""
        self.default: str | None = None
        """The name that `set_default` chose."""
        self.is_closed = False
        """Nothing is lent, also by what is registered from now on."""
        # A config is a key for as long as somebody holds it, and does not live longer because of us.
        self._keys: dict[int, _Key] = {}
        # Those that lead to a name besides the config that is registered under it: it replaced them.
        self._older_keys: dict[str, list[int]] = {}
        self._shared: set[int] = set()
        """The keys of configs that were registered under several names."""
        self._by_type: dict[type, str] = {}
        renew_locks_of(self, NameTable._renew_lock)

    def _renew_lock(self) -> None:
        self.lock = RLock()

    # --- changes --------------------------------------------------------------------------------

    def put(self, database: Database) -> None:
        """Give its name to *database*.

        The key of a config that was replaced still leads to the name: who holds it meant that database.
        """
        with self.lock:
            self._note_replaced(database.name)
            self.databases[database.name] = database
            self._by_type = {}  # after the change, or a reader between the two would remember the old state
            self._note_key(database)

    def put_all(self, databases: Mapping[str, Database], default: str | None) -> None:
        """Give their names to *databases*; *default* replaces the default unless it is None.

        In one step: readers see all of it or nothing.
        """
        with self.lock:
            for name in databases:
                self._note_replaced(name)
            # Another dict in its place: a reader that walks the old one sees the state from before.
            self.databases = {**self.databases, **databases}
            self.default = default or self.default
            self._by_type = {}
            for database in databases.values():
                self._note_key(database)

    def remove(self, name: str) -> Database:
        """Forget a name, and return its database. Raises `ConfigNotFoundError`."""
        with self.lock:
            database = self.named(name)
            del self.databases[name]
            self._by_type = {}
            if self.default == name:
                self.default = None
            self._forget_keys_of(database)
            return database

    def choose_default(self, name: str) -> None:
        """Choose the database that is meant when none is named. Raises `ConfigNotFoundError`."""
        with self.lock:
            self.named(name)
            self.default = name
            self._by_type = {}

    def close(self) -> list[Database]:
        """Lend no more. Returns the databases that are to be closed, the newest first."""
        with self.lock:
            self.is_closed = True
            return list(reversed(self.databases.values()))

    def reopen(self) -> None:
        """Lend again."""
        with self.lock:
            self.is_closed = False
            for database in self.databases.values():
                database.reopen()

    def forget_key(self, config: AnyConfig) -> None:
        """*config* is no key any more, unless it is still registered."""
        with self.lock:
            if all(one.config is not config for one in self.databases.values()):
                self._keys.pop(id(config), None)

    def _note_key(self, database: Database) -> None:
        key = id(database.config)
        found = self._keys.get(key)
        if found is None or found() is not database.config:
            self._shared.discard(key)  # of another config, which is gone
            # When nobody holds the config any more, its identity may be another's soon. No code of Python
            # runs then, as in `Living`.
            found = _Key(database.config, partial(self._keys.pop, key))
            found.name = database.name
            self._keys[key] = found
        elif found.name != database.name:
            self._shared.add(key)

    def _note_replaced(self, name: str) -> None:
        """The key of what has the name now will lead to what has it next."""
        replaced = self.databases.get(name)
        if replaced is not None:
            older = [key for key in self._older_keys.get(name, ()) if self._leads(key, name)]
            self._older_keys[name] = [*older, id(replaced.config)]

    def _leads(self, key: int, name: str) -> bool:
        found = self._keys.get(key)
        return found is not None and found.name == name

    def _forget_keys_of(self, database: Database) -> None:
        name = database.name
        for key in {id(database.config), *self._older_keys.pop(name, ())}:
            found = self._keys.get(key)
            if found is None or found.name != name:
                continue
            config = found() if key in self._shared else None
            others = config and [other for other, one in self.databases.items() if one.config is config]
            if others:
                found.name = others[0]
            else:
                self._keys.pop(key, None)
                self._shared.discard(key)

    # --- looking up -----------------------------------------------------------------------------

    def named(self, name: str) -> Database:
        """The database of this name. Raises `ConfigNotFoundError`, with the nearest spelling."""
        try:
            return self.databases[name]
        except KeyError:
            raise ConfigNotFoundError(name, self.databases) from None

    def successor(self, name: str) -> Database:
        """The database that has the name now, for a block that was written when another had it."""
        database = self.databases.get(name)
        if database is None:
            raise ConfigClosedError(name, unregistered=True)
        return database

    def find(self, key: object) -> Database:
        """The database that a name, config, config type or nothing stands for.

        Raises `ConfigNotFoundError`, `AmbiguousConfigError`, or `InvalidArgumentError` for anything else.
        """
        if isinstance(key, str):
            return self.named(key)
        if key is None:
            return self._find_default()
        if isinstance(key, DatabaseConfig):
            return self._find_config(key)
        if isinstance(key, type) and issubclass(key, DatabaseConfig):
            return self.find_type(key)
        wanted = "a str, a config or a config type"
        raise InvalidArgumentError(f"a database is named by {wanted}, not by {type(key).__name__}")

    def find_type(self, config_type: type[AnyConfig]) -> Database:
        """The database whose config has this class, or else one of its subclasses."""
        known, databases = self._by_type, self.databases
        database = databases.get(known.get(config_type, ""))
        if database is None:
            databases = databases.copy()
            # Remembered in the dict that was current before the look, which every change replaces.
            name = known[config_type] = self._name_by_type(config_type, databases)
            database = databases[name]
        return database

    def default_name(self) -> str | None:
        """The name that is meant when none is given; None if no name, or more than one, could be."""
        default, databases = self.default, self.databases
        if default is not None:
            return default
        names = list(databases)
        return names[0] if len(names) == 1 else None

    def config_by_type(self) -> dict[type[AnyConfig], AnyConfig]:
        """The config that each registered class stands for; none for a class that is ambiguous."""
        found: dict[type[AnyConfig], AnyConfig] = {}
        for config_type in {type(one.config): None for one in list(self.databases.values())}:
            with suppress(ConfigNotFoundError, AmbiguousConfigError):  # gone meanwhile, or one of several
                found[config_type] = self.find_type(config_type).config
        return found

    def _find_default(self) -> Database:
        default = self.default  # looked at once: another thread may change it meanwhile
        if default is not None:
            return self.named(default)
        databases = list(self.databases.values())
        if len(databases) == 1:
            return databases[0]
        if not databases:
            raise ConfigNotFoundError("", message="no database is registered; call register_config() first")
        raise AmbiguousConfigError(None, [database.name for database in databases])

    def _find_config(self, config: AnyConfig) -> Database:
        found = self._keys.get(id(config))
        if found is not None and found() is config:
            return self.named(found.name)
        wanted = f"this {type(config).__name__}"
        hint = f"{wanted} is not registered; pass what register_config() returned, or a name"
        raise ConfigNotFoundError(wanted, self.databases, message=hint)

    def _name_by_type(self, config_type: type[AnyConfig], databases: Mapping[str, Database]) -> str:
        default = self.default
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


class _Key(ref[Any]):
    """A config that leads to a name."""

    __slots__ = ("name",)
    name: str
