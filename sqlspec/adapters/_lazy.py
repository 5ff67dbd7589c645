"""What a front module does when a config is named: import its adapter, or say how to get it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlspec.errors import AdapterBrokenError, AdapterNotInstalledError

from ._known import distribution_of, install_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

__all__ = ("lazy",)


def lazy(front: str, adapters: Mapping[str, str]) -> Callable[[str], Any]:
    """A module `__getattr__` for *front*, which offers configs: each one's name -> its adapter's.

    The adapter `x` is the package `sqlspec_x`, the distribution `sqlspec-x`.
    """

    def attribute(name: str) -> Any:
        if name not in adapters:
            from ._names import no_such_name  # only errors need it

            raise no_such_name(front, name, adapters)
        return getattr(_imported(name, adapters[name]), name)

    return attribute


def _imported(config: str, adapter: str) -> ModuleType:
    package, distribution = f"sqlspec_{adapter}", distribution_of(adapter)
    command = install_command(distribution)
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:  # the adapter is there, something that it needs is not
            raise _broken(adapter, distribution, f"it needs {error.name!r}; {command} installs it") from error
        from . import _frozen

        if _frozen.is_frozen():
            why = f"not in this frozen application. {_frozen.rebuild(distribution, package)}"
        else:
            why = f"not installed; {command}"
        text = f"{config} is part of the adapter {adapter!r}, which is {why}"
        raise AdapterNotInstalledError(text, adapter=adapter, distribution=distribution) from None
    except (Exception, SystemExit) as error:
        raise _broken(adapter, distribution, "its import failed; the cause is above") from error


def _broken(adapter: str, distribution: str, why: str) -> AdapterBrokenError:
    text = f"the adapter {adapter!r} ({distribution}) is installed but can not be used: {why}"
    return AdapterBrokenError(text, adapter=adapter, distribution=distribution)
