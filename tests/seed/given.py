"""What the blocks of `registry-system.md` use and do not bring: tables, types of rows, and clients."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - a row type's annotations are read
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec_testkit.servers import PostgreSQL


@dataclass
class User:
    """The document's own type of row."""

    id: int
    name: str


@dataclass
class Order:
    """What the document reads from one database and writes to two others."""

    id: int
    total: Decimal

    def to_event(self) -> tuple[int, Decimal]:
        """The row for the analytics database."""
        return self.id, self.total


TABLES = """
CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE audit (id serial PRIMARY KEY);
CREATE TABLE logs (thread text NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, total numeric(8, 2) NOT NULL);
"""


class Home:
    """A database on a real server with the document's tables, and a way to look at it without sqlspec."""

    def __init__(self, server: PostgreSQL, name: str, *, user: str) -> None:
        self.server, self.name = server, name
        self.url = server.url(database=name)
        self.values(f"{TABLES} INSERT INTO users VALUES (1, '{user}')")

    def values(self, sql: str) -> list[str]:
        """The rows that the server's own client program prints, as lines `a|b`."""
        return self.server.sql(sql, database=self.name).splitlines()


class Celery:
    """As much of the task queue as the block needs: a task is a function with a name."""

    def __init__(self) -> None:
        self.tasks: dict[str, Callable[..., Any]] = {}

    def task(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Remember the function."""
        self.tasks[function.__name__] = function
        return function


class Service(str):
    """An entry of the catalogue as the block reads it: a text with attributes."""

    __slots__ = ("address", "port")
    address: str
    port: int
    name = property(str)


class Consul:
    """As much of the catalogue's client as the block needs: it lists three services of one machine."""

    address: str
    port: int

    @property
    def catalog(self) -> Consul:
        """The catalogue."""
        return self

    def services(self) -> list[Service]:
        """Two databases and something else."""
        return [self._service(name) for name in ("db-main", "mail", "db-other")]

    def _service(self, name: str) -> Service:
        service = Service(name)
        service.address, service.port = self.address, self.port
        return service
