"""The interpreter ends within a second and without a word, whatever is open."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HEAD = """
import asyncio, threading, time
from sqlspec import SQLSpec
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin, SyncOnlyPlugin

def registry(plugin=ScriptedPlugin):
    spec = SQLSpec()
    spec.plugins.register(plugin(Script()))
    spec.register_config(ScriptedConfig(pool_size=3), "db")
    return spec

async def use(spec):
    async with spec.provide_session("db") as session:
        await session.execute("SELECT 1")

spec = registry()
"""

CASES = {
    "idle": 'with spec.provide_session("db") as session: session.execute("SELECT 1")',
    "lent": 'block = spec.provide_session("db"); block.__enter__().execute("INSERT 1")',
    "of a loop": "asyncio.run(use(spec))",
    "of a loop that is not closed": "loop = asyncio.new_event_loop(); loop.run_until_complete(use(spec))",
    "in threads": "spec = registry(SyncOnlyPlugin); asyncio.run(use(spec))",
    "of several loops": "[asyncio.run(use(spec)) for _ in range(3)]",
    "waited for by a daemon": """
blocks = [spec.provide_connection("db") for _ in range(3)]
[block.__enter__() for block in blocks]
def wait():
    with spec.provide_connection("db"):
        pass
threading.Thread(target=wait, daemon=True).start()
while spec.stats("db").waiting == 0:
    time.sleep(0)
""",
}


@pytest.mark.parametrize("case", CASES)
def test_g27_the_interpreter_ends_at_once(case: str) -> None:
    """Measured from its last line."""
    code = f"{HEAD}\n{CASES[case]}\nprint(time.time(), flush=True)\n"

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", code],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    now = time.time()

    assert (ended.returncode, ended.stderr) == (0, "")
    assert now - float(ended.stdout) < 1.0
