"""Ctrl-C at every step of the pool: each call that is made, and each return from C."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from sqlspec.concurrency.waiters import Waiter
from sqlspec.errors import PoolTimeoutError
from sqlspec.pool.state import Lease
from sqlspec_testkit.threads import Steps

from .acts import ACTS, Act, InVain

pytestmark = pytest.mark.filterwarnings("ignore:a connection to 'fake' was dropped:ResourceWarning")

acts = pytest.mark.parametrize("kind", ACTS, ids=[kind.__name__ for kind in ACTS])


@pytest.fixture(autouse=True)
def _quick_collections() -> None:
    """The collector looks only at what is new."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _interrupts_of_finalisers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """An interrupt inside of a finaliser goes nowhere; that is Python's way, and no failure."""
    seen: list[Any] = []

    def hook(unraisable: Any) -> None:
        assert unraisable.exc_type is KeyboardInterrupt
        seen.append(unraisable.exc_type)

    monkeypatch.setattr(sys, "unraisablehook", hook)
    return seen


def interrupt(act: Act, step: int) -> bool:
    """Do it, and be interrupted at this step; whether there was such a step."""
    steps = Steps(step)
    try:
        with steps:
            act.do()
    except KeyboardInterrupt:
        pass
    return steps._remaining <= 0


@acts
def test_g03_no_step_of_the_pool_loses_a_slot(kind: type[Act]) -> None:
    """Whichever it is, the next borrower is served at once."""
    steps = 0
    for step in count(1):
        act = kind()
        act.prepare()
        reached = interrupt(act, step)
        try:
            act.judge()
        except BaseException as exc:
            exc.add_note(f"interrupted at step {step}")
            raise
        if not reached:
            break
        steps = step

    assert steps >= kind.least


@pytest.mark.parametrize("ok", [True, False], ids=["good", "bad"])
def test_g03_who_waits_is_served_though_who_gives_back_is_interrupted(ok: bool) -> None:
    """At each step of the release: at the latest with the next one that passes by, and in order."""
    steps = 0
    for step in count(1):
        act = Act()
        act.lease = act.pool.acquire()
        waiters = [Waiter(Lease(), act.clock.now) for _ in range(2)]
        for waiter in waiters:
            assert act.pool.enqueue(waiter, act.clock.now) is None

        steps_left = Steps(step)
        try:
            with steps_left:
                act.pool.release(act.lease, ok)
        except KeyboardInterrupt:
            pass
        act.lease = None
        act.pool._look_after()
        with suppress(PoolTimeoutError):  # one more passes by
            act.pool.release(act.pool.acquire(0.0), True)

        for waiter in waiters:
            assert waiter.item is not None, f"interrupted at step {step}: the waiter sleeps on"
            assert act.pool.leave(waiter) is waiter.lease.slot, f"interrupted at step {step}"
            if waiter.item.connection is None:
                act.pool._fill(waiter.item, act.pool._connect(), act.clock.now)
            act.pool.release(waiter.lease, True)
        act.judge()
        if steps_left._remaining > 0:
            break
        steps = step

    assert steps >= 10


@pytest.mark.parametrize("length", [0, 100_000])
def test_who_times_out_has_no_long_lists_walked(length: int) -> None:
    """What looks for a session among its callers' variables may run in an event loop."""
    held = [object() for _ in range(length)]
    act = InVain()
    act.prepare()

    is_long = interrupt(act, 20_000)

    assert len(held) == length
    assert not is_long
