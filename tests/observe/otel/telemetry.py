"""What the SDK has exported, as tests compare it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.metrics import _internal as metrics_globals
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util._once import Once

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.observe.opentelemetry import instruments

if TYPE_CHECKING:
    from collections.abc import Generator

    from opentelemetry.sdk.metrics.export import Metric
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.sampling import Sampler

__all__ = ("TRACED", "Telemetry", "facts", "no_providers", "parent_id", "span_id", "traced")

TRACED = InstrumentationConfig(enable_opentelemetry=True)


class Telemetry:
    """An SDK whose exporters keep all in memory."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.tracer = self.tracer_provider.get_tracer("application")

    def install(self) -> None:
        """Be the global providers."""
        trace.set_tracer_provider(self.tracer_provider)
        metrics.set_meter_provider(self.meter_provider)

    def shut_down(self) -> None:
        """End the exporters."""
        self.tracer_provider.shutdown()
        self.meter_provider.shutdown()

    def forget(self) -> None:
        """Begin anew with the spans."""
        self._exporter.clear()

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in that order."""
        return list(self._exporter.get_finished_spans())

    def span(self, name: str) -> ReadableSpan:
        """The only one that is called so."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    @property
    def metrics(self) -> dict[str, Metric]:
        """What is read at this moment, by name."""
        data = self._reader.get_metrics_data()
        resources = [] if data is None else data.resource_metrics
        return {
            metric.name: metric
            for resource in resources
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """The attributes and the data of each series of one metric."""
        metric = self.metrics.get(name)
        return (
            []
            if metric is None
            else [(dict(point.attributes or {}), point) for point in metric.data.data_points]
        )

    def values(self, name: str, **attributes: Any) -> list[int | float]:
        """The values of each series that has these *attributes*: of a histogram, how many it counted."""
        return [
            point.value if hasattr(point, "value") else point.count
            for found, point in self.points(name)
            if attributes.items() <= found.items()
        ]

    @property
    def everything(self) -> str:
        """All that was exported, as text."""
        spans = [span.to_json() for span in self.spans]
        data = self._reader.get_metrics_data()
        return "".join(spans) + ("" if data is None else data.to_json())


def facts(span: ReadableSpan) -> dict[str, Any]:
    """Its attributes."""
    return dict(span.attributes or {})


def span_id(span: ReadableSpan) -> int:
    """What its children say of it."""
    assert span.context is not None
    return int(span.context.span_id)


def parent_id(span: ReadableSpan) -> int:
    """Of one that is no root."""
    assert span.parent is not None
    return int(span.parent.span_id)


@contextmanager
def no_providers() -> Generator[None]:
    """As in a process that has just begun; afterwards as before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
        patch.setattr(trace, "_TRACER_PROVIDER", None)
        patch.setattr(metrics_globals, "_METER_PROVIDER_SET_ONCE", Once())
        patch.setattr(metrics_globals, "_METER_PROVIDER", None)
        patch.setattr(metrics_globals, "_PROXY_METER_PROVIDER", metrics_globals._ProxyMeterProvider())
        patch.setattr(instruments, "_open", {})
        yield


@contextmanager
def traced(config: Any, name: str = "db") -> Generator[SQLSpec]:
    """A registry with one database; nothing of it is left."""
    with SQLSpec() as spec:
        spec.register_config(config, name)
        yield spec
        assert spec.plugins.observer_errors == 0
