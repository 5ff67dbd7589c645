"""A config brought to life: pools, and the blocks that lend connections and sessions."""

from .contexts import AsyncConnectionContext, AsyncSessionContext, ConnectionContext, SessionContext
from .database import Database
from .resources import KeptResources

__all__ = (
    "AsyncConnectionContext",
    "AsyncSessionContext",
    "ConnectionContext",
    "Database",
    "KeptResources",
    "SessionContext",
)
