"""PostgreSQL by psycopg: sessions beside the same calls on a raw connection, its own pool, and SQLAlchemy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, make_url, text

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec_testkit.servers import PostgreSQLServer

from .harness import Row, ratio
from .postgresql_asyncpg import COLUMNS, FAST, KEY, MANY, SCHEMA, SQL
from .served import Clock, interleave, once_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .harness import Bench, Run

__all__ = ("rows",)

NATIVE = SQL.replace("?", "%s")
MANY_NATIVE = MANY
RESET = (
    "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; "
    "SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
THREADS, CONNECTIONS = 32, 8
LINES = 10_000


def rows(bench: Bench) -> list[Row]:
    """One row, many threads, many rows, and loads."""
    with PostgreSQLServer(settings=FAST) as server, SQLSpec() as spec:
        for statement in filter(str.strip, SCHEMA.split(";")):
            server.sql(statement)
        clock, url = Clock(server), server.url()
        spec.register_config(PostgreSQLConfig(url=url, pool_size=CONNECTIONS), "default")
        spec.register_config(PostgreSQLConfig(url=url, pool_size=CONNECTIONS, reset="rollback"), "bare")
        with (
            psycopg.connect(url, autocommit=True) as raw,
            ConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=True) as pool,
        ):
            peers = {"pool": through_pool(pool)} | with_sqlalchemy(url)
            return [
                *one_row(bench, clock, spec, raw, peers),
                *crowd(bench, clock, spec, pool, url),
                *ten_thousand(bench, clock, spec, raw),
                *loads(bench, clock, spec, raw),
            ]


def one_row(bench: Bench, clock: Clock, spec: SQLSpec, raw: Any, peers: dict[str, Run]) -> list[Row]:
    """A session with one SELECT."""
    cases = by_hand(raw) | ours(spec) | peers
    rounds = interleave(bench, clock, cases)
    beyond = "more than by hand"
    return [
        Row('session, one SELECT: autocommit, reset="rollback"', ratio(rounds, "auto", "raw"), "× raw", 1.05),
        Row(f"transaction, {beyond}", ratio(rounds, "bare", "raw", minus="hand"), "× raw", 0.25),
        Row(f"and full reset, {beyond}", ratio(rounds, "full", "raw", minus="hand, reset"), "× raw", 0.25),
        Row("one cursor, used again", ratio(rounds, "reused", "raw"), "× raw"),
        Row("transaction and full reset", ratio(rounds, "full", "raw"), "× raw"),
        Row("the same by hand", ratio(rounds, "hand, reset", "raw"), "× raw"),
        Row("psycopg_pool, one SELECT in a transaction", ratio(rounds, "pool", "raw"), "× raw"),
        Row("SQLAlchemy Core, one SELECT: autocommit", ratio(rounds, "SQLAlchemy, auto", "raw"), "× raw"),
        Row("SQLAlchemy Core, one SELECT: transaction", ratio(rounds, "SQLAlchemy", "raw"), "× raw"),
    ]


def by_hand(raw: Any) -> dict[str, Run]:
    """On one open connection."""
    cursor = raw.cursor()

    def bare(count: int) -> None:
        for _ in range(count):
            raw.execute(NATIVE, (KEY,)).fetchone()

    def reused(count: int) -> None:
        for _ in range(count):
            cursor.execute(NATIVE, (KEY,))
            cursor.fetchone()

    def ended_by(last: str) -> Run:
        def run(count: int) -> None:
            for _ in range(count):
                raw.execute("BEGIN")
                raw.execute(NATIVE, (KEY,)).fetchone()
                raw.execute(last, prepare=False)

        return run

    return {
        "raw": bare,
        "reused": reused,
        "hand": ended_by("COMMIT"),
        "hand, reset": ended_by(f"COMMIT; {RESET}"),
    }


def ours(spec: SQLSpec) -> dict[str, Run]:
    """A session for each SELECT; the row is a dict."""

    def sessions(name: str, *, autocommit: bool) -> Run:
        def run(count: int) -> None:
            for _ in range(count):
                with spec.provide_session(name, autocommit=autocommit) as session:
                    session.execute(SQL, (KEY,)).one()

        return run

    return {
        "auto": sessions("bare", autocommit=True),
        "bare": sessions("bare", autocommit=False),
        "full": sessions("default", autocommit=False),
    }


def through_pool(pool: Any) -> Run:
    """The driver's pool, with its own transaction and no reset."""

    def run(count: int) -> None:
        for _ in range(count):
            with pool.connection() as raw:
                raw.execute(NATIVE, (KEY,)).fetchone()

    return run


