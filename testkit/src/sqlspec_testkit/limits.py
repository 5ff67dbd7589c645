"""A limit for each test of the kit: a broken adapter can wait for ever.

With pytest-timeout it is that plugin's mark, and SIGALRM is left to it. Without, a thread watches, and
presses Ctrl-C when the time is over; what the test raises then is told as the end of its time. No handler
of a signal is set for it, because an adapter may look at those. A driver that does not wake is beyond help:
after a while longer the process says where it hangs, and ends.
"""

from __future__ import annotations

import _thread
import faulthandler
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("limited", "mark_for_pytest_timeout", "press_ctrl_c")

GRACE = 10.0
"""Seconds that a test has to end after it was told to; it is told twice."""


def mark_for_pytest_timeout(item: pytest.Item, seconds: float) -> None:
    """Give the limit to pytest-timeout, unless the test or the run has one from elsewhere."""
    config = item.config
    of_run = config.getoption("timeout", None) or config.getini("timeout")
    if not of_run and item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(seconds))


def press_ctrl_c() -> None:
    """Interrupt the main thread, also where it waits for the system."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextmanager
def limited(name: str, seconds: float) -> Generator[None, None, None]:
    """End what runs inside after so many seconds."""
    watch = _Watch(name, seconds)
    watch.start()
    try:
        try:
            yield
        finally:
            watch.stop()
    except BaseException as exc:
        if watch.has_fired:
            pytest.fail(f"{watch.text} ({type(exc).__name__} ended it)")
        raise
    if watch.has_fired:
        pytest.fail(f"{watch.text}, and swallows a KeyboardInterrupt")


class _Watch:
    def __init__(self, name: str, seconds: float) -> None:
        self.text = f"{name} did not end within {seconds:g} s: the adapter, or its driver, waits for ever"
        self.has_fired = False
        self._seconds, self._lock, self._ended = seconds, threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="sqlspec_testkit limit", daemon=True)
        # A shell has processes in the background ignore Ctrl-C.
        is_main = threading.current_thread() is threading.main_thread()
        self._was_ignored = is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN

    def start(self) -> None:
        if self._was_ignored:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._thread.start()

    def stop(self) -> None:
        with self._lock:
            self._ended.set()
        self._thread.join()
        if self._was_ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _run(self) -> None:
        for seconds in (self._seconds, GRACE):  # asyncio takes the first for a wish
            if self._ended.wait(seconds):
                return
            with self._lock:
                if self._ended.is_set():
                    return
                self.has_fired = True
                press_ctrl_c()
        if self._ended.wait(GRACE):
            return
        stream = sys.__stderr__ or sys.stderr
        stream.write(f"\n{self.text}, and can not be stopped. The run ends here.\n")
        stream.flush()
        faulthandler.dump_traceback(stream)
        os._exit(1)
