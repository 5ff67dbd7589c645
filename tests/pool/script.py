"""Pools over the scripted driver of the test kit, made by hand: their clock is the test's."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlspec.pool._async import AsyncPool
from sqlspec.pool._sync import Pool
from sqlspec_testkit.scripted import Clock, Script, ScriptedConfig, async_connect, connect

if TYPE_CHECKING:
    from sqlspec_testkit.scripted import Backend

__all__ = ("Clock", "Driver", "new_async_pool", "new_pool")


class Driver(Script):
    """A script, and the connections that were made by it, as their server sees them."""

    @property
    def made(self) -> list[Backend]:
        """Every connection, the oldest first."""
        return list(self.server.made)

    @property
    def ends(self) -> list[str | None]:
        """How each of them ended, if it did."""
        return [backend.ended for backend in self.server.made]

    def open(self) -> list[Backend]:
        """The connections that nobody closed."""
        return self.server.open


def new_pool(driver: Driver, clock: Clock | None = None, **options: Any) -> Pool:
    """A pool for threads."""
    config = ScriptedConfig(**options)
    return Pool(config, partial(connect, driver, config), label="'fake'", clock=clock or time.monotonic)


def new_async_pool(driver: Driver, clock: Clock | None = None, **options: Any) -> AsyncPool:
    """A pool for the running loop."""
    config = ScriptedConfig(**options)
    opener = partial(async_connect, driver, config)
    return AsyncPool(config, opener, label="'fake'", clock=clock or time.monotonic)
