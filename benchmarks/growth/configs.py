"""From one database to ten thousand: each is registered, found by its name, and taken out again.

Beside it what an application would write without a registry: a dict of SQLAlchemy's engines, or of
psycopg_pool's pools. Nothing connects.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig

from .sweep import sweep_rows
from .verdict import OURS, SIZES

if TYPE_CHECKING:
    from benchmarks.harness import Bench, Row, Run

THINGS = "databases"
URL, URL_OF_ENGINE = "postgresql://app@db.example/app", "postgresql+psycopg://app@db.example/app"
SQLALCHEMY, POOLS = "SQLAlchemy, engines in a dict", "psycopg_pool, pools in a dict"


def rows(bench: Bench) -> list[Row]:
    """Microseconds for each database, and how they grow."""
    cases = {size: cases_of(*names_of(size)) for size in SIZES[THINGS]}
    return sweep_rows(bench, cases, THINGS)


def names_of(size: int) -> tuple[list[str], list[str]]:
    """The names in the order in which they come, and in the one in which they go: no order at all."""
    coming = [f"database-{number}" for number in range(size)]
    going = coming.copy()
    Random(7).shuffle(going)  # noqa: S311 - the same in every run
    return coming, going


def cases_of(coming: list[str], going: list[str]) -> dict[str, Run]:
    """Everybody's own way to keep many databases under names."""
    return {
        OURS: in_registry(coming, going),
        SQLALCHEMY: in_dict(coming, going, lambda: create_engine(URL_OF_ENGINE), "dispose"),
        POOLS: in_dict(coming, going, lambda: ConnectionPool(URL, min_size=1, open=False), "close"),
    }


def in_registry(coming: list[str], going: list[str]) -> Run:
    """Ours: no database is there before a turn, and none after it."""

    def run(count: int) -> None:
        spec = SQLSpec()
        for _ in range(count):
            for name in coming:
                spec.register_config(PostgreSQLConfig(url=URL), name)
            for name in going:
                spec.get_config(name)
            for name in going:
                spec.unregister_config(name)

    return run


def in_dict(coming: list[str], going: list[str], make: Any, end: str) -> Run:
    """Theirs."""

    def run(count: int) -> None:
        known: dict[str, Any] = {}
        for _ in range(count):
            for name in coming:
                known[name] = make()
            for name in going:
                known[name]  # pyright: ignore[reportUnusedExpression]
            for name in going:
                getattr(known.pop(name), end)()

    return run
