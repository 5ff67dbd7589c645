"""Throw-away servers: private, on free loopback ports, gone when the test run is.

with PostgreSQLServer() as server:
    connect(server.url())
"""

from __future__ import annotations

from .base import Server, StopMode
from .errors import ServerError
from .mariadb import ExistingMariaDB, MariaDB
from .mariadb_server import MariaDBServer
from .pgbouncer import PgBouncer
from .postgresql import ExistingPostgreSQL, PostgreSQL
from .postgresql_server import PostgreSQLServer
from .redis import ExistingRedis, Redis
from .redis_server import RedisServer
from .templates import Template
from .tls import Authority, Certificate

__all__ = (
    "Authority",
    "Certificate",
    "ExistingMariaDB",
    "ExistingPostgreSQL",
    "ExistingRedis",
    "MariaDB",
    "MariaDBServer",
    "PgBouncer",
    "PostgreSQL",
    "PostgreSQLServer",
    "Redis",
    "RedisServer",
    "Server",
    "ServerError",
    "StopMode",
    "Template",
)
