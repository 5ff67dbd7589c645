"""Time that moves when told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .waiting import AsyncPause, Pause

__all__ = ("Clock",)


class Clock:
    """A clock for scripts and pools; it starts at `time.monotonic()`, as deadlines do.

    It stands still until `advance` is called. With `jumps` nobody needs to: a wait that would end at some
    time, be it a delay or a deadline, moves the clock there and is over.
    """

    def __init__(self, *, jumps: bool = False) -> None:
        self.now = time.monotonic()
        self.jumps = jumps
        self._alarms: dict[Pause | AsyncPause, tuple[float, str]] = {}

    def __call__(self) -> float:
        """What it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake the calls whose delay or deadline lies in it, the earliest first."""
        self._move_to(self.now + seconds)

    def wake_at(self, when: float, pause: Pause | AsyncPause, reason: str) -> None:
        """Wake *pause* at *when*."""
        self._alarms[pause] = when, reason
        if self.jumps and pause.reason is None:
            self._move_to(when)
        elif self.now >= when:  # also if it was moved by another thread since we looked
            pause.wake(reason)

    def forget(self, pause: Pause | AsyncPause) -> None:
        """It needs no waking any more."""
        self._alarms.pop(pause, None)

    def _move_to(self, when: float) -> None:
        self.now = max(self.now, when)
        alarms = sorted(self._alarms.copy().items(), key=lambda alarm: alarm[1][0])
        for pause, (due, reason) in alarms:
            if due <= self.now:
                pause.wake(reason)
