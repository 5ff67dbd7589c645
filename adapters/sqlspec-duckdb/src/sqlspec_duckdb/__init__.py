"""DuckDB for sqlspec, by the `duckdb` package, 1.1 to 2.x.

Applications know the config as `sqlspec.adapters.duckdb.DuckDBConfig`; it is the same class.
"""

from .config import DuckDBConfig
from .session import DuckDBSession

__all__ = ("DuckDBConfig", "DuckDBSession")
