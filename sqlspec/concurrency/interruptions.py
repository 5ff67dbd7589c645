"""Exceptions that interrupt a call and are not its own: those of signal handlers, such as time limits.

Python runs handlers between any two steps of the main thread. So what a handler raises comes out of whatever
is under way, and may be of any class: a `ValueError` that comes out of a driver's call need not be the
driver's. It must never be taken for an answer of the database, an outcome, or a broken adapter. The same goes
for the interpreter's own limits.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType

__all__ = ("interruption_of", "is_interruption", "suppress_errors")

CO_VARARGS = 0x04
MARK = "_sqlspec_interruption"
"""In the `__dict__` of an exception that was found to be a handler's: drivers cut tracebacks off."""


def is_interruption(exc: BaseException) -> bool:
    """Whether *exc* was raised by the handler of a signal, or came of what one raised.

    True also where the interpreter ran out of memory, or of levels for calls.
    """
    return interruption_of(exc) is not None


def interruption_of(exc: BaseException) -> BaseException | None:
    """What the handler of a signal raised, if *exc* is that, or what a driver made of it; else None.

    A driver may catch what it takes for the error of a socket, and raise its own. What it caught is the
    context of *exc* then, as is what the application itself is handling just now. The one was caught in a
    function that is over, the other in one that is still running.
    """
    if isinstance(exc, (MemoryError, RecursionError)):
        return exc
    for _ in range(10):  # no chain is longer that says anything, and one may run in a circle
        if MARK in exc.__dict__ or _passed_a_handler(exc):
            exc.__dict__[MARK] = True
            return exc
        origin = exc.__cause__ or exc.__context__
        if origin is None:
            return None
        trace = origin.__traceback__
        if trace is not None and _is_running(trace.tb_frame):
            return None
        exc = origin
    return None


class suppress_errors:  # noqa: N801 - as `contextlib.suppress`
    """`with` ignores any `Exception`, but what the handler of a signal raised."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return isinstance(exc, Exception) and not is_interruption(exc)


def _is_running(function: FrameType) -> bool:
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - documented, and `inspect` is slow to import
    while frame is not None and frame is not function:
        frame = frame.f_back
    return frame is not None


def _passed_a_handler(exc: BaseException) -> bool:
    trace = exc.__traceback__
    if trace is None:
        return False
    codes = _codes_of_handlers()
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code in codes or _is_handler(frame):
            return True
        trace = trace.tb_next
    return False


def _is_handler(frame: FrameType) -> bool:
    """By its arguments, whatever stands between it and the function that was registered.

    A handler is called with the number of the signal and the frame that it interrupts, which is the frame
    that its own returns to (docs.python.org, `signal.signal`). No other function gets that frame.
    """
    interrupted = frame.f_back
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    starred = bool(code.co_flags & CO_VARARGS)
    if interrupted is None or not (count or starred):
        return False
    local = frame.f_locals
    if starred:
        rest = local.get(code.co_varnames[count], ())
        if isinstance(rest, tuple) and any(value is interrupted for value in rest):
            return True
    return any(local.get(name) is interrupted for name in code.co_varnames[: code.co_argcount])


def _codes_of_handlers() -> set[CodeType]:
    """Of the functions that are registered: one may have deleted its arguments, which it does not need."""
    # Not `signal.getsignal`, which makes an enum's member of each answer: 64 take half a millisecond.
    from _signal import NSIG, getsignal  # type: ignore[import-not-found] # typeshed leaves it out

    handlers = filter(callable, map(getsignal, range(1, NSIG)))
    return {code for code in map(_code_of, handlers) if code is not None}


def _code_of(handler: Any) -> CodeType | None:
    while hasattr(handler, "func"):  # functools.partial
        handler = handler.func
    handler = getattr(handler, "__func__", handler)  # of a bound method
    called = handler if hasattr(handler, "__code__") else type(handler).__call__
    return getattr(called, "__code__", None)
