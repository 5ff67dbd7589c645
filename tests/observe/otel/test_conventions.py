"""Names are the conventions' own, and what an SDK or its sampler decides is heeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.semconv._incubating.attributes import (  # pyright: ignore[reportMissingTypeStubs]
    db_attributes as db_in_development,
)
from opentelemetry.semconv._incubating.metrics import (  # pyright: ignore[reportMissingTypeStubs]
    db_metrics as metrics_in_development,
)
from opentelemetry.semconv.attributes import (
    db_attributes,
    error_attributes,
    server_attributes,
    service_attributes,
)
from opentelemetry.semconv.metrics import db_metrics

import sqlspec
from sqlspec import InstrumentationConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import StatementError
from sqlspec.observe import Target
from sqlspec.observe.opentelemetry import LONGEST, MOST, OpenTelemetryObserver
from sqlspec.observe.opentelemetry.instruments import MOST_COMMANDS
from sqlspec.plugin.events import StatementEvent, TransactionEvent
from sqlspec.sql import DIALECTS, describe

from .telemetry import TRACED, Telemetry, facts, no_providers, traced

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = {"sqlspec.transaction.outcome"}
"""The only name that is not the conventions'."""


def _names(*modules: Any) -> set[str]:
    return {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }


STABLE = _names(db_attributes, error_attributes, server_attributes, service_attributes, db_metrics)
IN_DEVELOPMENT = {
    "db.response.returned_rows",
    "db.client.connection.pool.name",
    "db.client.connection.state",
    "db.client.connection.count",
    "db.client.connection.create_time",
    "db.client.connection.idle.max",
    "db.client.connection.idle.min",
    "db.client.connection.max",
    "db.client.connection.pending_requests",
    "db.client.connection.timeouts",
    "db.client.connection.use_time",
    "db.client.connection.wait_time",
}
"""What the documents list as such; the rest is stable."""


def test_every_name_is_one_of_the_conventions(telemetry: Telemetry) -> None:
    """Of attributes and of metrics; which of them are not stable yet is known."""
    named = InstrumentationConfig(enable_opentelemetry=True, service_name="shop")
    config = SQLiteConfig(instrumentation=named)
    with traced(config) as spec, spec.provide_session() as session:
        session.execute_script("CREATE TABLE t (id INTEGER)")
        session.execute_many("INSERT INTO t VALUES (?)", [(1,), (2,)])
        session.execute("SELECT * FROM t")
        with pytest.raises(StatementError):
            session.execute("SELECT nothing FROM t")
        session.commit()
        metrics = telemetry.metrics
        points = [found for name in metrics for found, _point in telemetry.points(name)]

    names = {name for span in telemetry.spans for name in facts(span)}
    names |= {name for found in points for name in found} | metrics.keys()
    assert names - STABLE - IN_DEVELOPMENT == OURS
    assert _names(db_in_development, metrics_in_development) >= IN_DEVELOPMENT
    assert {
        "db.system.name",
        "db.namespace",
        "db.operation.name",
        "db.operation.batch.size",
        "db.collection.name",
        "db.query.summary",
        "db.query.text",
        "db.response.status_code",
        "error.type",
        "db.client.operation.duration",
    } <= names & STABLE


def test_the_scope_is_ours_with_its_version_and_schema(telemetry: Telemetry) -> None:
    """The first schema in which these names are stable."""
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec, spec.provide_session() as session:
        session.execute("SELECT 1")

    scope = telemetry.spans[0].instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("sqlspec", sqlspec.__version__)
    assert scope.schema_url == "https://opentelemetry.io/schemas/1.33.0"


def test_providers_may_be_set_after_registration() -> None:
    """As in an application that configures its databases first."""
    with no_providers(), traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        with spec.provide_session() as session:
            session.execute("SELECT 1 AS before")
        telemetry = Telemetry()
        telemetry.install()

        with spec.provide_session() as session:
            session.execute("SELECT 1 AS after_it")
        spec.register_config(SQLiteConfig(instrumentation=TRACED), "late")
        spec.ping("late")
        pools = {
            found["db.client.connection.pool.name"]
            for found, _ in telemetry.points("db.client.connection.count")
        }
        telemetry.shut_down()

    texts = [facts(span).get("db.query.text") for span in telemetry.spans]
    assert texts == ["SELECT ? AS after_it", None]
    assert pools == {"db", "late"}


