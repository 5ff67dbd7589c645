"""Core's pool, the same for every driver. Its two halves are imported when they are first needed."""

from .state import PoolRetiredError
from .stats import PoolStats

__all__ = ("PoolRetiredError", "PoolStats")
