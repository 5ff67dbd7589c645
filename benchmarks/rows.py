"""10 000 rows of six columns as what the caller asked for, over the driver's bare fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .harness import Row, ratio

if TYPE_CHECKING:
    import sqlite3

    from sqlspec import Session

    from .harness import Bench, Run

COLUMNS = "id, name, email, score, visits, note"
TABLE = "people (id integer, name text, email text, score real, visits integer, note text)"
SQL = f"SELECT {COLUMNS} FROM people"  # noqa: S608 - of constants
RAW, BY_HAND = "raw", "by hand"
LIMITS = {"dict": 1.25, "Struct": 1.40, "dataclass": 1.30}


class PersonStruct(msgspec.Struct):
    """A row."""

    id: int
    name: str
    email: str
    score: float
    visits: int
    note: str


@dataclass
class PersonData:
    """A row."""

    id: int
    name: str
    email: str
    score: float
    visits: int
    note: str


def rows(bench: Bench) -> list[Row]:
    """How many times the bare fetch each target takes, fetch included."""
    with SQLSpec() as spec:
        database = spec.register_config(SQLiteConfig())
        with spec.provide_session(database, autocommit=True) as session:
            fill(session)
            cases = cases_of(session)
            rounds = bench.once_each(cases, rounds=51, before=lambda: None)
    budgets = [
        Row(f"10 000 rows → {name}", ratio(rounds, name, RAW), "×", LIMITS.get(name)) for name in TARGETS
    ]
    by_hand = Row("[dict(zip(columns, row)) for row in rows]", ratio(rounds, BY_HAND, RAW), "×")
    return [*budgets, by_hand]


TARGETS: dict[str, Any] = {
    "dict": None,
    "Struct": PersonStruct,
    "dataclass": PersonData,
    "tuple": tuple,
}


def fill(session: Session) -> None:
    """The table."""
    session.execute(f"CREATE TABLE {TABLE}")
    session.load(
        "people",
        [(i, f"name {i}", f"{i}@example.org", i / 2, i % 7, f"note {i}") for i in range(10_000)],
        COLUMNS.split(", "),
    )


def cases_of(session: Session) -> dict[str, Run]:
    """The fetch by hand on the session's own driver connection, and every target."""
    raw: sqlite3.Connection = session.connection()

    def fetch(_: int) -> None:
        raw.execute(SQL).fetchall()

    def zipped(_: int) -> None:
        cursor = raw.execute(SQL)
        names = [column[0] for column in cursor.description]
        _rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    cases: dict[str, Run] = {RAW: fetch, BY_HAND: zipped}
    for name, target in TARGETS.items():
        cases[name] = fetching(session, target)
    return cases


def fetching(session: Session, target: Any) -> Run:
    """Through the session."""

    def run(_: int) -> None:
        session.execute(SQL, schema_type=target).all()

    return run
