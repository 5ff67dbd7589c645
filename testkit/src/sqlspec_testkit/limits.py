"""A limit for each test of the kit: a broken adapter can wait for ever.

With pytest-timeout it is that plugin's mark, and SIGALRM is left to it. Without, a thread watches: it has
the main thread raise by a signal that nobody else uses. A driver that does not even wake for that is beyond
help: after a while longer the process says where it hangs, and ends.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("limited", "mark_for_pytest_timeout")

SIGNAL = getattr(signal, "SIGUSR2", None)  # not on Windows
GRACE = 30.0
"""Seconds that a test has to end after it was told to."""


def mark_for_pytest_timeout(item: pytest.Item, seconds: float) -> None:
    """Give the limit to pytest-timeout, unless the test or the run has one from elsewhere."""
    config = item.config
    of_run = config.getoption("timeout", None) or config.getini("timeout")
    if not of_run and item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(seconds))


@contextmanager
def limited(name: str, seconds: float) -> Generator[None, None, None]:
    """End what runs inside after so many seconds."""
    watch = _Watch(name, seconds)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Watch:
    def __init__(self, name: str, seconds: float) -> None:
        self._text = f"{name} did not end within {seconds:g} s: the adapter, or its driver, waits for ever"
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sqlspec_testkit limit", daemon=True)
        self._before: Any = None
        self._can_raise = (
            SIGNAL is not None
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(SIGNAL) is signal.SIG_DFL
        )

    def start(self) -> None:
        if SIGNAL is not None and self._can_raise:
            signal.signal(SIGNAL, self._raise)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        if SIGNAL is not None and self._can_raise:
            signal.signal(SIGNAL, signal.SIG_DFL)

    def _raise(self, *_: object) -> None:
        if not self._ended.is_set():  # it ended in the very moment
            pytest.fail(self._text, pytrace=False)

    def _run(self) -> None:
        if self._ended.wait(self._seconds):
            return
        if SIGNAL is not None and self._can_raise:
            signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
            if self._ended.wait(GRACE):
                return
        stream = sys.__stderr__ or sys.stderr
        stream.write(f"\n{self._text}, and can not be stopped. The run ends here.\n")
        stream.flush()
        faulthandler.dump_traceback(stream)
        os._exit(1)
