"""DuckDB: sessions beside a cursor that is kept, Arrow beside the driver's calls, `load` beside the appender.

"By hand" is the driver on a cursor that is made once. A session takes a cursor of its own and gives it up.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.duckdb import DuckDBConfig

from .harness import Row, micro, ratio, spread_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from .harness import Bench, Round, Run

KEY = 4711
ROWS = 100_000
THREADS = 16
EACH = 40
"""SELECTs of each thread in one round."""
SQL = "SELECT id, name, email FROM users WHERE id = ?"
FILL = (
    "CREATE TABLE users AS SELECT i AS id, 'n' || i AS name, i || '@b.org' AS email FROM range(100000) n (i)",
    "CREATE TABLE big AS SELECT i AS id, 'name ' || i AS name, i * 1.5 AS score FROM range(1000000) n (i)",
    "CREATE TABLE loaded (id INTEGER, name VARCHAR, score DOUBLE)",
)
ARROW = "SELECT * FROM big"
RAW, HAND, AUTO, TX, KEPT = "raw", "by hand", "autocommit", "default", "reset=rollback"
CALL, RELATION, OURS, SQL_OURS = "execute", "relation", "ours", "session.sql"


def rows(bench: Bench) -> list[Row]:
    """All of it, on one file."""
    with tempfile.TemporaryDirectory() as folder, SQLSpec() as spec:
        path = str(Path(folder, "bench.db"))
        spec.register_config(DuckDBConfig(database=path, pool_size=THREADS), name="users")
        spec.register_config(DuckDBConfig(database=path, reset="rollback"), name="kept")
        with spec.provide_session("users") as session:
            for statement in FILL:
                session.execute(statement)
        with spec.provide_connection("users") as lent:
            raw = lent.cursor()
            found = [*selects(bench, spec, raw), *arrow(bench, spec, raw), *loads(bench, spec, raw)]
            found += crowd(bench, spec, raw)
            raw.close()
    return found


def selects(bench: Bench, spec: SQLSpec, raw: duckdb.DuckDBPyConnection) -> list[Row]:
    """One SELECT by a value."""
    rounds = bench.interleave(select_cases(spec, raw))
    return [
        Row("raw SELECT", micro(rounds, RAW), "µs"),
        Row("session, autocommit, over raw", ratio(rounds, AUTO, RAW), "×", 1.10),
        Row("session, autocommit, reset=rollback, over raw", ratio(rounds, KEPT, RAW), "×", 1.10),
        Row("BEGIN, SELECT, COMMIT by hand, over raw", ratio(rounds, HAND, RAW), "×"),
        Row("session, default, beyond by hand, in raw SELECTs", ratio(rounds, TX, RAW, minus=HAND), "×"),
    ]


def select_cases(spec: SQLSpec, raw: duckdb.DuckDBPyConnection) -> dict[str, Run]:
    """By hand on one cursor, and in a session each."""

    def bare(count: int) -> None:
        for _ in range(count):
            raw.execute(SQL, (KEY,)).fetchall()

    def transaction(count: int) -> None:
        for _ in range(count):
            raw.begin()
            raw.execute(SQL, (KEY,)).fetchall()
            raw.commit()

    def session(name: str, *, autocommit: bool) -> Run:
        def run(count: int) -> None:
            for _ in range(count):
                with spec.provide_session(name, autocommit=autocommit) as session:
                    session.execute(SQL, (KEY,)).one()

        return run

    return {
        RAW: bare,
        HAND: transaction,
        AUTO: session("users", autocommit=True),
        KEPT: session("kept", autocommit=True),
        TX: session("users", autocommit=False),
    }


def arrow(bench: Bench, spec: SQLSpec, raw: Any) -> list[Row]:
    """A million rows as an Arrow table."""
    cases: dict[str, Run] = {
        CALL: lambda _: table_of(raw.execute(ARROW)),
        RELATION: lambda _: table_of(raw.sql(ARROW)),
        OURS: lambda _: in_session(spec, lambda session: session.execute(ARROW).arrow()),
        SQL_OURS: lambda _: in_session(spec, lambda session: table_of(session.sql(ARROW))),
    }
    rounds = bench.once_each(cases, rounds=25, before=lambda: None)
    return [
        Row(
            "execute().arrow(), over the driver's on an executed result", ratio(rounds, OURS, CALL), "×", 1.05
        ),
        Row("execute().arrow(), over the driver's relation", ratio(rounds, OURS, RELATION), "×"),
        Row(
            "sql().to_arrow_table(), over the driver's relation", ratio(rounds, SQL_OURS, RELATION), "×", 1.05
        ),
    ]


def table_of(result: Any) -> Any:
    """A table, by whatever this version calls it; without its advice to use a relation."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return result.to_arrow_table() if hasattr(result, "to_arrow_table") else result.fetch_arrow_table()


