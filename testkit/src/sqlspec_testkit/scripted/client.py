"""What both flavours of the connection decide without waiting."""

from __future__ import annotations

import os
from sys import is_finalizing
from typing import TYPE_CHECKING, Final

from sqlspec.errors import DeadlineExceeded, SQLSpecError
from sqlspec.plugin import RawResult, TransactionStatus

from .clock import Clock
from .errors import ScriptedError, error_for
from .line import Ending
from .waiting import DEADLINE, DUE, GONE, INTERRUPTED, STUCK

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters

    from .backend import Backend
    from .config import ScriptedConfig
    from .gate import Gate
    from .line import Line
    from .script import Script
    from .waiting import AsyncPause, Pause

__all__ = ("CLOSE_TIMEOUT", "INSIDE", "Client", "earliest")

CLOSE_TIMEOUT = 10.0
INSIDE: Final = "inside"
IDLE, UNKNOWN = TransactionStatus.IDLE, TransactionStatus.UNKNOWN


class Busy(dict[str, object]):
    """Who is inside a call, by the driver's own view; core's guard is not believed here, but checked."""

    __slots__ = ()

    def __missing__(self, key: str) -> None:
        """Nobody."""


class Client:
    """The driver's end of a connection: checks who calls, asks the script, and maps errors."""

    raw: Backend
    is_raw_lent: bool

    def _set_up(self, script: Script, config: ScriptedConfig, home: object) -> None:
        self._script, self._config, self._home = script, config, home
        self._busy = Busy()
        self._is_closed = False

    # --- without a round trip -------------------------------------------------------------------

    @property
    def transaction_status(self) -> TransactionStatus:
        """As of the last answer, and as far as the script lets the driver see."""
        sees, view = self._script.sees, self.raw.reported_status
        if sees == "all" or (sees == "open" and view is IDLE):
            return view
        return UNKNOWN

    def is_usable(self) -> bool:
        """A look at the socket. The pool is about to lend this: nothing of the last owner may be left."""
        self._check_process("is_usable")
        self._check_leftovers()
        return not (self._is_closed or self.raw.is_readable)

    def is_pristine(self) -> bool:
        """Known to need no reset, if the script lets the driver know."""
        return self._script.knows_state and not self.is_raw_lent and not self.raw.variables

    def interrupt(self, *, for_good: bool) -> None:
        """Stop a statement that is held; for good, drop the connection, and a call that is held fails."""
        self._script.calls.append("abort" if for_good else "interrupt")
        if for_good:
            self._check_process("abort")
            self._is_closed, self.raw.reported_status = True, UNKNOWN
            self.raw.end("aborted")
            return
        held = self.raw.held
        if held is not None and held[0].startswith("execute:"):
            held[1].wake(INTERRUPTED)

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The driver's exception as one of core's."""
        return error_for(exc) if isinstance(exc, ScriptedError) else None

    def __del__(self) -> None:
        # What a socket does when nobody holds it any more; a driver's would perhaps speak first.
        raw = getattr(self, "raw", None)
        if raw is None or raw.ended is not None or is_finalizing():
            return
        self._check_process("__del__")
        raw.end("dropped")

    # --- what must never happen -----------------------------------------------------------------

    def _blame(self, what: str) -> None:
        self.raw.server.blame(f"connection {self.raw.number} {what}")

    def _check_process(self, step: str) -> None:
        if os.getpid() != self.raw.pid:
            self._blame(f"was touched by a forked child: {step}")

    def _check_leftovers(self) -> None:
        if self._busy[INSIDE] is not None:
            self._blame("was lent while a call is under way")
        if self.raw.status is not IDLE:
            self._blame(f"was lent {self.raw.state}")
        if self.raw.variables and self._config.reset == "full":
            self._blame(f"was lent with what its last owner SET: {', '.join(self.raw.variables)}")

    # --- a call ---------------------------------------------------------------------------------

    def _enter(self, step: str, statement: str, token: object, home: object) -> Line:
        """The call begins: nobody else may be inside. Returns what becomes of it."""
        self._script.calls.append(step)
        self._check_process(step)
        if home is not self._home:
            self._blame(f"was used in another event loop than it was made in: {step}")
        if self._busy.setdefault(INSIDE, token) is not token:
            self._blame(f"was used by two at once: {step}")
            raise ScriptedError("in-use")
        if self._is_closed:
            raise ScriptedError("closed")
        return self._script.line_for(step, statement)

    def _serve(self, line: Line, step: str, statement: str, parameters: Parameters) -> RawResult:
        """The call gets to the server, or does not."""
        if line.ending is Ending.NOT_SENT:
            raise self._error_of(line)
        self._check_alive()
        self.raw.reported_status = UNKNOWN  # from here until it is answered
        try:
            if line.ending is Ending.REFUSED:
                self.raw.refuse(step, statement, parameters, leaves=line.leaves)
                raise self._error_of(line)
            result = self.raw.serve(step, statement, parameters)
        except ScriptedError as exc:
            if exc.kind != "disconnect":
                self.raw.reported_status = self.raw.status
            raise
        if line.ending is Ending.HALF_DONE:
            raise self._error_of(line)
        return result

    def _error_of(self, line: Line) -> BaseException:
        """The line's error, as a new object; a disconnect ends the connection."""
        if not isinstance(line.error, ScriptedError):
            return line.error
        if line.error.kind == "disconnect":
            self.raw.end("killed")
            self._learn_of_end()
        return ScriptedError(line.error.kind)

    def _check_alive(self) -> None:
        if self.raw.ended is not None and self.raw.ended != "closed":
            self._learn_of_end()
            raise ScriptedError("disconnect")

    def _learn_of_end(self) -> None:
        # A driver that met a broken connection knows it from then on.
        self.raw.is_readable, self.raw.reported_status = True, UNKNOWN

    def _answered(self) -> None:
        self._check_alive()
        self.raw.reported_status = self.raw.status

    # --- a call that is held --------------------------------------------------------------------

    def _hold(
        self, point: str, pause: Pause | AsyncPause, gate: Gate | None, alarm: tuple[float, str] | None
    ) -> float:
        """Tell all who may let a call go on. Returns how many real seconds to wait at most."""
        self.raw.held = point, pause  # first: from now on an abort wakes it
        if self.raw.ended is not None:
            pause.wake(GONE)
        if gate is not None:
            gate.enter(pause)
        return self._set_alarm(pause, alarm)

    def _set_alarm(self, pause: Pause | AsyncPause, alarm: tuple[float, str] | None) -> float:
        patience, clock = self._script.patience, self._script.clock
        if alarm is None:
            return patience
        if isinstance(clock, Clock):
            clock.wake_at(alarm[0], pause, alarm[1])
            return patience
        seconds = max(0.0, alarm[0] - clock())
        if seconds <= patience:
            pause.otherwise = alarm[1]
        return min(seconds, patience)

    def _let_go(self, pause: Pause | AsyncPause, gate: Gate | None) -> None:
        self.raw.held = None
        if gate is not None:
            gate.leave(pause)
        if isinstance(self._script.clock, Clock):
            self._script.clock.forget(pause)

    def _judge(self, reason: str, point: str) -> None:
        """What it means for the call that it is held no longer; one whose connection is gone finds out."""
        if reason is DEADLINE:
            raise DeadlineExceeded(f"scripted: the deadline passed: {point}")
        if reason is INTERRUPTED:
            raise ScriptedError("cancelled")
        if reason is STUCK:
            self._blame(f"was held and nobody let it go: {point}")
            raise ScriptedError("stuck")


def earliest(now: float, delay: float | None, deadline: float | None) -> tuple[float, str] | None:
    """When time itself ends a hold, and why."""
    alarms = [] if deadline is None else [(deadline, DEADLINE)]
    if delay is not None:
        alarms.append((now + delay, DUE))
    return min(alarms, default=None)
