"""Waiting for the server: where threads and tasks differ, and what both bound it by.

psycopg speaks its protocol in generators, which say what they wait for. Here they are given a deadline, and
an end that does not take long when whoever waits is interrupted.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import capabilities, conninfo, generators, waiting
from psycopg.pq import TransactionStatus

from sqlspec.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from psycopg import pq

    from sqlspec import Secret

    from .raw._async import AsyncPatientConnection
    from .raw._sync import PatientConnection

    Steps = Generator[Any, Any, "T"]

__all__ = (
    "async_attempts",
    "async_free",
    "async_reveal",
    "async_run",
    "async_run_connect",
    "async_stop",
    "async_wait",
    "attempts",
    "free",
    "request_cancel",
    "reveal",
    "run",
    "run_connect",
    "stop",
    "wait",
    "watch",
)

T = TypeVar("T")

LOOK = 0.05
"""Seconds between two looks at a deadline while the server is silent."""
GRACE = 0.8
"""Seconds that a statement has to end after its caller was interrupted; then its connection is dropped."""
CANCEL_TIMEOUT = 5.0
"""Seconds for a cancel request, which goes over a connection of its own."""

BUSY = TransactionStatus.ACTIVE

wait, async_wait = waiting.wait, waiting.wait_async
"""The driver's own, without a deadline: in C, for threads."""


class Late(Exception):  # noqa: N818 - between us and `timed`
    """The deadline. Psycopg would take `DeadlineExceeded`, an OSError, for a broken socket."""


def timed(steps: Steps[T], until: float) -> Steps[T]:
    """The same steps; past *until* they raise `Late` when there is nothing to do."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise Late
            wanted = steps.send(ready)
    except StopIteration as end:
        value: T = end.value
        return value


# --- a statement --------------------------------------------------------------------------------


def run(steps: Steps[T], pgconn: pq.abc.PGconn, until: float | None) -> T:
    """Run *steps* to their end, or to the deadline: `DeadlineExceeded`."""
    if until is None:
        return waiting.wait(steps, pgconn.socket, LOOK)
    try:
        return waiting.wait(timed(steps, until), pgconn.socket, LOOK)
    except Late:
        raise _late() from None


async def async_run(steps: Steps[T], pgconn: pq.abc.PGconn, until: float | None) -> T:
    """Run *steps* to their end, or to the deadline: `DeadlineExceeded`."""
    if until is None:
        return await waiting.wait_async(steps, pgconn.socket, LOOK)
    try:
        return await waiting.wait_async(timed(steps, until), pgconn.socket, LOOK)
    except Late:
        raise _late() from None


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("the server did not answer in time")


# --- a connect ----------------------------------------------------------------------------------


def run_connect(steps: Steps[T], until: float) -> T:
    """The same for steps whose socket changes; interrupted, they let go of it."""
    try:
        return waiting.wait_conn(timed(steps, until), LOOK)
    except Late:
        raise _late() from None
    finally:
        # Else the half-open connection would live as long as the exception, which others keep.
        steps.close()


async def async_run_connect(steps: Steps[T], until: float) -> T:
    """The same for steps whose socket changes; interrupted, they let go of it."""
    try:
        return await waiting.wait_conn_async(timed(steps, until), LOOK)
    except Late:
        raise _late() from None
    finally:
        steps.close()


# --- an interruption ----------------------------------------------------------------------------


def stop(raw: PatientConnection, steps: Steps[Any]) -> None:
    """Stop the statement that *steps* wait for, on the server, too. Takes `GRACE` seconds at most.

    Afterwards the connection is idle, or closed.
    """
    until = time.monotonic() + GRACE
    sent = request_cancel(raw.pgconn)
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            run(steps, raw.pgconn, until)
        # A request that is still on its way could stop somebody else's statement.
        wait_for_futures([sent], max(0.0, until - time.monotonic()))
    finally:
        _settle(raw, sent)


async def async_stop(raw: AsyncPatientConnection, steps: Steps[Any]) -> None:
    """Stop the statement that *steps* wait for, on the server, too. Takes `GRACE` seconds at most.

    Afterwards the connection is idle, or closed. In a task of its own: the caller may be cancelled again, and
    is, in every round of the loop, by a cancel scope of anyio's.
    """
    from asyncio import CancelledError, get_running_loop, shield

    stopping = get_running_loop().create_task(_async_stop(raw, steps))
    while not stopping.done():
        with suppress(CancelledError):
            await shield(stopping)


async def _async_stop(raw: AsyncPatientConnection, steps: Steps[Any]) -> None:
    import asyncio

    until = time.monotonic() + GRACE
    sent = request_cancel(raw.pgconn)
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            await async_run(steps, raw.pgconn, until)
        await asyncio.wait([asyncio.wrap_future(sent)], timeout=max(0.0, until - time.monotonic()))
    finally:
        _settle(raw, sent)


def _settle(raw: AsyncPatientConnection | PatientConnection, sent: Future[None]) -> None:
    if raw.pgconn.transaction_status == BUSY or not sent.done():
        raw.hang_up()
        raw.finish()


def request_cancel(pgconn: pq.abc.PGconn) -> Future[None]:
    """Ask the server to stop what *pgconn* runs; the future is done when it has heard.

    In a thread, because it makes a connection, and an older libpq can only wait for that.
    """
    done: Future[None] = Future()
    try:
        Thread(target=_resolve, args=(_request(pgconn), done), daemon=True, name="sqlspec-cancel").start()
    except (psycopg.Error, RuntimeError):  # closed meanwhile; or no thread can be started any more
        done.set_result(None)
    return done


def _request(pgconn: pq.abc.PGconn) -> Callable[[], object]:
    if not capabilities.has_cancel_safe():
        return pgconn.get_cancel().cancel
    other = pgconn.cancel_conn()

    def send() -> None:
        other.start()
        run_connect(generators.cancel(other), time.monotonic() + CANCEL_TIMEOUT)

    return send


def _resolve(send: Callable[[], object], done: Future[None]) -> None:
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            send()
    finally:
        done.set_result(None)


def free(raw: PatientConnection) -> None:
    """Nothing: a thread may be inside a call. Core closes the connection when nobody is."""


def async_free(raw: AsyncPatientConnection) -> None:
    """Free what no task is waiting for; one that is has been woken, and libpq goes with the connection."""
    if raw.pgconn.transaction_status != BUSY:
        raw.finish()


# --- before a connect ---------------------------------------------------------------------------


def attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in conninfo.conninfo_attempts(parameters)]


async def async_attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in await conninfo.conninfo_attempts_async(parameters)]


def reveal(secret: Secret) -> str:
    """The password, from wherever it comes."""
    return secret.reveal()


async def async_reveal(secret: Secret) -> str:
    """The password, from wherever it comes: in a thread, because that may take its time."""
    from asyncio import to_thread

    return await to_thread(secret.reveal)


# --- while nobody waits -------------------------------------------------------------------------


def watch(fileno: int) -> Callable[[], object]:
    """A look at a socket, without waiting: true when there is something to read, or it is closed."""
    import select

    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fileno, select.POLLIN)
        return partial(poll.poll, 0)
    return lambda: select.select([fileno], [], [], 0)[0]
