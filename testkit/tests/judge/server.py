"""A plugin of pytest: after the collection it forks a process for each run that is asked for.

Import, start and collection of pytest take longer than the tests: so they are done once.
"""

from __future__ import annotations

import gc
import inspect
import os
import signal
from itertools import zip_longest
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, NamedTuple

import pytest

from testkit.tests.judge.base import Now
from testkit.tests.judge.rules import wrong_adapters

if TYPE_CHECKING:
    from collections.abc import Collection

LINE = "KIT_JUDGE_LINE"
"""The environment variable with the file descriptor over which runs are asked for."""
FIRST = "test_a_clean_exit_commits"
LONGEST = 90.0
"""Seconds that a run may take: one that takes longer hangs."""


class Request(NamedTuple):
    """A run: the name of a wrong adapter, or none; the classes of tests, and their names, or none for all."""

    wrong: str
    classes: Collection[str]
    tests: Collection[str] = ()


class Answer(NamedTuple):
    """The tests that failed and what they said, those that passed, and those that were skipped."""

    failed: dict[str, str]
    passed: set[str]
    skipped: set[str]


class Recorder:
    """Takes the reports of pytest."""

    def __init__(self) -> None:
        self.answer = Answer({}, set(), set())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of each phase of a test."""
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.failed:
            self.answer.failed.setdefault(name, report.longreprtext)
        elif report.skipped:
            self.answer.skipped.add(name)
        elif report.when == "call":
            self.answer.passed.add(name)


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Serve, until the other end is closed."""
    wrong_adapters()
    _warm_up(session)
    gc.collect()
    gc.freeze()  # a child copies what the collector touches
    line = Connection(int(os.environ[LINE]))
    while True:
        try:
            request: Request = line.recv()
        except EOFError:
            return True
        line.send(_run_in_child(session, request))


def _warm_up(session: pytest.Session) -> None:
    """Import and look up here what each child would: for threads, for tasks, and for a traceback."""
    for item in session.items:
        if item.name == FIRST and "TestBridge" not in item.nodeid:  # which has threads, and no fork has those
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    inspect.getmodule(session)


def _run_in_child(session: pytest.Session, request: Request) -> Answer:
    ours, its = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        try:
            its.send(_run(session, request))
        finally:
            os._exit(0)
    its.close()
    try:
        if not ours.poll(LONGEST):
            os.kill(child, signal.SIGKILL)
            return Answer({"nothing": "the run hangs"}, set(), set())
        return ours.recv()  # type: ignore[no-any-return]
    except EOFError:
        return Answer({"nothing": "the run ended without an answer"}, set(), set())
    finally:
        os.waitpid(child, 0)


def _run(session: pytest.Session, request: Request) -> Answer:
    if request.wrong:
        Now.sync, Now.tasks = wrong_adapters()[request.wrong].classes
    recorder = Recorder()
    session.config.pluginmanager.register(recorder)
    items = [
        item
        for item in session.items
        if isinstance(item, pytest.Function)
        and item.cls is not None
        and item.cls.__name__ in request.classes
        and (not request.tests or item.originalname in request.tests)
    ]
    for item, following in zip_longest(items, items[1:]):
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException as exc:  # noqa: BLE001 - an interrupt that came out of a test
            recorder.answer.failed.setdefault(item.originalname, repr(exc))
            break
        if request.tests and recorder.answer.failed:
            break  # it is found, whatever the other values say
    return recorder.answer
