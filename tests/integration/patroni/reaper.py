"""Runs a program, and ends with it whatever it started, however far that has gone from it.

Patroni starts PostgreSQL as pg_ctl does: its parent ends at once. Here this process becomes the parent, so
that a node is one tree: it can be frozen and killed as a whole, and nothing of it stays behind. It is run by
the system's Python, by path; all it needs is in this file, and in the standard library.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE = 3.0  # seconds for PostgreSQL to end by itself, and to free its shared memory


def main() -> None:
    """Start the program, and wait until it ends or somebody wants us to end."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, leave)
    # Python ignores SIGPIPE; what it starts must not.
    pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, setsigdef=[signal.SIGPIPE])
    try:
        while os.waitpid(-1, 0)[0] != pid:
            pass
    finally:
        end()


def leave(*_: object) -> None:
    """Once; to be told again does not stop us from ending the others."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


def end() -> None:
    """End all children, and those whom we inherit from them: PostgreSQL politely, and by force in the end."""
    until = time.monotonic() + GRACE
    told = set[int]()
    while has_children():
        for pid in children():
            if time.monotonic() > until or not is_postgresql(pid):
                os.kill(pid, signal.SIGKILL)
            elif pid not in told:
                told.add(pid)
                os.kill(pid, signal.SIGQUIT)
        time.sleep(0.01)


def has_children() -> bool:
    """Whether any live; the dead are buried."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def children() -> list[int]:
    """By birth or by adoption."""
    own = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text("ascii").split()]


def is_postgresql(pid: int) -> bool:
    """Whether it is a server's first process, which ends the others."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].endswith(b"/postgres")


if __name__ == "__main__":
    main()
