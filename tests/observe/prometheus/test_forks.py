"""A forked child counts what it does itself."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.observe.prometheus.metrics import METRICS
from tests.observe.prometheus.scrape import SEEN, names, samples
from tests.pool.forks.child import in_child

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

DURATIONS = "sqlspec_statement_duration_seconds_count"
POOL = "sqlspec_pool_connections"


def _select(spec: SQLSpec) -> None:
    with spec.provide_session("forked") as session:
        session.execute("SELECT 1")


@pytest.fixture
def spec(tmp_path: Path) -> Any:
    """A registry with a database that has run a statement."""
    spec = SQLSpec()
    config = SQLiteConfig(database=str(tmp_path / "forked.db"), instrumentation=SEEN)
    spec.register_config(config, name="forked")
    _select(spec)
    yield spec
    spec.unregister_config("forked")


def test_a_child_begins_at_zero(spec: SQLSpec) -> None:
    """What the parent counted stays the parent's, and what the child counts is the child's."""

    def work() -> Any:
        before = sorted(names("forked"))
        _select(spec)
        return before, samples(DURATIONS, "forked", "operation"), samples(POOL, "forked", "state")

    before, durations, pool = in_child(work)

    assert before == []
    assert durations == {"SELECT": 1}
    assert pool == {"idle": 1, "in_use": 0, "opening": 0}
    assert samples(DURATIONS, "forked", "operation") == {"SELECT": 1}


def test_a_child_unregisters(spec: SQLSpec) -> None:
    """With a statement of its own, or without."""

    def unregister() -> list[str]:
        spec.unregister_config("forked")
        return sorted(names("forked"))

    def work() -> list[str]:
        _select(spec)
        return unregister()

    assert in_child(unregister) == []
    assert in_child(work) == []
    assert samples(DURATIONS, "forked", "operation") == {"SELECT": 1}


def test_a_lock_that_a_thread_holds_at_the_fork_is_no_trap(spec: SQLSpec) -> None:
    """In the child that thread does not exist, and would never let go."""
    families = METRICS._needed_families
    series: Any = families.durations.labels("forked", "sqlite", "", "SELECT")
    held, stop = threading.Event(), threading.Event()

    def hold() -> None:
        with METRICS._lock, families.durations._lock, series._sum._lock:
            held.set()
            stop.wait()

    def work() -> Any:
        _select(spec)
        return samples(DURATIONS, "forked", "operation")

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        assert in_child(work) == {"SELECT": 1}
    finally:
        stop.set()
        thread.join()
