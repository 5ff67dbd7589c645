"""What Prometheus costs: our observer's step for each statement, and what its library takes for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from sqlspec import InstrumentationConfig
from sqlspec.observe import Target
from sqlspec.observe.prometheus import PrometheusObserver
from sqlspec.plugin import StatementEvent

from .harness import Row, micro, ratio
from .noop import NoopConfig, noop_spec
from .observing import executing

if TYPE_CHECKING:
    from .harness import Bench, Run

OFF, ON, BARE, OURS, OURS_ERROR = "off", "on", "bare", "ours", "error"
LABELS = ("database", "adapter", "service", "operation")
SECONDS = 0.0002


def rows(bench: Bench) -> list[Row]:
    """As multiples of `observe()` and `inc()`, called on series that are at hand."""
    observer = PrometheusObserver(Target("bench", "noop", "noop", "", "", None, "", lambda: None))
    facts: dict[str, Any] = {"name": "bench", "adapter": "noop", "statement": "", "operation": "execute"}
    good = StatementEvent(**facts, verb="SELECT", seconds=SECONDS, returned_rows=1)
    bad = StatementEvent(**facts, verb="INSERT", seconds=SECONDS, error="UniqueViolationError")
    spec = noop_spec()
    for name, is_on in {OFF: False, ON: True}.items():
        flags = InstrumentationConfig(enable_prometheus=is_on)
        spec.register_config(NoopConfig(instrumentation=flags), name=name)
    cases = {name: executing(spec, name) for name in (OFF, ON)}
    rounds = bench.interleave(
        {BARE: bare(), OURS: told(observer, good), OURS_ERROR: told(observer, bad), **cases}
    )
    observer.close()
    spec.close()
    return [
        Row("a statement with rows, over a bare observe() + inc()", ratio(rounds, OURS, BARE), "×", 2.0),
        Row(
            "a statement that failed, over a bare observe() + inc()",
            ratio(rounds, OURS_ERROR, BARE),
            "×",
            2.0,
        ),
        Row(
            "all that it adds to a session's statement, event included",
            ratio(rounds, ON, BARE, minus=OFF),
            "×",
        ),
        Row("a bare observe() + inc()", micro(rounds, BARE), "µs"),
    ]


def bare() -> Run:
    """With the same buckets, which are looked through one by one."""
    from sqlspec.observe.prometheus.metrics import BUCKETS

    registry = CollectorRegistry()
    histogram = Histogram("seconds", "Bare.", LABELS, buckets=BUCKETS, registry=registry)
    counter = Counter("rows", "Bare.", LABELS, registry=registry)
    values = ("bench", "noop", "", "SELECT")
    observed, counted = histogram.labels(*values), counter.labels(*values)

    def run(count: int) -> None:
        for _ in range(count):
            observed.observe(SECONDS)
            counted.inc(1)

    return run


def told(observer: PrometheusObserver, event: StatementEvent) -> Run:
    """As core tells it."""
    tell = observer.sqlspec_statement_executed

    def run(count: int) -> None:
        for _ in range(count):
            tell(event)

    return run
