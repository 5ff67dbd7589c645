"""OpenTelemetry: a span for each statement and end of a transaction, and the metrics of database clients.

On the public hooks and OpenTelemetry's API alone; what is exported, and where to, is the business of the SDK
that the application sets up, before or after.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry import context, metrics, trace
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import SpanKind, StatusCode

from sqlspec.plugin.hookspecs import hookimpl

from .attributes import (
    end_of_statement,
    end_of_transaction,
    start_of_statement,
    start_of_transaction,
    what_does_not_change,
)
from .current import CurrentSpan
from .instruments import Instruments

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from sqlspec.observe import Target
    from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent

    from .attributes import Attributes

__all__ = ("OpenTelemetryObserver",)

SCHEMA = Schemas.V1_33_0.value
"""The first conventions in which the names for databases are stable."""
SUPPRESSED = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
"""Where it is true in the context, nothing is to be reported: an exporter is at work, say."""
MOST, LONGEST = 512, 2048
"""How many texts are known by heart, and of how many characters."""


class OpenTelemetryObserver:
    """Reports one database to the global providers."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._attributes = what_does_not_change(target)
        ours = version("sqlspec")
        self._tracer = trace.get_tracer("sqlspec", ours, schema_url=SCHEMA)
        meter = metrics.get_meter("sqlspec", ours, schema_url=SCHEMA)
        self._instruments = Instruments(meter, target, self._attributes)
        self._has_sdk = False
        self._known: dict[tuple[str, str, str], tuple[str, Attributes]] = {}

    def close(self) -> None:
        """The pool's gauges end."""
        self._instruments.close()

    # --- statements -----------------------------------------------------------------------------

    @hookimpl
    def sqlspec_statement_started(self, event: StatementEvent) -> None:
        """Start its span, and make it the current one."""
        outer = context.get_current()
        if outer.get(SUPPRESSED):
            return
        if self._may_be_sampled(outer):
            name, attributes = self._start_of(event)
        else:  # no text is read for a span that will not be
            name, attributes = event.verb or self._target.system, self._attributes
        event.notes[self] = self._start(name, attributes, outer)

    @hookimpl
    def sqlspec_statement_paused(self, event: StatementEvent) -> None:
        """The application runs: what it does is no part of the statement."""
        current = event.notes.get(self)
        if current is not None:
            current.leave()

    @hookimpl
    def sqlspec_statement_resumed(self, event: StatementEvent) -> None:
        """The driver runs again."""
        current = event.notes.get(self)
        if current is not None:
            current.enter(context.get_current())

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent) -> None:
        """End the span, and count."""
        current: CurrentSpan | None = event.notes.pop(self, None)
        if current is None:
            return
        span = current.span
        current.leave()
        if span.is_recording():
            # There are one or two; setting them together costs more.
            for name, value in end_of_statement(event, self._target.system).items():
                span.set_attribute(name, value)
            if event.error is not None:
                span.set_status(StatusCode.ERROR)
        self._instruments.count_statement(event, current.inner)
        span.end()

    # --- transactions ---------------------------------------------------------------------------

    @hookimpl
    def sqlspec_transaction_ending(self, event: TransactionEvent) -> None:
        """COMMIT and ROLLBACK are statements too, which core sends."""
        outer = context.get_current()
        if not outer.get(SUPPRESSED):
            attributes = start_of_transaction(event, self._attributes)
            event.notes[self] = self._start(event.operation, attributes, outer)

    @hookimpl
    def sqlspec_transaction_ended(self, event: TransactionEvent) -> None:
        """End the span with the outcome."""
        current: CurrentSpan | None = event.notes.pop(self, None)
        if current is None:
            return
        current.leave()
        attributes = end_of_transaction(event)
        current.span.set_attributes(attributes)
        if ERROR_TYPE in attributes:
            current.span.set_status(StatusCode.ERROR)
        self._instruments.count_transaction(event, current.inner)
        current.span.end()

    # --- connections ----------------------------------------------------------------------------

    @hookimpl
    def sqlspec_lease_event(self, event: LeaseEvent) -> None:
        """A connection was borrowed, given back, or not to be had."""
        if not context.get_value(SUPPRESSED):
            self._instruments.count_lease(event)

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """A connection was opened."""
        if not context.get_value(SUPPRESSED):
            self._instruments.count_connection(event)

    # --- spans ----------------------------------------------------------------------------------

    def _may_be_sampled(self, outer: Context) -> bool:
        """Whether a sampler may want the span: without a parent, or with one that is sampled."""
        if not self._has_sdk:
            self._has_sdk = not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        parent = trace.get_current_span(outer).get_span_context()
        return parent.trace_flags.sampled if parent.is_valid else self._has_sdk

    def _start_of(self, event: StatementEvent) -> tuple[str, Attributes]:
        """Its name and attributes: the same each time, in an application that has few texts."""
        key = (event.statement, event.operation, event.verb)
        known = self._known.get(key)
        if known is None:
            known = start_of_statement(event, self._target, self._attributes)
            if len(event.statement) <= LONGEST:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[key] = known
        return known

    def _start(self, name: str, attributes: Attributes, outer: Context) -> CurrentSpan:
        span = self._tracer.start_span(
            name, outer, SpanKind.CLIENT, attributes, record_exception=False, set_status_on_exception=False
        )
        return CurrentSpan(span, outer)
