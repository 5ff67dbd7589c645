"""What Prometheus sees of a database: histograms, counters, and its pools at the moment of the scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.concurrency.forks import renew_locks_of
from sqlspec.plugin import hookimpl

from .labels import CONNECTION_EVENTS, ERRORS, OPERATIONS, OUTCOMES, REASONS
from .metrics import METRICS, Owner
from .series import Series

if TYPE_CHECKING:
    from sqlspec.observe import Target
    from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent

__all__ = ("METRICS", "PrometheusObserver")


class PrometheusObserver:
    """Counts and times what one database does, in the registry of `prometheus_client`.

    The metrics belong to the process. Databases with the same labels share their series, in which they are
    added up; the `close` of the last of them removes these. Any thread may call the hooks.
    """

    def __init__(self, target: Target) -> None:
        owner = self._owner = Owner(target)
        METRICS.add(owner)
        self._durations = Series(owner, "durations", OPERATIONS)
        self._errors = Series(owner, "errors", OPERATIONS, ERRORS)
        self._rows = Series(owner, "rows")
        self._transactions = Series(owner, "transactions", OUTCOMES)
        self._waits = Series(owner, "waits")
        self._holds = Series(owner, "holds")
        self._failures = Series(owner, "failures", ERRORS)
        self._connections = Series(owner, "connections", CONNECTION_EVENTS, REASONS)
        self._begin_at_zero()
        renew_locks_of(self, PrometheusObserver._forget)

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent) -> None:
        """On the hot path: one look-up and one observation; a step more for rows, and for an error."""
        operation = event.verb.partition(" ")[0] or event.operation
        self._durations[operation].observe(event.seconds)
        if event.returned_rows:
            self._rows[()].inc(event.returned_rows)
        if event.error is not None:
            self._errors[operation, event.error].inc()

    @hookimpl
    def sqlspec_transaction_ended(self, event: TransactionEvent) -> None:
        """Committed, rolled back, or unknown."""
        self._transactions[event.outcome.replace(" ", "_")].inc()

    @hookimpl
    def sqlspec_lease_event(self, event: LeaseEvent) -> None:
        """A wait, in vain or not, or how long a block had its connection."""
        if event.kind == "released":
            self._holds[()].observe(event.seconds)
        else:
            self._waits[()].observe(event.seconds)
        if event.error is not None:
            self._failures[event.error].inc()
        METRICS.note_pools(self._owner)

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """Opened or gone, and why."""
        self._connections[event.kind, event.reason or ""].inc()
        METRICS.note_pools(self._owner)

    def close(self) -> None:
        """Remove the series, unless another database has them too. What still runs is not counted."""
        METRICS.remove(self._owner)

    def _begin_at_zero(self) -> None:
        """Make the series that every database has: a rate does not see the step from nothing to one."""
        for series in (self._rows, self._waits, self._holds):
            series.make(())
        for outcome in OUTCOMES:
            self._transactions.make(outcome)
        self._connections.make(("opened", ""))

    def _forget(self) -> None:
        """In a forked child, which has metrics of its own."""
        for series in vars(self).values():
            if isinstance(series, Series):
                series.clear()