def in_session(spec: SQLSpec, work: Callable[[Any], object]) -> object:
    """Something in a session of its own."""
    with spec.provide_session("users") as session:
        return work(session)


def loads(bench: Bench, spec: SQLSpec, raw: Any) -> list[Row]:
    """So many rows by the appender, where there is one."""
    tuples = [(i, f"name {i}", i / 2) for i in range(ROWS)]

    def by_hand(_: int) -> None:
        raw.begin()
        appender = raw.appender("loaded")
        appender.append_rows(tuples)
        appender.flush()
        raw.commit()

    def ours(_: int) -> None:
        with spec.provide_session("users") as session:
            session.load("loaded", tuples, ("id", "name", "score"))

    def many(_: int) -> None:
        with spec.provide_session("users") as session:
            session.execute_many("INSERT INTO loaded VALUES (?, ?, ?)", tuples)

    if not hasattr(raw, "appender"):
        return []
    cases: dict[str, Run] = {HAND: by_hand, OURS: ours, "many": many}
    rounds = bench.once_each(cases, rounds=25, before=lambda: raw.execute("TRUNCATE loaded"))
    return [
        Row(f"load() of {ROWS:,} tuples, over the appender by hand", ratio(rounds, OURS, HAND), "×", 1.15),
        Row(f"execute_many() of {ROWS:,} tuples, over the appender", ratio(rounds, "many", HAND), "×"),
    ]


def crowd(bench: Bench, spec: SQLSpec, raw: duckdb.DuckDBPyConnection) -> list[Row]:
    """Sixteen threads on one file, by the wall's clock: who leaves them asleep must not look good."""
    cursors = [raw.cursor() for _ in range(THREADS)]

    def by_hand(number: int) -> None:
        for _ in range(EACH):
            cursors[number].execute(SQL, (KEY,)).fetchall()

    def ours(_: int) -> None:
        for _ in range(EACH):
            with spec.provide_session("users", autocommit=True) as session:
                session.execute(SQL, (KEY,)).one()

    rounds: list[Round] = []
    for number in range(max(5, bench.rounds // 8)):
        order = [(HAND, by_hand), (OURS, ours)][:: 1 if number % 2 else -1]
        rounds.append({name: at_once(work) for name, work in order})
    for cursor in cursors:
        cursor.close()
    # Of rates: 0.9 of the throughput is 1.11 of the time.
    return [
        Row(f"{THREADS} threads, time over a cursor for each", ratio(rounds, OURS, HAND), "×", 1 / 0.9),
        Row(f"{THREADS} threads, one SELECT by hand", spread_of(one[HAND] * 1e6 for one in rounds), "µs"),
    ]


def at_once(work: Callable[[int], None]) -> float:
    """Seconds for one SELECT of the crowd."""
    start = Barrier(THREADS + 1)

    def run(number: int) -> None:
        start.wait()
        work(number)

    threads = [Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - started) / (THREADS * EACH)
