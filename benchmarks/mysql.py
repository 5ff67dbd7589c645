"""Sessions on a MariaDB of our own, beside the driver and its pool, SQLAlchemy, and statements by hand.

By the wall's clock: most of the time is spent in waiting for the server, which runs on the same processor.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig

from .by_hand import KEY, SQL
from .harness import Row, micro, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .harness import AsyncRun, Bench, Round

SIZE = 10_000
NATIVE = SQL.replace("?", "%s")
RAW, HAND = "raw", "by hand"
AUTO, FULL, DEFAULT = "autocommit", "autocommit, full reset", "default"
POOL, ALCHEMY = "asyncmy's pool", "SQLAlchemy"
TEXT, BULK, LOAD, MANY = "executemany", "executemany, bulk protocol", "load", "execute_many"
INSERT = "INSERT INTO people (id, name, email, score) VALUES (%s, %s, %s, %s)"
COM_RESET_CONNECTION = 0x1F


def rows(bench: Bench) -> list[Row]:
    """One SELECT, and ten thousand rows."""
    from sqlspec_testkit.servers import MariaDBServer

    with MariaDBServer() as server, server.database() as name:
        return asyncio.run(measured(bench, server.url(database=name)))


async def measured(bench: Bench, url: str) -> list[Row]:
    """Everybody on one server."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncMyConfig(url=url), "full")
        spec.register_config(AsyncMyConfig(url=url, reset="rollback"), "rollback")
        await fill(spec)
        selects = await interleave(bench, await select_cases(spec, url))
        inserts = await interleave(bench, await insert_cases(spec, url), once=True)
    return [*select_rows(selects), *insert_rows(inserts)]


def select_rows(rounds: list[Round]) -> list[Row]:
    """One SELECT by key."""
    return [
        Row("one SELECT on a raw connection", micro(rounds, RAW), "µs"),
        Row('async session, autocommit, reset="rollback", over raw', ratio(rounds, AUTO, RAW), "×", 1.15),
        Row("async session, autocommit, full reset", ratio(rounds, FULL, RAW), "×"),
        Row("BEGIN, SELECT, COMMIT, reset by hand", ratio(rounds, HAND, RAW), "×"),
        Row("async session, default, beyond by hand", ratio(rounds, DEFAULT, RAW, minus=HAND), "×", 0.25),
        Row("asyncmy's pool, autocommit, no reset", ratio(rounds, POOL, RAW), "×"),
        Row("SQLAlchemy Core, autocommit, rollback", ratio(rounds, ALCHEMY, RAW), "×"),
    ]


def insert_rows(rounds: list[Round]) -> list[Row]:
    """Many rows in one transaction, COMMIT included."""
    return [
        Row(f"multi-row INSERT of {SIZE:,} tuples by the driver", micro(rounds, TEXT), "µs"),
        Row(f"load() of {SIZE:,} tuples, over that", ratio(rounds, LOAD, TEXT), "×", 1.05),
        Row(f"execute_many() of {SIZE:,} tuples, over that", ratio(rounds, MANY, TEXT), "×", 1.05),
        Row(f"MariaDB's bulk protocol by the driver, {SIZE:,} tuples", micro(rounds, BULK), "µs"),
        Row(f"load() of {SIZE:,} tuples, over the bulk protocol", ratio(rounds, LOAD, BULK), "×"),
        Row(f"execute_many() of {SIZE:,} tuples, over the bulk protocol", ratio(rounds, MANY, BULK), "×"),
    ]


async def fill(spec: SQLSpec) -> None:
    """A table of a thousand users, and an empty one."""
    async with spec.provide_session("full") as session:
        await session.execute(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(99), email VARCHAR(99))"
        )
        await session.execute(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(99), email VARCHAR(99), score DOUBLE)"
        )
        users = [(number, f"name {number}", f"{number}@example.org") for number in range(1000)]
        await session.load("users", users, ("id", "name", "email"))


