"""The databases of the load: where they are, and what is stored in them, seen from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from sqlspec_testkit.proxy import FaultProxy

__all__ = ("SIDES", "Place", "Side", "make_place", "tables")

POOL_SIZE = 10
DEFERRED = " REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED"


@dataclass(frozen=True)
class Side:
    """An adapter, in tasks or in threads."""

    name: str
    dialect: str
    module: str
    config: str
    is_async: bool
    opens_early: bool = False
    workers: int = 2


SIDES = (
    Side("sqlite", "sqlite", "sqlite", "SQLiteConfig", is_async=False, opens_early=True),
    Side("sqlite-async", "sqlite", "sqlite", "SQLiteConfig", is_async=True),
    Side("duckdb", "duckdb", "duckdb", "DuckDBConfig", is_async=False, workers=1),
    Side("duckdb-async", "duckdb", "duckdb", "DuckDBConfig", is_async=True, workers=1),
    Side("psycopg", "postgresql", "postgresql", "PostgreSQLConfig", is_async=False, opens_early=True),
    Side("psycopg-async", "postgresql", "postgresql", "PostgreSQLConfig", is_async=True),
    Side("asyncpg", "postgresql", "postgresql", "AsyncpgConfig", is_async=True),
    Side("asyncmy", "mysql", "mysql", "AsyncMyConfig", is_async=True),
)


@dataclass(frozen=True)
class Place:
    """A database of a test's own, with the shop's tables."""

    side: Side
    options: dict[str, Any]
    run: Callable[[str], set[int]]
    """Runs one statement from outside: the first column of its rows."""
    proxy: FaultProxy | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What the shop is told."""
        return {
            "module": f"sqlspec.adapters.{self.side.module}",
            "config": self.side.config,
            "dialect": self.side.dialect,
            "is_async": self.side.is_async,
            "opens_early": self.side.opens_early,
            "options": {"pool_size": POOL_SIZE, **self.options},
        }


def tables(dialect: str) -> tuple[str, ...]:
    """What makes the shop's tables."""
    deferred = DEFERRED if dialect in {"sqlite", "postgresql"} else ""
    return (
        "CREATE TABLE orders (id INTEGER PRIMARY KEY)",
        f"CREATE TABLE audit (id INTEGER PRIMARY KEY, boss INTEGER{deferred})",
        "CREATE TABLE claim (id INTEGER PRIMARY KEY)",
    )


def make_place(side: Side, request: pytest.FixtureRequest) -> Place:
    """An empty shop."""
    place = _MAKERS[side.dialect](side, request)
    for statement in tables(side.dialect):
        place.run(statement)
    return place


def _sqlite(side: Side, request: pytest.FixtureRequest) -> Place:
    path: Path = request.getfixturevalue("tmp_path") / "shop.db"
    # Two processes of ten connections each: SQLite does not serve who waits in order.
    return Place(
        side, {"database": str(path), "busy_timeout": 30.0}, partial(_in_file, sqlite3.connect, path)
    )


def _duckdb(side: Side, request: pytest.FixtureRequest) -> Place:
    path: Path = request.getfixturevalue("tmp_path") / "shop.db"
    return Place(side, {"database": str(path)}, partial(_in_file, duckdb.connect, path))


def _in_file(connect: Callable[[str], Any], path: Path, statement: str) -> set[int]:
    with closing(connect(str(path))) as raw:
        found = {row[0] for row in raw.execute(statement).fetchall()}
        raw.commit()
    return found


def _postgresql(side: Side, request: pytest.FixtureRequest) -> Place:
    server, url = request.getfixturevalue("postgresql_server"), request.getfixturevalue("postgresql_url")
    run = partial(server.sql, database=_database_of(url))
    return Place(side, {"url": url}, lambda statement: _numbers(run(statement)))


def _mysql(side: Side, request: pytest.FixtureRequest) -> Place:
    server, url = request.getfixturevalue("mariadb_server"), request.getfixturevalue("mariadb_url")
    proxy: FaultProxy = request.getfixturevalue("mariadb_proxy")
    database = _database_of(url)
    run = partial(server.sql, database=database)
    options = {"url": server.url(database=database, port=proxy.port)}
    return Place(side, options, lambda statement: _numbers(run(statement)), proxy)


def _database_of(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


def _numbers(text: str) -> set[int]:
    return {int(line) for line in text.splitlines() if line.isdecimal()}


_MAKERS: dict[str, Callable[[Side, pytest.FixtureRequest], Place]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgresql": _postgresql,
    "mysql": _mysql,
}
