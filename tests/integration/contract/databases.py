"""The databases that the tests of this folder run on, and what each calls a slow statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlspec.adapters.duckdb import DuckDBConfig
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

__all__ = ("ASYNCMY", "ASYNCPG", "DUCKDB", "PSYCOPG", "SQL", "SQLITE", "Database")

COUNT = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT {} FROM c"
PER_SECOND = 2_000_000
"""Rows that SQLite counts in a second, more or less."""
CUBE = "FROM range({}) a, range(10000) b"


@dataclass(frozen=True)
class Database:
    """One adapter, and a database of a test's own for it."""

    name: str
    config_type: type[Any]
    url: str
    """The fixture that gives its URL; none for a file."""
    slow: Callable[[float], str]
    """A query that takes about so many seconds and returns one row with the number n."""
    numbers: str
    """A query that returns the numbers n from 1 to 40."""
    is_async: bool = True
    is_sync: bool = True

    def config(self, request: pytest.FixtureRequest, **options: Any) -> Any:
        """A config for a database of the test's own."""
        if self.url:
            return self.config_type(url=request.getfixturevalue(self.url), **options)
        path = request.getfixturevalue("tmp_path") / f"{self.name}.db"
        return self.config_type(database=str(path), **options)


def _sqlite(seconds: float) -> str:
    return COUNT.format(int(PER_SECOND * seconds), "count(*) AS n")


def _postgresql(seconds: float) -> str:
    return f"SELECT 1 AS n FROM (SELECT pg_sleep({seconds})) AS slept"


def _mysql(seconds: float) -> str:
    return f"SELECT SLEEP({seconds}) + 1 AS n"


def _duckdb(seconds: float) -> str:
    return "SELECT count(DISTINCT (a.range * 10007 + b.range) % 99991) AS n " + CUBE.format(
        int(3000 * seconds)
    )


SERIES = "SELECT n FROM generate_series(1, 40) AS s(n) ORDER BY n"

SQLITE = Database("sqlite", SQLiteConfig, "", _sqlite, COUNT.format(40, "n"))
DUCKDB = Database("duckdb", DuckDBConfig, "", _duckdb, SERIES)
PSYCOPG = Database("psycopg", PostgreSQLConfig, "postgresql_url", _postgresql, SERIES)
ASYNCPG = Database("asyncpg", AsyncpgConfig, "postgresql_url", _postgresql, SERIES, is_sync=False)
ASYNCMY = Database("asyncmy", AsyncMyConfig, "mariadb_url", _mysql, COUNT.format(40, "n"), is_sync=False)

SQL = (SQLITE, DUCKDB, PSYCOPG, ASYNCPG, ASYNCMY)
