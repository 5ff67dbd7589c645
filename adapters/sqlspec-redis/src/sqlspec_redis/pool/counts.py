"""What a pool counts, in the words of `sqlspec.PoolStats`."""

from __future__ import annotations

from sqlspec import PoolStats

__all__ = ("Counts",)


REASONS = ("aged", "dead", "cold", "unclean", "retired", "reclaimed")


class Counts:
    """Changed under the pool's lock."""

    def __init__(self) -> None:
        self.opened = self.timeouts = self.refused = self._waits = 0
        self._wait_seconds = self.hold_seconds = 0.0
        self._closed: dict[str, int] = dict.fromkeys(REASONS, 0)

    def closed(self, reason: str, count: int = 1) -> None:
        """Connections were given up."""
        self._closed[reason] += count

    def waited(self, seconds: float) -> None:
        """Somebody was served after waiting."""
        self._waits += 1
        self._wait_seconds += seconds

    def stats(self, *, idle: int, in_use: int, opening: int, waiting: int) -> PoolStats:
        """A snapshot."""
        return PoolStats(
            size=idle + in_use + opening,
            idle=idle,
            in_use=in_use,
            opening=opening,
            waiting=waiting,
            opened=self.opened,
            closed=sum(self._closed.values()),
            timeouts=self.timeouts,
            refused=self.refused,
            waits=self._waits,
            wait_seconds=self._wait_seconds,
            hold_seconds=self.hold_seconds,
            **self._closed,
        )
