"""The script: what the driver's calls do, from now on."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from sqlspec.errors import InvalidArgumentError, did_you_mean

from .clock import Clock
from .gate import PATIENCE, Gate
from .line import Line
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("STEPS", "Script")

STEPS: Final = ("connect", "execute", "begin", "commit", "rollback", "ping", "reset", "close")
"""What can be scripted."""
_SERVED: Final = Line("any")


class Script:
    """Tells the scripted driver what to do, and records what it was asked for.

    Without a line every call is served at once. `next` is about the next calls of a step, `every` about all
    of them; for each call the first line that fits is taken, those of `next` before those of `every`, and of
    these the newest first. Lines may be added at any time, from any thread.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        suspend: bool = False,
        memory: int | None = None,
        server: Server | None = None,
    ) -> None:
        """*clock*: default, one that jumps, so that no test waits for a deadline; `time.monotonic` waits.

        *suspend*: a call of the async flavour suspends twice, before it is sent and before it is answered.
        *memory*: how many of the last records to keep; None keeps all. *server*: one of another script.
        """
        self.clock = clock or Clock(jumps=True)
        self.suspend = suspend
        self.server = server or Server(memory=memory)
        self.calls: deque[str] = deque(maxlen=memory)
        """Every call on a connection by its step, whether it was sent or not; `abort` and `interrupt` too."""
        self.awaits: deque[str] = deque(maxlen=memory)
        """Every point where a call was held or suspended, in order: `commit: not sent`."""
        self.sees: Literal["all", "open", "nothing"] = "all"
        """How much the driver knows of its transaction: "open" can not tell an open one from an aborted one,
        "nothing" not even whether there is one. What it does not know is UNKNOWN."""
        self.knows_state = False
        """Whether the driver knows without a round trip that there is nothing to reset."""
        self.can_reset = True
        """Whether `reset` brings a connection back to how it was; else it says that it can not tell."""
        self.patience = PATIENCE
        """Real seconds after which a held call that nobody lets go is an error and a violation."""
        self._next: list[Line] = []
        self._every: list[Line] = []
        self._points = count(1)
        self._reached = 0
        self._actions: dict[int, Callable[[], object]] = {}

    # --- writing it -----------------------------------------------------------------------------

    def next(self, step: str, times: int = 1, *, statement: str | None = None) -> Line:
        """A line for the next call of *step*, or so many; *statement*: only of those that begin so."""
        line = _line(step, times, statement)
        self._next = [*(known for known in self._next if not known.is_used_up), line]
        return line

    def every(self, step: str, *, statement: str | None = None) -> Line:
        """A line for every call of *step* from now on; *statement*: only of those that begin so."""
        line = _line(step, None, statement)
        self._every.insert(0, line)
        return line

    def gate(self, step: str, *, statement: str | None = None) -> Gate:
        """Hold every call of *step* before it reaches the server; let them go one by one."""
        return self.every(step, statement=statement).hang().gate

    def clear(self) -> None:
        """Forget all lines: every call is served. What is held stays held."""
        self._next, self._every = [], []

    def at_await(self, number: int, action: Callable[[], object]) -> None:
        """Do something at the *number*-th point from now where a call is held or suspended.

        In the call's own thread, just before: `task.cancel` lands at that very await, and what *action*
        raises comes out of it.
        """
        if number < 1:
            raise InvalidArgumentError(f"awaits are numbered from 1, not {number}")
        self._actions[self._reached + number] = action

    def never_mind(self) -> None:
        """Forget what was to be done at awaits that were not reached."""
        self._actions.clear()

    def count(self, step: str) -> int:
        """How many calls of *step* were made, whether they reached the server or not."""
        return self.calls.copy().count(step)

    # --- for the driver -------------------------------------------------------------------------

    def line_for(self, step: str, statement: str) -> Line:
        """What becomes of this call."""
        for line in (*self._next, *self._every):
            if line.step == step and line.claims(statement):
                return line
        return _SERVED

    def reach(self, point: str) -> None:
        """A call is about to wait."""
        self.awaits.append(point)
        number = self._reached = next(self._points)
        action = self._actions.pop(number, None)
        if action is not None:
            action()


def _line(step: str, times: int | None, statement: str | None) -> Line:
    if step not in STEPS:
        raise InvalidArgumentError(f"no step is named {step!r}. {did_you_mean(step, STEPS)}")
    if statement is not None and step != "execute":
        raise InvalidArgumentError(f"only execute has a statement, not {step}")
    return Line(step, times, statement=statement)
