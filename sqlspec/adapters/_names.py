"""A name that a door or a front does not have: where it is, or its nearest spelling."""

from __future__ import annotations

import sys
from importlib import import_module
from opcode import opmap
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from sqlspec.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

__all__ = ("fronts", "no_such_name")

_PACKAGE = __name__.rpartition(".")[0]
_SIGNPOSTS = {"mariadb", "postgres"}
"""Modules that only say what the front is called."""


def no_such_name(module: str, name: str, known: Iterable[str]) -> AttributeError | ImportError:
    """What the `__getattr__` of *module*, which has the names *known*, raises for another.

    Of an AttributeError, `from module import name` would tell nothing but the name.
    """
    hint = "" if name.startswith("_") else f" {_hint(module, name, tuple(known))}"
    if _is_import(sys._getframe(2)):  # noqa: SLF001 - nothing else tells who asks
        return ImportError(f"cannot import name {name!r} from {module!r}.{hint}", name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}.{hint}")


def _is_import(frame: FrameType) -> bool:
    """Whether *frame* is at a `from … import`, and not at a `getattr` that expects an AttributeError."""
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]


def _hint(module: str, name: str, known: tuple[str, ...]) -> str:
    if name.lower() not in map(str.lower, known):
        for config, front in _configs():
            if config.lower() == name.lower() and front != module:
                return f"{config} is in {front}."
    return did_you_mean(name, known, otherwise="It has")


def fronts() -> list[str]:
    """The names of the modules that have configs."""
    names = (found.name for found in iter_modules(import_module(_PACKAGE).__path__))
    return [name for name in names if not name.startswith("_") and name not in _SIGNPOSTS]


def _configs() -> Iterator[tuple[str, str]]:
    """Each config of the fronts, with its front."""
    for front in (f"{_PACKAGE}.{name}" for name in fronts()):
        yield from ((config, front) for config in import_module(front).__all__)
