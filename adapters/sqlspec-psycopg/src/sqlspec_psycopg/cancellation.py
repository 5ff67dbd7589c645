"""Stopping a statement whose caller was interrupted, on the server too, in bounded time."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import capabilities, generators
from psycopg.pq import TransactionStatus

from sqlspec.errors import DeadlineExceeded

from .deadlines import async_run, run, run_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from psycopg.pq.abc import PGconn

    Steps = Generator[Any, Any, Any]

__all__ = ("async_finish_if_idle", "async_stop", "finish_if_idle", "request_cancel", "stop")

STOP_TIMEOUT = 0.8
"""Seconds that a statement has to end after its caller was interrupted; then its connection is closed."""
CANCEL_TIMEOUT = 5.0
"""Seconds for a cancel request, which goes over a connection of its own."""

BUSY = TransactionStatus.ACTIVE


class Cancellable(Protocol):
    """What is needed of a driver's connection: its libpq connection, and two ways to close it."""

    @property
    def pgconn(self) -> PGconn:
        """Libpq's connection."""
        ...

    def shutdown_socket(self) -> None:
        """End all waits on the socket, from any thread."""
        ...

    def finish(self) -> None:
        """Close it and free everything."""
        ...


def stop(raw: Cancellable, steps: Steps) -> None:
    """Stop the statement that *steps* wait for, on the server too. Takes `STOP_TIMEOUT` seconds at most.

    Afterwards the connection is idle, or closed.
    """
    deadline = time.monotonic() + STOP_TIMEOUT
    sent = request_cancel(raw.pgconn)
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            run(steps, raw.pgconn, deadline)
        # A request that is still on its way could stop the next statement.
        wait_for_futures([sent], max(0.0, deadline - time.monotonic()))
    finally:
        _close_unless_stopped(raw, sent)


async def async_stop(raw: Cancellable, steps: Steps) -> None:
    """Stop the statement that *steps* wait for, on the server too. Takes `STOP_TIMEOUT` seconds at most.

    Afterwards the connection is idle, or closed. In a task of its own: the caller may be cancelled again, and
    is, in every round of the loop, by a cancel scope of anyio's.
    """
    from asyncio import CancelledError, get_running_loop, shield

    stopping = get_running_loop().create_task(_async_stop(raw, steps))
    while not stopping.done():
        with suppress(CancelledError):
            await shield(stopping)


async def _async_stop(raw: Cancellable, steps: Steps) -> None:
    import asyncio

    deadline = time.monotonic() + STOP_TIMEOUT
    sent = request_cancel(raw.pgconn)
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            await async_run(steps, raw.pgconn, deadline)
        await asyncio.wait([asyncio.wrap_future(sent)], timeout=max(0.0, deadline - time.monotonic()))
    finally:
        _close_unless_stopped(raw, sent)


def _close_unless_stopped(raw: Cancellable, sent: Future[None]) -> None:
    if raw.pgconn.transaction_status == BUSY or not sent.done():
        raw.shutdown_socket()
        raw.finish()


def request_cancel(pgconn: PGconn) -> Future[None]:
    """Ask the server to stop what *pgconn* runs; the future is done when the server has the request.

    In a thread, because the request needs a connection, and an older libpq opens it blocking.
    """
    done: Future[None] = Future()
    try:
        Thread(target=_send, args=(_request(pgconn), done), daemon=True, name="sqlspec-cancel").start()
    except (psycopg.Error, RuntimeError):  # closed meanwhile; or no thread can be started any more
        done.set_result(None)
    return done


def _request(pgconn: PGconn) -> Callable[[], object]:
    if not capabilities.has_cancel_safe():
        return pgconn.get_cancel().cancel
    request = pgconn.cancel_conn()

    def send() -> None:
        request.start()
        run_connect(generators.cancel(request), time.monotonic() + CANCEL_TIMEOUT)

    return send


def _send(send: Callable[[], object], done: Future[None]) -> None:
    try:
        with suppress(psycopg.Error, DeadlineExceeded):
            send()
    finally:
        done.set_result(None)


def finish_if_idle(raw: Cancellable) -> None:
    """Nothing: a thread may be inside a call. Core closes the connection when no call is under way."""


def async_finish_if_idle(raw: Cancellable) -> None:
    """Close it unless a task is inside a call; that task was woken, and frees libpq with the connection."""
    if raw.pgconn.transaction_status != BUSY:
        raw.finish()
