"""The process in which wrong adapters are judged, seen from the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Self

from testkit.tests.judge.server import LINE, LONGEST, Answer, Request

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = Path(__file__).parents[3]
WHOLE_KIT = Path(__file__).with_name("whole_kit.py")
SETTINGS = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
tmp_path_retention_policy = none
"""
PLUGINS = ("pytest_asyncio.plugin", "sqlspec_testkit.pytest_plugin", "testkit.tests.judge.server")
OPTIONS = (
    *("-q", "-s", "--tb=short", "--import-mode=importlib", "--noconftest", "--rootdir", str(ROOT)),
    *[f"-p{name}" for name in (*PLUGINS, "no:cacheprovider")],
)


class Warm:
    """A pytest that has collected the kit, and runs what it is asked for, each time in a fresh fork."""

    def __init__(self, folder: Path) -> None:
        ours, its = socket.socketpair()
        given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self._log = folder / "warm.txt"
        with its, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *OPTIONS, *_settings(folder), str(WHOLE_KIT)],
                cwd=folder,
                env=given
                | {LINE: str(its.fileno()), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._line = Connection(ours.detach())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.wait(LONGEST)

    def run(self, wrong: str, classes: Collection[str], tests: Collection[str] = ()) -> Answer:
        """Run those *tests* of the kit, or all, on the adapter of this name, or on the good one."""
        self._line.send(Request(wrong, classes, tests))
        try:
            answer: Answer = self._line.recv()
        except (EOFError, ConnectionError):
            raise AssertionError(self._log.read_text()) from None
        return answer


def _settings(folder: Path) -> tuple[str, ...]:
    """Of a project of its own."""
    (folder / "pytest.ini").write_text(SETTINGS)
    return ("-c", str(folder / "pytest.ini"), "--basetemp", str(folder / "runs"))
