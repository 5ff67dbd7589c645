"""DuckDB, in the process: sync, and async through worker threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

# pyright: reportMissingImports=false
if TYPE_CHECKING:  # an adapter may not be installed
    from sqlspec_duckdb import DuckDBConfig

__all__ = ("DuckDBConfig",)

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name
    from ._lazy import lazy

    __getattr__ = lazy(__name__, {"DuckDBConfig": "duckdb"})

    def __dir__() -> list[str]:
        return list(__all__)
