"""The pools: one for threads, one for each event loop."""

from ._async import AsyncPool
from ._sync import Pool

__all__ = ("AsyncPool", "Pool")
