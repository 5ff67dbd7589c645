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
    """Connections given up since: aged, broken, trimmed, lost."""
    reclaimed: int
    """Of these, leases that were never returned."""
    timeouts: int
    """Callers that left the queue without a connection."""
