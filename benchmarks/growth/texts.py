"""From one SQL text to ten thousand, executed in turn again and again in one transaction on SQLite.

Whoever remembers what it knows of a text has a limit, the driver too: sqlite3 keeps 128 statements and
prepares all others anew. That is its work, and is taken off where growth is judged.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from benchmarks.by_hand import KEY, SQL, connect, fill
from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .sweep import processor_seconds, sweep_rows
from .verdict import OURS, SIZES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.harness import Bench, Row, Run
    from sqlspec import Session

    from .sweep import Seconds

THINGS = "texts"
ONE, ALL = f"{OURS}, one()", f"{OURS}, all()"
RAW, SQLALCHEMY = "sqlite3 by hand", "SQLAlchemy Core"


def rows(bench: Bench) -> list[Row]:
    """Microseconds for one statement, and how they grow with the number of texts in use."""
    with ExitStack() as stack:
        path = str(Path(stack.enter_context(TemporaryDirectory()), "users.db"))
        raw = connect(path)
        stack.callback(raw.close)
        fill(raw)
        spec = stack.enter_context(SQLSpec())
        spec.register_config(SQLiteConfig(database=path), "users")
        session = stack.enter_context(spec.provide_session("users", read_only=True))
        engine = create_engine(f"sqlite:///{path}")
        stack.callback(engine.dispose)
        peer = stack.enter_context(engine.connect())
        cases = {size: cases_of(texts_of(size), raw, session, peer) for size in SIZES[THINGS]}
        return sweep_rows(bench, cases, THINGS, seconds=remembered(cases), minus=RAW)


def remembered(cases: Mapping[int, Mapping[str, Run]]) -> Seconds:
    """A clock that starts when all that can be remembered of the texts is remembered.

    The turns before had other texts. The largest size has them all: no other turn can have put anything else
    in their place.
    """
    largest = set(cases[max(cases)].values())

    def seconds(run: Run, count: int) -> float:
        if run not in largest:
            run(2)
        return processor_seconds(run, count)

    return seconds


def texts_of(size: int) -> list[str]:
    """As an application has them that writes values into its statements."""
    return [f"{SQL} AND id < {1000 + number}" for number in range(size)]


def cases_of(texts: list[str], raw: sqlite3.Connection, session: Session, peer: Any) -> dict[str, Run]:
    """The driver's call; ours and SQLAlchemy's, which also give the row its names."""
    clauses = [text(sql.replace("?", ":id")) for sql in texts]
    return {
        ONE: each(texts, lambda sql: session.execute(sql, (KEY,)).one()),
        ALL: each(texts, lambda sql: session.execute(sql, (KEY,)).all()),
        RAW: each(texts, lambda sql: raw.execute(sql, (KEY,)).fetchall()),
        SQLALCHEMY: each(clauses, lambda clause: peer.execute(clause, {"id": KEY}).mappings().all()),
    }


def each(statements: Sequence[Any], execute: Callable[[Any], object]) -> Run:
    """One after the other, in the same order every time: the hardest for a memory that is too small."""

    def run(count: int) -> None:
        for _ in range(count):
            for statement in statements:
                execute(statement)

    return run
