"""Handlers of signals that raise: of every shape, and whatever they raise."""

from __future__ import annotations

import gc
import signal
import sqlite3
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import psycopg
import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

__all__ = ("KINDS", "SHAPES", "Alarm", "Steps", "own_kinds")


class SoftTimeLimit(Exception):  # noqa: N818 - a task queue's own
    """What a task queue raises in its worker."""


class SQLiteLimit(sqlite3.OperationalError):
    """An application that takes it for an error of the database."""


class PsycopgLimit(psycopg.OperationalError):
    """The same."""


class RedisLimit(redis.ConnectionError):
    """The same."""


KINDS: tuple[type[Exception], ...] = (ValueError, TimeoutError, OSError, LookupError, SoftTimeLimit)
DRIVERS = {"sqlite": SQLiteLimit, "psycopg": PsycopgLimit, "redis": RedisLimit}


def own_kinds(adapter: str) -> tuple[type[Exception], ...]:
    """`KINDS`, and a subclass of the driver's own error."""
    return (*KINDS, DRIVERS[adapter])


class Handlers:
    """Handlers of every shape, which raise what they are given."""

    def __init__(self, fail: Callable[[], None]) -> None:
        self.fail = fail

    def method(self, _number: int, _frame: FrameType | None) -> None:
        """Bound to an object."""
        self.fail()

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """An object that can be called."""
        self.fail()


def _plain(fail: Callable[[], None]) -> Any:
    def handler(_number: int, _frame: FrameType | None) -> None:
        fail()

    return handler


def _forgetful(fail: Callable[[], None]) -> Any:
    def handler(number: int, frame: FrameType | None) -> None:
        del number, frame  # not used
        fail()

    return handler


def _partial(fail: Callable[[], None]) -> Any:
    def handler(fail: Callable[[], None], _number: int, _frame: FrameType | None) -> None:
        fail()

    return partial(handler, fail)


def _starred(fail: Callable[[], None]) -> Any:
    return lambda *_: fail()


def _method(fail: Callable[[], None]) -> Any:
    return Handlers(fail).method


SHAPES: dict[str, Callable[[Callable[[], None]], Any]] = {
    "function": _plain,
    "function that deletes its arguments": _forgetful,
    "method": _method,
    "partial": _partial,
    "object": Handlers,
    "lambda": _starred,
}


class Alarm:
    """A handler of SIGALRM, and what it has raised."""

    def __init__(self, shape: str, kind: type[Exception]) -> None:
        self._handler = SHAPES[shape](self._fail)
        self._kind = kind
        self.raised: Exception | None = None

    def _fail(self) -> None:
        self.raised = self._kind("stop now")
        raise self.raised

    @contextmanager
    def installed(self) -> Generator[Self]:
        """Handles signals inside the block."""
        before = signal.signal(signal.SIGALRM, self._handler)
        try:
            yield self
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextmanager
    def after(self, seconds: float) -> Generator[Self]:
        """The signal comes after so many seconds, and not in a finaliser, where it would reach nobody."""
        gc.disable()
        try:
            with self.installed():
                signal.setitimer(signal.ITIMER_REAL, seconds)
                yield self
        finally:
            gc.enable()


class Steps:
    """A signal at one step of what runs inside the block: after so many calls; 0 counts them only.

    CPython looks for signals when a function is entered and when a C function has returned: these are the
    steps, and there the profiler stands.
    """

    def __init__(self, number: int) -> None:
        self._number, self.count = number, 0
        self.where: tuple[str, ...] = ("", "")
        """The function that was interrupted, and the first beneath it that is not Python's own."""

    def __enter__(self) -> Self:
        gc.disable()  # in somebody's finaliser it would reach nobody
        sys.setprofile(self._step)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _step(self, frame: FrameType, event: str, _called: object) -> None:
        # Interrupted between two steps of its own, importlib keeps a lock that every later fork waits for.
        if event in {"call", "c_return"} and not frame.f_code.co_filename.startswith("<frozen importlib"):
            self.count += 1
            if self.count == self._number:
                sys.setprofile(None)
                self.where = (_place(frame), _first_beside_python(frame))
                signal.raise_signal(signal.SIGALRM)

    def is_in(self, places: tuple[str, ...]) -> bool:
        """Whether one of these modules or functions was interrupted, or one of Python's that it called."""
        return any(function.startswith(places) for function in self.where)


def _place(frame: FrameType) -> str:
    """Its module and name."""
    return f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_qualname}"


def _first_beside_python(frame: FrameType) -> str:
    step: FrameType | None = frame
    while step is not None and _place(step).partition(".")[0] in sys.stdlib_module_names:
        step = step.f_back
    return "" if step is None else _place(step)
