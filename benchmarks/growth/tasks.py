"""From one waiting task to a thousand: all ask at once for one of four connections, on asyncpg."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.harness import on
from benchmarks.served import Clock
from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig

from .server import CONNECTIONS, KEY, SQL, server_with_users
from .sweep import sweep_rows
from .verdict import OURS, SIZES

if TYPE_CHECKING:
    from benchmarks.harness import AsyncRun, Bench, Row

THINGS = "waiting tasks"
POOL, SQLALCHEMY = "asyncpg's pool", "SQLAlchemy Core"


def rows(bench: Bench) -> list[Row]:
    """Microseconds of client and server for one task, and how they grow with the tasks that wait."""
    with server_with_users() as server:
        loop = asyncio.new_event_loop()
        clock, stack = Clock(server), AsyncExitStack()
        try:
            borrowers = loop.run_until_complete(open_pools(stack, server.url()))
            cases = {
                size: {name: on(loop, crowd(run, size)) for name, run in borrowers.items()}
                for size in SIZES[THINGS]
            }
            return sweep_rows(
                bench,
                cases,
                THINGS,
                items=lambda waiting: waiting + CONNECTIONS,
                seconds=clock.seconds,
                warmed=clock.look_around,
            )
        finally:
            loop.run_until_complete(stack.aclose())
            loop.close()


def crowd(borrow: AsyncRun, waiting: int) -> AsyncRun:
    """So many tasks more than there are connections. The cost is that of a task, whether it waits or not."""
    tasks = waiting + CONNECTIONS

    async def run(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*(borrow(1) for _ in range(tasks)))

    return run


async def open_pools(stack: AsyncExitStack, url: str) -> dict[str, AsyncRun]:
    """One SELECT on a connection on loan, in autocommit: ours, the driver's pool, SQLAlchemy's."""
    spec = await stack.enter_async_context(SQLSpec())
    spec.register_config(AsyncpgConfig(url=url, pool_size=CONNECTIONS, reset="rollback"), "users")
    pool: Any = await asyncpg.create_pool(url, ssl=False, min_size=CONNECTIONS, max_size=CONNECTIONS)
    stack.push_async_callback(pool.close)
    address = make_url(url).set(drivername="postgresql+asyncpg", query={"ssl": "disable"})
    engine = create_async_engine(address, pool_size=CONNECTIONS, max_overflow=0, isolation_level="AUTOCOMMIT")
    stack.push_async_callback(engine.dispose)
    query, native = text(SQL.replace("?", ":id")), SQL.replace("?", "$1")

    async def with_sqlspec(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("users", autocommit=True) as session:
                await session.execute(SQL, (KEY,)).one()

    async def with_pool(count: int) -> None:
        for _ in range(count):
            async with pool.acquire() as raw:
                await raw.fetchrow(native, KEY)

    async def with_sqlalchemy(count: int) -> None:
        for _ in range(count):
            async with engine.connect() as connection:
                (await connection.execute(query, {"id": KEY})).mappings().one()

    return {OURS: with_sqlspec, POOL: with_pool, SQLALCHEMY: with_sqlalchemy}
