"""Do something in a forked child, and hear what came of it."""

from __future__ import annotations

import json
import os
import select
import signal
import traceback
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("in_child",)

PATIENCE = 10.0


def in_child(work: Callable[[], Any]) -> Any:
    """What *work* returns in a forked child; an assertion with its traceback if it raises or hangs."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: that is the test
        pid = os.fork()
    if pid == 0:
        _be_a_child(work, writer)
    os.close(writer)
    try:
        return _hear(reader, pid)
    finally:
        os.close(reader)
        os.waitpid(pid, 0)


def _be_a_child(work: Callable[[], Any], writer: int) -> None:
    try:
        answer = {"result": work()}
    except BaseException:  # noqa: BLE001 - told to the parent
        answer = {"error": traceback.format_exc()}
    os.write(writer, json.dumps(answer).encode())
    os._exit(0)


def _hear(reader: int, pid: int) -> Any:
    ready, _, _ = select.select([reader], [], [], PATIENCE)
    if not ready:
        os.kill(pid, signal.SIGKILL)
    assert ready, "the child hangs"
    answer = json.loads(os.read(reader, 65536))
    assert "error" not in answer, answer["error"]
    return answer["result"]
