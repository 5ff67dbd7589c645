"""One test for `with`, for `async with`, and for `async with` over a sync driver."""

from __future__ import annotations

from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec_testkit.scripted import ScriptedConfig, ScriptedPlugin, SyncOnlyPlugin

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ("SIDES", "done", "lent", "plugin_of", "registry")

SIDES = ("sync", "async", "bridged")


def plugin_of(side: str) -> type[ScriptedPlugin | SyncOnlyPlugin]:
    """The scripted adapter: *bridged* means that it has a sync driver alone."""
    return SyncOnlyPlugin if side == "bridged" else ScriptedPlugin


def registry(plugin: object, **options: Any) -> SQLSpec:
    """A registry in which `db` is a scripted database, opened by *plugin*."""
    spec = SQLSpec()
    spec.plugins.register(plugin)
    spec.register_config(ScriptedConfig(**options), "db")
    return spec


@asynccontextmanager
async def lent(block: Any, side: str) -> AsyncGenerator[Any, None]:
    """What *block* lends, by `with` or `async with`."""
    if side == "sync":
        with block as thing:
            yield thing
    else:
        async with block as thing:
            yield thing


async def done(result: Any) -> Any:
    """*result*, awaited where it has to be."""
    return await result if isawaitable(result) else result
