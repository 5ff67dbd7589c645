"""What the blocks of `registry-system.md` take for granted: servers, a type of row, and clients."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - a config's annotations are read
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config.url import URL


class StandIn(SQLiteConfig, frozen=True, kw_only=True):
    """A server's config as a file of SQLite: one for each host and database name."""

    url_schemes: ClassVar[tuple[str, ...]] = ("postgresql", "mysql")
    folder: ClassVar[Path]

    ssl_mode: Literal["disable", "require", "verify-ca", "verify-full"] = "verify-full"

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """The file that stands for the server."""
        hosts = ",".join(str(host) for host, _ in url.hosts)
        return {"database": str(cls.folder / f"{hosts}-{url.database}.db")}


class PostgreSQLConfig(StandIn, frozen=True, kw_only=True):
    """As psycopg's."""


class AsyncpgConfig(StandIn, frozen=True, kw_only=True):
    """As asyncpg's; the document uses it in registrations only."""


class AsyncMyConfig(StandIn, frozen=True, kw_only=True):
    """As asyncmy's."""


@dataclass
class Order:
    """What the document reads from one database and writes to another."""

    id: int
    total: float

    def to_event(self) -> tuple[int, float]:
        """The other database's row."""
        return self.id, self.total


@dataclass
class User:
    """The document's own type of row."""

    id: int
    name: str


SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE audit (id INTEGER PRIMARY KEY);
CREATE TABLE logs (thread TEXT NOT NULL);
"""


class Server:
    """The files behind the stand-ins, looked at by the driver alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, host: str, user: str) -> None:
        """A database with one user."""
        with closing(sqlite3.connect(self.folder / f"{host}-db.db")) as raw, raw:
            raw.executescript(SCHEMA)
            raw.execute("INSERT INTO users VALUES (1, ?)", (user,))

    def values(self, sql: str) -> list[Any]:
        """The first column of what the main database answers."""
        with closing(sqlite3.connect(self.folder / "main-db.db")) as raw:
            return [value for (value,) in raw.execute(sql)]


class Celery:
    """As much of the task queue as the block needs: a task is a function with a number."""

    def __init__(self) -> None:
        self.tasks: dict[str, Callable[..., Any]] = {}

    def task(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Remember the function."""
        self.tasks[function.__name__] = function
        return function


class Service(str):
    """An entry of the catalogue as the block reads it: a text with attributes."""

    __slots__ = ()
    port = 5432
    name = property(str)
    address = property(str)


class Consul:
    """As much of the client as the block needs."""

    @property
    def catalog(self) -> Consul:
        """The catalogue."""
        return self

    def services(self) -> list[Service]:
        """Two databases and something else."""
        return [Service("db-main"), Service("mail"), Service("db-test")]
