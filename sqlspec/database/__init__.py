"""A config brought to life: pools, and the blocks that lend connections and sessions."""

from .blocks import AsyncConnectionBlock, AsyncSessionBlock, EitherConnectionBlock, EitherSessionBlock
from .database import Database

__all__ = (
    "AsyncConnectionBlock",
    "AsyncSessionBlock",
    "Database",
    "EitherConnectionBlock",
    "EitherSessionBlock",
)
