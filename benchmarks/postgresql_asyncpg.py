"""PostgreSQL by asyncpg: sessions beside the same calls on a raw connection, its own pool, and SQLAlchemy."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING, Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig
from sqlspec_testkit.servers import PostgreSQLServer

from .floor import Floor
from .harness import Row, on, ratio
from .served import Clock, interleave, once_each

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .harness import AsyncRun, Bench

__all__ = ("rows",)

SQL, NATIVE, KEY = (
    "SELECT id, name, email FROM users WHERE id = ?",
    "SELECT id, name, email FROM users WHERE id = $1",
    7,
)
MANY = "SELECT id, name, email, id % 2 = 0 AS even, id / 2 AS half, joined FROM people"
RESET = (
    "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); "
    "DISCARD TEMP; DISCARD SEQUENCES"
)
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
SCHEMA = """
    CREATE TABLE users (id integer PRIMARY KEY, name text, email text);
    INSERT INTO users SELECT n, 'name ' || n, n || '@example.org' FROM generate_series(1, 1000) n;
    CREATE TABLE people (id integer, name text, email text, joined timestamptz);
    INSERT INTO people SELECT n, 'name ' || n, n || '@example.org', now() FROM generate_series(1, 10000) n;
    CREATE TABLE by_hand (id integer, name text, email text, score float8);
    CREATE TABLE by_load (id integer, name text, email text, score float8);
    VACUUM ANALYZE;
"""
COLUMNS = ("id", "name", "email", "score")
TASKS, CONNECTIONS = 100, 10


class PersonStruct(msgspec.Struct):
    """A row."""

    id: int
    name: str
    email: str
    even: bool
    half: int
    joined: Any


@dataclass
class Person:
    """A row."""

    id: int
    name: str
    email: str
    even: bool
    half: int
    joined: Any


def rows(bench: Bench) -> list[Row]:
    """On asyncio; and on uvloop, where that is installed."""
    with PostgreSQLServer(settings=FAST) as server:
        for statement in filter(str.strip, SCHEMA.split(";")):
            server.sql(statement)
        found = rows_on(bench, server, asyncio.new_event_loop(), "")
        uvloop = _uvloop()
        if uvloop is not None:
            found += rows_on(bench, server, uvloop.new_event_loop(), "uvloop: ")
    return found


def _uvloop() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop


def rows_on(bench: Bench, server: PostgreSQLServer, loop: AbstractEventLoop, where: str) -> list[Row]:
    """The rows of one event loop."""
    url, clock = server.url(), Clock(server)
    spec = SQLSpec()
    spec.register_config(AsyncpgConfig(url=url, pool_size=CONNECTIONS), "default")
    spec.register_config(AsyncpgConfig(url=url, pool_size=CONNECTIONS, reset="rollback"), "bare")
    spec.register_config(AsyncpgConfig(url=url, pool_size=CONNECTIONS, reset="rollback"), "raw")
    blocks = [spec.provide_connection("raw") for _ in range(CONNECTIONS)]
    try:
        peers = loop.run_until_complete(open_peers(url, blocks))
        found = [
            *one_row(bench, clock, loop, spec, peers),
            *crowd(bench, clock, loop, spec, peers),
            *ten_thousand(bench, clock, loop, spec, peers[0]),
            *loads(bench, clock, loop, spec, peers[0]),
        ]
        loop.run_until_complete(close_all(spec, peers, blocks))
    finally:
        loop.close()
    return [row._replace(what=where + row.what) for row in found]


async def open_peers(url: str, blocks: list[Any]) -> list[Any]:
    """Raw connections, asyncpg's pool, and SQLAlchemy's engines, with autocommit and without.

    The raw ones are those of our adapter: asyncpg's own swing by a fifth with the allocator.
    """
    raw = [await block.__aenter__() for block in blocks]
    pool = await asyncpg.create_pool(url, ssl=False, min_size=CONNECTIONS, max_size=CONNECTIONS)
    address = make_url(url).set(drivername="postgresql+asyncpg", query={"ssl": "disable"})
    engine = create_async_engine(address, pool_size=CONNECTIONS)
    return [*raw, pool, engine.execution_options(isolation_level="AUTOCOMMIT"), engine]


async def close_all(spec: SQLSpec, peers: list[Any], blocks: list[Any]) -> None:
    """Of both sides."""
    for block in blocks:
        await block.__aexit__(None, None, None)
    await spec.aclose()
    await peers[CONNECTIONS].close()
    await peers[-1].dispose()


# --- one row ------------------------------------------------------------------------------------


def one_row(
    bench: Bench, clock: Clock, loop: AbstractEventLoop, spec: SQLSpec, peers: list[Any]
) -> list[Row]:
    """A session with one SELECT."""
    raw, pool, engines = peers[0], peers[CONNECTIONS], peers[CONNECTIONS + 1 :]
    cases = {
        "raw": raw_select(raw),
        "floor": floor(raw),
        "by hand": by_hand(raw),
        "autocommit": autocommit(spec),
        "held": held(spec),
        "transaction": transaction(spec),
        "pool": through_pool(pool),
        "pool, transaction": transaction_through_pool(pool),
    } | with_sqlalchemy(engines)
    rounds = interleave(bench, clock, {name: on(loop, run) for name, run in cases.items()})
    return [
        Row(
            'session, one SELECT: autocommit, reset="rollback"',
            ratio(rounds, "autocommit", "raw"),
            "× raw",
            1.30,
        ),
        Row("the same over the floor", ratio(rounds, "autocommit", "floor"), "×", 1.25),
        Row("the floor: a deque of connections", ratio(rounds, "floor", "raw"), "× raw"),
        Row("one SELECT in a session that is open", ratio(rounds, "held", "raw"), "× raw"),
        Row(
            "the block around it: pool, liveness, end of the session",
            ratio(rounds, "autocommit", "raw", minus="held"),
            "× raw",
        ),
        Row(
            "session, one SELECT: transaction and full reset, more than by hand",
            ratio(rounds, "transaction", "raw", minus="by hand"),
            "× raw",
            0.25,
        ),
        Row("session, one SELECT: transaction and full reset", ratio(rounds, "transaction", "raw"), "× raw"),
        Row("the same by hand", ratio(rounds, "by hand", "raw"), "× raw"),
        Row("asyncpg's pool, one SELECT", ratio(rounds, "pool", "raw"), "× raw"),
        Row(
            "asyncpg's pool, one SELECT in a transaction", ratio(rounds, "pool, transaction", "raw"), "× raw"
        ),
        Row("SQLAlchemy Core, one SELECT: autocommit", ratio(rounds, "SQLAlchemy, auto", "raw"), "× raw"),
        Row("SQLAlchemy Core, one SELECT: transaction", ratio(rounds, "SQLAlchemy", "raw"), "× raw"),
    ]


def raw_select(raw: Any) -> AsyncRun:
    """The driver's call."""

    async def run(count: int) -> None:
        for _ in range(count):
            await raw.fetch(NATIVE, KEY)

    return run


