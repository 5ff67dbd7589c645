"""What to do about a missing adapter where pip is no help: where applications are frozen.

A frozen application, such as PyInstaller's or a zipapp, may hold the modules of an adapter without the
metadata of its distribution, by which adapters are found. Or it holds neither.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import find_spec

from ._known import install_command

__all__ = ("advice", "is_frozen", "is_here", "rebuild", "run")


def is_frozen() -> bool:
    """Whether this process is an application that was packed with its Python."""
    return bool(getattr(sys, "frozen", False))


def is_here(module: str) -> bool:
    """Whether a module could be imported; imports the packages that it is in, and not the module."""
    with suppress(ImportError, ValueError):  # ValueError: a module that nobody can find again, as __main__
        return find_spec(module) is not None
    return False


def advice(package: str) -> str:
    """What is wrong and what to write, when *package* is here and the metadata of its distribution is not."""
    plugin = f"{package}.plugin"
    what = f"its package {package} is here, but not the metadata (.dist-info) of its distribution"
    lines = _lines(plugin) if is_here(plugin) else "spec.plugins.register(…) with its plugin module"
    return f"{what}, as in a frozen application. Pack the metadata, too, or write: {lines}"


def rebuild(distribution: str, package: str) -> str:
    """What to do when a frozen application has no *package*."""
    return f"{run(install_command(distribution))}. And write in it: {_lines(f'{package}.plugin')}"


def run(command: str) -> str:
    """Where to run a command of pip."""
    return f"Where the application is built, run: {command}" if is_frozen() else f"Run: {command}"


def _lines(plugin: str) -> str:
    return f"import {plugin}; spec.plugins.register({plugin})"
