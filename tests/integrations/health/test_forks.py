"""A server that forks its workers: each of them pings for itself."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, time
from sqlspec import SQLSpec
from sqlspec.integrations.wsgi import health_app
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

script = Script(clock=time.monotonic)
spec = SQLSpec()
spec.plugins.register(ScriptedPlugin(script))
spec.register_config(ScriptedConfig(connect_timeout=30.0), "main")
app = health_app(spec, timeout=0.1)


def status():
    said = []
    list(app({"REQUEST_METHOD": "GET", "PATH_INFO": "/ready"}, lambda status, _: said.append(status)))
    return said[0]


line = script.next("connect").hang()
before = status()
child = os.fork()
if child == 0:
    print("child", status(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("parent", before, status())
line.gate.open()
"""


def test_a_worker_does_not_wait_for_a_ping_that_was_left_in_its_parent() -> None:
    """There the ping goes on; the threads of a parent do not exist in its child."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM]

    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    unavailable = "503 Service Unavailable"
    assert done.stdout.splitlines() == ["child 200 OK", f"parent {unavailable} {unavailable}"]
