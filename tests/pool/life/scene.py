"""What the tests of a pool's life begin with."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec_testkit.scripted import ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlspec.pool import PoolStats
    from sqlspec_testkit.scripted import Script


def new_spec(script: Script, **options: Any) -> SQLSpec:
    """A registry with one scripted database."""
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(**options), "db")
    return spec


def pool_of(spec: SQLSpec) -> Any:
    """Its pool for threads."""
    return spec._table.databases["db"].open_pool()


def async_pool_of(spec: SQLSpec) -> Any:
    """Its pool for the running loop."""
    return spec._table.databases["db"].open_async_pool()


def ping(spec: SQLSpec, timeout: float | None = None) -> float:
    """Ask it for a sign of life."""
    return spec.ping("db", timeout=timeout)


async def async_ping(spec: SQLSpec, timeout: float | None = None) -> float:
    """The same, in the running loop."""
    return await spec.aping("db", timeout=timeout)


def is_whole(stats: PoolStats) -> bool:
    """Every connection is counted once, and none was forgotten."""
    return (
        stats.size == stats.idle + stats.in_use + stats.opening
        and stats.opened == stats.closed + stats.idle + stats.in_use
    )


@contextmanager
def quick_switches() -> Generator[None]:
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
