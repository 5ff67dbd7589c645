"""In multiprocess mode gauges are set by events, in whatever order threads come past."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0
BEGINNING = """
from types import SimpleNamespace
from threading import Event, Lock, Thread
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlspec.observe import Target
from sqlspec.observe.prometheus import PrometheusObserver
from sqlspec.plugin.events import LeaseEvent
from tests.observe.prometheus.scrape import parsed

LEASE = LeaseEvent(name="main", adapter="own", kind="acquired", seconds=0.1)

def observer(stats):
    return PrometheusObserver(Target("main", "own", "own", "", "", None, "", stats))

def pools(in_use):
    return SimpleNamespace(idle=0, in_use=in_use, opening=0, waiting=0)

def in_use():
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    found = parsed(generate_latest(registry).decode()).items()
    return [value for (name, labels), value in found if ("state", "in_use") in labels]
"""
LATE = """
looks = []

def stats():
    looks.append("look")
    if len(looks) > 1:
        return pools(2)
    found = pools(1)
    seen.sqlspec_lease_event(LEASE)  # what another thread does meanwhile
    return found

seen = observer(stats)
seen.sqlspec_lease_event(LEASE)
assert in_use() == [2.0], in_use()
"""
LOCKED = """
lock, is_asked = Lock(), Event()

def stats():
    is_asked.set()
    with lock:
        return pools(1)

seen = observer(stats)
with lock:
    thread = Thread(target=seen.sqlspec_lease_event, args=(LEASE,))
    thread.start()
    is_asked.wait()
    other = observer(lambda: pools(2))
    other.close()
thread.join()
assert in_use() == [1.0], in_use()
"""
SUMMED = """
first, second = observer(lambda: pools(1)), observer(lambda: pools(2))
first.sqlspec_lease_event(LEASE)
second.sqlspec_lease_event(LEASE)
assert in_use() == [3.0], in_use()
first.close()
assert in_use() == [2.0], in_use()
second.close()
assert in_use() == [0.0], in_use()
"""


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(LATE, id="the last to look has the last word, though another writes after it"),
        pytest.param(LOCKED, id="a database that is busy keeps no other from coming and going"),
        pytest.param(SUMMED, id="databases with the same labels are added up while they are there"),
    ],
)
def test_gauges_are_what_the_pools_have(story: str, tmp_path: Path) -> None:
    """In a process of its own: the library looks for the variable when it is imported."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGINNING + story],
        env=environment,
        cwd=tmp_path,
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
