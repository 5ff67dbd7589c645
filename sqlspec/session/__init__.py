"""Sessions: a lease with a transaction and a typed result API."""

from ._async import AsyncSession
from ._sync import Session
from .execution import AsyncExecution
from .misuse import hint_at_executions, hint_at_sessions, hint_at_streams, hint_at_transactions
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

hint_at_sessions(Session, is_async=False)
hint_at_sessions(AsyncSession, is_async=True)
hint_at_executions(AsyncExecution)
hint_at_streams(Rows, AsyncRows)
hint_at_transactions(Transaction, AsyncTransaction)
