# The source of _sync.py, which tools/print_sync.py prints from it.
"""One worker: it writes rows, each in a session of its own, and notes what became of each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import CommitOutcomeUnknownError, SQLSpecError

from .history import Outcome, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from sqlspec import SQLSpec

__all__ = ("async_write",)

INSERT = "INSERT INTO ledger (worker, number) VALUES (?, ?) RETURNING current_setting('port')::int"
PAUSE = 0.02


async def async_write(
    spec: SQLSpec, worker: str, history: list[Write], end: Event, pause: Callable[[float], Any]
) -> None:
    """Write until the end. No row is tried twice, so that whoever sends one twice is found out."""
    number = 0
    while not end.is_set():
        number += 1
        begun = time.monotonic()
        met = port = None
        outcome, error = Outcome.STORED, ""
        try:
            async with spec.provide_session("db") as session:
                port = (await session.execute(INSERT, (worker, number))).scalar()
                met = time.monotonic()
        except CommitOutcomeUnknownError as exc:
            outcome, error = Outcome.UNKNOWN, type(exc).__name__
        except SQLSpecError as exc:
            outcome, error = Outcome.FAILED, type(exc).__name__
        history.append(Write(worker, number, begun, met, port, time.monotonic(), outcome, error))
        await pause(PAUSE)
