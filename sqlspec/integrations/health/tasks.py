"""Pings in the tasks of an event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .reports import LATE, Report, answered, failed

if TYPE_CHECKING:
    from .probe import Probe

__all__ = ("TaskPings",)


class _Ping:
    """One that is under way: a task that no request owns, so that a client may go away."""

    def __init__(self, probe: Probe, name: str) -> None:
        self._probe, self._name = probe, name
        self._until = probe.deadline()
        self.task = asyncio.create_task(self._ask(), name=f"sqlspec ping {name}")

    async def _ask(self) -> Report:
        try:
            return answered(await self._probe.spec.aping(self._name, timeout=self._probe.timeout))
        except Exception as exc:  # noqa: BLE001 - it is the report
            return failed(exc)

    async def report(self) -> Report:
        """What came of it until its deadline."""
        done, _ = await asyncio.wait({self.task}, timeout=max(0.0, self._until - time.monotonic()))
        return self.task.result() if done and not self.task.cancelled() else LATE


class TaskPings:
    """At most one ping of each database is under way in each event loop; later requests join it."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Ping]] = WeakKeyDictionary()

    async def reports(self) -> dict[str, Report]:
        """All databases, asked at the same time."""
        pings = {name: self._ping(name) for name in self._probe.names()}
        return {name: await ping.report() for name, ping in pings.items()}

    def _ping(self, name: str) -> _Ping:
        under_way = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if name not in under_way:
            ping = under_way[name] = _Ping(self._probe, name)
            ping.task.add_done_callback(lambda _: under_way.pop(name))
        return under_way[name]
