"""Pings in threads, for servers without an event loop."""

from __future__ import annotations

import asyncio
import os
import time
from threading import Lock, Thread
from typing import TYPE_CHECKING

from sqlspec.errors import SyncNotSupportedError

from .reports import LATE, Report, answered, failed

if TYPE_CHECKING:
    from .probe import Probe

__all__ = ("ThreadPings",)


class _Ping(Thread):
    """One that is under way. Its thread ends with it: after the deadline, if a driver is connecting then."""

    def __init__(self, probe: Probe, name: str) -> None:
        super().__init__(name=f"sqlspec-ping-{name}", daemon=True)
        self._probe, self._database = probe, name
        self._until = probe.deadline()
        self._report = LATE

    def run(self) -> None:
        """In the thread."""
        try:
            self._report = answered(self._ask())
        except BaseException as exc:  # noqa: BLE001 - it is the report
            self._report = failed(exc)

    def _ask(self) -> float:
        spec, timeout = self._probe.spec, self._probe.timeout
        try:
            return spec.ping(self._database, timeout=timeout)
        except SyncNotSupportedError:
            # Async only: the application uses it in event loops that come and go, and so do we.
            return asyncio.run(spec.aping(self._database, timeout=timeout, pooled=False))

    def begin(self) -> None:
        """Start the thread; that the system has none to give is a report, too."""
        try:
            self.start()
        except RuntimeError as exc:
            self._report = failed(exc)

    def report(self) -> Report:
        """What came of it until its deadline."""
        if self.ident is not None:
            self.join(max(0.0, self._until - time.monotonic()))
        return self._report


class ThreadPings:
    """At most one ping of each database is under way in each process; later requests join it."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        # By process: a fork may copy a lock that is held.
        self._by_process: dict[int, tuple[Lock, dict[str, _Ping]]] = {}

    def reports(self) -> dict[str, Report]:
        """All databases, asked at the same time."""
        lock, last = self._by_process.setdefault(os.getpid(), (Lock(), {}))
        names = self._probe.names()
        with lock:
            for name in names:
                if name not in last or not last[name].is_alive():
                    last[name] = _Ping(self._probe, name)
                    last[name].begin()
            pings = {name: last[name] for name in names}
        return {name: ping.report() for name, ping in pings.items()}