def floor(raw: Any) -> AsyncRun:
    """The shortest session there is."""
    idle = deque([raw])

    async def run(count: int) -> None:
        for _ in range(count):
            async with Floor(idle) as session:
                await session.one(NATIVE, KEY)

    return run


def held(spec: SQLSpec) -> AsyncRun:
    """Ours, within one block."""

    async def run(count: int) -> None:
        async with spec.provide_session("bare", autocommit=True) as session:
            for _ in range(count):
                await session.execute(SQL, (KEY,)).one()

    return run


def by_hand(raw: Any) -> AsyncRun:
    """Three messages."""

    async def run(count: int) -> None:
        for _ in range(count):
            await raw.execute("BEGIN")
            await raw.fetch(NATIVE, KEY)
            await raw.execute(f"COMMIT; {RESET}")

    return run


def autocommit(spec: SQLSpec) -> AsyncRun:
    """Ours, as bare as it gets."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("bare", autocommit=True) as session:
                await session.execute(SQL, (KEY,)).one()

    return run


def transaction(spec: SQLSpec) -> AsyncRun:
    """Ours, as it comes."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with spec.provide_session("default") as session:
                await session.execute(SQL, (KEY,)).one()

    return run


def through_pool(pool: Any) -> AsyncRun:
    """The driver's pool, with its own reset."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with pool.acquire() as raw:
                await raw.fetch(NATIVE, KEY)

    return run


def transaction_through_pool(pool: Any) -> AsyncRun:
    """And with a transaction."""

    async def run(count: int) -> None:
        for _ in range(count):
            async with pool.acquire() as raw, raw.transaction():
                await raw.fetch(NATIVE, KEY)

    return run


def with_sqlalchemy(engines: list[Any]) -> dict[str, AsyncRun]:
    """An engine with its pool, and the row by its names."""

    def runs(engine: Any) -> AsyncRun:
        query = text(SQL.replace("?", ":id"))

        async def run(count: int) -> None:
            for _ in range(count):
                async with engine.begin() as connection:
                    (await connection.execute(query, {"id": KEY})).mappings().one()

        return run

    return {
        name: runs(engine) for name, engine in zip(("SQLAlchemy, auto", "SQLAlchemy"), engines, strict=True)
    }


# --- many tasks -----------------------------------------------------------------------------------


def crowd(bench: Bench, clock: Clock, loop: AbstractEventLoop, spec: SQLSpec, peers: list[Any]) -> list[Row]:
    """More tasks than connections."""
    run_ours, run_pool = autocommit(spec), through_pool(peers[CONNECTIONS])
    raw_runs = [raw_select(raw) for raw in peers[:CONNECTIONS]]

    async def by_ten(count: int) -> None:
        share = TASKS // CONNECTIONS
        await asyncio.gather(*(run(count * share) for run in raw_runs))

    async def ours(count: int) -> None:
        await asyncio.gather(*(run_ours(count) for _ in range(TASKS)))

    async def pooled(count: int) -> None:
        await asyncio.gather(*(run_pool(count) for _ in range(TASKS)))

    cases = {"raw": on(loop, by_ten), "ours": on(loop, ours), "pool": on(loop, pooled)}
    rounds = interleave(bench, clock, cases)
    what = f"{TASKS} tasks over {CONNECTIONS} connections, over {CONNECTIONS} raw ones"
    return [
        Row(f'{what}: autocommit, reset="rollback"', ratio(rounds, "ours", "raw"), "×", 1.5),
        Row(f"{what}: asyncpg's pool", ratio(rounds, "pool", "raw"), "×"),
    ]


# --- many rows ------------------------------------------------------------------------------------


def ten_thousand(bench: Bench, clock: Clock, loop: AbstractEventLoop, spec: SQLSpec, raw: Any) -> list[Row]:
    """Rows to objects."""

    async def fetch(count: int) -> None:
        for _ in range(count):
            await raw.fetch(MANY)

    async def by_class(count: int) -> None:
        for _ in range(count):
            list(starmap(Person, await raw.fetch(MANY)))

    def fetch_as(schema_type: Any) -> AsyncRun:
        async def run(count: int) -> None:
            for _ in range(count):
                async with spec.provide_session("bare", autocommit=True) as session:
                    await session.execute(MANY, schema_type=schema_type).all()

        return run

    cases = {
        "raw": on(loop, fetch),
        "dict": on(loop, fetch_as(None)),
        "Struct": on(loop, fetch_as(PersonStruct)),
        "dataclass": on(loop, fetch_as(Person)),
        "by hand": on(loop, by_class),
    }
    rounds = interleave(bench, clock, cases)
    limits = {"dict": 1.25, "Struct": 1.20, "dataclass": 1.31}
    return [
        *(
            Row(f"10,000 rows as {name}, over the raw fetch", ratio(rounds, name, "raw"), "×", limit)
            for name, limit in limits.items()
        ),
        Row("10,000 rows through the dataclass itself, by hand", ratio(rounds, "by hand", "raw"), "×"),
    ]


def loads(bench: Bench, clock: Clock, loop: AbstractEventLoop, spec: SQLSpec, raw: Any) -> list[Row]:
    """Binary COPY, each in one transaction with its COMMIT."""
    tuples = [(number, f"name {number}", f"{number}@example.org", number / 2) for number in range(10_000)]
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in tuples]

    async def copy(_: int) -> None:
        async with raw.transaction():
            await raw.copy_records_to_table("by_hand", records=tuples, columns=COLUMNS)

    def load(loaded: list[Any]) -> AsyncRun:
        async def run(_: int) -> None:
            async with spec.provide_session("bare") as session:
                await session.load("by_load", loaded, COLUMNS)

        return run

    async def empty() -> None:
        await raw.execute("TRUNCATE by_hand, by_load")

    cases = {"raw": on(loop, copy), "tuples": on(loop, load(tuples)), "dicts": on(loop, load(dicts))}
    rounds = once_each(bench, clock, cases, before=lambda: loop.run_until_complete(empty()))
    return [
        Row("load() of 10,000 tuples, over COPY by hand", ratio(rounds, "tuples", "raw"), "×", 1.15),
        Row("load() of 10,000 dicts", ratio(rounds, "dicts", "raw"), "×"),
    ]
