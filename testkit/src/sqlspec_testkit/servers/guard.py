"""The owner's end of a guardian: starts processes that do not survive the test run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from .errors import ServerError

if TYPE_CHECKING:
    import pwd
    from collections.abc import Mapping, Sequence

SCRIPT = Path(__file__).with_name("_guardian.py")


class Guard:
    """Processes that end with this one, however it ends; and a directory that goes with them.

    Made by the thread that likes to; may be used by several. `close` waits until everything has ended.
    A forked child may not use it, and whatever it does, what runs goes on running.
    """

    def __init__(self, directory: Path, *, user: pwd.struct_passwd | None) -> None:
        """*user* is who the processes are; None: we."""
        self._directory = directory
        self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self._owner, self._lock = os.getpid(), Lock()
        self._process = subprocess.Popen(  # noqa: S603 - the kit's own words
            # Isolated and without site-packages: it starts in a few milliseconds, and no setting of
            # the test run changes it. In a session of its own: Ctrl-C is for the test run.
            [sys.executable, "-I", "-S", str(SCRIPT), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(
        self, argv: Sequence[str], *, log: Path, env: Mapping[str, str], quit_signal: int = signal.SIGTERM
    ) -> int:
        """Start a process in the directory; returns its pid. *quit_signal* ends it if we are gone."""
        command = {
            "argv": list(argv),
            "log": str(log),
            "cwd": str(self._directory),
            "env": dict(env),
            "identity": self._identity,
            "quit": int(quit_signal),
        }
        return int(self._ask("start", command))

    def wait(self, pid: int, *, timeout: float = 0.0) -> int | None:
        """The exit code, or None if it still runs after so many seconds."""
        code: int | None = self._ask("wait", pid, timeout)
        return code

    def run(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str], timeout: float = 60.0) -> None:
        """Run a program to its end; ServerError, with what it said, if it failed."""
        said = log.stat().st_size if log.exists() else 0
        pid = self.start(argv, log=log, env=env, quit_signal=signal.SIGKILL)
        code = self.wait(pid, timeout=timeout)
        if code != 0:
            words = log.read_bytes()[said:].decode("utf-8", "replace")
            how = f"still ran after {timeout:g} s" if code is None else f"failed with exit code {code}"
            raise ServerError(f"{argv[0]} {how}:\n{words}")

    def close(self) -> None:
        """End what runs, remove the directory. May be called twice."""
        if self._owner != os.getpid() or self._process.returncode is not None:
            return
        with self._lock:
            self._process.communicate()  # ends its input, and waits for it

    def _ask(self, *request: object) -> Any:
        if self._owner != os.getpid():
            raise ServerError("a server belongs to the process that started it, not to its forks")
        with self._lock:
            assert self._process.stdin is not None  # noqa: S101 - for type checkers
            assert self._process.stdout is not None  # noqa: S101 - for type checkers
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
                answer = json.loads(self._process.stdout.readline())
            except (OSError, ValueError) as exc:
                raise ServerError("the guardian of this server is gone") from exc
        if "error" in answer:
            raise ServerError(answer["error"])
        return answer["ok"]
