"""What a database does, in the log of the standard library: one line for each statement.

The logger of a database is `sqlspec.NAME`. The lines of `log_queries` have the level INFO; what took
`slow_query_threshold` seconds or more has WARNING. What is below the logger's level is not even measured.
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlspec.config import InstrumentationConfig
    from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent

    from . import Target

__all__ = ("LoggingObserver",)

MOST_ROWS = 10
"""How many rows, of parameters or results, a line shows."""
LONGEST_VALUE = 100
"""How many characters of a value a line shows."""
LONGEST_TEXT = 2048
"""How many characters of a statement a line shows."""


class LoggingObserver:
    """Writes what one database does to its logger."""

    def __init__(self, target: Target, wanted: InstrumentationConfig) -> None:
        self._logger = logging.getLogger(f"sqlspec.{target.name}")
        self._threshold = float("inf") if wanted.slow_query_threshold is None else wanted.slow_query_threshold
        self._logs_all = wanted.log_queries
        self._shows_parameters, self._shows_rows = wanted.log_parameters, wanted.log_results
        # What is only written when it is slow may be written at any time.
        is_slow_wanted = wanted.slow_query_threshold is not None
        least = logging.INFO if self._logs_all and not is_slow_wanted else logging.WARNING
        is_enabled = self._logger.isEnabledFor
        # A hook like those below: whether a line could be written. Asked before each statement, so that it
        # looks nothing up.
        self.sqlspec_wants_statements = hookimpl(lambda: is_enabled(least))

    # --- hooks ----------------------------------------------------------------------------------

    @hookimpl
    def sqlspec_statement_executed(
        self, event: StatementEvent, parameters: object, rows: Sequence[object] | None
    ) -> None:
        """One line, with the text, the time, the rows, and what was asked for besides."""
        level = self._level(event.seconds)
        if level is None:
            return
        text = _one_line(event.masked, LONGEST_TEXT)  # names may hold new lines
        if self._shows_parameters:  # the literals in it are the application's data, as parameters are
            text = _one_line(event.statement, LONGEST_TEXT)
        facts = _facts(event) | {"sqlspec_statement": text}
        line = f"{event.operation} {text} -- {_result(event)} in {_duration(event.seconds)}"
        if self._shows_parameters and parameters is not None:
            is_many = event.operation == "execute_many"
            facts["sqlspec_parameters"] = shown = _rows(parameters) if is_many else _values(parameters)
            line += f"; parameters: {shown}"
        if self._shows_rows and rows is not None:
            facts["sqlspec_rows"] = shown = _rows(rows)
            line += f"; rows: {shown}"
        self._write(level, event.seconds, line, facts)

    @hookimpl
    def sqlspec_transaction_ended(self, event: TransactionEvent) -> None:
        """One line for each COMMIT and ROLLBACK."""
        level = self._level(event.seconds)
        if level is not None:
            facts = {**_common(event), "sqlspec_operation": event.operation, "sqlspec_outcome": event.outcome}
            error = f" ({event.error})" if event.error else ""
            line = f"{event.operation} -- {event.outcome}{error} in {_duration(event.seconds)}"
            self._write(level, event.seconds, line, facts)

    @hookimpl
    def sqlspec_lease_event(self, event: LeaseEvent) -> None:
        """Waiting for a connection: what it came to, as DEBUG; slow or in vain, as WARNING."""
        if event.kind == "released":
            return
        level = self._level(event.seconds, usually=logging.WARNING if event.error else logging.DEBUG)
        if level is not None:
            got = f"no connection ({event.error})" if event.error else "a connection"
            facts = {**_common(event), "sqlspec_operation": "acquire"}
            self._write(level, event.seconds, f"got {got} after {_duration(event.seconds)}", facts)

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """Connections come and go as DEBUG; one that could not be opened is a WARNING."""
        seconds = event.seconds or 0.0
        level = self._level(seconds, usually=logging.WARNING if event.kind == "failed" else logging.DEBUG)
        if level is not None:
            reason = f" ({event.reason})" if event.reason else ""
            took = "" if event.seconds is None else f" in {_duration(seconds)}"
            facts = {**_common(event), "sqlspec_operation": event.kind, "sqlspec_reason": event.reason}
            self._write(level, seconds, f"connection {event.kind}{reason}{took}", facts)

    # --- writing --------------------------------------------------------------------------------

    def _level(self, seconds: float, *, usually: int = logging.INFO) -> int | None:
        """At which level to write about it; None: not at all."""
        if seconds >= self._threshold:
            level = logging.WARNING
        elif self._logs_all:
            level = usually
        else:
            return None
        return level if self._logger.isEnabledFor(level) else None

    def _write(self, level: int, seconds: float, line: str, facts: dict[str, Any]) -> None:
        facts["sqlspec_seconds"] = seconds
        facts["sqlspec_slow"] = is_slow = seconds >= self._threshold
        self._logger.log(level, "%s%s", "slow: " if is_slow else "", line, extra=facts)


def _common(event: Any) -> dict[str, Any]:
    return {
        "sqlspec_database": event.name,
        "sqlspec_adapter": event.adapter,
        "sqlspec_error": getattr(event, "error", None),
    }


def _facts(event: StatementEvent) -> dict[str, Any]:
    return {
        **_common(event),
        "sqlspec_operation": event.operation,
        "sqlspec_verb": event.verb,
        "sqlspec_rowcount": event.rowcount,
        "sqlspec_returned_rows": event.returned_rows,
        "sqlspec_batch_size": event.batch_size,
    }


def _result(event: StatementEvent) -> str:
    if event.error is not None:
        return f"failed with {event.error}"
    if event.returned_rows is not None:
        return f"{event.returned_rows} rows"
    return "done" if event.rowcount is None else f"{event.rowcount} rows changed"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"


# --- the application's data -------------------------------------------------------------------------


def _rows(rows: Any) -> str:
    shown = ", ".join(map(_values, islice(rows, MOST_ROWS)))
    return f"[{shown}, … {len(rows)} in all]" if len(rows) > MOST_ROWS else f"[{shown}]"


def _values(values: object) -> str:
    if isinstance(values, dict):
        return f"{{{', '.join(f'{key!r}: {_value(value)}' for key, value in _some(values.items()))}}}"
    if isinstance(values, (list, tuple)):
        return f"({', '.join(map(_value, _some(values)))})"
    return _value(values)


def _some(values: Iterable[Any]) -> list[Any]:
    return list(islice(values, 100))


def _value(value: object) -> str:
    # What is long is cut before it becomes text, for that may take a while.
    if isinstance(value, (str, bytes)) and len(value) > LONGEST_VALUE:
        shown = LONGEST_VALUE if isinstance(value, str) else LONGEST_VALUE // 4
        return f"{value[:shown]!r}… ({len(value)} in all)"
    try:
        return _one_line(repr(value), LONGEST_VALUE)
    except Exception:  # noqa: BLE001 - the application's own class
        return f"<{type(value).__name__}, which can not be shown>"


def _one_line(text: str, most: int) -> str:
    cut = " ".join(text[: most + 1].split())
    if not cut.isprintable():  # what would move the cursor of a terminal, or turn the text around
        cut = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in cut)
    return cut if len(text) <= most else f"{cut[:most]}…"
