"""The tables: what becomes of a session's work, whatever ends it; and of the values that it is given."""

from __future__ import annotations

from .arrow._async import AsyncArrow
from .arrow._sync import Arrow
from .blocks._async import AsyncBlocks
from .blocks._sync import Blocks
from .cancellations import Cancellations
from .capabilities._async import AsyncCapabilities
from .capabilities._sync import Capabilities
from .columns._async import AsyncColumns
from .columns._sync import Columns
from .endings._async import AsyncEndings
from .endings._sync import Endings
from .errors._async import AsyncErrors
from .errors._sync import Errors
from .failures._async import AsyncFailures
from .failures._sync import Failures
from .leftovers._async import AsyncLeftovers
from .leftovers._sync import Leftovers
from .lending._async import AsyncLending
from .lending._sync import Lending
from .life._async import AsyncLife
from .life._sync import Life
from .loads._async import AsyncLoads
from .loads._sync import Loads
from .manners._async import AsyncManners
from .manners._sync import Manners
from .tasks import Tasks
from .threads import Threads
from .values._async import AsyncValues
from .values._sync import Values

__all__ = (
    "AsyncConnectionTable",
    "AsyncPoolTable",
    "AsyncTransactionTable",
    "AsyncValueTable",
    "ConnectionTable",
    "PoolTable",
    "TransactionTable",
    "ValueTable",
)


class TransactionTable(Endings, Blocks, Failures, Manners, Capabilities, Threads):
    """The table for `with`. Inherit from it, and say in `make_config` where the database is."""


class AsyncTransactionTable(
    AsyncEndings, AsyncBlocks, AsyncFailures, AsyncManners, AsyncCapabilities, Cancellations, Tasks
):
    """The table for `async with`; needs `asyncio_mode = "auto"` of pytest-asyncio."""


class ValueTable(Values, Columns, Loads, Arrow):
    """What goes in comes out, and results tell the truth: for `with`."""


class AsyncValueTable(AsyncValues, AsyncColumns, AsyncLoads, AsyncArrow):
    """The same for `async with`; needs `asyncio_mode = "auto"` of pytest-asyncio."""


class ConnectionTable(Leftovers, Life, Errors, Lending):
    """What connections leave behind, how they end, and what errors say: for `with`."""


class AsyncConnectionTable(AsyncLeftovers, AsyncLife, AsyncErrors, AsyncLending):
    """The same for `async with`; needs `asyncio_mode = "auto"` of pytest-asyncio."""


class PoolTable(Lending):
    """What of it a database without SQL keeps: connections are lent and come back. For `with`."""


class AsyncPoolTable(AsyncLending):
    """The same for `async with`; needs `asyncio_mode = "auto"` of pytest-asyncio."""
