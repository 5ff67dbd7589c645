"""Exceptions that interrupt a call and are not its own: those of signal handlers, such as time limits.

Python runs handlers between any two steps of the main thread. So what a handler raises comes out of whatever
is under way, and may be of any class: a `ValueError` that comes out of a driver's call need not be the
driver's. It must never be taken for an answer of the database, an outcome, or a broken adapter. The same goes
for the interpreter's own limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

__all__ = ("is_interruption",)

CO_VARARGS = 0x04


def is_interruption(exc: BaseException) -> bool:
    """Whether *exc* was raised by the handler of a signal, and not by what that interrupted.

    True also where the interpreter ran out of memory, or of levels for calls.

    A handler is called with the number of the signal and the frame that it interrupts, which is the frame
    that its own returns to (docs.python.org, `signal.signal`). No other function gets that frame.
    """
    if isinstance(exc, (MemoryError, RecursionError)):
        return True
    trace = exc.__traceback__
    while trace is not None:
        if _is_handler(trace.tb_frame):
            return True
        trace = trace.tb_next
    return False


def _is_handler(frame: FrameType) -> bool:
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
