"""What a pool has done and is doing, in one flat snapshot."""

from __future__ import annotations

import msgspec

__all__ = ("PoolStats",)


class PoolStats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One pool at one moment: `size == idle + in_use + opening` in every snapshot. Counters only grow."""

    size: int
    """Connections that exist or are being made."""
    idle: int
    in_use: int
    opening: int
    waiting: int
    """Callers in the queue."""
    opened: int
    """Connections made since the pool began."""
    closed: int
    """Connections given up since; the parts below are why."""
    aged: int
    """Older than `pool_recycle`, or made before the pool was told to expire."""
    dead: int
    """Found dead when they were about to be lent."""
    cold: int
    """Idle for longer than `pool_idle_timeout`."""
    unclean: int
    """Returned in a state that could not be reset with certainty."""
    retired: int
    """Dropped with their pool."""
    reclaimed: int
    """Lent and never returned."""
    timeouts: int
    """Callers that left the queue without a connection."""
    refused: int
    """Callers that found the queue full."""
    waits: int
    """Callers that had to queue and were served."""
    wait_seconds: float
    """What these waited, in all."""
    hold_seconds: float
    """How long connections were lent, in all; those that are lent now do not count yet."""

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from sqlspec.notebooks import html_of_values

        return html_of_values(msgspec.structs.asdict(self).items(), "one pool")
