"""PostgreSQL for sqlspec, by psycopg 3: sync and async.

Applications know the config as `sqlspec.adapters.postgresql.PostgreSQLConfig`; it is the same class.
"""

from .config import PostgreSQLConfig

PsycopgConfig = PostgreSQLConfig

__all__ = ("PostgreSQLConfig", "PsycopgConfig")
