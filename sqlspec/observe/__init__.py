"""The observers that ship with core, on the public hooks alone: which of them a config asks for, and how.

One is made for each database that asks for it; the libraries that they report to are imported then.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config import InstrumentationConfig
    from sqlspec.pool import PoolStats

__all__ = ("Target", "observers_for", "problem")

_LIBRARIES = {
    "enable_opentelemetry": {
        "opentelemetry.trace": "opentelemetry-api",
        "opentelemetry.semconv": "opentelemetry-semantic-conventions",
    },
    "enable_prometheus": {"prometheus_client": "prometheus-client"},
}
"""What each flag needs: modules, and the distributions that bring them."""


class Target(NamedTuple):
    """One database, as observers know it: what does not change while it is registered."""

    name: str
    """In its registry."""
    adapter: str
    system: str
    """OpenTelemetry's `db.system.name`: `postgresql`, `sqlite`, …"""
    namespace: str
    """What the server or the file calls the database; empty if there is no such thing."""
    address: str
    """The server's host name or address, or the path of its socket; empty without a server."""
    port: int | None
    service_name: str
    """What the application is called; empty if it did not say."""
    stats: Callable[[], PoolStats | None]
    """The counts of the database's pools at this moment; None when it is gone."""
    pool_size: int = 10
    """How many connections a pool opens at most; threads share one, and each event loop has its own."""
    pool_min_size: int = 0
    """How many of them it keeps open."""


def observers_for(target: Target, wanted: InstrumentationConfig) -> list[object]:
    """The observers that these flags ask for. `problem` has no objection to them."""
    found: list[object] = []
    if wanted.log_queries or wanted.slow_query_threshold is not None:
        from .logging import LoggingObserver

        found.append(LoggingObserver(target, wanted))
    if wanted.enable_opentelemetry:
        from .opentelemetry import OpenTelemetryObserver

        found.append(OpenTelemetryObserver(target))
    if wanted.enable_prometheus:
        from .prometheus import PrometheusObserver

        found.append(PrometheusObserver(target))
    return found


def problem(wanted: InstrumentationConfig) -> tuple[str, str] | None:
    """The flag that would do nothing, and why; None if each does what it says."""
    for flag, libraries in _LIBRARIES.items():
        if getattr(wanted, flag) and not all(map(_is_installed, libraries)):
            names = " ".join(libraries.values())
            return flag, f"needs what is not installed. Run: pip install {names}"
    if wanted.enable_prometheus:
        from .prometheus import METRICS

        try:
            METRICS.make()
        except ValueError:
            return (
                "enable_prometheus",
                "the application has a metric whose name begins with sqlspec_; rename it",
            )
    for flag in ("log_parameters", "log_results"):
        if getattr(wanted, flag) and not wanted.log_queries and wanted.slow_query_threshold is None:
            adds = "adds to the lines of log_queries and slow_query_threshold, and neither is set"
            return flag, f"{adds}. Write: log_queries=True, {flag}=True"
    if wanted.service_name is not None and not (wanted.enable_opentelemetry or wanted.enable_prometheus):
        adds = "is for enable_opentelemetry and enable_prometheus, and neither is set"
        return "service_name", f"{adds}. Write: enable_opentelemetry=True, or leave it out"
    return None


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False
