"""Deadlines of statements: DuckDB has none, so an alarm interrupts."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import DeadlineExceeded
from sqlspec.plugin.stopping import Alarm

from .errors import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ("interrupted_at",)


@contextmanager
def interrupted_at(deadline: float | None, interrupt: Callable[[], object]) -> Generator[None]:
    """Call *interrupt* in another thread at the *deadline*, and raise `DeadlineExceeded`."""
    if deadline is None:
        yield
        return
    alarm = Alarm(deadline, interrupt)
    try:
        yield
    except duckdb.Error as exc:
        if is_interrupt(exc) and time.monotonic() >= deadline:
            msg = "the statement was stopped at its deadline"
            raise DeadlineExceeded(msg) from exc
        raise
    finally:
        alarm.cancel()
