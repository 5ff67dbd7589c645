"""From two threads to 64, over four connections of PostgreSQL by psycopg: each session is a transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TYPE_CHECKING, Any

from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, make_url, text

from benchmarks.served import Clock
from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig

from .server import CONNECTIONS, KEY, SQL, server_with_users
from .sweep import sweep_rows
from .verdict import OURS, SIZES

if TYPE_CHECKING:
    from benchmarks.harness import Bench, Row, Run

THINGS = "threads"
TURNS = 4
"""Sessions of each thread, so that waking it is not what is measured."""
POOL, SQLALCHEMY = "psycopg_pool", "SQLAlchemy Core"


def rows(bench: Bench) -> list[Row]:
    """Microseconds of client and server for one thread's sessions, and how they grow with the threads."""
    with server_with_users() as server, ExitStack() as stack:
        clock = Clock(server)
        borrowers = open_pools(stack, server.url())
        cases: dict[int, dict[str, Run]] = {}
        for size in SIZES[THINGS]:
            crowd = Crowd(size)
            stack.callback(crowd.close)
            cases[size] = {name: crowd.run_by_all(run) for name, run in borrowers.items()}
        return sweep_rows(
            bench,
            cases,
            THINGS,
            items=lambda threads: threads * TURNS,
            seconds=clock.seconds,
            warmed=clock.look_around,
        )


class Crowd:
    """Threads that begin at one moment."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads = ThreadPoolExecutor(size)
        self._barrier = Barrier(size)

    def run_by_all(self, run: Run) -> Run:
        """Each of them does the work; it ends with the last one."""

        def begin(count: int) -> None:
            self._barrier.wait()
            run(count * TURNS)

        return lambda count: list(self._threads.map(begin, [count] * self._size))

    def close(self) -> None:
        """All are idle."""
        self._threads.shutdown()


def open_pools(stack: ExitStack, url: str) -> dict[str, Run]:
    """One SELECT in a transaction on a connection on loan: ours, the driver's pool, SQLAlchemy's."""
    spec = stack.enter_context(SQLSpec())
    spec.register_config(PostgreSQLConfig(url=url, pool_size=CONNECTIONS, reset="rollback"), "users")
    pool: Any = ConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False)
    stack.enter_context(pool)
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, pool_size=CONNECTIONS, max_overflow=0)
    stack.callback(engine.dispose)
    query, native = text(SQL.replace("?", ":id")), SQL.replace("?", "%s")

    def with_sqlspec(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("users") as session:
                session.execute(SQL, (KEY,)).one()

    def with_pool(count: int) -> None:
        for _ in range(count):
            with pool.connection() as raw:
                raw.execute(native, (KEY,)).fetchone()

    def with_sqlalchemy(count: int) -> None:
        for _ in range(count):
            with engine.begin() as connection:
                connection.execute(query, {"id": KEY}).mappings().one()

    return {OURS: with_sqlspec, POOL: with_pool, SQLALCHEMY: with_sqlalchemy}
