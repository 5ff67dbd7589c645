"""PostgreSQL by psycopg, under the driver's name; the database's is `sqlspec.adapters.postgresql`."""

from __future__ import annotations

from typing import TYPE_CHECKING

# pyright: reportMissingImports=false
if TYPE_CHECKING:  # an adapter may not be installed
    from sqlspec_psycopg import PostgreSQLConfig, PsycopgConfig

__all__ = ("PostgreSQLConfig", "PsycopgConfig")

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name
    from ._lazy import lazy

    __getattr__ = lazy(__name__, {"PostgreSQLConfig": "psycopg", "PsycopgConfig": "psycopg"})

    def __dir__() -> list[str]:
        return list(__all__)
