"""The PostgreSQL of the topics that need one, and the statement that all of them send."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlspec_testkit.servers import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("CONNECTIONS", "KEY", "SQL", "server_with_users")

SQL, KEY = "SELECT id, name, email FROM users WHERE id = ?", 7
CONNECTIONS = 4
"""Of every pool: fewer than most sizes of threads and tasks."""
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
SCHEMA = (
    "CREATE TABLE users (id integer PRIMARY KEY, name text, email text)",
    "INSERT INTO users SELECT n, 'name ' || n, n || '@example.org' FROM generate_series(1, 1000) n",
    "VACUUM ANALYZE",
)


@contextmanager
def server_with_users() -> Generator[PostgreSQLServer]:
    """A server of its own with a table of a thousand users."""
    with PostgreSQLServer(settings=FAST) as server:
        for statement in SCHEMA:
            server.sql(statement)
        yield server
