"""The pool beside its peers: psycopg_pool, asyncpg's pool and SQLAlchemy's QueuePool, on a scripted connection.

No server, no socket: a connection that is always idle and always clean, so that what is left is what each
pool does itself. Peers run their own code with their own defaults; where they may be spared something, they are:
no reset is sent, their shortest calls are measured, and no statistics are read.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlspec.pool._async import AsyncPool
from sqlspec.pool._sync import Pool

from .harness import Row, micro, on, ratio, spread_of
from .noop import AsyncNoopConnection, NoopConfig, NoopConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .harness import AsyncRun, Bench, Round, Run, Spread

OURS, PSYCOPG, QUEUE, ASYNCPG = "sqlspec", "psycopg_pool", "QueuePool", "asyncpg"
SIZE = 8
THREADS, TURNS = 32, 60
FEW, MANY, HANDOFFS = 10, 1000, 2000


def rows(bench: Bench) -> list[Row]:
    """Borrowing alone, in a crowd of threads, and from a long queue of tasks."""
    loop = asyncio.new_event_loop()
    try:
        return [*rows_of_threads(bench), *rows_of_tasks(bench, loop)]
    finally:
        loop.close()


def rows_of_threads(bench: Bench) -> list[Row]:
    """Pools of threads."""
    with ExitStack() as closing:
        cases: dict[str, Run] = {
            OURS: with_sqlspec(),
            PSYCOPG: with_psycopg(closing),
            QUEUE: with_queue_pool(closing),
        }
        alone = bench.interleave(cases)
        crowded = in_wall_time(bench, {name: crowd(run) for name, run in crowd_cases(closing).items()})
    return [
        Row("acquire and release, over the fastest peer", over_fastest(alone), "×", 0.2),
        *each(alone, "acquire and release"),
        Row(f"{THREADS} threads over {SIZE} connections, over psycopg_pool", ratio(crowded, OURS, PSYCOPG), "×", 0.8),
        *each(crowded, f"{THREADS} threads over {SIZE} connections, each time"),
    ]
