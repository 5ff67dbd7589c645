"""What sessions report to observers: statements and the ends of transactions, from start to end."""

from __future__ import annotations

import time
from copy import copy
from functools import partial
from typing import TYPE_CHECKING

from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import DatabaseError
from sqlspec.plugin.events import StatementEvent, TransactionEvent
from sqlspec.plugin.results import LazyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlspec.plugin.contract import RawResult
    from sqlspec.sql import Statements

    from .observers import Failures, Observers

__all__ = ("Reporter",)

NOT_SQL = {"command", "pipeline"}
"""The operations of adapters whose sessions speak another language."""


class Reporter:
    """Reports what the sessions of one database do. Shared by all of them; thread-safe."""

    def __init__(
        self,
        name: str,
        adapter: str,
        observers: Observers,
        failures: Failures,
        *,
        statements: Statements,
    ) -> None:
        """*statements*: the compiled ones, for their verbs."""
        self._name, self._adapter, self._observers = name, adapter, observers
        self._tell, self._statements, self._dialect = failures.tell, statements, statements.dialect
        asked = {argument for observer in observers.statement_executed for argument in observer.wants}
        self._wants_rows, self._wants_parameters = "rows" in asked, "parameters" in asked
        gates = observers.gates
        # Nearly always there is one, which is asked without anything around it.
        self._is_wanted: Callable[[], object] = partial(_any, gates) if len(gates) != 1 else gates[0]

    # --- statements -----------------------------------------------------------------------------

    def start(self, statement: object, operation: str, verb: str = "") -> StatementEvent | None:
        """A statement is about to run; None: nobody wants to hear of it.

        *verb*: of what is no SQL; that of SQL is known by its text.
        """
        try:
            if not self._is_wanted():
                return None
        except Exception as exc:
            if is_interruption(exc):
                raise
        text = statement if isinstance(statement, str) else ""  # what else was passed is refused later
        event = StatementEvent(
            name=self._name,
            adapter=self._adapter,
            statement=text,
            operation=operation,
            dialect=None if operation in NOT_SQL else self._dialect,
            verb=verb or self._verb(text),
            started=time.monotonic(),
        )
        if self._observers.statement_started:
            self._tell(self._observers.statement_started, (event,))
        return event

    def pause(self, event: StatementEvent) -> None:
        """It returns to the application for a while."""
        _stop_clock(event)
        if self._observers.statement_paused:
            self._tell(self._observers.statement_paused, (event,))

    def resume(self, event: StatementEvent) -> None:
        """It goes on. `started` is when its current part did, from now on."""
        event.started = time.monotonic()
        if self._observers.statement_resumed:
            self._tell(self._observers.statement_resumed, (event,))

    def end(
        self,
        event: StatementEvent,
        raw: RawResult | LazyResult | None = None,
        *,
        parameters: object = None,
        error: BaseException | None = None,
    ) -> None:
        """It ran, or failed. *raw*: what it returned."""
        _stop_clock(event)
        event.verb = event.verb or self._verb(event.statement)
        if error is not None:
            _note_error(event, error)
        rows = None
        if raw is not None:
            event.rowcount = raw.rowcount if raw.rowcount >= 0 else None
            if raw.columns:
                rows = self._rows(event, raw)
        if self._wants_parameters:  # copies: these are the application's own
            parameters = copy(parameters) if isinstance(parameters, (list, dict)) else parameters
        if rows is not None and self._wants_rows:
            rows = tuple(rows)
        self._tell(self._observers.statement_executed, (event, parameters, rows))

    def _rows(self, event: StatementEvent, raw: RawResult | LazyResult) -> Sequence[object] | None:
        event.columns = raw.columns
        # Rows that are still in the driver's own form become Python's only for who asks for them.
        if isinstance(raw, LazyResult) and not self._wants_rows:
            event.returned_rows = raw.row_count
            return None
        event.returned_rows = len(raw.rows)
        return raw.rows

    def _verb(self, text: str) -> str:
        # Of what was compiled for the cache; a script, a bulk load or an error before has no verb.
        compiled = self._statements.get(text)
        return "" if compiled is None else compiled.verb

    # --- transactions ---------------------------------------------------------------------------

    def start_ending(self, *, commit: bool) -> TransactionEvent | None:
        """COMMIT or ROLLBACK is about to be sent; None: nobody wants to hear of it."""
        try:
            if not self._is_wanted():
                return None
        except Exception as exc:
            if is_interruption(exc):
                raise
        event = TransactionEvent(
            name=self._name,
            adapter=self._adapter,
            operation="COMMIT" if commit else "ROLLBACK",
            started=time.monotonic(),
        )
        if self._observers.transaction_ending:
            self._tell(self._observers.transaction_ending, (event,))
        return event

    def end_transaction(
        self, event: TransactionEvent, *, committed: bool | None, error: BaseException | None = None
    ) -> None:
        """It has ended; *committed* is None if nobody knows how."""
        _stop_clock(event)
        event.outcome = {True: "committed", False: "rolled back", None: "unknown"}[committed]
        event.error = None if error is None else type(error).__name__
        if self._observers.transaction_ended:
            self._tell(self._observers.transaction_ended, (event,))


def _any(gates: tuple[Callable[[], object], ...]) -> bool:
    return not gates or any(gate() for gate in gates)


def _stop_clock(event: StatementEvent | TransactionEvent) -> None:
    try:
        event.seconds += time.monotonic() - event.started
    except TypeError:  # an observer has written what it may only read
        event.seconds = 0.0


def _note_error(event: StatementEvent, error: BaseException) -> None:
    event.error = type(error).__name__
    if isinstance(error, DatabaseError):
        event.sqlstate, event.code = error.sqlstate, error.code
