"""The pool alone, and a block around it: nothing is done with what is lent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlspec.pool._async import AsyncPool
from sqlspec.pool._sync import Pool

from .harness import Row, micro, on
from .noop import AsyncNoopConnection, NoopConfig, NoopConnection, noop_spec

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .harness import AsyncRun, Bench, Run

SYNC, SYNC_FULL, ASYNC = "sync", "sync, eight idle", "async"
BLOCK, ASYNC_BLOCK, SESSION = "block", "async block", "session"


def rows(bench: Bench) -> list[Row]:
    """Microseconds to borrow and give back."""
    loop = asyncio.new_event_loop()
    spec = noop_spec()
    spec.register_config(NoopConfig(), name="nobody")
    rounds = bench.interleave(
        {
            SYNC: acquire_and_release(idle=1),
            SYNC_FULL: acquire_and_release(idle=8),
            ASYNC: on(loop, acquire_and_release_async()),
            BLOCK: block(spec),
            ASYNC_BLOCK: on(loop, async_block(spec)),
            SESSION: session_block(spec),
        }
    )
    loop.run_until_complete(spec.aclose())
    loop.close()
    return [
        Row("pool.acquire() + release()", micro(rounds, SYNC), "µs", 1.5),
        Row("pool.acquire() + release(), eight idle", micro(rounds, SYNC_FULL), "µs", 1.5),
        Row("pool.acquire() + release(), async", micro(rounds, ASYNC), "µs", 1.2),
        Row("with spec.provide_connection(name)", micro(rounds, BLOCK), "µs", 3.0),
        Row("async with spec.provide_connection(name)", micro(rounds, ASYNC_BLOCK), "µs"),
        Row("with spec.provide_session(name), nothing executed", micro(rounds, SESSION), "µs"),
    ]


def acquire_and_release(*, idle: int) -> Run:
    """Threads' pool, where *idle* connections rest: with more than one, some may have to be trimmed."""
    pool = Pool(NoopConfig(pool_size=8), lambda: NoopConnection(None), label="nobody")
    for lease in [pool.acquire() for _ in range(idle)]:
        pool.release(lease, ok=True)

    def run(count: int) -> None:
        for _ in range(count):
            lease = pool.acquire()
            pool.release(lease, ok=True)

    return run


def acquire_and_release_async() -> AsyncRun:
    """Tasks' pool."""

    async def connect() -> AsyncNoopConnection:
        return AsyncNoopConnection(None)

    pool = AsyncPool(NoopConfig(), connect, label="nobody")

    async def run(count: int) -> None:
        for _ in range(count):
            lease = await pool.acquire()
            await pool.release(lease, ok=True)

    return run


def block(spec: SQLSpec) -> Run:
    """The way an application goes."""

    def run(count: int) -> None:
        for _ in range(count):
            with spec.provide_connection("nobody"):
                pass

    return run


def async_block(spec: SQLSpec) -> AsyncRun:
    """The same for tasks."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with spec.provide_connection("nobody"):
                pass

    return run


def session_block(spec: SQLSpec) -> Run:
    """The same with a session around the connection."""

    def run(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("nobody"):
                pass

    return run
