"""Interleaved timing: A B A B, and what can be said of the rounds.

Two numbers that were taken at different moments can not be compared on a machine that others use too.
So everything that is compared takes its turn in every round, and only figures of one round meet: a
ratio is the median of the rounds' ratios, and the quartiles beside it say how far to trust it.

The clock is the processor's, not the wall's. What runs here waits for nobody but the disk, and those
waits are the same on both sides: they would only make a ratio look better.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    Run = Callable[[int], object]
    """Does the same thing as many times as it is told."""
    AsyncRun = Callable[[int], Coroutine[object, object, object]]

__all__ = ("Bench", "Round", "Row", "Spread", "micro", "on", "ratio", "spread_of")

Round = dict[str, float]
"""Seconds for one operation of each case."""


class Spread(NamedTuple):
    """A median and its quartiles."""

    median: float
    low: float
    high: float


class Row(NamedTuple):
    """One line of the table. Without a *limit* it is there for comparison.

    With a *size* it is what one item costs at that size: a point of a picture.
    """

    what: str
    value: Spread
    unit: str
    limit: float | None = None
    size: int | None = None

    @property
    def is_missed(self) -> bool:
        """Whether the median is over the budget."""
        return self.limit is not None and self.value.median > self.limit


class Bench(NamedTuple):
    """How long to measure: *rounds*, in each of which every case has a turn of about *turn* seconds."""

    rounds: int
    turn: float

    def interleave(self, cases: Mapping[str, Run]) -> list[Round]:
        """Measure cases that are over in an instant, as often as fits a turn."""
        counts = {name: self._fitting(run) for name, run in cases.items()}
        return [
            {name: _seconds(cases[name], counts[name]) / counts[name] for name in _order(cases, number)}
            for number in range(self.rounds)
        ]

    def once_each(
        self, cases: Mapping[str, Run], *, rounds: int, before: Callable[[], object]
    ) -> list[Round]:
        """Measure long cases, one operation in each round; *before* it comes what is not measured."""
        for run in cases.values():
            before()
            run(1)
        return [
            {name: _after(before, cases[name]) for name in _order(cases, number)}
            for number in range(max(3, min(rounds, self.rounds)))
        ]

    def _fitting(self, run: Run) -> int:
        """How many operations fill a turn. Finding out is the warming up too."""
        run(1)  # opens, imports and compiles: what comes once must not count as the price of each
        count = 1
        while (seconds := _seconds(run, count)) < self.turn / 4:
            count *= 2
        return max(1, round(count * self.turn / seconds))


def _order(cases: Iterable[str], number: int) -> list[str]:
    """There and back: a drift of the machine then favours nobody."""
    names = list(cases)
    return names if number % 2 == 0 else names[::-1]


def _seconds(run: Run, count: int) -> float:
    started = time.process_time()
    run(count)
    return time.process_time() - started


def _after(before: Callable[[], object], run: Run) -> float:
    before()
    return _seconds(run, 1)


def on(loop: AbstractEventLoop, run: AsyncRun) -> Run:
    """A case of tasks: its turn is one call of the loop, whose own 30 µs are spread over all of the turn."""
    return lambda count: loop.run_until_complete(run(count))


# --- what the rounds say ------------------------------------------------------------------------


def spread_of(figures: Iterable[float]) -> Spread:
    """The median of the figures, and the quartiles."""
    low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Spread(median, low, high)


def ratio(rounds: Iterable[Round], case: str, base: str, *, minus: str | None = None) -> Spread:
    """How many times *base* a case takes; or, with *minus*, how many times *base* it takes more than that."""
    return spread_of((one[case] - (one[minus] if minus else 0.0)) / one[base] for one in rounds)


def micro(rounds: Iterable[Round], case: str, *, minus: str | None = None) -> Spread:
    """Microseconds of a case, the loop around it included; or how many more than *minus*."""
    return spread_of((one[case] - (one[minus] if minus else 0.0)) * 1e6 for one in rounds)