class Recorder(Sampler):
    """Remembers what it is asked, and drops or records all."""

    def __init__(self, decision: Decision) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._decision = decision

    def should_sample(self, parent_context: Any, trace_id: int, name: str, *rest: Any, **more: Any) -> Any:  # noqa: ARG002
        """By position: kind, attributes, links."""
        attributes = more.get("attributes") or rest[1]
        self.asked.append((name, dict(attributes or {})))
        return SamplingResult(self._decision, attributes)

    def get_description(self) -> str:
        """For the SDK."""
        return "Recorder"


def test_a_sampler_may_decide_by_what_the_conventions_say_it_may() -> None:
    """The name and the attributes are given when the span is made."""
    sampler = Recorder(Decision.RECORD_AND_SAMPLE)
    with no_providers():
        Telemetry(sampler).install()
        with traced(SQLiteConfig(instrumentation=TRACED)) as spec, spec.provide_session() as session:
            session.execute("SELECT name FROM sqlite_master WHERE type = 'table'")

    assert sampler.asked[0] == (
        "SELECT sqlite_master",
        {
            "db.system.name": "sqlite",
            "db.namespace": ":memory:",
            "db.operation.name": "SELECT",
            "db.collection.name": "sqlite_master",
            "db.query.summary": "SELECT sqlite_master",
            "db.query.text": "SELECT name FROM sqlite_master WHERE type = ?",
        },
    )


def test_a_collection_is_named_if_it_is_the_only_one(telemetry: Telemetry) -> None:
    """The summary has them all."""
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec, spec.provide_session() as session:
        session.execute_script("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)")
        telemetry.forget()
        session.execute("SELECT * FROM a JOIN b ON a.id = b.id")

    joined = telemetry.spans[0]
    assert joined.name == facts(joined)["db.query.summary"] == "SELECT a b"
    assert "db.collection.name" not in facts(joined)


def test_texts_are_not_kept_without_end(telemetry: Telemetry) -> None:
    """What is known by heart of statements is bounded, in number and in length."""
    observer = _observer(system="sqlite")

    for text in (*(f"SELECT {number} AS n{number}" for number in range(3 * MOST)), "SELECT " + LONGEST * "1"):
        event = StatementEvent(
            name="db", adapter="x", statement=text, operation="execute", dialect=DIALECTS["sqlite"]
        )
        observer.sqlspec_statement_started(event)
        observer.sqlspec_statement_executed(event)
    observer.close()

    assert len(telemetry.spans) == 3 * MOST + 1
    assert len(observer._known) <= MOST
    assert max(len(text) for text, *_rest in observer._known) <= LONGEST


@pytest.fixture
def reading() -> Iterator[mock.Mock]:
    """What reads a statement's text, and how often."""
    with mock.patch("sqlspec.plugin.events.describe", wraps=describe) as found:
        yield found


def test_no_text_is_read_for_a_span_that_is_not_sampled(reading: mock.Mock) -> None:
    """Nor without an SDK. The duration is measured, and the trace goes on unsampled."""
    with no_providers(), traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        with spec.provide_session() as session:
            session.execute("SELECT 1")
        telemetry = Telemetry(ParentBased(ALWAYS_OFF))
        telemetry.install()
        seen: list[Any] = []
        with telemetry.tracer.start_as_current_span("request") as request, spec.provide_session() as session:
            raw = session.connection()
            raw.create_function("look", 0, lambda: seen.append(trace.get_current_span()))
            session.execute("SELECT look()")
        measured = telemetry.values("db.client.operation.duration", **{"db.operation.name": "SELECT"})
        telemetry.shut_down()

    assert reading.call_count == 0
    assert telemetry.spans == []
    assert measured == [1]
    (found,) = (span.get_span_context() for span in seen)
    assert found.trace_id == request.get_span_context().trace_id
    assert not found.trace_flags.sampled


def test_nothing_is_reported_where_instrumentation_is_suppressed(telemetry: Telemetry) -> None:
    """By an exporter that writes to a database, say, which would report itself without end."""
    suppressed = context.set_value(context._SUPPRESS_INSTRUMENTATION_KEY, value=True)
    token = context.attach(suppressed)
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        with spec.provide_session() as session:
            session.execute("SELECT 1")
        context.detach(token)
        with spec.provide_session() as session:
            session.execute("SELECT 2 AS two")
        counts = {name: telemetry.values(name) for name in telemetry.metrics}

    assert [span.name for span in telemetry.spans] == ["SELECT", "COMMIT"]
    assert counts["db.client.operation.duration"] == [1, 1]
    assert counts["db.client.connection.wait_time"] == [1]
    assert "db.client.connection.create_time" not in counts


