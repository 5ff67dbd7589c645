"""What an application knows of its writes, and what the database must say of them in the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import TYPE_CHECKING

from sqlspec.errors import QueryTimeoutError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("Outcome", "Write", "returns_to", "wrongly_stored")


class Outcome(Enum):
    """How the session of a write ended."""

    STORED = "stored"
    """Without an error: the write is there for good."""
    UNKNOWN = "unknown"
    """By CommitOutcomeUnknownError: it is there once, or not at all."""
    FAILED = "failed"
    """By any other error: it is not there, and never will be."""


@dataclass(frozen=True)
class Write:
    """One row, in a session of its own."""

    worker: str
    number: int
    begun: float
    """When its session was asked for."""
    met: float | None
    """When a server said that it has the row; None: no server said so."""
    port: int | None
    """Which server that was."""
    ended: float
    outcome: Outcome
    error: str
    """The type of the error, if there was one."""


def wrongly_stored(writes: Sequence[Write], stored: Mapping[tuple[str, int], int]) -> list[Write]:
    """Those that are lost, there twice, or there although they failed; *stored* counts what is there."""
    allowed = {Outcome.STORED: {1}, Outcome.UNKNOWN: {0, 1}, Outcome.FAILED: {0}}
    return [
        write for write in writes if stored.get((write.worker, write.number), 0) not in allowed[write.outcome]
    ]


def returns_to(old: int, writes: Sequence[Write]) -> list[Write]:
    """Those that began when another server than *old* had answered, and went to the old one nevertheless.

    Where it is frozen, it does not say that it was asked. Then the statement ends by its time limit.
    """
    met = min((write.met for write in writes if write.met is not None and write.port != old), default=inf)
    return [
        write
        for write in writes
        if write.begun > met and (write.port == old or write.error == QueryTimeoutError.__name__)
    ]
