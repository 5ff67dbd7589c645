"""What a signal's handler raises while DuckDB is at work: Ctrl-C, for one.

DuckDB stops the statement and raises a RuntimeError. In 1.x the handler's exception is its cause; 2.0 loses
it, and then it is taken for the usual one. Who waits for that does not catch a RuntimeError.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("passing_signals",)

INTERRUPTED = "Query interrupted"

P = ParamSpec("P")
T = TypeVar("T")


def passing_signals(method: Callable[P, T]) -> Callable[P, T]:
    """Raise what the signal's handler raised, as if DuckDB had not been in between."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except RuntimeError as exc:
            if str(exc) != INTERRUPTED:
                raise
            cause = exc.__cause__ or KeyboardInterrupt()
        raise cause

    return call