def with_sqlalchemy(url: str) -> dict[str, Run]:
    """An engine with its pool, and the row by its names."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, pool_size=CONNECTIONS)
    query = text(SQL.replace("?", ":id"))

    def runs(one: Any) -> Run:
        def run(count: int) -> None:
            for _ in range(count):
                with one.begin() as connection:
                    connection.execute(query, {"id": KEY}).mappings().one()

        return run

    in_autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    return {"SQLAlchemy, auto": runs(in_autocommit), "SQLAlchemy": runs(engine)}


# --- many threads ---------------------------------------------------------------------------------


def crowd(bench: Bench, clock: Clock, spec: SQLSpec, pool: Any, url: str) -> list[Row]:
    """More threads than connections; and, as the least that can be, a thread for each connection."""
    with ThreadPoolExecutor(THREADS) as threads, ExitStack() as opened:
        raws = [opened.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(CONNECTIONS)]
        alone = [by_hand(raw)["hand"] for raw in raws]
        cases: dict[str, Run] = {
            "ours": shared_out(threads, ours(spec)["bare"]),
            "pool": shared_out(threads, through_pool(pool)),
            "alone": lambda count: list(threads.map(lambda run: run(count * THREADS // CONNECTIONS), alone)),
        }
        rounds = interleave(bench, clock, cases)
    what = f"{THREADS} threads over {CONNECTIONS} connections, over psycopg_pool"
    return [
        Row(f'{what}: transaction, reset="rollback"', ratio(rounds, "ours", "pool"), "×", 0.8),
        Row(
            f"the same by hand, {CONNECTIONS} threads with a connection each",
            ratio(rounds, "alone", "pool"),
            "×",
        ),
    ]


def shared_out(threads: ThreadPoolExecutor, run: Run) -> Run:
    """By all threads at once."""
    return lambda count: list(threads.map(run, [count] * THREADS))


# --- many rows ------------------------------------------------------------------------------------


def ten_thousand(bench: Bench, clock: Clock, spec: SQLSpec, raw: Any) -> list[Row]:
    """Rows to dicts."""

    def fetch(count: int) -> None:
        for _ in range(count):
            raw.execute(MANY_NATIVE).fetchall()

    def dicts(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("bare", autocommit=True) as session:
                session.execute(MANY).all()

    rounds = interleave(bench, clock, {"raw": fetch, "dict": dicts})
    return [Row(f"{LINES:,} rows as dict, over the raw fetch", ratio(rounds, "dict", "raw"), "×", 1.25)]


def loads(bench: Bench, clock: Clock, spec: SQLSpec, raw: Any) -> list[Row]:
    """COPY, each in one transaction with its COMMIT."""
    tuples = [(number, f"name {number}", f"{number}@example.org", number / 2) for number in range(LINES)]
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in tuples]
    cases: dict[str, Run] = {
        "binary": lambda _: copy(raw, tuples, " (FORMAT BINARY)"),
        "text": lambda _: copy(raw, tuples, ""),
        "tuples": lambda _: load(spec, tuples),
        "dicts": lambda _: load(spec, dicts),
    }
    rounds = once_each(bench, clock, cases, before=lambda: raw.execute("TRUNCATE by_hand, by_load"))
    return [
        Row(
            f"load() of {LINES:,} tuples, over binary COPY by hand",
            ratio(rounds, "tuples", "binary"),
            "×",
            1.15,
        ),
        Row(f"load() of {LINES:,} dicts", ratio(rounds, "dicts", "binary"), "×"),
        Row("COPY as text by hand", ratio(rounds, "text", "binary"), "×"),
    ]


def copy(raw: Any, lines: Sequence[Any], form: str) -> None:
    """As the driver's documentation has it."""
    with (
        raw.transaction(),
        raw.cursor().copy(f"COPY by_hand ({', '.join(COLUMNS)}) FROM STDIN{form}") as copying,
    ):
        copying.set_types(["int4", "text", "text", "float8"])
        for line in lines:
            copying.write_row(line)


def load(spec: SQLSpec, lines: Sequence[Any]) -> None:
    """The bulk path."""
    with spec.provide_session("bare") as session:
        session.load("by_load", lines, COLUMNS)
