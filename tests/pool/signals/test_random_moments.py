"""Ctrl-C at random moments, by a timer of the operating system: no slot is lost, whatever it met."""

from __future__ import annotations

import gc
import random
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.pool.script import Driver, new_pool

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

LONGEST = 300e-6
"""Seconds until the interrupt: a few dozen borrowers in a row."""
ENOUGH = 400
"""Borrowers that take longer than that."""

counts = pytest.mark.parametrize(
    "count", [pytest.param(1000, marks=pytest.mark.storm, id="storm"), pytest.param(200, id="quick")]
)
pytestmark = pytest.mark.filterwarnings("ignore:a connection to .* was dropped:ResourceWarning")


@pytest.fixture(autouse=True)
def _in_peace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collector comes when it is called; an interrupt inside of a finaliser goes nowhere."""
    monkeypatch.setattr(sys, "unraisablehook", _only_interrupts)
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


def _only_interrupts(unraisable: Any) -> None:
    assert unraisable.exc_type is KeyboardInterrupt


@contextmanager
def interrupted_in(seconds: float) -> Generator[None]:
    """A Ctrl-C in so many seconds, unless the block has ended by then."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@counts
def test_g03_interrupts_at_random_moments_lose_no_slot(count: int) -> None:
    """Two thirds of the borrowers return clean connections, the others are dropped."""
    driver, chance = Driver(memory=10), random.Random(count)
    pool = new_pool(driver, pool_size=1)
    interrupts = 0

    for _ in range(count):
        try:
            with interrupted_in(chance.uniform(1e-6, LONGEST)):
                for _ in range(ENOUGH):
                    pool.release(pool.acquire(), chance.random() < 0.7)
        except KeyboardInterrupt:
            interrupts += 1
        gc.collect()
        pool.release(pool.acquire(0.0), True)
        stats = pool.stats()
        assert (stats.size, stats.idle, stats.waiting) == (1, 1, 0)

    assert interrupts > count * 0.9  # the others went into finalisers, where Python drops them
    assert driver.server.violations == []


@counts
def test_g03_interrupts_at_random_moments_break_no_session(count: int) -> None:
    """Two rows or none of each session, and the next one is served by the pool's only connection."""
    script, chance = Script(memory=10), random.Random(count)
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.05), "db")
    number = interrupts = 0

    for _ in range(count):
        try:
            with interrupted_in(chance.uniform(1e-6, 3 * LONGEST)):
                for _ in range(ENOUGH):
                    number += 2
                    with spec.provide_session("db") as session:
                        session.execute("INSERT ?", (number,))
                        session.execute("INSERT ?", (number + 1,))
        except KeyboardInterrupt:
            interrupts += 1
        gc.collect()
        with spec.provide_session("db") as session:
            session.execute("SELECT 1")
        stats = spec.stats("db")
        assert (stats.size, stats.idle, stats.waiting) == (1, 1, 0)

    rows = script.server.rows
    assert len(rows) == len(set(rows))
    assert {row ^ 1 for row in rows} == set(rows)
    assert interrupts > count * 0.9  # the others went into finalisers, where Python drops them
    assert script.server.violations == []
    spec.close()
