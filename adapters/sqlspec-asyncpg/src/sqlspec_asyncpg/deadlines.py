"""Deadlines as asyncpg takes them: as timeouts."""

from __future__ import annotations

import time

__all__ = ("seconds_until",)

MINIMUM = 0.001
"""asyncpg takes no timeout of 0."""


def seconds_until(deadline: float | None) -> float | None:
    """The timeout for asyncpg."""
    return None if deadline is None else max(deadline - time.monotonic(), MINIMUM)
