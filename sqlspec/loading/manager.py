"""The plugins of one registry: found by name, imported when asked for, resolved to plain functions."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from sqlspec.concurrency.forks import renew_locks_of
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import (
    AdapterBrokenError,
    AdapterConflictError,
    AdapterError,
    AdapterIncompatibleError,
    AdapterNotInstalledError,
    InvalidArgumentError,
    InvalidConfigError,
    did_you_mean,
)
from sqlspec.plugin.info import AdapterInfo

from .check import CREATION_HOOKS, IN_PROCESS, PluginCheck, plugin_check
from .index import installed, refresh
from .load import (
    LoadedAdapter,
    config_class,
    import_plugin,
    only,
    session_class,
    unusable_driver,
)
from .observers import NOBODY, Failures, Observers, collect
from .policy import PLUGINS, Policy, names_from_env
from .resolve import implementations, resolve
from .schemes import find_adapter, siblings
from .status import PluginStatus, list_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pluggy

    from sqlspec.config import DatabaseConfig
    from sqlspec.plugin.protocols import (
        CreateAsyncConnection,
        CreateAsyncPool,
        CreateAsyncSession,
        CreateConnection,
        CreatePool,
        CreateSession,
    )

    from .index import Entry

__all__ = ("Plugins",)

T = TypeVar("T")


class Plugins:
    """The adapters and observers of one registry. `for plugin in spec.plugins` lists them.

    Nothing is imported before it is asked for by name, and nothing that is broken hurts anybody but
    who asks for it. Safe to share between threads: what was loaded is found without a lock.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] | None = None,
        block: Iterable[str] = (),
        names: Iterable[str] = (),
        defaults: object = None,
    ) -> None:
        """*allow* and *block* name adapters; *names* are opt-in plugins, as in `SQLSPEC_PLUGINS`.

        *defaults* is core's own implementation of the hooks for pools and sessions, behind all others.
        """
        self.version = 0
        """Changes whenever a plugin comes or goes; what was resolved before is then out of date."""
        self.observers: Observers = NOBODY
        self._policy = Policy.of(allow, block)
        self._loaded: dict[str, LoadedAdapter] = {}
        self._others: dict[str, tuple[object, Entry | None]] = {}
        self._failed: dict[str, AdapterError] = {}
        self.failures = Failures()
        """What observers raised, those of single databases included."""
        self._defaults = defaults
        self._manager: pluggy.PluginManager | None = None
        # Held while a plugin is imported: eight threads that ask at once import and register it once.
        self._lock = RLock()
        renew_locks_of(self, Plugins._renew_locks)
        for name in dict.fromkeys((*names, *sorted(names_from_env(PLUGINS) or ()))):
            self.enable(name)

    # --- adapters -------------------------------------------------------------------------------

    def adapter(self, name: str) -> LoadedAdapter:
        """The adapter of this name, imported and checked by the first who asks.

        Raises `AdapterNotInstalledError`, `AdapterBlockedError`, `AdapterConflictError`,
        `AdapterBrokenError` or `AdapterIncompatibleError`.
        """
        try:
            return self._loaded[name]
        except KeyError:
            return self._load_adapter(name)

    def config_type(self, name: str) -> type[DatabaseConfig[Any, Any, Any, Any]]:
        """The config class that the adapter declares."""
        adapter = self.adapter(name)
        return config_class(adapter, _check_of(adapter))

    def session_class(self, name: str, core: type[T], *, is_async: bool) -> type[T]:
        """The class of the adapter's sessions: *core*'s own, or what the adapter made of it."""
        adapter = self.adapter(name)
        return session_class(adapter, core, _check_of(adapter), is_async=is_async)

    def unusable_driver(self, name: str) -> AdapterBrokenError | None:
        """The error to raise if the adapter's driver can not be imported; None if it can."""
        adapter = self.adapter(name)
        return unusable_driver(adapter.info, _check_of(adapter))

    def adapter_for_scheme(self, scheme: str) -> str:
        """The name of the adapter that a URL's scheme means; nothing is imported.

        `postgresql+asyncpg` names it. A bare scheme belongs to core's preference, else to its only claimant.
        Raises an `AdapterError`, or `InvalidConfigError` for what an adapter is known not to serve.
        """
        try:
            return find_adapter(scheme, self._policy, self._loaded)
        except AdapterNotInstalledError:
            reason = self._refused_scheme(scheme)
            if reason is None:
                raise
        raise InvalidConfigError(reason, key="url")

    def _refused_scheme(self, scheme: str) -> str | None:
        """Why the adapter of the scheme before the `+` or `-` refuses the whole; imports its config."""
        try:
            first = scheme.replace("-", "+").partition("+")[0]
            adapter = find_adapter(first, self._policy, self._loaded)
            return self.config_type(adapter).refused_schemes.get(scheme)
        except AdapterError:
            return None

    def sync_alternatives(self, name: str) -> list[str]:
        """Adapters for the same databases as *name* that work with a plain `with`; imports them."""
        return [other for other in siblings(name, self._policy) if self._is_sync(other)]

    def serves_threads(self, name: str) -> bool:
        """Whether this adapter works with a plain `with`."""
        hooks = ("sqlspec_create_connection", "sqlspec_create_pool")
        return any(self.implements(hook, name) for hook in hooks)

    def _is_sync(self, name: str) -> bool:
        try:
            return self.serves_threads(name)
        except AdapterError:  # a suggestion that does not work is none
            return False

    # --- hooks ----------------------------------------------------------------------------------

    @overload
    def hook(self, name: Literal["sqlspec_create_connection"], adapter: str) -> CreateConnection | None: ...
    @overload
    def hook(
        self, name: Literal["sqlspec_create_async_connection"], adapter: str
    ) -> CreateAsyncConnection | None: ...
    @overload
    def hook(self, name: Literal["sqlspec_create_pool"], adapter: str) -> CreatePool | None: ...
    @overload
    def hook(self, name: Literal["sqlspec_create_async_pool"], adapter: str) -> CreateAsyncPool | None: ...
    @overload
    def hook(self, name: Literal["sqlspec_create_session"], adapter: str) -> CreateSession | None: ...
    @overload
    def hook(
        self, name: Literal["sqlspec_create_async_session"], adapter: str
    ) -> CreateAsyncSession | None: ...

    def hook(self, name: str, adapter: str) -> Callable[..., Any] | None:
        """What to call for one adapter's creation hook, None if it does not implement it.

        Takes all of the hook's arguments, by position or keyword. Look it up once, and again when
        `version` has changed.
        """
        if name not in CREATION_HOOKS:
            message = f"there is no creation hook {name!r}. {did_you_mean(name, CREATION_HOOKS)}"
            raise InvalidArgumentError(message)
        return self._resolve(name, adapter)

    def implements(self, hook: str, adapter: str) -> bool:
        """Whether this adapter brings the hook itself."""
        plugin = self.adapter(adapter).plugin
        with self._lock:
            return any(
                found.plugin is plugin for found in implementations(getattr(self._pluggy().hook, hook))
            )

    def emit(self, hook: str, *facts: object) -> None:
        """Tell the observers of *hook*, with all of its arguments in order; what one raises ends here.

        On a hot path look first whether `observers.statement_executed` is empty.
        """
        observers = getattr(self.observers, hook.removeprefix("sqlspec_"))
        if observers:
            self.failures.tell(observers, facts)

    def _renew_locks(self) -> None:
        """In a forked child: a thread that is not there may hold them."""
        self._lock = RLock()
        self.failures.forget_lock()

    @property
    def observer_errors(self) -> int:
        """How often an observer raised."""
        return self.failures.count

    # --- coming and going -----------------------------------------------------------------------

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add a plugin of this process: an adapter if it has an `ADAPTER`, else observers and wrappers.

        A module or an instance. The block list holds for it; the allow list is about what is imported. An
        installed adapter may be registered, too, and once more: nothing changes.
        """
        found = name or _name_of(plugin)
        check = plugin_check(plugin, found, None, None)
        with self._lock:
            if not hasattr(plugin, "ADAPTER"):
                self._add_other(check, None)
                return
            if found in self._policy.block:
                raise self._policy.refusal(found, None)
            loaded = self._loaded.get(found)
            if loaded is None or loaded.plugin is not plugin:
                self._add_adapter(check, self._own_entry(found, plugin))

    def unregister(self, name: str) -> None:
        """Remove a plugin by its name; an installed one comes back when it is asked for again."""
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = "unregister() takes the name that register() was given, not the plugin"
            raise InvalidArgumentError(msg)
        with self._lock:
            if name not in self._loaded and name not in self._others:
                known = did_you_mean(name, (*self._loaded, *self._others), otherwise="Registered")
                raise InvalidArgumentError(f"no plugin named {name!r} is registered. {known}")
            self._loaded.pop(name, None)
            self._others.pop(name, None)
            self._pluggy().unregister(name=name)
            self._changed()

    def enable(self, name: str) -> None:
        """Load one opt-in plugin of the group `sqlspec.plugins`. Does nothing when it is loaded."""
        with self._lock:
            if name in self._others:
                return
            entries = installed().plugins.get(name)
            if not entries:
                raise _no_plugin(name)
            entry = only(name, entries)
            check = plugin_check(None, name, entry.distribution, entry.version)
            check.plugin = import_plugin(entry, check)
            self._add_other(check, entry)

    def config_source(self, name: str) -> object:
        """The source of configs that an opt-in plugin brings; loads the plugin if need be."""
        self.enable(name)
        plugin, _ = self._others[name]
        make = getattr(plugin, "sqlspec_config_source", None)
        if make is None:
            hint = "Register the databases of another plugin, or of a ConfigSource of your own"
            raise InvalidArgumentError(f"plugin {name!r} has no hook sqlspec_config_source. {hint}")
        return make()

    def commands(self) -> dict[str, list[object]]:
        """What each plugin that is loaded adds to the command line, by the plugin's name.

        Raises `AdapterBrokenError` for a plugin that raises.
        """
        with self._lock:
            others = dict(self._others)
        return {name: _commands_of(name, *found) for name, found in others.items()}

    def refresh(self) -> None:
        """Look again at what is installed, and try again what failed. Loaded plugins stay."""
        with self._lock:
            refresh()
            self._failed.clear()
            self.version += 1

    def __iter__(self) -> Iterator[PluginStatus]:
        """Every plugin, installed or registered here, with its state; imports nothing."""
        with self._lock:
            return iter(list_plugins(self._policy, self._loaded, self._others, self._failed))

    # --- private --------------------------------------------------------------------------------

    def _load_adapter(self, name: str) -> LoadedAdapter:
        with self._lock:
            if name in self._loaded:  # another thread was faster
                return self._loaded[name]
            # What was not found is looked for again: a signal's exception may have ended the search, unseen.
            failed = self._failed.get(name)
            if failed is not None and not isinstance(failed.__cause__, ModuleNotFoundError):
                raise _again(failed)
            entry = self._entry(name)
            check = plugin_check(None, name, entry.distribution, entry.version)
            try:
                check.plugin = import_plugin(entry, check)
                loaded = self._add_adapter(check, entry)
            except (AdapterBrokenError, AdapterIncompatibleError) as exc:
                self._failed[name] = exc
                raise _again(exc) from exc.__cause__
            self._failed.pop(name, None)
            return loaded

    def _entry(self, name: str) -> Entry:
        """The one installed entry of this name, which may be used."""
        entries = installed().adapters.get(name, ())
        self._policy.check(name, str(entries[0]) if entries else None)
        if not entries:
            from .missing import not_installed

            raise not_installed(name, (*installed().adapters, *self._loaded))
        return only(name, entries)

    def _add_adapter(self, check: PluginCheck, entry: Entry | None) -> LoadedAdapter:
        info = check.adapter_info()
        check.check_hooks(self._pluggy(), info=info)
        loaded = LoadedAdapter(
            name=check.name,
            info=info,
            plugin=check.plugin,
            distribution=entry and entry.distribution,
            version=entry and entry.version,
        )
        self._register(check)
        self._loaded[check.name] = loaded  # last: what is interrupted before is done again
        return loaded

    def _add_other(self, check: PluginCheck, entry: Entry | None) -> None:
        if check.name in self._others:
            raise _taken(check.name, IN_PROCESS)
        check.check_hooks(self._pluggy(), info=None)
        self._register(check)
        self._others[check.name] = (check.plugin, entry)

    def _register(self, check: PluginCheck) -> None:
        from pluggy import PluginValidationError

        manager = self._pluggy()
        self._forget_unfinished(manager, check.name)
        try:
            manager.register(check.plugin, name=check.name)
        except PluginValidationError as exc:
            raise check.broken("pluggy refuses it", "See the error above") from exc
        except ValueError as exc:  # the same object under another name
            if is_interruption(exc):
                raise
            raise _taken(check.name, IN_PROCESS) from None
        self._changed()

    def _forget_unfinished(self, manager: pluggy.PluginManager, name: str) -> None:
        """Undo a registration of *name* that was interrupted half-way."""
        found = manager.get_plugin(name)
        if found is not None and found is not self._defaults and name not in (*self._loaded, *self._others):
            manager.unregister(name=name)

    def _own_entry(self, name: str, plugin: object) -> Entry | None:
        """The entry of this very plugin: what has to be registered when frozen also runs unfrozen."""
        if name in self._loaded:
            raise _taken(name, IN_PROCESS)
        entries = installed().adapters.get(name, ())
        for entry in entries:
            if entry.value != getattr(plugin, "__name__", None):
                raise _taken(name, f"installed by {entry}")
        return only(name, entries) if entries else None

    def _changed(self) -> None:
        self.observers = collect(self._pluggy())
        self.version += 1

    def _resolve(self, hook: str, adapter: str) -> Callable[..., Any] | None:
        loaded = self.adapter(adapter)
        with self._lock:
            adapters = [other.plugin for other in self._loaded.values()]
            return resolve(self._pluggy(), hook, loaded.plugin, adapters, self._defaults)

    def _pluggy(self) -> pluggy.PluginManager:
        if self._manager is None:
            import pluggy

            from sqlspec.plugin import hookspecs

            manager = pluggy.PluginManager(hookspecs.PROJECT)
            manager.add_hookspecs(hookspecs)
            if self._defaults is not None:
                manager.register(self._defaults, name="sqlspec")
            self._manager = manager  # last: what is interrupted before is done again
        return self._manager


def _check_of(adapter: LoadedAdapter) -> PluginCheck:
    return plugin_check(adapter.plugin, adapter.name, adapter.distribution, adapter.version)


def _name_of(plugin: object) -> str:
    info = getattr(plugin, "ADAPTER", None)
    if isinstance(info, AdapterInfo):
        return info.name
    return str(getattr(plugin, "__name__", type(plugin).__qualname__))


def _taken(name: str, by: str) -> AdapterConflictError:
    return AdapterConflictError(f"{name!r} is {by} already; choose another name", adapter=name)


def _commands_of(name: str, plugin: object, entry: Entry | None) -> list[object]:
    make = getattr(plugin, "sqlspec_commands", None)
    if make is None:
        return []
    try:
        return list(make() or ())
    except Exception as exc:
        if is_interruption(exc):
            raise
        check = plugin_check(plugin, name, entry and entry.distribution, entry and entry.version)
        raise check.broken("its hook sqlspec_commands raised", "See the error above") from exc


def _no_plugin(name: str) -> AdapterNotInstalledError:
    hint = did_you_mean(name, installed().plugins, otherwise="Installed")
    return AdapterNotInstalledError(f"no plugin {name!r} is installed. {hint}", adapter=name)


def _again(error: AdapterError) -> AdapterError:
    """A fresh copy to raise: one exception object must not collect the tracebacks of many threads."""
    copy = type(error)(str(error), adapter=error.adapter, distribution=error.distribution)
    copy.__cause__ = error.__cause__
    return copy
