"""The span of a statement, current while the driver's calls run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current
from opentelemetry.trace import set_span_in_context

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

__all__ = ("CurrentSpan",)


class CurrentSpan:
    """A span, and whether it is the current one.

    Nothing is detached: a token is good only in the thread and task that it was made in, and a coroutine can
    be closed in another one, by the garbage collector or at the end of a loop. Putting back what was there is
    good everywhere, and is done only where the span is the current one.
    """

    __slots__ = ("_outer", "inner", "span")

    def __init__(self, span: Span, outer: Context) -> None:
        """The span is current from now on."""
        self.span = span
        self.enter(outer)

    def enter(self, outer: Context) -> None:
        """Be current, in what is the context now."""
        self._outer = outer
        self.inner = set_span_in_context(self.span, outer)
        attach(self.inner)

    def leave(self) -> None:
        """Be current no more."""
        if get_current() is self.inner:
            attach(self._outer)