# --- what the tests' own databases do not have ----------------------------------------------------


def _observer(**target: Any) -> OpenTelemetryObserver:
    told: dict[str, Any] = {
        "name": "db",
        "adapter": "x",
        "system": "redis",
        "namespace": "",
        "address": "",
        "port": None,
        "service_name": "",
        "stats": lambda: None,
        "pool_size": 1,
        "pool_min_size": 0,
    }
    return OpenTelemetryObserver(Target(**told | target))


def _span_of(telemetry: Telemetry, event: StatementEvent, **target: Any) -> tuple[str, dict[str, Any]]:
    observer = _observer(**target)
    observer.sqlspec_statement_started(event)
    event.batch_size = 3 if event.operation == "pipeline" else None
    observer.sqlspec_statement_executed(event)
    observer.close()
    return telemetry.spans[-1].name, facts(telemetry.spans[-1])


@pytest.mark.parametrize(
    ("system", "port", "is_told"),
    [
        ("postgresql", 5432, False),
        ("mysql", 3306, False),
        ("mariadb", 3307, True),
        ("redis", 6379, False),
        ("postgresql", 5433, True),
        ("postgresql", None, False),
    ],
)
def test_a_port_is_told_if_it_is_not_the_systems_own(
    telemetry: Telemetry, system: str, port: int | None, *, is_told: bool
) -> None:
    """As the conventions have it."""
    event = StatementEvent(name="db", adapter="x", statement="GET ?", operation="command", verb="GET")

    _name, attributes = _span_of(telemetry, event, system=system, address="db.example.com", port=port)

    assert attributes["server.address"] == "db.example.com"
    assert attributes.get("server.port") == (port if is_told else None)


def test_a_command_is_called_by_its_name_and_its_database(telemetry: Telemetry) -> None:
    """Of what is no SQL there is no summary, and its text is what the adapter made of it."""
    event = StatementEvent(name="db", adapter="x", statement="GET ?", operation="command", verb="GET")

    found = _span_of(telemetry, event, namespace="15")

    assert found == (
        "GET 15",
        {
            "db.system.name": "redis",
            "db.namespace": "15",
            "db.operation.name": "GET",
            "db.query.text": "GET ?",
        },
    )


@pytest.mark.parametrize("verb", ["PIPELINE", "MULTI"])
def test_a_pipeline_is_one_span_with_the_number_of_its_commands(telemetry: Telemetry, verb: str) -> None:
    """The conventions' words for what is a batch elsewhere."""
    text = f"{verb}: GET, SET, GET"
    event = StatementEvent(name="db", adapter="x", statement=text, operation="pipeline", verb=verb)

    name, attributes = _span_of(telemetry, event)

    assert (name, attributes["db.operation.name"]) == (verb, verb)
    assert attributes["db.operation.batch.size"] == 3
    assert attributes["db.query.text"] == text


def test_commands_do_not_make_series_without_end(telemetry: Telemetry) -> None:
    """Of a database whose words nobody here knows."""
    observer = _observer()

    for number in range(2 * MOST_COMMANDS):
        event = StatementEvent(name="db", adapter="x", statement="", operation="command", verb=f"C{number}")
        observer.sqlspec_statement_started(event)
        observer.sqlspec_statement_executed(event)
    observer.close()

    assert len(telemetry.points("db.client.operation.duration")) == MOST_COMMANDS + 1
    (rest,) = telemetry.values("db.client.operation.duration", **{"db.operation.name": "_OTHER"})
    assert rest == MOST_COMMANDS


def test_an_outcome_that_nobody_knows_is_an_error_though_nobody_is_told(telemetry: Telemetry) -> None:
    """Of a COMMIT that was left by a signal, say."""
    event, observer = TransactionEvent(name="db", adapter="x", operation="COMMIT"), _observer()

    observer.sqlspec_transaction_ending(event)
    event.outcome = "unknown"
    observer.sqlspec_transaction_ended(event)
    observer.close()

    (span,) = telemetry.spans
    assert span.status.status_code is trace.StatusCode.ERROR
    assert facts(span)["error.type"] == "CommitOutcomeUnknownError"
