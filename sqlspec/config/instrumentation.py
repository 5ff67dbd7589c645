"""What to observe of a database's work."""

from __future__ import annotations

from sqlspec.config.ranges import duration
from sqlspec.config.struct import ConfigStruct


class InstrumentationConfig(ConfigStruct, frozen=True, kw_only=True):
    """What to observe of a database's work, and for whom.

    Nothing is on by default. `log_parameters` and `log_results` write the application's data to the log.
    """

    enable_opentelemetry: bool = False
    enable_prometheus: bool = False
    log_queries: bool = False
    log_results: bool = False
    log_parameters: bool = False
    service_name: str | None = None
    slow_query_threshold: float | None = None

    def check(self) -> None:
        """The threshold is a duration."""
        super().check()
        duration(self, "slow_query_threshold")
