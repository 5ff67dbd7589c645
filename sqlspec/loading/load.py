"""One entry point becomes one checked plugin, or one error that says whose fault it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import msgspec

from sqlspec.adapters._known import install_command
from sqlspec.errors import AdapterBrokenError, AdapterConflictError
from sqlspec.plugin.info import AdapterInfo, Capability  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.config import DatabaseConfig

    from .check import PluginCheck
    from .index import Entry

__all__ = ("LoadedAdapter", "config_class", "import_plugin", "only", "session_class")

T = TypeVar("T")


class LoadedAdapter(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """An adapter that was imported, checked and registered."""

    name: str
    info: AdapterInfo
    plugin: Any
    """The plugin module or instance itself."""
    distribution: str | None = None
    """None for one that was registered in this process."""
    version: str | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it declares it can do."""
        return self.info.capabilities


def only(name: str, entries: Sequence[Entry]) -> Entry:
    """The one entry of this name; nobody silently wins over another."""
    if len(entries) == 1:
        return entries[0]
    both, last = " and ".join(sorted(map(str, entries))), entries[-1].distribution
    message = f"{name!r} is claimed by {both}. Uninstall one of them: pip uninstall {last}"
    raise AdapterConflictError(message, adapter=name, distribution=last)


def import_plugin(entry: Entry, check: PluginCheck) -> object:
    """Import what the entry point names; whatever that raises, `SystemExit` included, is its own failure."""
    try:
        return entry.point.load()
    except BaseException as exc:
        if _is_interruption(exc):
            raise
        raise _import_error(check, entry.value, exc) from exc


def config_class(adapter: LoadedAdapter, check: PluginCheck) -> type[DatabaseConfig[Any, Any, Any, Any]]:
    """The class that `config_type="module:Name"` in an `ADAPTER` stands for."""
    found = _imported(adapter.info.config_type, check)
    if not _is_config(found):
        what = f"its config_type {adapter.info.config_type} is no DatabaseConfig"
        raise check.broken(what, "Write: class …Config(DatabaseConfig[…], frozen=True, kw_only=True)")
    if getattr(found, "adapter", None) != adapter.name:
        what = f"its {adapter.info.config_type} belongs to another adapter"
        raise check.broken(what, f"Write in it: adapter = {adapter.name!r}")
    return found


def session_class(adapter: LoadedAdapter, core: type[T], check: PluginCheck, *, is_async: bool) -> type[T]:
    """The class of sessions that an `ADAPTER` names, or *core*'s own."""
    name = "async_session_type" if is_async else "session_type"
    target: str = getattr(adapter.info, name)
    if not target:
        return core
    found = _imported(target, check)
    if isinstance(found, type) and issubclass(found, core):
        return found
    fix = f"Write: class …Session({core.__name__})"
    raise check.broken(f"its {name} {target} is no {core.__name__}", fix)


def _is_config(found: object) -> TypeGuard[type[DatabaseConfig[Any, Any, Any, Any]]]:
    from sqlspec.config import DatabaseConfig

    return isinstance(found, type) and issubclass(found, DatabaseConfig)


def _imported(target: str, check: PluginCheck) -> object:
    from importlib import import_module

    module, _, name = target.partition(":")
    try:
        return getattr(import_module(module), name)
    except BaseException as exc:
        if _is_interruption(exc):
            raise
        raise _import_error(check, target, exc) from exc


def unusable_driver(info: AdapterInfo, check: PluginCheck) -> AdapterBrokenError | None:
    """The error about a driver that can not be imported; None if it can, or if the adapter names none."""
    from importlib import import_module

    if not info.driver:
        return None
    try:
        import_module(info.driver)
    except ImportError as exc:
        error = _import_error(check, info.driver, exc, info.driver_requirement)
        error.__cause__ = exc
        return error
    return None


def _is_interruption(exc: BaseException) -> bool:
    """Whether the import was interrupted: that is no fault of the plugin, and the next import may succeed."""
    from sqlspec.concurrency.interruptions import is_interruption

    return isinstance(exc, KeyboardInterrupt) or is_interruption(exc)


def _import_error(
    check: PluginCheck, target: str, exc: BaseException, requirement: str = ""
) -> AdapterBrokenError:
    # The exception's text stays in the cause: it may hold anything.
    owner = check.distribution
    from sqlspec.adapters import _frozen

    is_known = owner or requirement
    repair = _frozen.run(_repair(owner, target, exc, requirement)) if is_known else "See the cause."
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        what = f"{target} needs the module {exc.name!r}, which is not installed"
    elif isinstance(exc, AttributeError) and exc.name == target.partition(":")[2]:
        what = f"{target.partition(':')[0]} has no {exc.name!r}"
    else:
        what = f"importing {target} raised {type(exc).__name__}"
    return check.broken(what, repair)


def _repair(owner: str | None, target: str, exc: BaseException, requirement: str) -> str:
    """The command that brings what is missing, or what is broken anew; none of them replaces core."""
    if requirement:
        return f"pip install '{requirement}'"
    assert owner is not None  # noqa: S101 - who calls has looked
    package = target.partition(":")[0].partition(".")[0]
    if isinstance(exc, ModuleNotFoundError) and not f"{exc.name}.".startswith(f"{owner.replace('-', '_')}."):
        return install_command(owner)  # which is there, so pip brings what it needs
    anew = ("--force-reinstall", "--no-deps")
    need = _need_of(owner, package)
    return f"pip install {' '.join(anew)} '{need}'" if need else install_command(owner, *anew)


def _need_of(owner: str, package: str) -> str | None:
    """What a distribution requires of the one that is named like a package, with its bounds."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        needs = requires(owner) or ()
    except PackageNotFoundError:
        return None
    named = re.compile(rf"{re.escape(package)}\b(?!-)[^;]*\Z", re.IGNORECASE)
    return next((need for need in needs if named.match(need)), None)
