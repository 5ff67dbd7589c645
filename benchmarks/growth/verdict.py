"""Whether cost grows faster than the number of things: plain functions of figures.

The figure of a topic is the cost of one item at the largest size over that at the middle size. Where cost is
linear it is 1. The middle is the largest size that is not above the geometric mean of the ends: large enough
that fixed costs are a few percent, and as far below the largest as that allows. So N log N gives at least 2
and N² at least 8 in every topic. The limit lies between 1 and 2: noise and caches of the processor
stay below it, and anything worse than linear does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.harness import Row, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.harness import Round, Spread

__all__ = ("LIMIT", "OURS", "SIZES", "growth", "growth_rows", "middle", "size_rows")

SIZES = {
    "databases": (1, 10, 100, 1_000, 10_000),
    "waiting tasks": (1, 3, 10, 30, 100, 300, 1_000),
    "rows": (10, 100, 1_000, 10_000, 100_000, 1_000_000),
    "texts": (1, 10, 100, 1_000, 10_000),
    "threads": (2, 4, 8, 16, 32, 64),
}
"""Of each topic, by what there are so many of."""
LIMIT = 1.5
OURS = "sqlspec"
"""The cases whose names begin with it are ours, and have the limit."""


def middle(sizes: Iterable[int]) -> int:
    """The size that the largest is compared with."""
    known = sorted(sizes)
    return max(size for size in known if size * size <= known[0] * known[-1])


def growth(
    rounds: Iterable[Mapping[int, Round]],
    sizes: Sequence[int],
    case: str,
    *,
    minus: str | None = None,
    over: str | None = None,
) -> Spread:
    """How many times what an item costs at the middle size it costs at the largest.

    *minus* and *over* name the case of the bare driver, whose own growth is none of ours. With *minus* its
    cost is taken off at both sizes; with *over* the growth is divided by the driver's.
    """
    base, top = middle(sizes), max(sizes)

    def grown(costs: Mapping[int, Round], name: str) -> float:
        at_base, at_top = costs[base][name], costs[top][name]
        if minus:
            at_base, at_top = at_base - costs[base][minus], at_top - costs[top][minus]
        return at_top / at_base

    return spread_of(grown(one, case) / (grown(one, over) if over else 1.0) for one in rounds)


def growth_rows(
    rounds: Sequence[Mapping[int, Round]],
    sizes: Sequence[int],
    things: str,
    *,
    minus: str | None = None,
    over: str | None = None,
) -> list[Row]:
    """One row for each case; the limit is for ours. The bare driver's own row has its whole cost."""
    base, top, driver = middle(sizes), max(sizes), minus or over
    found: list[Row] = []
    for case in rounds[0][base]:
        if case == driver:
            value, beyond = growth(rounds, sizes, case), ""
        else:
            value = growth(rounds, sizes, case, minus=minus, over=over)
            beyond = f", beyond {minus}" if minus else f", relative to {over}" if over else ""
        limit = LIMIT if case.startswith(OURS) else None
        found.append(Row(f"one of {top:,} {things}, over one of {base:,}: {case}{beyond}", value, "×", limit))
    return found


def size_rows(rounds: Sequence[Mapping[int, Round]], sizes: Sequence[int]) -> list[Row]:
    """Microseconds for one item, for each case and size: what the pictures are drawn from."""
    return [
        Row(case, spread_of(one[size][case] * 1e6 for one in rounds), "µs", size=size)
        for case in rounds[0][sizes[0]]
        for size in sizes
    ]
