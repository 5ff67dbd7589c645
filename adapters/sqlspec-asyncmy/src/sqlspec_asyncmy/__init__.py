"""MySQL and MariaDB for sqlspec, by asyncmy: async only.

Applications know the config as `sqlspec.adapters.mysql.AsyncMyConfig`; it is the same class.
"""

from .config import AsyncMyConfig

__all__ = ("AsyncMyConfig",)
