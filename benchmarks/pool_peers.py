"""The pool beside psycopg_pool, asyncpg's pool and SQLAlchemy's QueuePool, with nobody at the other end.

The connection is scripted: always idle, always clean, no socket. All that is left is what each pool does
itself. Peers run their own code at their shortest: `getconn()` and `putconn()`, no block around it, nothing
sent to reset. psycopg_pool and QueuePool lend the very class that ours lends; asyncpg's pool insists on its
own connection class, so that gets a scripted protocol underneath.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from importlib import import_module
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlspec.pool._async import AsyncPool
from sqlspec.pool._sync import Pool

from .harness import Row, on, ratio, spread_of
from .noop import AsyncNoopConnection, NoopConfig, NoopConnection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from .harness import AsyncRun, Bench, Round, Run, Spread

    Hold = Callable[[], object]
    """What is done with a connection while it is borrowed."""
    AsyncHold = Callable[[], Awaitable[object]]

OURS, PSYCOPG, QUEUE, ASYNCPG = "sqlspec", "psycopg_pool", "QueuePool", "asyncpg's pool"
SIZE = 8
THREADS, TURNS = 32, 60
FEW, MANY, HANDOFFS = 10, 1_000, 10_000


def rows(bench: Bench) -> list[Row]:
    """Borrowing alone, in a crowd of threads, and from a long queue of tasks."""
    loop = asyncio.new_event_loop()
    try:
        return [
            *rows_alone(bench),
            *rows_alone_async(bench, loop),
            *rows_crowded(bench),
            *rows_queued(bench, loop),
        ]
    finally:
        loop.close()


# --- nobody else wants one ----------------------------------------------------------------------


def rows_alone(bench: Bench) -> list[Row]:
    """One thread."""
    with ExitStack() as stack:
        rounds = bench.interleave({name: make(stack, None) for name, make in THREADS_POOLS.items()})
    return beside(rounds, "acquire and release")


def rows_alone_async(bench: Bench, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """One task."""
    stack, cases = opened(loop, SIZE, None)
    rounds = bench.interleave({name: on(loop, run) for name, run in cases.items()})
    loop.run_until_complete(stack.aclose())
    return beside(rounds, "acquire and release, async")


def beside(rounds: list[Round], what: str) -> list[Row]:
    """Ours over the fastest of the others, and everybody's own figure."""
    return [
        Row(f"{what}: over the fastest peer", over_fastest(rounds), "×", 0.2),
        *figures(rounds, what, per=1),
    ]


def over_fastest(rounds: Iterable[Round]) -> Spread:
    """How many times the fastest peer of each round ours takes."""
    return spread_of(one[OURS] / min(one[name] for name in one if name != OURS) for one in rounds)


def figures(rounds: list[Round], what: str, *, per: int) -> list[Row]:
    """Microseconds, for each of the *per* operations of a case."""
    return [
        Row(f"{what}: {name}", spread_of(one[name] * 1e6 / per for one in rounds), "µs") for name in rounds[0]
    ]


# --- more threads than connections --------------------------------------------------------------


def rows_crowded(bench: Bench) -> list[Row]:
    """Each lets go of the interpreter once while it holds a connection."""
    with ExitStack() as stack:
        borrowing = {name: make(stack, yielding) for name, make in THREADS_POOLS.items()}
        cases = {name: crowd(run) for name, run in (borrowing | {"no pool": without_pool}).items()}
        rounds = in_wall_time(bench, cases)
    what = f"{THREADS} threads over {SIZE}"
    return [
        Row(f"{what}: over psycopg_pool", ratio(rounds, OURS, PSYCOPG), "×", 0.8),
        Row(f"{what}: over psycopg_pool, work taken off", beyond_the_work(rounds), "×"),
        *figures(rounds, what, per=THREADS * TURNS),
    ]


def yielding() -> None:
    """Let other threads run, as a driver does that waits for its server."""
    time.sleep(0)


