"""The judge of the load finds what is wrong."""

from __future__ import annotations

import pytest

from .client import Outcome
from .judge import UNKNOWN, judge
from .orders import REFUSED, STORED

WELL, CRASH = 0, 3
"""Two numbers of orders, by how they end."""
RIGHT = [Outcome(WELL, STORED, 200), Outcome(CRASH, 500, 404)]


def test_what_is_right_is_found_right() -> None:
    """Nobody who did not hear, or was told that nobody knows, is lied to."""
    assert judge(RIGHT, {WELL}, {WELL}).faults == {}
    for outcome in (Outcome(WELL), Outcome(WELL, UNKNOWN, 200)):
        for stored in (set[int](), {WELL}):
            verdict = judge([outcome], stored, stored)
            assert verdict.faults.keys() <= {"unprovoked"}
    assert judge([*RIGHT, *RIGHT], {WELL}, {WELL}).statuses == {STORED: 2, 500: 2}


@pytest.mark.parametrize(
    ("fault", "number", "outcome", "orders", "audits"),
    [
        ("lies", WELL, Outcome(WELL, STORED, 200), set[int](), set[int]()),
        ("ghosts", CRASH, Outcome(CRASH, 500, 404), {CRASH}, {CRASH}),
        ("ghosts", CRASH, Outcome(CRASH), {CRASH}, {CRASH}),
        ("halves", WELL, Outcome(WELL), {WELL}, set[int]()),
        ("halves", WELL, Outcome(WELL), set[int](), {WELL}),
        ("unseen", WELL, Outcome(WELL, STORED, 404), {WELL}, {WELL}),
        ("unseen", CRASH, Outcome(CRASH, 500, 200), set[int](), set[int]()),
        ("unprovoked", WELL, Outcome(WELL, 503, 404), set[int](), set[int]()),
        ("unprovoked", WELL, Outcome(WELL, REFUSED, 404), set[int](), set[int]()),
        ("unprovoked", CRASH, Outcome(CRASH, 409, 404), set[int](), set[int]()),
        ("unprovoked", WELL, Outcome(WELL, UNKNOWN, 200), {WELL}, {WELL}),
    ],
)
def test_each_fault_has_its_name(
    fault: str, number: int, outcome: Outcome, orders: set[int], audits: set[int]
) -> None:
    """One at a time."""
    assert judge([outcome], orders, audits).faults == {fault: [number]}
