"""A creation hook: the adapter's own function, what core resolves it to, and pluggy's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pluggy

from sqlspec.loading.manager import Plugins
from sqlspec.plugin import Capability, hookspecs

from . import noop
from .harness import Row, micro

if TYPE_CHECKING:
    from collections.abc import Callable

    from .harness import Bench, Run

DIRECT, RESOLVED, SUBSET, PLUGGY = "direct", "resolved", "subset", "pluggy"


class Instant:
    """An adapter whose hook does nothing, so that the call is all there is."""

    ADAPTER = msgspec.structs.replace(noop.ADAPTER, capabilities=frozenset({Capability.SYNC}))

    @staticmethod
    @hookspecs.hookimpl
    def sqlspec_create_connection(config: object, resources: object) -> Any:  # noqa: ARG004
        """All arguments."""
        return config


class Modest(Instant):
    """One that leaves an argument out."""

    @staticmethod
    @hookspecs.hookimpl
    def sqlspec_create_connection(config: object) -> Any:  # type: ignore[override]
        """One argument of two."""
        return config


def rows(bench: Bench) -> list[Row]:
    """Microseconds for one call."""
    rounds = bench.interleave(
        {
            DIRECT: calling(Instant.sqlspec_create_connection),
            RESOLVED: calling(resolved(Instant())),
            SUBSET: calling(resolved(Modest())),
            PLUGGY: through_pluggy(Instant()),
        }
    )
    return [
        Row("resolved hook, called", micro(rounds, RESOLVED), "µs", 0.1),
        Row("the adapter's function, called directly", micro(rounds, DIRECT), "µs"),
        Row("resolved hook that takes fewer arguments", micro(rounds, SUBSET), "µs"),
        Row("pluggy's call of the same hook, one plugin", micro(rounds, PLUGGY), "µs"),
    ]


def resolved(plugin: object) -> Callable[..., Any]:
    """What core calls."""
    plugins = Plugins()
    plugins.register(plugin)
    hook = plugins.hook("sqlspec_create_connection", "noop")
    assert hook is not None  # noqa: S101 - it was registered above
    return hook


def calling(function: Callable[..., Any]) -> Run:
    """By position, as core does."""

    def run(count: int) -> None:
        for _ in range(count):
            function(None, None)

    return run


def through_pluggy(plugin: object) -> Run:
    """The broadcast, by keyword, as pluggy has it."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    hook = manager.hook.sqlspec_create_connection

    def run(count: int) -> None:
        for _ in range(count):
            hook(config=None, resources=None)

    return run