def without_pool(count: int) -> None:
    """Do the work and nothing else."""
    for _ in range(count):
        yielding()


def beyond_the_work(rounds: Iterable[Round]) -> Spread:
    """What the pools alone took: the same threads with no pool are subtracted on both sides."""
    return spread_of((one[OURS] - one["no pool"]) / (one[PSYCOPG] - one["no pool"]) for one in rounds)


def crowd(borrow: Run) -> Run:
    """Everybody at once, and wait for the last."""

    def run(_: int) -> None:
        threads = [Thread(target=borrow, args=(TURNS,)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def in_wall_time(bench: Bench, cases: Mapping[str, Run]) -> list[Round]:
    """As `once_each`, by the wall's clock: a pool that left its threads asleep would look good otherwise."""
    names = list(cases)
    return [
        {name: _elapsed(cases[name]) for name in (names if number % 2 else names[::-1])}
        for number in range(max(5, min(25, bench.rounds)))
    ]


def _elapsed(run: Run) -> float:
    started = time.perf_counter()
    run(1)
    return time.perf_counter() - started


# --- a long queue -------------------------------------------------------------------------------


def rows_queued(bench: Bench, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """One connection that goes from task to task: it should not matter how many wait."""
    stack, cases = opened(loop, 1, pausing)
    runs = {
        f"{name}, {tasks} tasks": on(loop, queued(run, tasks))
        for name, run in cases.items()
        for tasks in (FEW, MANY)
    }
    rounds = bench.once_each(runs, rounds=11, before=lambda: None)
    loop.run_until_complete(stack.aclose())
    ratios = [
        Row(
            f"a hand-off among {MANY} tasks, over {FEW}: {name}",
            ratio(rounds, f"{name}, {MANY} tasks", f"{name}, {FEW} tasks"),
            "×",
            1.25 if name == OURS else None,
        )
        for name in cases
    ]
    return [*ratios, *figures(rounds, "a hand-off", per=HANDOFFS)]


async def pausing() -> None:
    """Let other tasks run, so that they find nothing and join the queue."""
    await asyncio.sleep(0)


def queued(borrow: AsyncRun, tasks: int) -> AsyncRun:
    """As many hand-offs, however many the tasks."""

    async def run(_: int) -> None:
        await asyncio.gather(*(borrow(HANDOFFS // tasks) for _ in range(tasks)))

    return run


# --- pools of threads ---------------------------------------------------------------------------


class Scripted(NoopConnection):
    """What all three touch of a connection."""

    pgconn = SimpleNamespace(transaction_status=0)  # idle, in libpq's words

    @classmethod
    def connect(cls, _: str = "", **options: object) -> Scripted:  # noqa: ARG003 - psycopg's options
        """At once."""
        return cls(None)


def with_sqlspec(_: ExitStack, hold: Hold | None) -> Run:
    """Ours."""
    pool = Pool(NoopConfig(pool_size=SIZE), Scripted.connect, label="nobody")

    def run(count: int) -> None:
        for _ in range(count):
            lease = pool.acquire()
            if hold is not None:
                hold()
            pool.release(lease, ok=True)

    return run


def with_psycopg(stack: ExitStack, hold: Hold | None) -> Run:
    """It looks at the transaction's status on return, as ours is told that all is well."""
    make: Any = import_module("psycopg_pool").ConnectionPool
    pool = stack.enter_context(make(connection_class=Scripted, min_size=SIZE, open=False))
    pool.wait()

    def run(count: int) -> None:
        for _ in range(count):
            connection = pool.getconn()
            if hold is not None:
                hold()
            pool.putconn(connection)

    return run


def with_queue_pool(stack: ExitStack, hold: Hold | None) -> Run:
    """Without the rollback that it would send for every return."""
    make: Any = import_module("sqlalchemy.pool").QueuePool
    pool = make(Scripted.connect, pool_size=SIZE, max_overflow=0, reset_on_return=None)
    stack.callback(pool.dispose)

    def run(count: int) -> None:
        for _ in range(count):
            connection = pool.connect()
            if hold is not None:
                hold()
            connection.close()

    return run


THREADS_POOLS: Mapping[str, Callable[[ExitStack, Hold | None], Run]] = {
    OURS: with_sqlspec,
    PSYCOPG: with_psycopg,
    QUEUE: with_queue_pool,
}


# --- pools of tasks -----------------------------------------------------------------------------


class AsyncScripted(AsyncNoopConnection):
    """The same for tasks."""

    pgconn = Scripted.pgconn

    @classmethod
    async def connect(cls, _: str = "", **options: object) -> AsyncScripted:  # noqa: ARG003 - psycopg's options
        """At once."""
        return cls(None)


def opened(
    loop: asyncio.AbstractEventLoop, size: int, hold: AsyncHold | None
) -> tuple[AsyncExitStack, dict[str, AsyncRun]]:
    """Everybody in one loop, and what closes them."""

    async def opening() -> tuple[AsyncExitStack, dict[str, AsyncRun]]:
        stack = AsyncExitStack()
        return stack, {
            OURS: with_sqlspec_async(size, hold),
            PSYCOPG: await with_psycopg_async(stack, size, hold),
            ASYNCPG: await with_asyncpg(stack, size, hold),
        }

    return loop.run_until_complete(opening())


def with_sqlspec_async(size: int, hold: AsyncHold | None) -> AsyncRun:
    """Ours."""
    pool = AsyncPool(NoopConfig(pool_size=size), AsyncScripted.connect, label="nobody")

    async def run(count: int) -> None:
        for _ in range(count):
            lease = await pool.acquire()
            if hold is not None:
                await hold()
            await pool.release(lease, ok=True)

    return run


async def with_psycopg_async(stack: AsyncExitStack, size: int, hold: AsyncHold | None) -> AsyncRun:
    """The same as for threads."""
    make: Any = import_module("psycopg_pool").AsyncConnectionPool
    pool = await stack.enter_async_context(make(connection_class=AsyncScripted, min_size=size, open=False))
    await pool.wait()

    async def run(count: int) -> None:
        for _ in range(count):
            connection = await pool.getconn()
            if hold is not None:
                await hold()
            await pool.putconn(connection)

    return run


async def with_asyncpg(stack: AsyncExitStack, size: int, hold: AsyncHold | None) -> AsyncRun:
    """Its own class of connections, over `_Protocol`."""
    asyncpg: Any = import_module("asyncpg")
    connection_class = scripted_asyncpg(asyncpg)

    async def connect(*_: object, loop: Any, **options: object) -> Any:  # noqa: ARG001 - asyncpg's options
        settings = SimpleNamespace(statement_cache_size=0, max_cached_statement_lifetime=0)
        return connection_class(_Protocol(), None, loop, None, settings, None)

    pool = await stack.enter_async_context(
        asyncpg.create_pool(connect=connect, connection_class=connection_class, min_size=size, max_size=size)
    )

    async def run(count: int) -> None:
        for _ in range(count):
            connection = await pool.acquire()
            if hold is not None:
                await hold()
            await pool.release(connection)

    return run


def scripted_asyncpg(asyncpg: Any) -> Any:
    """The class of its connections, which resets by sending nothing."""

    class ScriptedAsyncpg(asyncpg.Connection):  # type: ignore[misc] # its type is not known here
        """Over a scripted protocol."""

        def get_reset_query(self) -> str:
            return ""

        async def close(self, *, timeout: float | None = None) -> None:  # noqa: ARG002
            self.terminate()

    return ScriptedAsyncpg


class _Protocol:
    """Connected, out of any transaction."""

    queries_count = 0

    def is_connected(self) -> bool:
        return True

    def is_in_transaction(self) -> bool:
        return False

    def _is_cancelling(self) -> bool:
        return False

    def get_settings(self) -> object:
        return SimpleNamespace(server_version="16.0")

    def abort(self) -> None:
        """Nothing."""
