"""Interleaved timing of what a server shares in: what counts is the work of both, client and server.

On a quiet machine with one processor that is the wall's time; on a busy one it still is ours alone.
"""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlspec_testkit.servers import PostgreSQLServer

    from .harness import Bench, Round, Run

__all__ = ("Clock", "interleave", "once_each")

TURNS = 4
"""A turn is longer by that: each finds the caches as another case has left them."""


class Clock:
    """The time that processors spend on us and on the server's backends."""

    def __init__(self, server: PostgreSQLServer) -> None:
        self._server = server
        self._backends: list[Path] = []

    def look_around(self) -> None:
        """Find the backends: those of connections that are open by now."""
        pids = self._server.sql(
            "SELECT pid FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).split()
        self._backends = [path for pid in pids if (path := Path(f"/proc/{pid}/schedstat")).exists()]

    def seconds(self, run: Run, count: int) -> float:
        """Of a turn, without the garbage of another and without the reading of the clock."""
        gc.collect(0)
        served, started = self._served(), time.process_time()
        run(count)
        ended = time.process_time()
        return ended - started + self._served() - served

    def _served(self) -> float:
        return sum(int(path.read_text("ascii").split()[0]) for path in self._backends) / 1e9


def interleave(bench: Bench, clock: Clock, cases: dict[str, Run]) -> list[Round]:
    """As `Bench.interleave`, by this clock."""
    for run in cases.values():
        run(1)
    clock.look_around()
    counts = {name: _fitting(run, bench.turn * TURNS) for name, run in cases.items()}
    return [
        {name: clock.seconds(cases[name], counts[name]) / counts[name] for name in _order(cases, number)}
        for number in range(max(9, bench.rounds // 2))
    ]


def once_each(bench: Bench, clock: Clock, cases: dict[str, Run], *, before: Any) -> list[Round]:
    """As `Bench.once_each`, by this clock."""
    for run in cases.values():
        run(1)
    clock.look_around()
    found: list[Round] = []
    for number in range(max(5, bench.rounds // 3)):
        before()
        found.append({name: clock.seconds(cases[name], 1) for name in _order(cases, number)})
    return found


def _order(cases: dict[str, Run], number: int) -> list[str]:
    """There and back."""
    names = list(cases)
    return names if number % 2 == 0 else names[::-1]


def _fitting(run: Run, turn: float) -> int:
    """How many operations fill a turn."""
    started = time.perf_counter()
    run(5)
    return max(1, round(5 * turn / (time.perf_counter() - started)))
