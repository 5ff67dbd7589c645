"""A session for one SELECT by key on SQLite, beside the same by hand and beside SQLAlchemy Core.

The budgets hold for a database file, which is what applications have. In memory the raw SELECT costs
half as much, so the same work on top looks twice as large; it is shown without a budget.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .by_hand import KEY, SQL, connect, fill, select
from .harness import Row, micro, ratio

if TYPE_CHECKING:
    import sqlite3

    from .harness import Bench, Round, Run, Spread

POOL_SIZE = 10
RAW, HAND = "raw", "transaction by hand"
AUTO, TX, LENT = "session, autocommit", "session, default", "provide_connection"
ALCHEMY_AUTO, ALCHEMY_TX = "SQLAlchemy, autocommit", "SQLAlchemy, default"


def rows(bench: Bench) -> list[Row]:
    """On a file, then in memory."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = rounds_on_file(bench, str(Path(folder, "users.db")))
    in_memory = rounds_in_memory(bench)
    return [*rows_on_file(rounds), *rows_beside(rounds), *rows_in_memory(in_memory)]


def rows_on_file(rounds: list[Round]) -> list[Row]:
    """The budgets."""
    return [
        Row("file: session, autocommit, over raw", ratio(rounds, AUTO, RAW), "×", 1.8),
        Row("file: session, default, beyond by hand, in raw SELECTs", beyond_by_hand(rounds), "×", 1.2),
    ]


def rows_beside(rounds: list[Round]) -> list[Row]:
    """What the budgets are made of, and the peer."""
    return [
        Row("file: raw SELECT", micro(rounds, RAW), "µs"),
        Row("file: BEGIN, SELECT, COMMIT by hand, over raw", ratio(rounds, HAND, RAW), "×"),
        Row("file: session, default, over raw", ratio(rounds, TX, RAW), "×"),
        Row("file: provide_connection and the raw SELECT, over raw", ratio(rounds, LENT, RAW), "×"),
        Row("file: SQLAlchemy Core, autocommit, over raw", ratio(rounds, ALCHEMY_AUTO, RAW), "×"),
        Row("file: SQLAlchemy Core, default, over raw", ratio(rounds, ALCHEMY_TX, RAW), "×"),
    ]


def rows_in_memory(rounds: list[Round]) -> list[Row]:
    """The same over half the base."""
    return [
        Row("memory: raw SELECT", micro(rounds, RAW), "µs"),
        Row("memory: session, autocommit, over raw", ratio(rounds, AUTO, RAW), "×"),
        Row("memory: session, default, beyond by hand, in raw SELECTs", beyond_by_hand(rounds), "×"),
    ]


def beyond_by_hand(rounds: list[Round]) -> Spread:
    """What a session with a transaction takes more than BEGIN, SELECT and COMMIT do by hand."""
    return ratio(rounds, TX, RAW, minus=HAND)


def rounds_on_file(bench: Bench, path: str) -> list[Round]:
    """Everybody on one file in WAL mode, each with connections of their own."""
    raw = connect(path)
    fill(raw)
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=path, pool_size=POOL_SIZE), name="users")
        rounds = bench.interleave(by_hand(raw) | with_sqlspec(spec) | with_sqlalchemy(path))
    raw.close()
    return rounds


def rounds_in_memory(bench: Bench) -> list[Round]:
    """By hand and ours, each in a memory of their own."""
    raw = connect(":memory:")
    fill(raw)
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(pool_size=POOL_SIZE), name="users")
        with spec.provide_connection("users") as ours:
            fill(ours)
        return bench.interleave(by_hand(raw) | with_sqlspec(spec))


def by_hand(raw: sqlite3.Connection) -> dict[str, Run]:
    """On one open connection."""

    def bare(count: int) -> None:
        for _ in range(count):
            select(raw)

    def transaction(count: int) -> None:
        for _ in range(count):
            raw.execute("BEGIN IMMEDIATE")
            select(raw)
            raw.execute("COMMIT")

    return {RAW: bare, HAND: transaction}


def with_sqlspec(spec: SQLSpec) -> dict[str, Run]:
    """A session, or a connection, for each SELECT; the session's row is a dict."""

    def autocommit(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("users", autocommit=True) as session:
                session.execute(SQL, (KEY,)).one()

    def default(count: int) -> None:
        for _ in range(count):
            with spec.provide_session("users") as session:
                session.execute(SQL, (KEY,)).one()

    def lent(count: int) -> None:
        for _ in range(count):
            with spec.provide_connection("users") as raw:
                select(raw)

    return {AUTO: autocommit, TX: default, LENT: lent}


def with_sqlalchemy(path: str) -> dict[str, Run]:
    """A connection for each SELECT, from a pool of the same size; its row is a Row."""
    import sqlalchemy

    url = f"sqlite:///{path}"
    engine = sqlalchemy.create_engine(url, pool_size=POOL_SIZE)
    # Its isolation level is set once: switched for each connection it would cost twice as much.
    in_autocommit = sqlalchemy.create_engine(url, pool_size=POOL_SIZE, isolation_level="AUTOCOMMIT")
    query = sqlalchemy.text(SQL.replace("?", ":id"))

    def autocommit(count: int) -> None:
        for _ in range(count):
            with in_autocommit.connect() as connection:
                connection.execute(query, {"id": KEY}).one()

    def default(count: int) -> None:
        for _ in range(count):
            with engine.begin() as connection:
                connection.execute(query, {"id": KEY}).one()

    return {ALCHEMY_AUTO: autocommit, ALCHEMY_TX: default}
