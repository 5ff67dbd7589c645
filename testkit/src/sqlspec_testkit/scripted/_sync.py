# Printed from _async.py by tools/print_sync.py; do not edit.
"""The scripted connection: every call goes past the script, to the server, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.errors import ConnectError, DeadlineExceeded
from sqlspec.plugin import Connection

from .backend import Backend
from .client import CLOSE_TIMEOUT, INSIDE, Client, earliest
from .line import Ending
from .waiting import Pause, home, turn

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult, TransactionOptions

    from .config import ScriptedConfig
    from .gate import Gate
    from .line import Line
    from .script import Script

__all__ = ("ScriptedConnection", "connect")


def connect(script: Script, config: ScriptedConfig) -> ScriptedConnection:
    """Open a connection as the script wills; for pools that are made by hand."""
    connection = ScriptedConnection(script, config)
    try:
        connection.connect()
    except DeadlineExceeded as exc:
        raise ConnectError("scripted: no answer within connect_timeout") from exc
    except Exception as exc:
        raise connection.mapped(exc) from exc
    return connection


class ScriptedConnection(Client, Connection[Backend]):
    """A connection that does what its script says. Its `raw` is the server's end."""

    def __init__(self, script: Script, config: ScriptedConfig) -> None:
        super().__init__(Backend(script.server, config.database))
        self._set_up(script, config, home())

    # --- steps ----------------------------------------------------------------------------------

    def connect(self) -> None:
        """Reach the server within the config's `connect_timeout`; leaves nothing open there if that fails."""
        try:
            self._call("connect", deadline=self._script.clock() + self._config.connect_timeout)
        except BaseException:
            self._is_closed = True
            self.raw.end("aborted")
            raise

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement of those that `Backend` knows."""
        return self._call("execute", statement, parameters, deadline=deadline)

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Begin a transaction."""
        self._call("begin", deadline=deadline)

    def commit(self, deadline: float | None) -> None:
        """Commit it."""
        self._call("commit", deadline=deadline)

    def rollback(self, deadline: float | None) -> None:
        """Undo it."""
        self._call("rollback", deadline=deadline)

    def ping(self, deadline: float | None) -> None:
        """A round trip."""
        self._call("ping", deadline=deadline)

    def reset(self, deadline: float | None) -> bool:
        """Undo every `SET`."""
        self._call("reset", deadline=deadline)
        self.is_raw_lent = self.is_raw_lent and not self._script.can_reset
        return self._script.can_reset

    def close(self) -> None:
        """Send the close message, and wait for the answer no longer than ten seconds."""
        if self._is_closed:
            return
        self._call("close", deadline=self._script.clock() + CLOSE_TIMEOUT)
        self._is_closed = True

    # --- a call ---------------------------------------------------------------------------------

    def _call(
        self,
        step: str,
        statement: str = "",
        parameters: Parameters = None,
        *,
        deadline: float | None,
    ) -> RawResult:
        busy, token = self._busy, object()
        try:
            line = self._enter(step, statement, token, home())
            self._wait_before(line, step, deadline)
            result = self._serve(line, step, statement, parameters)
            self._wait_after(line, step, deadline)
            self._answered()
            return result
        finally:
            # No call in here, out of which a signal's exception could come.
            if busy[INSIDE] is token:
                del busy[INSIDE]

    def _wait_before(self, line: Line, step: str, deadline: float | None) -> None:
        if self._script.suspend:
            self._suspend(f"{step}: not sent")
        for _ in range(line.turn_count):
            self._suspend(f"{step}: turn")
        if line.hangs:
            self._be_held(f"{step}: held", gate=line.gate, deadline=deadline)
        if line.seconds is not None:
            self._be_held(f"{step}: delayed", delay=line.seconds, deadline=deadline)

    def _wait_after(self, line: Line, step: str, deadline: float | None) -> None:
        if line.ending is Ending.NO_REPLY:
            self._be_held(f"{step}: no reply", gate=line.gate, deadline=deadline)
        if self._script.suspend:
            self._suspend(f"{step}: not answered")

    def _suspend(self, point: str) -> None:
        self._script.reach(point)
        turn()

    def _be_held(
        self, point: str, *, gate: Gate | None = None, delay: float | None = None, deadline: float | None
    ) -> None:
        pause = Pause()
        try:
            seconds = self._hold(point, pause, gate, earliest(self._script.clock(), delay, deadline))
            self._script.reach(point)
            reason = pause.wait(seconds)
        finally:
            self._let_go(pause, gate)
        self._judge(reason, point)
