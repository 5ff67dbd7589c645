"""Compares what clients were told with what is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .orders import REFUSED, STORED, Ending, ending_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .client import Outcome

__all__ = ("EXPECTED", "UNKNOWN", "Verdict", "judge")

UNKNOWN = 504
"""Whether it was stored is not known."""
MISSING = 404

EXPECTED: Mapping[Ending, frozenset[int]] = {
    "well": frozenset({STORED}),
    "stream": frozenset({STORED}),
    "crash": frozenset({500}),
    "refuse": frozenset({REFUSED}),
    "commit": frozenset({409}),
}
"""The statuses that each ending is answered with."""


@dataclass
class Verdict:
    """The numbers of orders that something is wrong with, by what it is; and how all were answered."""

    lies: list[int] = field(default_factory=list[int])
    """Told that they are stored, and they are not."""
    ghosts: list[int] = field(default_factory=list[int])
    """Stored, although they were told that they failed, or did so when nobody listened."""
    halves: list[int] = field(default_factory=list[int])
    """Stored in one table of the two."""
    unseen: list[int] = field(default_factory=list[int])
    """Not found by their own client in its next request, or found although they had failed."""
    unprovoked: list[int] = field(default_factory=list[int])
    """Answered in a way that nothing has provoked."""
    statuses: Counter[int | None] = field(default_factory=Counter[int | None])
    """How many were answered with each status; None: the client did not wait."""

    @property
    def faults(self) -> dict[str, list[int]]:
        """What is wrong; empty if nothing is."""
        found = {name: numbers for name, numbers in vars(self).items() if name != "statuses"}
        return {name: numbers for name, numbers in found.items() if numbers}


def judge(
    outcomes: Iterable[Outcome],
    orders: set[int],
    audits: set[int],
    expected: Mapping[Ending, frozenset[int]] = EXPECTED,
) -> Verdict:
    """What is right and wrong; *orders* and *audits* are stored in the end."""
    verdict = Verdict(halves=sorted(orders ^ audits))
    for outcome in outcomes:
        number, status = outcome.number, outcome.status
        verdict.statuses[status] += 1
        was_told = None if status in {None, UNKNOWN} else status == STORED
        may_be_stored = expected[ending_of(number)] & {STORED, UNKNOWN}
        if was_told is True and number not in orders:
            verdict.lies.append(number)
        if number in orders and (was_told is False or not may_be_stored):
            verdict.ghosts.append(number)
        if was_told is not None and outcome.seen != (200 if was_told else MISSING):
            verdict.unseen.append(number)
        if status is not None and status not in expected[ending_of(number)]:
            verdict.unprovoked.append(number)
    return verdict
