"""Every step of the state, stopped after each of its instructions: the books add up, and no room is lost."""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.concurrency.waiters import Waiter
from sqlspec.pool import state as module
from sqlspec.pool.state import Lease, PoolState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Step = Callable[["Scene"], object]

LIMIT = 3


class Stop(BaseException):
    """What a signal's handler raises."""


class Scene:
    """One connection that is lent, one that is idle, room that is being filled, and somebody who waits."""

    def __init__(self) -> None:
        self.state = PoolState(LIMIT, unchecked=0.5, lease_died=lambda _: None)
        self.lent, resting, self.opening = Lease(), Lease(), Lease()
        for lease in (self.lent, resting):
            self.open(lease)
        self.state.release(resting, resting.slot, 1.0, True)  # type: ignore[arg-type] # it has one
        self.state.idle, idle = [], self.state.idle
        self.state.acquire(self.opening, 1.0)
        self.state.idle = idle
        self.waiter: Waiter | None = None

    def open(self, lease: Lease) -> None:
        """Fill the room that it has."""
        slot = lease.slot or self.state.acquire(lease, 0.0)
        slot.connection, slot.expires = object(), 1000.0
        self.state.mark_opened(slot)

    def wait(self) -> None:
        """Somebody joins the queue."""
        self.waiter = Waiter(Lease(), 1.0)
        self.state.waiters.append(self.waiter)

    def slot(self, lease: Lease) -> Any:
        """What it holds."""
        return lease.slot

    def judge(self) -> None:
        """In the moment after; and when nobody holds anything any more, all of it can be had."""
        self.check()
        self.waiter = None
        self.state.waiters.clear()
        del self.lent, self.opening
        self.state.lost()
        self.check()
        stats = self.state.stats()
        assert (stats.in_use, stats.opening) == (0, 0)
        if not self.state.is_retired:
            leases = [Lease() for _ in range(LIMIT)]
            assert all(self.state.acquire(lease, 2.0) is not None for lease in leases)

    def check(self) -> None:
        """The sums."""
        stats = self.state.stats()
        parts = ("aged", "dead", "cold", "unclean", "retired", "reclaimed")
        assert stats.size == stats.idle + stats.in_use + stats.opening <= LIMIT
        assert stats.opened == stats.closed + stats.idle + stats.in_use
        assert stats.closed == sum(getattr(stats, part) for part in parts)
        assert min(getattr(stats, part) for part in parts) >= 0


def exchange(scene: Scene) -> None:
    """The lent one was no good."""
    scene.state.exchange(scene.lent, scene.slot(scene.lent), 2.0, "dead")


def release(scene: Scene) -> None:
    """The lent one comes back, good."""
    scene.state.release(scene.lent, scene.slot(scene.lent), 2.0, is_good=True)


def release_to_a_waiter(scene: Scene) -> None:
    """And is wanted at once."""
    scene.wait()
    release(scene)


def close(scene: Scene) -> None:
    """The lent one comes back, no good; somebody waits for its room."""
    scene.wait()
    scene.state.mark_closed(scene.slot(scene.lent), 2.0, "unclean")


def fail(scene: Scene) -> None:
    """No connection came of it; somebody waits for the room."""
    scene.wait()
    scene.state.mark_failed(scene.slot(scene.opening), 2.0)


def lose(scene: Scene) -> None:
    """Leases were dropped."""
    scene.lent = scene.opening = Lease()
    scene.state.lost()


STEPS: dict[str, Step] = {
    "acquire": lambda scene: scene.state.acquire(Lease(), 2.0),
    "open": lambda scene: scene.open(scene.opening),
    "fail": fail,
    "exchange": exchange,
    "release": release,
    "release to a waiter": release_to_a_waiter,
    "close": close,
    "lose": lose,
    "trim": lambda scene: scene.state.trim(5.0, 0),
    "retire": lambda scene: scene.state.retire(),
}


def stopped_after(number: int, step: Step, scene: Scene) -> bool:
    """Run the step, and stop it there. False: it has no so many instructions."""
    left = number

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            left -= 1
            if not left:
                raise Stop
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(Stop):
            step(scene)
    finally:
        sys.settrace(before)
    return left <= 0


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_is_stopped_loses_nothing(name: str) -> None:
    """Wherever it is."""
    stops = 0
    for number in count(1):
        scene = Scene()
        if not stopped_after(number, STEPS[name], scene):
            break
        stops += 1
        scene.judge()

    assert stops > 10
