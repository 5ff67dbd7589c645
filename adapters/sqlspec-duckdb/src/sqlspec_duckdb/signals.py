"""What a signal's handler raises while DuckDB is at work: Ctrl-C, or the time limit of a job queue.

DuckDB runs the handler, stops the statement and raises a RuntimeError of its own. In 1.x the handler's
exception is the cause of that one. 2.0 drops it: nothing that Python offers leads to it any more. If no
handler but Python's own for Ctrl-C is set, it can only have been a KeyboardInterrupt. Otherwise the
RuntimeError stays, with a note: it is no error of the database, and tells nothing about the statement.
"""

from __future__ import annotations

import signal
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("NOTE", "is_of_handler", "passing_signals")

INTERRUPTED = "Query interrupted"
NOTE = (
    "the handler of a signal raised while DuckDB was at work, and DuckDB 2.0 does not say what; "
    "the statement may have taken effect or not"
)

P = ParamSpec("P")
T = TypeVar("T")


def passing_signals(method: Callable[P, T]) -> Callable[P, T]:
    """Raise what the signal's handler raised, as if DuckDB had not been in between."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except RuntimeError as exc:
            if not is_of_handler(exc):
                raise
            raised = exc.__cause__ or _only_possibility()
            if raised is None:
                if NOTE not in getattr(exc, "__notes__", ()):
                    exc.add_note(NOTE)
                raise
        raise raised

    return call


def is_of_handler(exc: BaseException) -> bool:
    """Whether *exc* is what DuckDB raises in place of a handler's exception."""
    return isinstance(exc, RuntimeError) and str(exc) == INTERRUPTED


def _only_possibility() -> BaseException | None:
    """The exception, where only Python's own handler for Ctrl-C can have raised it."""
    others = (signal.getsignal(number) for number in signal.valid_signals())
    if any(callable(one) and one is not signal.default_int_handler for one in others):
        return None
    return KeyboardInterrupt()
