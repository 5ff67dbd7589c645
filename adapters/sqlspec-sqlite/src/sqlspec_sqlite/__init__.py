"""SQLite for sqlspec, by the standard library's `sqlite3`.

Applications know the config as `sqlspec.adapters.sqlite.SQLiteConfig`; it is the same class.
"""

from .config import SQLiteConfig

__all__ = ("SQLiteConfig",)
