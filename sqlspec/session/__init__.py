"""Sessions: a lease with a transaction and a typed result API."""

from ._async import AsyncRows, AsyncSession, AsyncTransaction
from ._sync import Rows, Session, Transaction
from .execution import AsyncExecution
from .plan import SessionPlan, plan_session

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
