"""Core's pool, the same for every driver. Its two halves are imported when they are first needed."""

from .stats import PoolStats

__all__ = ("PoolStats",)
