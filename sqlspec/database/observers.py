"""Who observes one database: the plugins of its registry, and what its own instrumentation asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from sqlspec.errors import AdapterError, InvalidConfigError
from sqlspec.loading.observers import NOBODY, Observers, collect
from sqlspec.plugin.info import Capability

if TYPE_CHECKING:
    from sqlspec.config import DatabaseConfig, InstrumentationConfig
    from sqlspec.loading.manager import Plugins
    from sqlspec.loading.reporter import Reporter
    from sqlspec.observe import Target
    from sqlspec.plugin.info import AdapterInfo
    from sqlspec.sql import Statements

    from .database import Database

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("DatabaseObservers", "check_instrumentation")


class DatabaseObservers:
    """The observers of one database, those of its registry first. Read without a lock."""

    def __init__(self, database: Database) -> None:
        """Raises `InvalidConfigError` for instrumentation that would do nothing."""
        self._plugins, self._name, self._adapter = database.plugins, database.name, database.config.adapter
        self._database = ref(database)
        self.instrumentation: InstrumentationConfig = database.config.instrumentation
        """What is asked for now: the config's, and what was switched since."""
        self._objects: list[Any] = []
        self._own: Observers = NOBODY
        self._joined = (NOBODY, NOBODY, NOBODY)
        if self.instrumentation.given:
            self.instrument(self.instrumentation)

    @property
    def current(self) -> Observers:
        """Who is told of what."""
        shared, own = self._plugins.observers, self._own
        if own is NOBODY:
            return shared
        known_shared, known_own, joined = self._joined
        if shared is not known_shared or own is not known_own:
            joined = shared + own
            self._joined = (shared, own, joined)
        return joined

    def emit(self, hook: str, *facts: object) -> None:
        """Tell all of them; what one raises ends here."""
        observers = getattr(self.current, hook.removeprefix("sqlspec_"))
        if observers:
            self._plugins.failures.tell(observers, facts)

    def reporter(self, statements: Statements) -> Reporter | None:
        """What sessions report to; None if nobody wants to know."""
        observers = self.current
        if not observers.sees_statements:
            return None
        from sqlspec.loading.reporter import Reporter

        return Reporter(self._name, self._adapter, observers, self._plugins.failures, statements=statements)

    def instrument(self, wanted: InstrumentationConfig) -> None:
        """Observe so from now on. Raises `InvalidConfigError` for what would do nothing."""
        from sqlspec.observe import observers_for

        database = self._database()
        if database is None:
            return
        check_instrumentation(database.config, self._plugins, wanted)
        objects = observers_for(self._target(database, wanted), wanted)
        replaced, self._objects = self._objects, objects
        self.instrumentation, self._own = wanted, self._collected(objects)
        _close(replaced)

    def close(self) -> None:
        """The database is registered no more: what its own observers show of it ends. They hear on."""
        _close(self._objects)

    def _collected(self, objects: list[Any]) -> Observers:
        if not objects:
            return NOBODY
        from pluggy import PluginManager

        from sqlspec.plugin import hookspecs

        manager = PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        for one in objects:
            manager.register(one, name=f"{type(one).__name__} of {self._name!r}")
        return collect(manager)

    def _target(self, database: Database, wanted: InstrumentationConfig) -> Target:
        from sqlspec.observe import Target

        config, info = database.config, self._plugins.adapter(self._adapter).info
        address, port = _address(config)
        known = self._database

        def stats() -> Any:
            alive = known()
            return None if alive is None else alive.stats()

        namespace = getattr(config, "database", None)
        return Target(
            name=self._name,
            adapter=self._adapter,
            system=info.system or _dialect_name(info),
            # Behind a question mark stand options, which may be secret.
            namespace="" if namespace is None else str(namespace).partition("?")[0],
            address=address,
            port=port,
            service_name=wanted.service_name or "",
            stats=stats,
            pool_size=config.pool_size,
            pool_min_size=config.pool_min_size,
        )


def check_instrumentation(
    config: AnyConfig, plugins: Plugins, wanted: InstrumentationConfig | None = None
) -> None:
    """Refuse flags that would do nothing. Raises `InvalidConfigError`, which says what to write."""
    wanted = config.instrumentation if wanted is None else wanted
    if not wanted.given:
        return
    from sqlspec.observe import problem

    found = problem(wanted) or _problem_of_adapter(config, plugins, wanted)
    if found is not None:
        flag, reason = found
        key = f"instrumentation.{flag}"
        raise InvalidConfigError(f"{type(config).__name__}.{key}: {reason}", key=key)


def _problem_of_adapter(
    config: AnyConfig, plugins: Plugins, wanted: InstrumentationConfig
) -> tuple[str, str] | None:
    """Sessions of an adapter's own report their statements, or nobody hears of them."""
    asked = [flag for flag in wanted.given if getattr(wanted, flag) not in {False, None}]
    if not asked:
        return None
    try:
        info = plugins.adapter(config.adapter).info
        hooks = ("sqlspec_create_session", "sqlspec_create_async_session")
        is_silent = any(plugins.implements(hook, config.adapter) for hook in hooks)
    except AdapterError:
        return None  # that it can not be used is told when it is used
    if not is_silent or Capability.REPORTS in info.capabilities:
        return None
    reason = f"adapter {config.adapter!r} makes sessions of its own, which report no statements. Leave it out"
    return asked[0], reason


def _address(config: AnyConfig) -> tuple[str, int | None]:
    from sqlspec.plugin.network import NetworkConfig

    if not isinstance(config, NetworkConfig):
        return "", None
    host, port = config.addresses[0]
    return host, None if host.startswith("/") else port


def _dialect_name(info: AdapterInfo) -> str:
    known = isinstance(info.dialect, str) and info.dialect != "standard"
    return str(info.dialect) if known else info.name


def _close(observers: list[Any]) -> None:
    for one in observers:
        close = getattr(one, "close", None)
        if close is not None:
            close()
