"""Rounds over all sizes and cases: the largest and the middle size that are compared are of one round."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

from .verdict import growth_rows, size_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from benchmarks.harness import Bench, Round, Row, Run

    Seconds = Callable[[Run, int], float]
    """What so many operations of a case take."""

__all__ = ("processor_seconds", "sweep_rows")

SHARE = 0.2
"""Seconds of a topic for each round that the bench would like: 20 s for 101. As many as fit are made."""
LEAST = 3
TURNS = 2
"""A turn is longer by that: each finds the caches as another case has left them."""


def sweep_rows(
    bench: Bench,
    cases: Mapping[int, Mapping[str, Run]],
    things: str,
    *,
    items: Callable[[int], int] = int,
    seconds: Seconds | None = None,
    warmed: Callable[[], object] = lambda: None,
    minus: str | None = None,
    over: str | None = None,
) -> list[Row]:
    """All rows of a topic: how each case grows, and what it costs at each size.

    A case at a size does as many things as *items* says for that size, as many times as it is told. *warmed*
    is called when each has run once, and all is open that opens on first use. *minus* and *over* are those
    of `growth`.
    """
    turns = [Turn(size, name, run, items(size)) for size, runs in cases.items() for name, run in runs.items()]
    for turn in turns:
        turn.fit(bench.turn * TURNS)
    warmed()
    rounds = rounds_of(bench, turns, seconds or processor_seconds)
    sizes = sorted(cases)
    return [*growth_rows(rounds, sizes, things, minus=minus, over=over), *size_rows(rounds, sizes)]


def rounds_of(bench: Bench, turns: list[Turn], seconds: Seconds) -> list[dict[int, Round]]:
    """As many as there is time for."""
    # What is there by now stays, and is no part of any turn: no collection needs to look at it again.
    gc.collect()
    gc.freeze()
    try:
        ends = time.monotonic() + SHARE * bench.rounds
        found: list[dict[int, Round]] = []
        while len(found) < LEAST or (len(found) < bench.rounds and time.monotonic() < ends):
            # There and back: a drift of the machine then favours no size and no case.
            found.append(one_round(turns if len(found) % 2 == 0 else turns[::-1], seconds))
    finally:
        gc.unfreeze()
    return found


class Turn:
    """One case at one size, and how many times it runs in a turn."""

    def __init__(self, size: int, name: str, run: Run, items: int) -> None:
        self.size, self.name = size, name
        self._run, self._items, self._count = run, items, 1

    def fit(self, turn: float) -> None:
        """Find out how often it fits. This is the warming up too."""
        elapsed = _elapsed(self._run, 1)
        if elapsed >= turn:
            return
        while (elapsed := _elapsed(self._run, self._count)) < turn / 4:
            self._count *= 2
        self._count = max(1, round(self._count * turn / elapsed))

    def cost(self, seconds: Seconds) -> float:
        """Seconds for one item."""
        gc.collect()  # the garbage of another turn is none of this one's cost
        return seconds(self._run, self._count) / self._count / self._items


def one_round(turns: Iterable[Turn], seconds: Seconds) -> dict[int, Round]:
    """Seconds for one item by size and case."""
    costs: dict[int, Round] = {}
    for turn in turns:
        costs.setdefault(turn.size, {})[turn.name] = turn.cost(seconds)
    return costs


def processor_seconds(run: Run, count: int) -> float:
    """By this process alone."""
    started = time.process_time()
    run(count)
    return time.process_time() - started


def _elapsed(run: Run, count: int) -> float:
    started = time.perf_counter()
    run(count)
    return time.perf_counter() - started
