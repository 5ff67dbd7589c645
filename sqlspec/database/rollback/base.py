"""What the outer transaction decides without waiting."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, Any, Final

from sqlspec.concurrency.guard import INHERITED
from sqlspec.errors import NotSupportedError, SessionClosedError, SQLSpecError, TransactionAbortedError
from sqlspec.plugin.contract import TransactionStatus

from .savepoints import Savepoints

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from sqlspec.config import DatabaseConfig

    from .rules import Rules
    from .savepoints import Mark

__all__ = ("Interruptible", "OuterBase", "async_check_home", "check_home")

IDLE, ABORTED = TransactionStatus.IDLE, TransactionStatus.ABORTED
ENDED: Final = "this override(…, rollback=True) has ended, and with it its transaction"


class OuterBase:
    """The state of the one connection and its transaction."""

    inner: Any = None
    """The connection; None before the first session, and in the end."""

    def __init__(self, config: DatabaseConfig[Any, Any, Any, Any], label: str, rules: Rules) -> None:
        self.config, self.label, self.rules = config, label, rules
        self.savepoints = Savepoints()
        self.fault: SQLSpecError | None = None
        """Why nothing runs any more: something happened that could not be undone as it should."""
        self.is_over = False
        """The block has ended."""
        self.home: AbstractEventLoop | None = None
        """The event loop that the connection belongs to."""

    def until(self, deadline: float | None) -> float:
        """How long a call waits for its turn."""
        return min(time.monotonic() + self.config.pool_timeout, inf if deadline is None else deadline)

    def check(self) -> None:
        """Raise if nothing may run any more, also in a forked child."""
        inner = self.inner
        if inner is not None and inner.guard.ended is INHERITED:
            raise inner.guard.refusal()
        if self.fault is not None:
            raise self.error() from self.fault.__cause__
        if self.is_over:
            raise SessionClosedError(ENDED)

    def error(self) -> SQLSpecError:
        """The fault, as an exception that nobody has raised yet: several callers meet it."""
        return type(self.fault)(*self.fault.args)  # type: ignore[union-attr, misc] # asked for when there is one

    def check_status(self, status: TransactionStatus, session: object) -> None:
        """Before a statement of *session*: the outer transaction must be there, and take statements."""
        if status is IDLE:
            self.lose(None)
            self.check()
        if status is ABORTED and not self.savepoints.is_alone(session):
            raise TransactionAbortedError(
                "a statement of another session failed, and that session has not rolled back yet: inside of "
                "override(…, rollback=True) all share one transaction, which takes no statement until then"
            )

    def lose(self, cause: BaseException | None) -> None:
        """The outer transaction has ended, or nobody knows in what state it is."""
        if self.fault is None:
            self.fault = error = TransactionAbortedError(
                f"the transaction around all sessions of {self.label} has ended before its override(…, "
                "rollback=True) did, by an error or a statement of its own; nothing more is run in this block"
            )
            error.__cause__ = cause

    def undo(self, mark: Mark) -> Mark | None:
        """What to roll back to: see `Savepoints.undo`. What can not be undone ends the block's work."""
        try:
            return self.savepoints.undo(mark)
        except TransactionAbortedError as exc:
            self.fault = self.fault or exc
            raise

    def end_now(self) -> None:
        """Undo everything, from any thread, without waiting: the connection is cut, which the server sees."""
        self.is_over = True
        inner, self.inner = self.inner, None
        if inner is not None:
            inner.drop()

    def without_sql(self) -> NotSupportedError:
        """The error for connections that know no transactions."""
        return NotSupportedError(
            f"adapter {self.config.adapter!r} has no transactions, so override(…, rollback=True) can undo "
            "nothing; give each test a database of its own"
        )


class Interruptible:
    """While a session's statement is under way. No later: what stops it must not hit what comes after it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.may_interrupt = True

    def __exit__(self, *reason: object) -> None:
        self._connection.may_interrupt = False


def check_home(outer: OuterBase) -> None:
    """Any thread may use a connection for threads."""


def async_check_home(outer: OuterBase) -> None:
    """Raise in another event loop than the one that the connection belongs to."""
    from asyncio import get_running_loop

    loop = get_running_loop()
    if outer.home is None:
        outer.home = loop
    if outer.home is not loop:
        state = "is closed" if outer.home.is_closed() else "runs elsewhere"
        raise NotSupportedError(
            f"the connection of this override(…, rollback=True) belongs to an event loop that {state}, "
            f"and adapter {outer.config.adapter!r} is async only: let the test and what it tests run in one "
            "loop, or give the test a database of its own"
        )
