"""The same SELECT from a task: what a hop to a thread and back costs, and what comes on top."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .by_hand import KEY, SQL, Hop, connect, fill, select
from .harness import Row, micro, on, ratio

if TYPE_CHECKING:
    from .harness import AsyncRun, Bench, Round

POOL_SIZE = 10
HOP, AUTO, TX = "hop", "session, autocommit", "session, default"
ONE_CALL, CURSOR, ALCHEMY = "aiosqlite, one call", "aiosqlite, cursor", "SQLAlchemy"


def rows(bench: Bench) -> list[Row]:
    """How many bare hops each takes."""
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "users.db"))
        raw = connect(path)
        fill(raw)
        raw.close()
        rounds = rounds_in(loop, bench, path)
    loop.close()
    return [
        Row("file: async session, autocommit, over one bare hop", ratio(rounds, AUTO, HOP), "×", 1.3),
        Row("file: one bare hop with the same calls", micro(rounds, HOP), "µs"),
        Row("file: async session, default, over one bare hop", ratio(rounds, TX, HOP), "×"),
        Row("file: aiosqlite, execute_fetchall, no pool", ratio(rounds, ONE_CALL, HOP), "×"),
        Row("file: aiosqlite, execute and fetchone, no pool", ratio(rounds, CURSOR, HOP), "×"),
        Row("file: SQLAlchemy Core, autocommit", ratio(rounds, ALCHEMY, HOP), "×"),
    ]


def rounds_in(loop: asyncio.AbstractEventLoop, bench: Bench, path: str) -> list[Round]:
    """Everybody in one loop, on one file."""
    import aiosqlite
    from sqlalchemy.ext.asyncio import create_async_engine

    spec = SQLSpec()
    spec.register_config(SQLiteConfig(database=path, pool_size=POOL_SIZE), name="users")
    url = f"sqlite+aiosqlite:///{path}"
    engine = create_async_engine(url, pool_size=POOL_SIZE, isolation_level="AUTOCOMMIT")
    bare = loop.run_until_complete(_opened(aiosqlite.connect(path, isolation_level=None)))
    peers = with_aiosqlite(bare) | {ALCHEMY: with_sqlalchemy(engine)}
    cases = {HOP: hopping(path)} | with_sqlspec(spec) | peers
    try:
        return bench.interleave({name: on(loop, run) for name, run in cases.items()})
    finally:
        loop.run_until_complete(spec.aclose())
        loop.run_until_complete(engine.dispose())
        loop.run_until_complete(bare.close())


async def _opened(connecting: Any) -> Any:
    return await connecting


def hopping(path: str) -> AsyncRun:
    """A queue there, `call_soon_threadsafe` back."""
    raw, hop = connect(path), Hop()

    async def run(count: int) -> None:
        for _ in range(count):
            await hop.call(select, raw)

    return run


def with_sqlspec(spec: SQLSpec) -> dict[str, AsyncRun]:
    """A session for each SELECT."""

    async def autocommit(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("users", autocommit=True) as session:
                await session.execute(SQL, (KEY,)).one()

    async def default(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("users") as session:
                await session.execute(SQL, (KEY,)).one()

    return {AUTO: autocommit, TX: default}


def with_aiosqlite(bare: Any) -> dict[str, AsyncRun]:
    """On one open connection: in one hop, and in as many as its documentation shows."""

    async def one_call(count: int) -> None:
        for _ in range(count):
            await bare.execute_fetchall(SQL, (KEY,))

    async def cursor(count: int) -> None:
        for _ in range(count):
            async with bare.execute(SQL, (KEY,)) as found:
                await found.fetchone()

    return {ONE_CALL: one_call, CURSOR: cursor}


def with_sqlalchemy(engine: Any) -> AsyncRun:
    """A connection for each SELECT, from a pool of the same size."""
    import sqlalchemy

    query = sqlalchemy.text(SQL.replace("?", ":id"))

    async def run(count: int) -> None:
        for _ in range(count):
            async with engine.connect() as connection:
                (await connection.execute(query, {"id": KEY})).one()

    return run
