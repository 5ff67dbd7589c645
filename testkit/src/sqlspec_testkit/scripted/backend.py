"""The server's end of one connection: what a call does when it gets there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlspec.plugin import RawResult, TransactionStatus

from .errors import ScriptedError
from .server import Received
from .waiting import GONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.plugin import Parameters

    from .line import Leaves
    from .server import Server
    from .waiting import AsyncPause, Pause

__all__ = ("Backend",)

IDLE, ACTIVE, ABORTED = TransactionStatus.IDLE, TransactionStatus.ACTIVE, TransactionStatus.ABORTED


class Backend:
    """One connection as the server sees it, and what `provide_connection` lends as the driver's own.

    Statements: `INSERT 1, 2` or `INSERT ?` adds rows; `SELECT` gives all that are visible, `SELECT 1` the
    number; `SET x = 1` sets a variable of the connection, `SHOW x` gives it; and savepoints. By `run` also
    BEGIN, COMMIT and ROLLBACK.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.server, self.database = server, database
        self.number = next(server.numbers)
        self.pid = os.getpid()
        self.status = TransactionStatus.IDLE
        self.reported_status = TransactionStatus.IDLE
        """What the client was told of that with the last answer; UNKNOWN while one is due."""
        self.variables: dict[str, str] = {}
        """What `SET` set, and `reset` undoes."""
        self.pending: list[int] = []
        """Rows of the open transaction, which nobody else sees."""
        self.savepoints: list[tuple[str, int]] = []
        self.ended: str | None = None
        """How it ended: "closed" politely, "aborted" by its client, "killed" by its server, or "dropped"."""
        self.is_readable = False
        """Whether the client's socket has something to read: a close message that nobody asked for."""
        self.held: tuple[str, Pause | AsyncPause] | None = None
        """The call that is held on its way here or back, by its step."""

    def __repr__(self) -> str:
        return f"<Backend {self.number}: {self.state}>"

    @property
    def state(self) -> str:
        """`idle`, `in transaction`, `aborted transaction`, or how it ended."""
        names = {IDLE: "idle", ACTIVE: "in transaction", ABORTED: "aborted transaction"}
        return self.ended or names[self.status]

    def run(self, statement: str, parameters: Parameters = None) -> RawResult:
        """Run one statement at once, past the script: the driver's own way, for code that borrows it."""
        if self.ended:
            raise ScriptedError("closed")
        try:
            return self.serve("execute", statement, parameters)
        finally:
            self.reported_status = self.status

    # --- calls that get here --------------------------------------------------------------------

    def serve(self, step: str, statement: str = "", parameters: Parameters = None) -> RawResult:
        """Do what was asked for."""
        self._record(step, statement, parameters)
        if step == "execute":
            return self._execute(statement, parameters)
        steps: dict[str, Callable[[], object]] = {
            "connect": self._accept,
            "begin": self._begin,
            "commit": self._commit,
            "rollback": self._rollback,
            "reset": self.variables.clear,
            "close": lambda: self.end("closed"),
        }
        steps.get(step, lambda: None)()  # a ping is answered, no more
        return RawResult()

    def refuse(self, step: str, statement: str, parameters: Parameters, *, leaves: Leaves) -> None:
        """Do nothing but what an error does to an open transaction."""
        self._record(step, statement, parameters)
        if self.status is IDLE or leaves == "open":
            return
        if leaves == "ended":
            self._rollback()
        else:
            self.status = ABORTED

    def _record(self, step: str, statement: str, parameters: Parameters) -> None:
        self.server.received.append(Received(self.number, step, statement, parameters))

    def _accept(self) -> None:
        if self.server.is_down:
            raise ScriptedError("refused")
        self.server.accepted[self.number] = self
        self.server.made.append(self)

    def end(self, how: str) -> None:
        """The connection is over, in whichever way; what was not committed is undone. The first counts."""
        if self.ended is None:
            self.ended = how
        self._rollback()
        self.server.accepted.pop(self.number, None)
        held = self.held
        if held is not None:
            held[1].wake(GONE)

    # --- transactions ---------------------------------------------------------------------------

    def _begin(self) -> None:
        if self.status is not IDLE:
            self.server.blame(f"BEGIN in a transaction, on connection {self.number}")
        self.status = ACTIVE

    def _commit(self) -> None:
        if self.status is IDLE and self.ended is None:  # else it was killed on the way here
            self.server.blame(f"COMMIT without a transaction, on connection {self.number}")
        # An aborted transaction is undone by COMMIT, and that is no error: PostgreSQL's way.
        done = self.pending if self.status is ACTIVE else []
        self.pending, self.savepoints, self.status = [], [], IDLE
        self.server.rows.extend(done)

    def _rollback(self) -> None:
        self.pending, self.savepoints, self.status = [], [], IDLE

    # --- statements -----------------------------------------------------------------------------

    def _execute(self, statement: str, parameters: Parameters) -> RawResult:
        verb, _, rest = statement.strip().partition(" ")
        run = getattr(self, f"_run_{verb.lower()}", None)
        if run is None:
            return self._fail("statement")
        if self.status is ABORTED and verb not in {"COMMIT", "ROLLBACK"}:
            return self._fail("aborted")
        result: RawResult | None = run(rest.strip(), parameters)
        return result or RawResult()

    def _fail(self, kind: str) -> RawResult:
        self.status = IDLE if self.status is IDLE else ABORTED
        raise ScriptedError(kind)

    def _run_insert(self, rest: str, parameters: Parameters) -> RawResult:
        given: Any = rest.split(",") if parameters is None else parameters
        values = [int(value) for value in given]
        (self.server.rows if self.status is IDLE else self.pending).extend(values)
        return RawResult(rowcount=len(values), lastrowid=values[-1])

    def _run_select(self, rest: str, _: Parameters) -> RawResult:
        rows = [int(rest)] if rest else [*self.server.rows, *self.pending]
        return RawResult(columns=("n",), rows=[(row,) for row in rows], rowcount=len(rows))

    def _run_set(self, rest: str, _: Parameters) -> None:
        name, _, value = rest.partition("=")
        self.variables[name.strip()] = value.strip()

    def _run_show(self, rest: str, _: Parameters) -> RawResult:
        return RawResult(columns=(rest,), rows=[(self.variables.get(rest),)], rowcount=1)

    def _run_begin(self, _: str, __: Parameters) -> None:
        self._begin()

    def _run_commit(self, _: str, __: Parameters) -> None:
        self._commit()

    def _run_savepoint(self, rest: str, _: Parameters) -> None:
        self.savepoints.append((rest, len(self.pending)))

    def _run_release(self, rest: str, _: Parameters) -> None:
        self._back_to(rest)

    def _run_rollback(self, rest: str, _: Parameters) -> None:
        if not rest:
            self._rollback()
            return
        name = rest.rsplit(maxsplit=1)[-1]
        kept = self._back_to(rest)
        del self.pending[kept:]
        self.savepoints.append((name, kept))  # it stays until it is released
        self.status = ACTIVE

    def _back_to(self, rest: str) -> int:
        """Forget the savepoint named by the last word, and those after it; how many rows were there."""
        name = rest.rsplit(maxsplit=1)[-1]
        names = [known for known, _ in self.savepoints]
        if name not in names:
            self._fail("statement")
        at = len(names) - 1 - names[::-1].index(name)
        kept = self.savepoints[at][1]
        del self.savepoints[at:]
        return kept
