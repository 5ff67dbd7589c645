"""The error for an adapter that nobody brings: it is not installed, or only its metadata is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.adapters import _frozen
from sqlspec.adapters._known import (
    EXTRAS,
    OTHER_DATABASES,
    OTHERS_SCHEMES,
    PREFERENCES,
    distribution_of,
    extra_for,
    install_command,
)
from sqlspec.config import DatabaseConfig
from sqlspec.errors import AdapterNotInstalledError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("not_installed",)


def not_installed(
    name: str, known: Iterable[str], *, scheme: bool = False, instead: str = ""
) -> AdapterNotInstalledError:
    """The error for an adapter or scheme, with what to type if that is known.

    *instead* is what a URL may say that names the adapter.
    """
    if not scheme and name in PREFERENCES and name not in EXTRAS:
        names = " or ".join(PREFERENCES[name])
        message = f"{name!r} is a URL's scheme and no adapter; the adapter is called {names}"
        return AdapterNotInstalledError(message, adapter=name)
    what = f"no installed adapter serves {name}://…" if scheme else f"adapter {name!r} is not installed"
    return AdapterNotInstalledError(f"{what}{_remedy(name, known, instead)}", adapter=name)


def _remedy(name: str, known: Iterable[str], instead: str) -> str:
    extra = extra_for(name)
    package = _package(name) if extra is None else f"sqlspec_{extra}"
    if package is not None and _frozen.is_here(package):
        return f": {_frozen.advice(package)}"
    if extra is None and (instead or name in OTHERS_SCHEMES):
        return f". Write {instead or OTHERS_SCHEMES[name] + '://…'}"
    if extra is None:
        return f". {_nearest(name, {*known, *EXTRAS})}"
    if _frozen.is_frozen():
        return f". {_frozen.rebuild(distribution_of(extra), f'sqlspec_{extra}')}"
    return f". {_frozen.run(install_command(distribution_of(extra)))}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """The adapter or scheme that may be meant; for a database that has none, how it gets one."""
    hint = did_you_mean(
        "" if name in OTHER_DATABASES else name, known, otherwise="Installed, or known to sqlspec"
    )
    if hint.startswith("Did you mean"):
        return hint
    return f"{hint} Another database needs an adapter of its own: docs/plugins.md says how to write one"


def _package(adapter: str) -> str | None:
    """Where a config of this adapter lives, if one was imported."""
    for config_type in _subclasses(DatabaseConfig):
        if getattr(config_type, "adapter", None) == adapter:
            return config_type.__module__.partition(".")[0]
    return None


def _subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
