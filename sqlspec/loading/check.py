"""Is this object what it says it is? Every question is asked before pluggy sees the plugin.

pluggy lets much pass that an author did not mean: a misspelled hook is a hook nobody calls, an override
without the marker is none at all, an unknown argument with a default is never filled. Each is an error
here, with the line to write.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sqlspec.adapters._known import DISTRIBUTION, install_command
from sqlspec.errors import AdapterBrokenError, AdapterIncompatibleError, did_you_mean
from sqlspec.plugin.info import API_LEVEL, SUPPORTED_API_LEVELS, AdapterInfo, Capability
from sqlspec.sql import DIALECTS
from sqlspec.sql.paramstyle import PARAMSTYLES

from .resolve import arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pluggy

    Options = Mapping[str, Any]
    Hook = Callable[..., Any]

__all__ = (
    "COMMAND_HOOKS",
    "CREATION_HOOKS",
    "IN_PROCESS",
    "OBSERVER_HOOKS",
    "SOURCE_HOOKS",
    "PluginCheck",
    "plugin_check",
)

CREATION_HOOKS = (
    "sqlspec_create_connection",
    "sqlspec_create_async_connection",
    "sqlspec_create_pool",
    "sqlspec_create_async_pool",
    "sqlspec_create_session",
    "sqlspec_create_async_session",
)
_LENDERS = {
    Capability.SYNC: ("sqlspec_create_connection", "sqlspec_create_pool"),
    Capability.ASYNC: ("sqlspec_create_async_connection", "sqlspec_create_async_pool"),
}
OBSERVER_HOOKS = (
    "sqlspec_config_registered",
    "sqlspec_config_unregistered",
    "sqlspec_pool_opened",
    "sqlspec_pool_closed",
    "sqlspec_connection_event",
    "sqlspec_lease_event",
    "sqlspec_wants_statements",
    "sqlspec_statement_started",
    "sqlspec_statement_paused",
    "sqlspec_statement_resumed",
    "sqlspec_statement_executed",
    "sqlspec_transaction_ending",
    "sqlspec_transaction_ended",
)
SOURCE_HOOKS = ("sqlspec_config_source",)
COMMAND_HOOKS = ("sqlspec_commands",)
_HOOKS = (*CREATION_HOOKS, *OBSERVER_HOOKS, *SOURCE_HOOKS, *COMMAND_HOOKS)
IN_PROCESS = "registered in this process"
_STARRED = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


class PluginCheck:
    """A plugin under examination: who brought it, and what to say when it fails."""

    def __init__(self, plugin: object, name: str, *, origin: str, distribution: str | None) -> None:
        self.plugin, self.name, self.origin, self.distribution = plugin, name, origin, distribution

    def broken(self, what: str, fix: str) -> AdapterBrokenError:
        """The error that says what is wrong, whose it is and what to do."""
        message = f"plugin {self.name!r} ({self.origin}) is broken: {what}. {fix}"
        return AdapterBrokenError(message, adapter=self.name, distribution=self.distribution)

    def adapter_info(self) -> AdapterInfo:
        """Its `ADAPTER`, of an API level that this core speaks."""
        info = getattr(self.plugin, "ADAPTER", None)
        if not isinstance(info, AdapterInfo):
            raise self.broken("it has no ADAPTER", f"Write: ADAPTER = AdapterInfo(name={self.name!r}, …)")
        if info.name != self.name:
            what = f"its ADAPTER is named {info.name!r}"
            raise self.broken(what, f"Write: ADAPTER = AdapterInfo(name={self.name!r}, …)")
        if info.api not in SUPPORTED_API_LEVELS:
            raise self._incompatible(info.api)
        self._check_words(info)
        return info

    def _check_words(self, info: AdapterInfo) -> None:
        if isinstance(info.dialect, str) and info.dialect not in DIALECTS:
            raise self.broken(f"there is no dialect {info.dialect!r}", did_you_mean(info.dialect, DIALECTS))
        if info.paramstyle not in PARAMSTYLES:
            what = f"there is no paramstyle {info.paramstyle!r}"
            raise self.broken(what, did_you_mean(info.paramstyle, PARAMSTYLES))

    def _incompatible(self, level: int) -> AdapterIncompatibleError:
        spoken = " and ".join(map(str, sorted(SUPPORTED_API_LEVELS)))
        newer = level > API_LEVEL
        fix = self._upgrade(newer=newer) if self.distribution else "Register another version."
        message = (
            f"adapter {self.name!r} ({self.origin}) speaks adapter API {level}, this sqlspec {spoken}: "
            f"{'sqlspec' if newer else 'the adapter'} is too old. {fix}"
        )
        return AdapterIncompatibleError(message, adapter=self.name, distribution=self.distribution)

    def _upgrade(self, *, newer: bool) -> str:
        assert self.distribution is not None  # noqa: S101 - who calls has looked
        if not newer:
            return f"Run: {install_command(self.distribution, '--upgrade')}"
        # Not an upgrade of core: on an index another project may have its name, and a newer version.
        version = self.origin.removeprefix(self.distribution).strip()
        older = f"pip install '{self.distribution}<{version}'"
        return f"Run: {older}, or install a newer {DISTRIBUTION} from where this one came from"

    def check_hooks(self, manager: pluggy.PluginManager, *, info: AdapterInfo | None) -> None:
        """All of its hooks: marked, known, with arguments that exist; an adapter has what it needs."""
        if inspect.isclass(self.plugin):
            raise self.broken("it is a class", f"Register an instance: {self.plugin.__name__}()")
        if type(self.plugin).__hash__ is None:
            raise self.broken("it is not hashable", "Write: __hash__ = object.__hash__")
        self._check_markers()
        plain: set[str] = set()
        for name, options, function in self._marked(manager):
            hook = options.get("specname") or name
            self._check_hook(manager, hook, options, function)
            if not options.get("wrapper"):
                plain.add(hook)
        if info is None:
            self._check_bystander(plain)
        else:
            self._check_adapter(plain, info)

    def _check_markers(self) -> None:
        for name in dir(self.plugin):
            value = inspect.getattr_static(self.plugin, name, None)
            if not name.startswith("sqlspec_") or inspect.isclass(value):
                continue
            function = getattr(value, "__func__", value)  # what staticmethod and classmethod hold
            if callable(function) and not isinstance(getattr(function, "sqlspec_impl", None), dict):
                what = f"{name} is not marked as a hook, so nobody would call it"
                raise self.broken(what, f"Write @hookimpl on the line above: def {name}")

    def _marked(self, manager: pluggy.PluginManager) -> Iterator[tuple[str, Options, Hook]]:
        for name in dir(self.plugin):
            options = manager.parse_hookimpl_opts(self.plugin, name)
            if options is not None:
                yield name, options, getattr(self.plugin, name)

    def _check_hook(self, manager: pluggy.PluginManager, hook: str, options: Options, function: Hook) -> None:
        if hook not in _HOOKS:
            if options.get("optionalhook"):
                return
            raise self.broken(f"there is no hook {hook}", did_you_mean(hook, _HOOKS))
        self._check_options(hook, options, function)
        self._check_arguments(hook, arguments_of(getattr(manager.hook, hook)), function)

    def _check_options(self, hook: str, options: Options, function: Hook) -> None:
        if options.get("hookwrapper"):
            raise self.broken(f"{hook} is an old-style wrapper", "Write: @hookimpl(wrapper=True)")
        if options.get("wrapper") and hook not in CREATION_HOOKS:
            raise self.broken(f"{hook} can not be wrapped", "Write: @hookimpl")
        if options.get("wrapper") and not inspect.isgeneratorfunction(inspect.unwrap(function)):
            raise self.broken(f"the wrapper {hook} does not yield", "Write in it: result = yield")

    def _check_arguments(self, hook: str, known: tuple[str, ...], function: Hook) -> None:
        names, keyword_only, starred = _parameters(function)
        for name in names:
            # A default under a private name is a way to keep something at hand, as in `_connect=connect`.
            if name not in known and not name.startswith("_"):
                raise self.broken(f"{hook} has no argument {name!r}", did_you_mean(name, known))
        if starred or any(not name.startswith("_") for name in keyword_only):
            what = f"{hook} has *arguments or keyword-only ones, which are never filled"
            raise self.broken(what, f"Write: def {hook}({', '.join(known)})")

    def _check_bystander(self, plain: set[str]) -> None:
        for hook in sorted(plain.intersection(CREATION_HOOKS)):
            what = f"{hook} is implemented by a plugin without ADAPTER, so nobody would call it"
            raise self.broken(what, "Add an ADAPTER, or wrap the adapters' own: @hookimpl(wrapper=True)")

    def _check_adapter(self, plain: set[str], info: AdapterInfo) -> None:
        required = CREATION_HOOKS[:2]
        # A pool of the adapter's own may well make what it lends by itself.
        if not any(plain.intersection(hooks) for hooks in _LENDERS.values()):
            what = f"it implements neither {required[0]} nor {required[1]}"
            raise self.broken(what, f"Write: @hookimpl def {required[0]}(config): …")
        for side, (hook, own_pool) in _LENDERS.items():
            if side in info.capabilities and not plain.intersection({hook, own_pool}):
                what = f"it declares Capability.{side.name} and has no {hook}"
                raise self.broken(what, f"Write: @hookimpl def {hook}(config): …")


def plugin_check(plugin: object, name: str, distribution: str | None, version: str | None) -> PluginCheck:
    """A plugin of this process, or of a distribution, before it is believed."""
    origin = IN_PROCESS if distribution is None else f"{distribution} {version}"
    return PluginCheck(plugin, name, origin=origin, distribution=distribution)


def _parameters(function: Hook) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Names by position, names by keyword only, and whether there are starred ones."""
    code = inspect.unwrap(function).__code__
    by_position = code.co_varnames[: code.co_argcount]
    by_keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    bound = inspect.ismethod(function)
    return by_position[1:] if bound else by_position, by_keyword, bool(code.co_flags & _STARRED)
