# ruff: noqa: PLR2004, PT012, S101 - assertions are the point, and what raises is the whole block
"""What only threads can do to a session: overlap, and be interrupted by a signal."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import pytest

from sqlspec.errors import DatabaseError, SessionInUseError
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.limits import press_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sqlspec import Session, SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Threads",)


MOST_STEPS = 20_000
MOST_STEPS_OF_COMMIT = 200
"""More than any COMMIT has; of a longer one the first are tried."""
PATIENCE = 10.0
"""Seconds after which an interrupt is taken for lost."""


@contextmanager
def keyboard_interrupt(after: float) -> Generator[None, None, None]:
    """A Ctrl-C in the main thread, *after* so many seconds."""
    gc.disable()  # an interrupt inside of a finaliser would reach no caller
    # Python's own handler, as in an application: an adapter may tell it from others.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(after, press_ctrl_c)  # no alarm: that is pytest-timeout's
    timer.start()
    try:
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # one that is under way comes here, and not later
    finally:
        signal.signal(signal.SIGINT, before)
        gc.enable()


class Steps:
    """A Ctrl-C at one step of what runs inside the block: after so many calls.

    CPython looks for signals when a function is entered and when a C function has returned: these are the
    steps. The profiler stands exactly there, and what it raises goes where a signal's exception would.
    """

    def __init__(self, number: int) -> None:
        self._remaining = number

    @property
    def has_come(self) -> bool:
        """Whether there was such a step."""
        return self._remaining <= 0

    def __enter__(self) -> Self:
        gc.disable()  # an interrupt inside of a finaliser would reach no caller
        sys.setprofile(self._step)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _step(self, _frame: object, event: str, _function: object) -> None:
        if event in {"call", "c_return"}:
            self._remaining -= 1
            if self._remaining == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt


SWALLOWED = "the driver, or the adapter, swallowed a KeyboardInterrupt"


class Threads(Fixtures):
    """Only for `with`."""

    def test_overlap_is_refused_and_the_other_unaffected(self, spec: SQLSpec, judge: Judge) -> None:
        """The statement that was under way in another thread ends as it would have."""
        inside, go_on = threading.Event(), threading.Event()

        def rows() -> Iterator[tuple[int, None]]:
            yield (1, None)
            inside.set()
            go_on.wait(10)
            yield (2, None)

        with spec.provide_session() as session:
            session.execute(INSERT, (0, None))
            thread = threading.Thread(target=session.execute_many, args=(INSERT, rows()))
            thread.start()
            inside.wait(10)
            with pytest.raises(SessionInUseError):
                session.execute(INSERT, (8, None))
            with pytest.raises(SessionInUseError):
                session.rollback()
            go_on.set()
            thread.join(10)
            session.execute(INSERT, (3, None))

        assert judge.ids() == [0, 1, 2, 3]

    def test_a_block_that_ends_during_a_statement_commits_nothing(self, spec: SQLSpec, judge: Judge) -> None:
        """Nobody knows what of it was done: the block raises, the statement fails, and nothing is kept."""
        inside, go_on = threading.Event(), threading.Event()
        failed: list[BaseException] = []

        def rows() -> Iterator[tuple[int, None]]:
            inside.set()
            go_on.wait(10)
            yield (2, None)

        def work(session: Any) -> None:
            try:
                session.execute_many(INSERT, rows())
            except Exception as exc:  # noqa: BLE001 - which, is judged below
                failed.append(exc)

        with ThreadPoolExecutor(1) as thread:
            with pytest.raises(SessionInUseError), spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                thread.submit(work, session)
                inside.wait(10)
            go_on.set()

        assert len(failed) == 1
        assert judge.ids() == []

    def test_eight_threads_at_once_never_break_a_session(self, spec: SQLSpec, judge: Judge) -> None:
        """Each statement is done or refused; what was done is kept, and nothing else is raised."""
        start = threading.Barrier(8)
        done: list[int] = []

        def work(worker: int, session: Session) -> int:
            refused = 0
            start.wait(10)
            for number in range(worker * 1000, worker * 1000 + 200):
                try:
                    session.execute(INSERT, (number, None))
                    done.append(number)
                except SessionInUseError:
                    refused += 1
            return refused

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            with spec.provide_session() as session, ThreadPoolExecutor(8) as threads:
                refused = sum(threads.map(lambda worker: work(worker, session), range(8)))
        finally:
            sys.setswitchinterval(interval)

        assert len(done) + refused == 8 * 200
        assert judge.ids() == sorted(done)

    def test_several_threads_may_use_a_session_in_turn(self, spec: SQLSpec, judge: Judge) -> None:
        """Frameworks enter a block in one thread and leave it in another."""
        block = spec.provide_session()
        steps: list[Any] = [
            lambda: block.__enter__().execute(INSERT, (1, None)),
            lambda: block.__exit__(None, None, None),
        ]

        for step in steps:
            thread = threading.Thread(target=step)
            thread.start()
            thread.join(10)

        assert judge.ids() == [1]

    @pytest.mark.parametrize("after", [0.002, 0.005, 0.01, 0.02])
    def test_a_keyboard_interrupt_during_statements_rolls_back(
        self, spec: SQLSpec, judge: Judge, after: float
    ) -> None:
        """It lands anywhere in a statement; nothing is kept, and the database serves on."""
        with pytest.raises(KeyboardInterrupt), spec.provide_session() as session:
            session.execute(INSERT, (0, None))
            with keyboard_interrupt(after):
                self._insert_until_interrupted(session)

        with spec.provide_session() as session:
            session.execute(INSERT, (7, None))
        assert judge.ids() == [7]

    @staticmethod
    def _insert_until_interrupted(session: Session) -> None:
        end = time.monotonic() + PATIENCE
        for number in count(1):
            session.execute(INSERT, (number, None))
            if time.monotonic() > end:
                pytest.fail(SWALLOWED)

    def test_a_keyboard_interrupt_at_every_step_of_a_statement_rolls_back(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """One session for each step: none keeps anything, and none leaves a lock behind."""
        number = 0
        for number in range(1, MOST_STEPS):
            kept = self._interrupted_at(spec, number)
            with spec.provide_session() as session:
                assert session.execute("DELETE FROM sqlspec_kit").rowcount in {0, kept}, f"step {number}"
            if kept:
                break
        else:
            pytest.fail("the statements fail without an interrupt, too")

        assert number > 10
        assert spec.stats(spec.names[0]).in_use == 1  # the judge's
        assert judge.ids() == []

    @staticmethod
    def _interrupted_at(spec: SQLSpec, number: int) -> int:
        """How many rows a session kept that was interrupted at this step, or that had no such step."""
        steps = Steps(number)
        try:
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                with steps:
                    session.execute(INSERT, (2, None))
                    session.execute_many(INSERT, [(3, None), (4, None)])
        except (KeyboardInterrupt, DatabaseError):  # a driver's callbacks may turn the one into the other
            return 0
        if steps.has_come:
            pytest.fail(f"{SWALLOWED} at step {number} of its statements")
        return 4

    def test_a_keyboard_interrupt_at_every_step_of_a_commit_is_all_or_nothing(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Both rows or none, whatever was raised; and the next session is served."""
        number = 0
        for number in range(1, MOST_STEPS_OF_COMMIT):
            steps = Steps(number)
            with suppress(KeyboardInterrupt, DatabaseError), spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                session.execute(INSERT, (2, None))
                with steps:
                    session.commit()
            kept = judge.ids()
            assert kept in ([], [1, 2]), f"step {number}"
            with spec.provide_session() as session:
                # A COMMIT that was sent may be done after the judge has looked.
                assert session.execute("DELETE FROM sqlspec_kit").rowcount in {0, 2}, f"step {number}"
            if not steps.has_come:
                break

        assert number > 3
        assert spec.stats(spec.names[0]).in_use == 1  # the judge's

    def test_a_keyboard_interrupt_before_a_statement_is_sent_rolls_back(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Raised by the rows that are read for it."""

        def rows() -> Iterator[tuple[int, None]]:
            yield (2, None)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            session.execute_many(INSERT, rows())

        assert judge.ids() == []
