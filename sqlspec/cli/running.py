"""Running a command's work: one registry, one event loop, and all of it closed at the end.

Everything runs in an event loop, because each adapter works there, with a sync driver, too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec import SQLSpec

    from .found import Found

__all__ = ("chosen_name", "run")

T = TypeVar("T")


def run(found: Found, work: Callable[[SQLSpec], Awaitable[T]]) -> T:
    """Do *work* with the databases of *found*. Ctrl-C cancels it, and comes out as `KeyboardInterrupt`."""
    spec = found.registry()

    async def whole() -> T:
        async with spec:
            return await work(spec)

    return asyncio.run(whole())


def chosen_name(spec: SQLSpec, name: str | None) -> str:
    """*name*, or that of the default. Raises `InvalidArgumentError`, or `ConfigNotFoundError`."""
    if name is None:
        name = spec.default_config_name
        if name is None:
            known = ", ".join(spec.names) or "none"
            raise InvalidArgumentError(f"which database? Write its name. There are: {known}")
    spec.get_config(name)
    return name
