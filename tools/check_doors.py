"""The doors, and each says all that it offers.

A door's `__all__` equals what it exposes, and every class and function in it has a docstring of its
own. (That `__all__` is sorted is ruff's RUF022.)
"""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import isclass, isfunction, ismodule
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

DOORS = (
    "sqlspec",
    "sqlspec.errors",
    "sqlspec.plugin",
    # A second step of that door.
    "sqlspec.plugin.events",
    "sqlspec.plugin.files",
    "sqlspec.plugin.network",
    "sqlspec.plugin.places",
    "sqlspec.plugin.postgresql",
    "sqlspec.plugin.sources",
    "sqlspec.plugin.stopping",
    "sqlspec.plugin.stopping",
    # What web frameworks mount.
    "sqlspec.integrations.asgi",
    "sqlspec.integrations.fastapi",
    "sqlspec.integrations.flask",
    "sqlspec.integrations.litestar",
    "sqlspec.integrations.starlette",
    "sqlspec.integrations.wsgi",
)
# Public in spelling only.
HELPERS = {"sqlspec.errors": {"did_you_mean"}}  # words the texts of the errors; no promise to anybody else
NOT_NAMES = {"TYPE_CHECKING", "annotations"}


def exposed(module: ModuleType) -> set[str]:
    """The names a user finds in it: in a package all but its modules, in a module what it defines."""
    names = {name for name in dir(module) if not name.startswith("_")} - NOT_NAMES
    names -= HELPERS.get(module.__name__, set())
    values = {name: getattr(module, name) for name in names}
    if hasattr(module, "__path__"):
        return {name for name, value in values.items() if not ismodule(value)}
    return {name for name, value in values.items() if getattr(value, "__module__", "") == module.__name__}


def problems(module: ModuleType) -> Iterator[str]:
    """What is wrong with one door, a line each."""
    offered = set(module.__all__)
    for name in sorted(exposed(module) - offered):
        yield f"{module.__name__}.{name} is exposed but not in __all__"
    # A plain module may hand on what another one defines; then its `__all__` says so.
    there = offered.intersection(vars(module)) if not hasattr(module, "__path__") else exposed(module)
    for name in sorted(offered - there):
        yield f"{module.__name__}.{name} is in __all__ but not there"
    for name in sorted(offered & there):
        value = getattr(module, name)
        if (isclass(value) or isfunction(value)) and not value.__doc__:
            yield f"{module.__name__}.{name} has no docstring"


def main() -> int:
    """Exit 0 if all doors are in order, else 1."""
    found = [problem for door in DOORS for problem in problems(import_module(door))]
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
