"""A statement's span and duration, beside what OpenTelemetry's SDK takes for the same, written by hand.

The SDK exports nothing here. What is compared is the price of a statement that is sampled; the budget's base
is a span of the same name and attributes that is the current one in between.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import context, metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from sqlspec import InstrumentationConfig
from sqlspec.observe import Target
from sqlspec.observe.opentelemetry import OpenTelemetryObserver
from sqlspec.observe.opentelemetry.instruments import Instruments
from sqlspec.plugin.events import StatementEvent
from sqlspec.sql import DIALECTS

from .harness import Row, ratio
from .noop import NoopConfig, noop_spec

if TYPE_CHECKING:
    from .harness import Bench, Run

SPAN, SPAN_AND_DURATION = "their span", "their span and duration"
OUR_SPAN, OURS, TRACED, UNTRACED = "our span", "ours", "traced session", "session"
TEXT = "SELECT id, total FROM orders WHERE customer = ?"
TARGET = Target(
    name="main",
    adapter="asyncpg",
    system="postgresql",
    namespace="shop",
    address="db.example.com",
    port=5432,
    service_name="",
    stats=lambda: None,
    pool_size=10,
    pool_min_size=0,
)
CONSTANT: dict[str, str | int] = {
    "db.system.name": "postgresql",
    "db.namespace": "shop",
    "server.address": "db.example.com",
}
MEASURED = CONSTANT | {"db.operation.name": "SELECT"}
ATTRIBUTES = MEASURED | {
    "db.collection.name": "orders",
    "db.query.text": TEXT,
    "db.query.summary": "SELECT orders",
}


def rows(bench: Bench) -> list[Row]:
    """How many times what the SDK itself takes."""
    tracer_provider = TracerProvider(shutdown_on_exit=False)
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False))
    rounds = bench.interleave(
        {
            SPAN: by_hand(),
            SPAN_AND_DURATION: by_hand(with_duration=True),
            OUR_SPAN: observing(observer(metrics.NoOpMeter("none"))),
            OURS: observing(observer()),
            UNTRACED: executing(InstrumentationConfig()),
            TRACED: executing(InstrumentationConfig(enable_opentelemetry=True)),
        }
    )
    return [
        Row("our span of a statement over the SDK's", ratio(rounds, OUR_SPAN, SPAN), "×", 1.5),
        Row("our span and duration over the SDK's", ratio(rounds, OURS, SPAN_AND_DURATION), "×", 1.5),
        Row("our span and duration over the SDK's span alone", ratio(rounds, OURS, SPAN), "×"),
        Row("the SDK's span and duration over its span alone", ratio(rounds, SPAN_AND_DURATION, SPAN), "×"),
        Row(
            "execute(): what a trace adds, over the SDK's span and duration",
            ratio(rounds, TRACED, SPAN_AND_DURATION, minus=UNTRACED),
            "×",
        ),
    ]


def by_hand(*, with_duration: bool = False) -> Run:
    """The shortest that makes such a span the current one, and measures."""
    tracer = trace.get_tracer("by hand")
    duration = metrics.get_meter("by hand").create_histogram("db.client.operation.duration", "s")

    def run(count: int) -> None:
        for _ in range(count):
            started = time.monotonic()
            span = tracer.start_span("SELECT orders", kind=SpanKind.CLIENT, attributes=ATTRIBUTES)
            inner = trace.set_span_in_context(span)
            token = context.attach(inner)
            context.detach(token)
            span.set_attribute("db.response.returned_rows", 1)
            if with_duration:
                duration.record(time.monotonic() - started, MEASURED, inner)
            span.end()

    return run


def observer(meter: Any = None) -> OpenTelemetryObserver:
    """One with the global providers, or with *meter* in place of that one."""
    found = OpenTelemetryObserver(TARGET)
    if meter is not None:
        found._instruments = Instruments(meter, TARGET, CONSTANT)  # noqa: SLF001 - only here two differ in it
    return found


def observing(observer: OpenTelemetryObserver) -> Run:
    """The hooks, with the event that core makes for them."""
    dialect = DIALECTS["postgresql"]

    def run(count: int) -> None:
        for _ in range(count):
            started = time.monotonic()
            event = StatementEvent(
                name="main",
                adapter="asyncpg",
                statement=TEXT,
                operation="execute",
                dialect=dialect,
                verb="SELECT",
                started=started,
            )
            observer.sqlspec_statement_started(event)
            event.seconds = time.monotonic() - started
            event.returned_rows = 1
            observer.sqlspec_statement_executed(event)

    return run


def executing(instrumentation: InstrumentationConfig) -> Run:
    """Through a session, on a database that is not there."""
    spec = noop_spec()
    spec.register_config(NoopConfig(instrumentation=instrumentation), name="main")

    def run(count: int) -> None:
        with spec.provide_session("main", autocommit=True) as session:
            execute = session.execute
            for _ in range(count):
                execute(TEXT, (1,))

    return run
