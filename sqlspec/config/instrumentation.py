"""What to observe of a database's work."""

from __future__ import annotations

from sqlspec.config.convert import duration
from sqlspec.config.struct import ConfigStruct


class InstrumentationConfig(ConfigStruct, frozen=True, kw_only=True):
    """What to observe of a database's work, and for whom.

    Nothing is on by default. `log_parameters` and `log_results` write the application's data to the log.
    """

    enable_opentelemetry: bool = False
    """Trace statements with OpenTelemetry."""
    enable_prometheus: bool = False
    """Count and time statements and connections for Prometheus."""
    log_queries: bool = False
    """Log the text of each statement."""
    log_results: bool = False
    """Log rows, which are the application's data."""
    log_parameters: bool = False
    """Log parameters, which are the application's data."""
    service_name: str | None = None
    """What the application is called in traces and metrics."""
    slow_query_threshold: float | None = None
    """Seconds from which on a statement counts as slow."""

    def check(self) -> None:
        """The threshold is a duration."""
        super().check()
        duration(self, "slow_query_threshold")
