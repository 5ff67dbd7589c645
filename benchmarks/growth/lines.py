"""From ten rows to a million, read from a file of SQLite at once, or one by one from a stream."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .sweep import sweep_rows
from .verdict import OURS, SIZES

if TYPE_CHECKING:
    import sqlite3

    from benchmarks.harness import Bench, Row, Run
    from sqlspec import Session

THINGS = "rows"
SQL = "SELECT id, name, score FROM people LIMIT ?"
STREAM, RAW, SQLALCHEMY = f"{OURS}, a stream", "sqlite3 by hand", "SQLAlchemy Core"


def rows(bench: Bench) -> list[Row]:
    """Microseconds for one row, and how they grow with the number of rows in one result."""
    with ExitStack() as stack:
        path = str(Path(stack.enter_context(TemporaryDirectory()), "people.db"))
        spec = stack.enter_context(SQLSpec())
        spec.register_config(SQLiteConfig(database=path), "people")
        with spec.provide_session("people") as filling:
            fill(filling)
        session = stack.enter_context(spec.provide_session("people", autocommit=True))
        engine = create_engine(f"sqlite:///{path}")
        stack.callback(engine.dispose)
        peer = stack.enter_context(engine.connect())
        cases = {size: cases_of(size, session, peer) for size in SIZES[THINGS]}
        return sweep_rows(bench, cases, THINGS, over=RAW)


def fill(session: Session) -> None:
    """The table."""
    session.execute("CREATE TABLE people (id integer PRIMARY KEY, name text, score real)")
    lines = [(number, f"name {number}", number / 2) for number in range(max(SIZES[THINGS]))]
    session.load("people", lines, ["id", "name", "score"])


def cases_of(size: int, session: Session, peer: Any) -> dict[str, Run]:
    """The fetch by hand on the session's own driver connection; ours; SQLAlchemy's."""
    raw: sqlite3.Connection = session.connection()
    query = text(SQL.replace("?", ":size"))

    def as_dicts(count: int) -> None:
        for _ in range(count):
            session.execute(SQL, (size,)).all()

    def streamed(count: int) -> None:
        for _ in range(count):
            for _line in session.stream(SQL, (size,)):
                pass

    def by_hand(count: int) -> None:
        for _ in range(count):
            raw.execute(SQL, (size,)).fetchall()

    def with_sqlalchemy(count: int) -> None:
        for _ in range(count):
            peer.execute(query, {"size": size}).mappings().all()

    return {OURS: as_dicts, STREAM: streamed, RAW: by_hand, SQLALCHEMY: with_sqlalchemy}
