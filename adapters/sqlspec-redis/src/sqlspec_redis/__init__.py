"""Redis for sqlspec, by redis-py. Its sessions are redis-py's own clients.

Applications know the config as `sqlspec.adapters.redis.RedisConfig`; it is the same class.
"""

from .codec import decode
from .config import RedisConfig

__all__ = ("RedisConfig", "decode")
