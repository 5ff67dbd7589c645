"""Ctrl-C at every step of a session, and again while it cleans up: what a cancellation is to tasks."""

from __future__ import annotations

import gc
import sys
from itertools import count
from typing import Any

import pytest

from sqlspec_testkit.threads import Steps

from .sessions import USES, Use

pytestmark = pytest.mark.filterwarnings("ignore:a connection to 'db' was dropped:ResourceWarning")

uses = pytest.mark.parametrize("kind", USES, ids=[kind.__name__ for kind in USES])


@pytest.fixture(autouse=True)
def _in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector looks only at what is new; an interrupt inside of a finaliser goes nowhere."""
    monkeypatch.setattr(sys, "unraisablehook", _only_interrupts)
    gc.collect()
    gc.freeze()


def _only_interrupts(unraisable: Any) -> None:
    assert unraisable.exc_type is KeyboardInterrupt


class InterruptedAt:
    """A Ctrl-C at some of the points where a call of the driver waits, by their numbers."""

    def __init__(self, use: Use, *points: int) -> None:
        self._script, self._points = use.script, points
        self.reached = self.raised = 0

    def __enter__(self) -> None:
        self._script.at_await(1, self._reach)

    def __exit__(self, *_: object) -> None:
        self._script.never_mind()

    def _reach(self) -> None:
        self._script.at_await(1, self._reach)
        self.reached += 1
        if self.reached in self._points:
            self.raised += 1
            raise KeyboardInterrupt


def run(use: Use, interrupts: Steps | InterruptedAt) -> str | None:
    """Do it; the notes on the interrupt that came out of it, if one did."""
    try:
        with interrupts:
            use.do()
    except KeyboardInterrupt as exc:
        return " ".join(getattr(exc, "__notes__", ()))
    return None


def judge(use: Use, notes: str | None, where: str) -> None:
    """Say where it was interrupted if something is wrong."""
    try:
        use.judge(notes)
    except BaseException as exc:
        exc.add_note(f"interrupted at {where}, and told: {notes!r}")
        raise


def play(kind: type[Use], *points: int) -> int:
    """One run, interrupted at these points and judged; how often it was."""
    use = kind()
    interrupts = InterruptedAt(use, *points)
    notes = run(use, interrupts)
    assert (notes is not None) == bool(interrupts.raised)
    judge(use, notes, f"{points} of {interrupts.reached}")
    return interrupts.raised


@uses
def test_g03_no_step_of_a_session_loses_a_slot_or_half_of_its_work(kind: type[Use]) -> None:
    """Each call that is made from its beginning to its end, and each return from C."""
    steps = 0
    for step in count(1):
        use, interrupts = kind(), Steps(step)
        notes = run(use, interrupts)
        judge(use, notes, f"step {step}")
        if interrupts._remaining > 0:
            break
        steps = step

    assert steps >= kind.least


@uses
def test_g03_interrupted_at_every_call_of_the_driver(kind: type[Use]) -> None:
    """Before it was sent and before it was answered, each in turn."""
    points = 0
    for number in count(1):
        if not play(kind, number):
            break
        points = number

    assert points >= kind.awaits


@uses
def test_g03_interrupted_again_while_cleaning_up(kind: type[Use]) -> None:
    """Every pair: the second is one of those that the first led to."""
    pairs = 0
    for first in count(1):
        raised = 0
        for second in count(first + 1):
            raised = play(kind, first, second)
            if raised < 2:
                break
            pairs += 1
        if not raised:
            break

    assert pairs >= kind.pairs
