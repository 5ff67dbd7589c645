"""PostgreSQL for sqlspec, by asyncpg: async only.

Applications know the config as `sqlspec.adapters.postgresql.AsyncpgConfig`; it is the same class.
"""

from .config import AsyncpgConfig

__all__ = ("AsyncpgConfig",)
