"""The process that starts a server and outlives the test run just long enough to end it.

Run by path, isolated and without site-packages, with the server's directory as argument. It takes requests
from its standard input, one JSON array a line, and answers each with a line. When that input ends, because
its owner is done or because somebody killed it with -9, it ends what it started and removes the directory.

All it needs is in this file, and in the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROC = Path("/proc")
GRACE = 5.0  # seconds for a server to end in its own way, and to free its shared memory


class Guardian:
    """What was started, by pid, with the signal that ends it."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[subprocess.Popen[Any], int]] = {}

    def answer(self, request: str, *arguments: Any) -> dict[str, Any]:
        """Do what is asked; the answer says what came of it."""
        try:
            return {"ok": self.start(*arguments) if request == "start" else self.wait(*arguments)}
        except (OSError, subprocess.SubprocessError) as exc:
            return {"error": str(exc)}

    def start(self, command: dict[str, Any]) -> int:
        """Start a process; returns its pid."""
        with Path(command["log"]).open("ab") as log:
            process: subprocess.Popen[Any] = subprocess.Popen(  # noqa: S603 - the kit's own words
                command["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=command["cwd"],
                env=command["env"],
                start_new_session=True,
                **command["identity"],
            )
        self._known[process.pid] = process, command["quit"]
        return process.pid

    def wait(self, pid: int, timeout: float) -> int | None:
        """The exit code of a process, or None if it still runs after so many seconds."""
        try:
            return self._known[pid][0].wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End everything: politely, then not."""
        running = {pid: known for pid, known in self._known.items() if known[0].poll() is None}
        for pid, (process, number) in running.items():
            continue_tree(pid)  # one that is frozen hears nothing but SIGKILL
            process.send_signal(number)
        until = time.monotonic() + GRACE
        for pid, (process, _) in running.items():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_tree(pid)
                process.wait()


def main() -> None:
    """Answer requests until there are no more."""
    guardian = Guardian()
    # The owner's end of the pipe is what counts, whatever signals go round. Not SIG_IGN: servers would
    # inherit it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(guardian.answer(*json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        guardian.end()
        shutil.rmtree(sys.argv[1], ignore_errors=True)
        os._exit(0)  # whoever would have read our last words is gone


# --- processes as a tree ------------------------------------------------------------------------


def tree(pid: int) -> list[int]:
    """The process and all that descend from it, parents first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for parent in found:  # it grows as we go
        found += children.get(parent, [])
    return found


def stop_tree(pid: int) -> list[int]:
    """Freeze a process and all that descend from it; returns whom.

    A parent is stopped before its children are looked up, so that nobody is born behind our back.
    """
    frozen: list[int] = []
    while new := [one for one in tree(pid) if one not in frozen]:
        for one in new:
            send(one, signal.SIGSTOP)
        frozen += new
    return frozen


def continue_tree(pid: int) -> None:
    """Let all go on. The parent comes last: what it does next, it does to children that are awake."""
    for one in reversed(tree(pid)):
        send(one, signal.SIGCONT)


def kill_tree(pid: int) -> None:
    """End a process and all that descend from it, now."""
    for one in stop_tree(pid):  # stopped first: PostgreSQL's children would outlive a parent that is killed
        send(one, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    """Send a signal; who is gone needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _parents() -> list[tuple[int, int]]:
    """All processes of the machine with their parents."""
    if (PROC / "self" / "stat").exists():
        return [pair for entry in PROC.iterdir() if entry.name.isdecimal() and (pair := _pair(entry))]
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607 - where it is differs
        check=True,
        capture_output=True,
        text=True,
    )
    return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listing.stdout.splitlines())]


def _pair(entry: Path) -> tuple[int, int] | None:
    try:
        stat = (entry / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return None
    # `pid (name) state ppid …`, and a name may hold anything, parentheses and spaces included.
    return int(entry.name), int(stat.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    main()
