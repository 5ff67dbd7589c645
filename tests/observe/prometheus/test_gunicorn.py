"""Several processes behind one scrape: the workers of gunicorn are added up."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.servers.ports import free_port
from tests.observe.prometheus.scrape import Samples, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT = Path(__file__).parents[3]
WORKERS = 3
PATIENCE = 30.0
CONFIG = """
from prometheus_client import multiprocess

def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks, and this system does not")


class Site:
    """The application, served by several processes."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> str:
        """A page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read().decode()
        finally:
            connection.close()

    def scrape(self) -> str:
        """What all workers have counted; a worker that begins may make the page empty for a moment."""
        until = time.monotonic() + PATIENCE
        while not (page := self.get("/metrics")):
            assert time.monotonic() < until, "the page stays empty"
            time.sleep(0.02)
        return page

    def value(self, metric: str, **labels: str) -> float:
        """The sum of a metric's series that have these labels."""
        found: Samples = parsed(self.scrape())
        return sum(
            value for (name, pairs), value in found.items() if name == metric and set(labels.items()) <= pairs
        )

    def select(self, workers: int) -> list[int]:
        """Ask until so many workers have answered; the process of each answer."""
        seen: list[int] = []
        until = time.monotonic() + PATIENCE
        while len(set(seen)) < workers:
            assert time.monotonic() < until, f"only {set(seen)} answer"
            seen.append(int(self.get("/")))
        return seen

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until it is so."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, self.get("/metrics")
            time.sleep(0.02)


@contextmanager
def served(folder: Path, *options: str) -> Generator[Site]:
    """The application inside of the block."""
    files, port, log = folder / "metrics", free_port(), folder / "log"
    files.mkdir()
    (folder / "gunicorn.conf.py").write_text(CONFIG)
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(files),
        "PYTHONPATH": str(ROOT),
        "SHOP": str(folder / "shop.db"),
    }
    command = [sys.executable, "-W", "error", "-m", "gunicorn", "--workers", str(WORKERS), *options]
    command += ["--bind", f"127.0.0.1:{port}", "--config", str(folder / "gunicorn.conf.py")]
    command += ["--worker-tmp-dir", str(folder), "--no-control-socket"]  # the socket would stand in $HOME
    command += ["tests.observe.prometheus.shop:application"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
    site = Site(port)
    try:
        _wait_until_it_answers(site, process, log)
        yield site
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0, log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_it_answers(site: Site, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            site.scrape()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        else:
            return


def test_a_scrape_has_the_sums_of_all_workers(tmp_path: Path) -> None:
    """Whichever of them answers: statements, leases, transactions, and what is in their pools."""
    with served(tmp_path) as site:
        answers = len(site.select(WORKERS))

        statements = "sqlspec_statement_duration_seconds_count"
        assert site.value(statements, operation="SELECT", database="shop", service="shop") == answers
        assert site.value(statements, operation="CREATE") == 2 * WORKERS
        assert site.value("sqlspec_lease_hold_seconds_count") == answers + 2 * WORKERS
        assert site.value("sqlspec_transactions_total", outcome="committed") == answers + 2 * WORKERS
        assert site.value("sqlspec_connections_total", event="opened") == 2 * WORKERS
        assert site.value("sqlspec_pool_connections", state="idle") == 2 * WORKERS
        assert site.value("sqlspec_pool_connections", state="in_use") == 0
        assert site.value("sqlspec_pool_waiting") == 0


def test_what_was_done_before_the_fork_counts_once(tmp_path: Path) -> None:
    """With --preload the registry is made in the parent, which has connections of its own."""
    with served(tmp_path, "--preload") as site:
        answers = len(site.select(WORKERS))

        statements = "sqlspec_statement_duration_seconds_count"
        assert site.value(statements, operation="CREATE") == 2
        assert site.value(statements, operation="SELECT") == answers
        assert site.value("sqlspec_pool_connections", state="idle") == WORKERS + 2


def test_gauges_go_with_their_worker(tmp_path: Path) -> None:
    """What it had borrowed is no longer in use; what it has counted stays."""
    with served(tmp_path) as site:
        answers = len(site.select(WORKERS))
        pid = int(site.get("/borrow"))
        assert site.value("sqlspec_pool_connections", state="in_use") == 1

        os.kill(pid, signal.SIGKILL)

        site.wait_for(lambda: site.value("sqlspec_pool_connections", state="in_use") == 0)
        assert site.value("sqlspec_statement_duration_seconds_count", operation="SELECT") == answers


def test_unregistering_in_one_worker_empties_its_gauges(tmp_path: Path) -> None:
    """Its other series stay: they are in files, from which nothing is removed."""
    with served(tmp_path) as site:
        answers = len(site.select(WORKERS))

        site.get("/unregister")

        assert site.value("sqlspec_pool_connections", state="idle") == 2 * WORKERS - 1
        assert site.value("sqlspec_statement_duration_seconds_count", operation="SELECT") == answers
