"""A place in the pool: one connection, and the clients that speak on it."""

from ._async import AsyncLink
from ._sync import Link

__all__ = ("AsyncLink", "Link")
