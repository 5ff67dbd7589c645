"""Under gunicorn: processes with one thread or several, which share nothing but the database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from sqlspec import SQLSpec
from sqlspec_testkit.servers.ports import free_port
from tests.integrations.shops import NOBODY, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0
AT_ONCE = 20

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks, and this system does not")


@contextmanager
def served(folder: Path, *options: str) -> Generator[httpx2.Client]:
    """A client of the application, inside of the block."""
    port, log = free_port(), folder / "log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SHOP": str(folder / "shop.db")}
    command = [sys.executable, "-W", "error", "-m", "gunicorn", "--workers", "2", *options]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(folder), "--no-control-socket"]
    command += ["tests.integrations.flask.shop:create_app()"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            _wait_until_it_answers(client, process, log)
            yield client
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0, log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_it_answers(client: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            client.get("/in-use")
        except httpx2.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize(
    "options", [("--preload",), ("--worker-class", "gthread", "--threads", "4")], ids=["sync", "gthread"]
)
def test_success_means_stored_in_every_process(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Whichever worker answers the next request finds it; no failure leaves anything, nor a connection."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path)

        with served(tmp_path, *options) as client, ThreadPoolExecutor(AT_ONCE) as threads:
            placed = list(threads.map(lambda number: client.post(f"/orders/{number}"), range(AT_ONCE)))
            found = list(threads.map(lambda number: client.get(f"/orders/{number}"), range(AT_ONCE)))
            failed = [client.post("/orders/90", params={"customer": NOBODY}) for _ in range(4)]
            refused = [client.post("/orders/91", params={"status": 403}) for _ in range(4)]
            reports = [client.get("/in-use").json()["in_use"] for _ in range(8)]

        assert {response.status_code for response in placed} == {201}
        assert [response.json() for response in found] == [{"number": number} for number in range(AT_ONCE)]
        assert [response.status_code for response in failed + refused] == [409] * 4 + [403] * 4
        assert failed[0].headers["content-type"] == "application/problem+json"
        assert set(reports) == {0}
        assert orders(spec) == list(range(AT_ONCE))