async def interleave(bench: Bench, cases: Mapping[str, AsyncRun], *, once: bool = False) -> list[Round]:
    """Every case has its turn in every round, there and back."""
    counts = {name: 1 if once else await fitting(bench, run) for name, run in cases.items()}
    rounds: list[Round] = []
    for number in range(max(3, bench.rounds // 10) if once else bench.rounds):
        names = list(cases) if number % 2 == 0 else list(cases)[::-1]
        rounds.append({name: await seconds(cases[name], counts[name]) / counts[name] for name in names})
    return rounds


async def fitting(bench: Bench, run: AsyncRun) -> int:
    """How many operations fill a turn, which is longer here."""
    await run(1)
    return max(1, round(4 * bench.turn / (await seconds(run, 20) / 20)))


async def seconds(run: AsyncRun, count: int) -> float:
    """By the wall's clock. What a case has to do before, it does in its first step."""
    started = time.perf_counter()
    spent = await run(count)
    return spent if isinstance(spent, float) else time.perf_counter() - started


# --- one SELECT -----------------------------------------------------------------------------------


async def opened(url: str, **options: Any) -> Any:
    """A connection of the driver's own."""
    import asyncmy

    config = AsyncMyConfig(url=url)
    password = config.reveal_password() or ""
    return await asyncmy.connect(
        host=config.addresses[0][0], port=config.addresses[0][1], user=config.username, password=password,
        database=config.database, autocommit=True, **options,
    )  # fmt: skip


async def select_cases(spec: SQLSpec, url: str) -> dict[str, AsyncRun]:
    """A session, or its like, for each SELECT."""

    def session(name: str, *, autocommit: bool) -> AsyncRun:
        async def run(count: int) -> None:
            for _ in range(count):
                async with spec.provide_session(name, autocommit=autocommit) as session:
                    await session.execute(SQL, (KEY,)).one()

        return run

    raw = await opened(url)
    return {
        RAW: with_raw(raw),
        HAND: by_hand(raw),
        AUTO: session("rollback", autocommit=True),
        FULL: session("full", autocommit=True),
        DEFAULT: session("full", autocommit=False),
        POOL: await with_pool(url),
        ALCHEMY: with_sqlalchemy(url),
    }


def with_raw(raw: Any) -> AsyncRun:
    """The driver's calls on one open connection."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with raw.cursor() as cursor:
                await cursor.execute(NATIVE, (KEY,))
                await cursor.fetchone()

    return run


def by_hand(raw: Any) -> AsyncRun:
    """The same in a transaction, and a reset by the driver's own internals."""

    async def run(count: int) -> None:
        for _ in range(count):
            await raw.begin()
            async with raw.cursor() as cursor:
                await cursor.execute(NATIVE, (KEY,))
                await cursor.fetchone()
            await raw.commit()
            await raw._execute_command(COM_RESET_CONNECTION, b"")  # noqa: SLF001 - it has no other
            await raw._read_ok_packet()  # noqa: SLF001

    return run


async def with_pool(url: str) -> AsyncRun:
    """The driver's pool."""
    import asyncmy

    config = AsyncMyConfig(url=url)
    password = config.reveal_password() or ""
    pool = await asyncmy.create_pool(
        host=config.host, port=config.port, user=config.username, password=password,
        database=config.database, autocommit=True,
    )  # fmt: skip

    async def run(count: int) -> None:
        for _ in range(count):
            async with pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute(NATIVE, (KEY,))
                await cursor.fetchone()

    return run


def with_sqlalchemy(url: str) -> AsyncRun:
    """An engine on the same driver."""
    import sqlalchemy
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url.replace("mysql://", "mysql+asyncmy://"), isolation_level="AUTOCOMMIT")
    query = sqlalchemy.text(SQL.replace("?", ":id"))

    async def run(count: int) -> None:
        for _ in range(count):
            async with engine.connect() as connection:
                (await connection.execute(query, {"id": KEY})).one()

    return run


# --- many rows ------------------------------------------------------------------------------------


async def insert_cases(spec: SQLSpec, url: str) -> dict[str, AsyncRun]:
    """The same rows by each way, into a table that was emptied before the clock runs."""
    tuples = [(i, f"name {i}", f"{i}@example.org", i / 2) for i in range(SIZE)]
    raw = await opened(url)

    def timed(work: Any) -> AsyncRun:
        async def run(_: int) -> float:
            await raw.query("TRUNCATE people")
            started = time.perf_counter()
            await work()
            return time.perf_counter() - started

        return run

    async def load() -> None:
        async with spec.provide_session("full") as session:
            await session.load("people", tuples, ("id", "name", "email", "score"))

    async def many() -> None:
        async with spec.provide_session("full") as session:
            await session.execute_many(INSERT.replace("%s", "?"), tuples)

    text, bulk = await opened(url), await opened(url, stmt_cache_size=16)
    cases = {TEXT: inserting(text, tuples), BULK: inserting(bulk, tuples), LOAD: load, MANY: many}
    return {name: timed(work) for name, work in cases.items()}


def inserting(raw: Any, tuples: list[Any]) -> Any:
    """As the driver's documentation has it."""

    async def work() -> None:
        await raw.begin()
        async with raw.cursor() as cursor:
            await cursor.executemany(INSERT, tuples)
        await raw.commit()

    return work
