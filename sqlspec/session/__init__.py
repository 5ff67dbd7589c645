"""Sessions: a lease with a transaction and a typed result API."""

from ._async import AsyncSession
from ._sync import Session
from .execution import AsyncExecution
from .plan import SessionPlan, plan_session
from .rows._async import AsyncRows
from .rows._sync import Rows
from .transaction._async import AsyncTransaction
from .transaction._sync import Transaction

__all__ = (
    "AsyncExecution",
    "AsyncRows",
    "AsyncSession",
    "AsyncTransaction",
    "Rows",
    "Session",
    "SessionPlan",
    "Transaction",
    "plan_session",
)
