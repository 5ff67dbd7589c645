"""The metrics of one database: how long statements take, and how its pool fares.

https://opentelemetry.io/docs/specs/semconv/database/database-metrics/ - the names are those of the package.
What becomes an attribute is bounded: no text, no table, and no word that only its author knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.metrics import Observation

# All but one of these names are in development.
from opentelemetry.semconv._incubating.attributes.db_attributes import (  # pyright: ignore[reportMissingTypeStubs]
    DB_CLIENT_CONNECTION_POOL_NAME,
    DB_CLIENT_CONNECTION_STATE,
    DbClientConnectionStateValues,
)
from opentelemetry.semconv._incubating.metrics.db_metrics import (  # pyright: ignore[reportMissingTypeStubs]
    DB_CLIENT_CONNECTION_COUNT,
    DB_CLIENT_CONNECTION_CREATE_TIME,
    DB_CLIENT_CONNECTION_IDLE_MAX,
    DB_CLIENT_CONNECTION_IDLE_MIN,
    DB_CLIENT_CONNECTION_MAX,
    DB_CLIENT_CONNECTION_PENDING_REQUESTS,
    DB_CLIENT_CONNECTION_TIMEOUTS,
    DB_CLIENT_CONNECTION_USE_TIME,
    DB_CLIENT_CONNECTION_WAIT_TIME,
)
from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME
from opentelemetry.semconv.metrics.db_metrics import DB_CLIENT_OPERATION_DURATION

from sqlspec.observe.verbs import SQL_VERBS

from .attributes import DB_OPERATION_NAME, error_of_statement, error_of_transaction, operation_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opentelemetry.context import Context
    from opentelemetry.metrics import CallbackOptions, Histogram, Meter

    from sqlspec.observe import Target
    from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent
    from sqlspec.pool import PoolStats

    from .attributes import Attributes

__all__ = ("Instruments",)

SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
MOST_COMMANDS = 1000
"""Of a database that speaks no SQL, more names than this are mistakes too."""
OTHER = "_OTHER"
"""The conventions' word for what has no name of its own."""


class Instruments:
    """What one database reports to one meter. Those of several databases share the SDK's instruments."""

    def __init__(self, meter: Meter, target: Target, attributes: Attributes) -> None:
        self._system, self._attributes = target.system, attributes
        self._commands: set[str] = set()
        self._pool: Attributes = {DB_CLIENT_CONNECTION_POOL_NAME: target.name}
        if target.service_name:
            self._pool[SERVICE_NAME] = target.service_name
        self._duration = _seconds(meter, DB_CLIENT_OPERATION_DURATION, "How long an operation takes.")
        self._create_time = _seconds(
            meter, DB_CLIENT_CONNECTION_CREATE_TIME, "How long it takes to open a connection."
        )
        self._wait_time = _seconds(
            meter,
            DB_CLIENT_CONNECTION_WAIT_TIME,
            "How long a connection is waited for.",
        )
        self._use_time = _seconds(
            meter,
            DB_CLIENT_CONNECTION_USE_TIME,
            "How long a connection is lent.",
        )
        self._timeouts = meter.create_counter(
            DB_CLIENT_CONNECTION_TIMEOUTS,
            "{timeout}",
            "Callers that waited in vain.",
        )
        _observe(meter)
        _open[self] = target, self._pool

    def close(self) -> None:
        """The pool is observed no more."""
        _open.pop(self, None)

    def count_statement(self, event: StatementEvent, context: Context) -> None:
        """*context* is where its span is current, so that an exemplar leads to it."""
        attributes = self._attributes | error_of_statement(event, self._system)
        # The first word is known without reading the text, and nearly always the operation.
        verb = event.summary.operation if event.verb in {"WITH", "FROM"} else event.verb
        operation = operation_name(event, self._bounded(verb, is_sql=event.dialect is not None))
        if operation:
            attributes[DB_OPERATION_NAME] = operation
        self._duration.record(event.seconds, attributes, context)

    def count_transaction(self, event: TransactionEvent, context: Context) -> None:
        """COMMIT and ROLLBACK take their time too."""
        attributes = self._attributes | error_of_transaction(event) | {DB_OPERATION_NAME: event.operation}
        self._duration.record(event.seconds, attributes, context)

    def count_lease(self, event: LeaseEvent) -> None:
        """How long a connection was waited for, or used."""
        if event.kind == "acquired":
            self._wait_time.record(event.seconds, self._pool)
        elif event.kind == "released":
            self._use_time.record(event.seconds, self._pool)
        elif event.error == "PoolTimeoutError":
            self._timeouts.add(1, self._pool)

    def count_connection(self, event: ConnectionEvent) -> None:
        """How long it took to open one."""
        if event.kind == "opened" and event.seconds is not None:
            self._create_time.record(event.seconds, self._pool)

    def _bounded(self, verb: str, *, is_sql: bool) -> str:
        known = SQL_VERBS if is_sql else self._commands
        if not is_sql and len(known) < MOST_COMMANDS:
            self._commands.add(verb)
        return verb if verb in known or not verb else OTHER


def _seconds(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=SECONDS)


# --- gauges of pools ----------------------------------------------------------------------------
# An SDK makes one instrument of each name and keeps its first callback, so all databases have one in common.

_open: dict[Instruments, tuple[Target, Attributes]] = {}
"""The pools that are observed. Their databases are held weakly."""
IDLE: Attributes = {DB_CLIENT_CONNECTION_STATE: DbClientConnectionStateValues.IDLE.value}
USED: Attributes = {DB_CLIENT_CONNECTION_STATE: DbClientConnectionStateValues.USED.value}


def _observe(meter: Meter) -> None:
    for name, unit, description, callback in (
        (DB_CLIENT_CONNECTION_COUNT, "{connection}", "Open connections, by state.", _connections),
        (DB_CLIENT_CONNECTION_PENDING_REQUESTS, "{request}", "Callers that wait for a connection.", _pending),
        (DB_CLIENT_CONNECTION_MAX, "{connection}", "The most connections that a pool opens.", _most),
        (DB_CLIENT_CONNECTION_IDLE_MAX, "{connection}", "The most connections that a pool keeps.", _most),
        (DB_CLIENT_CONNECTION_IDLE_MIN, "{connection}", "The connections that a pool always keeps.", _least),
    ):
        meter.create_observable_up_down_counter(name, [callback], unit, description)


def _connections(_options: CallbackOptions) -> Iterable[Observation]:
    for _target, stats, pool in _pools():
        yield Observation(stats.idle, pool | IDLE)
        yield Observation(stats.in_use, pool | USED)


def _pending(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(stats.waiting, pool) for _target, stats, pool in _pools()]


def _most(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(target.pool_size, pool) for target, _stats, pool in _pools()]


def _least(_options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(target.pool_min_size, pool) for target, _stats, pool in _pools()]


def _pools() -> Iterator[tuple[Target, PoolStats, Attributes]]:
    for instruments, (target, pool) in list(_open.items()):
        stats = target.stats()
        if stats is None:
            instruments.close()  # nobody did: its registry is gone
        else:
            yield target, stats, pool
