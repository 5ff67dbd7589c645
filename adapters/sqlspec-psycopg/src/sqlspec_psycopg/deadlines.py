"""Waiting for the server until a deadline, for threads and for tasks.

psycopg speaks its protocol in generators, which say what they wait for; here they get a deadline.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import waiting

from sqlspec.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg.pq.abc import PGconn

    Steps = Generator[Any, Any, "T"]

__all__ = ("async_run", "async_run_connect", "async_wait", "run", "run_connect", "seconds_until", "wait")

T = TypeVar("T")

CHECK_INTERVAL = 0.05
"""Seconds between two checks of the deadline, and of signals, while the server is silent.

psycopg's own is 0.1, and as long is it from Celery's SIGTERM to its SIGKILL: no time to stop the statement.
"""

wait, async_wait = waiting.wait, waiting.wait_async
"""The driver's own, without a deadline: in C, for threads."""


def seconds_until(deadline: float) -> float:
    """The seconds that are left; 0 if none are."""
    return max(0.0, deadline - time.monotonic())


class DeadlinePassed(Exception):  # noqa: N818 - never leaves this file
    """psycopg would take `DeadlineExceeded`, an OSError, for a broken socket."""


def with_deadline(steps: Steps[T], deadline: float) -> Steps[T]:
    """The same steps; past *deadline* they raise `DeadlinePassed` when there is nothing to do."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise DeadlinePassed
            wanted = steps.send(ready)
    except StopIteration as end:
        value: T = end.value
        return value


# --- a statement --------------------------------------------------------------------------------


def run(steps: Steps[T], pgconn: PGconn, deadline: float | None) -> T:
    """Run *steps* to their end, or to the deadline: `DeadlineExceeded`."""
    if deadline is None:
        return waiting.wait(steps, pgconn.socket, CHECK_INTERVAL)
    try:
        return waiting.wait(with_deadline(steps, deadline), pgconn.socket, CHECK_INTERVAL)
    except DeadlinePassed:
        raise _no_answer() from None


async def async_run(steps: Steps[T], pgconn: PGconn, deadline: float | None) -> T:
    """Run *steps* to their end, or to the deadline: `DeadlineExceeded`."""
    if deadline is None:
        return await waiting.wait_async(steps, pgconn.socket, CHECK_INTERVAL)
    try:
        return await waiting.wait_async(with_deadline(steps, deadline), pgconn.socket, CHECK_INTERVAL)
    except DeadlinePassed:
        raise _no_answer() from None


def _no_answer() -> DeadlineExceeded:
    return DeadlineExceeded("the server did not answer in time")


# --- a connect ----------------------------------------------------------------------------------


def run_connect(steps: Steps[T], deadline: float) -> T:
    """The same for steps whose socket changes; the connection that they open is closed on failure."""
    try:
        return waiting.wait_conn(with_deadline(steps, deadline), CHECK_INTERVAL)
    except DeadlinePassed:
        raise _no_answer() from None
    finally:
        # Else the half-open connection would live as long as the exception, which others keep.
        steps.close()


async def async_run_connect(steps: Steps[T], deadline: float) -> T:
    """The same for steps whose socket changes; the connection that they open is closed on failure."""
    try:
        return await waiting.wait_conn_async(with_deadline(steps, deadline), CHECK_INTERVAL)
    except DeadlinePassed:
        raise _no_answer() from None
    finally:
        steps.close()
