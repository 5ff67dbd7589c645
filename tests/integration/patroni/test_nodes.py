"""Nothing of a cluster survives the test run, whatever becomes of that."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Tells of each node its directory and the pids of its guardian and its processes, and waits to be killed.
OWNER = """
import time
from sqlspec_testkit.servers._guardian import tree
from tests.integration.patroni.cluster import Cluster

with Cluster() as cluster:
    primary = cluster.heal()
    {then}
    for node in cluster.nodes:
        print(node.directory, node._guard._process.pid, *tree(node.pid), end=" ")
    print(flush=True)
    time.sleep(600)
"""


@pytest.mark.storm
@pytest.mark.parametrize("then", ["pass", "primary.freeze()"], ids=["running", "frozen"])
def test_a_cluster_ends_with_a_test_run_that_is_killed(then: str) -> None:
    """PostgreSQL, too, which Patroni starts so that it would outlive it."""
    code = OWNER.format(then=then)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as owner:
        assert owner.stdout is not None
        words = owner.stdout.readline().split()
        owner.kill()

    pids = [int(word) for word in words if word.isdecimal()]
    folders = [Path(word) for word in words if not word.isdecimal()]
    until = time.monotonic() + 15
    while left := [one for one in (*(Path(f"/proc/{pid}") for pid in pids), *folders) if one.exists()]:
        assert time.monotonic() < until, left
        time.sleep(0.1)
    assert len(folders) == 3
    assert len(pids) > 25
