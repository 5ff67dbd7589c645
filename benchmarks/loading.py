"""Bulk load: `session.load` over `executemany` by hand, each in one transaction with its COMMIT."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .by_hand import connect
from .harness import Row, ratio

if TYPE_CHECKING:
    import sqlite3

    from .harness import Bench, Run

SIZES = (10_000, 100_000)
COLUMNS = ("id", "name", "email", "score")
TABLE = "people (id integer, name text, email text, score real)"
EMPTY = "DELETE FROM people"
INSERT = "INSERT INTO people (id, name, email, score) VALUES (?, ?, ?, ?)"
HAND, LOAD, MANY, DICTS = "by hand", "load", "execute_many", "load of dicts"


def rows(bench: Bench) -> list[Row]:
    """How many times the work by hand it takes."""
    return [row for size in SIZES for row in rows_of(bench, size)]


def rows_of(bench: Bench, size: int) -> list[Row]:
    """The rows for so many rows."""
    with tempfile.TemporaryDirectory() as folder, SQLSpec() as spec:
        # A file for each side: what one changes, the other's connection would have to read again.
        raw = connect(str(Path(folder, "by-hand.db")))
        spec.register_config(SQLiteConfig(database=str(Path(folder, "ours.db"))), name="load")
        for statement in (f"CREATE TABLE {TABLE}", EMPTY):
            run_on_both(spec, raw, statement)
        cases, empty = cases_of(spec, raw, size), partial(run_on_both, spec, raw, EMPTY)
        rounds = bench.once_each(cases, rounds=500_000 // size, before=empty)
        raw.close()
    return [
        Row(f"load() of {size:,} tuples, over executemany by hand", ratio(rounds, LOAD, HAND), "×", 1.15),
        Row(f"execute_many() of {size:,} tuples", ratio(rounds, MANY, HAND), "×"),
        Row(f"load() of {size:,} dicts", ratio(rounds, DICTS, HAND), "×"),
    ]


def run_on_both(spec: SQLSpec, raw: sqlite3.Connection, statement: str) -> None:
    """What comes before the measured part."""
    raw.execute(statement)
    with spec.provide_session("load") as session:
        session.execute(statement)


def cases_of(spec: SQLSpec, raw: sqlite3.Connection, size: int) -> dict[str, Run]:
    """The same rows by each way."""
    tuples = [(i, f"name {i}", f"{i}@example.org", i / 2) for i in range(size)]
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in tuples]
    return {
        HAND: lambda _: by_hand(raw, tuples),
        LOAD: lambda _: load(spec, tuples),
        MANY: lambda _: execute_many(spec, tuples),
        DICTS: lambda _: load(spec, dicts),
    }


def by_hand(raw: sqlite3.Connection, tuples: list[Any]) -> None:
    """As the driver's documentation has it."""
    raw.execute("BEGIN IMMEDIATE")
    raw.executemany(INSERT, tuples)
    raw.execute("COMMIT")


def load(spec: SQLSpec, loaded: list[Any]) -> None:
    """The bulk path."""
    with spec.provide_session("load") as session:
        session.load("people", loaded, COLUMNS)


def execute_many(spec: SQLSpec, tuples: list[Any]) -> None:
    """The ordinary path."""
    with spec.provide_session("load") as session:
        session.execute_many(INSERT, tuples)
