"""PostgreSQL: by asyncpg (async only), and by psycopg (sync and async)."""

from __future__ import annotations

from typing import TYPE_CHECKING

# pyright: reportMissingImports=false
if TYPE_CHECKING:  # an adapter may not be installed
    from sqlspec_asyncpg import AsyncpgConfig
    from sqlspec_psycopg import PostgreSQLConfig, PsycopgConfig

__all__ = ("AsyncpgConfig", "PostgreSQLConfig", "PsycopgConfig")

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name
    from ._lazy import lazy

    __getattr__ = lazy(
        __name__, {"AsyncpgConfig": "asyncpg", "PostgreSQLConfig": "psycopg", "PsycopgConfig": "psycopg"}
    )

    def __dir__() -> list[str]:
        return list(__all__)
