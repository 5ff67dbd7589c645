"""What a session decides without waiting: may it run this, what has become of its transaction.

    ready ──first statement──▶ begun ──commit, rollback──▶ ready
                                 │ an error after which the driver no longer sees an open transaction
                                 ▼
                               aborted ──rollback()──▶ ready          any ──end──▶ closed

`_trouble` is None while statements may run; the hot path asks nothing else.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlspec.concurrency.guard import HELD, INHERITED
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    InvalidArgumentError,
    NotSupportedError,
    ParameterError,
    QueryTimeoutError,
    ReadOnlyError,
    SavepointNotSupportedError,
    SessionClosedError,
    SessionInUseError,
    SQLSpecError,
    StatementError,
    TransactionAbortedError,
    TransactionControlError,
    UsageError,
)
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, Outcome, TransactionStatus

from .observed import Ending
from .plan import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlspec.concurrency.guard import CallGuard
    from sqlspec.concurrency.limits import AsyncLimit, Limit
    from sqlspec.plugin import AsyncConnection, Connection

    from .places import Place
    from .plan import SessionPlan

__all__ = ("SessionBase",)

# Asked at the end of each transaction: before Python 3.12 it takes 70 ns to look up an enum's member.
ACTIVE = TransactionStatus.ACTIVE
IDLE, BROKEN = TransactionStatus.IDLE, TransactionStatus.ABORTED

SYNTAX_ERROR: Final = "42601"  # SQLSTATE

ABORTED: Final = "aborted"
CLOSED: Final = "closed"

REFUSED: Final = "refused"
"""A server that takes no writes refused one, in a session that may write."""
SILENT: Final = "silent"
"""It did not answer a call, nor the request to stop it."""

UNANSWERED: Final = Outcome(committed=None, reset_ok=False)
"""Of a COMMIT that was left: Ctrl-C came, or even cutting the connection did not wake its driver."""

E = TypeVar("E", bound=BaseException)
C = TypeVar("C", bound="Connection[Any] | AsyncConnection[Any]")


class SessionBase(Generic[C]):
    """The state of one session: a connection that is lent to it, and the transaction on it."""

    __slots__ = (
        "_begun",
        "_blocks",
        "_connection",
        "_failure",
        "_in_doubt",
        "_lent",
        "_limit",
        "_plan",
        "_ready",
        "_server_fault",
        "_streams",
        "_trouble",
        "_unentered",
    )
    _plan: SessionPlan
    _connection: C
    _ready: bool
    """A statement may go as it is, because a transaction is open or none is wanted."""
    _begun: bool
    """A transaction is open, as far as we know."""
    _lent: bool
    """Something was done that only a reset undoes."""
    _blocks: int
    """How many `begin()` blocks are open."""
    _unentered: bool
    """`begin()` was called, and its block not entered."""
    _trouble: str | None
    """ABORTED or CLOSED: why no statement may run."""
    _failure: BaseException | None
    """What the transaction was given up for."""
    _in_doubt: bool
    """A call ended without an answer: the connection is not lent again."""
    _streams: list[Any] | None
    """Results that are being read."""
    _server_fault: str | None
    """REFUSED or SILENT: why the server, and with it other connections, may be of no use."""
    _limit: Limit | AsyncLimit | None
    """The time limit of the call under way."""

    def __repr__(self) -> str:
        state = self._trouble or ("in a transaction" if self._begun else "ready")
        return f"<{type(self).__name__} of {self._plan.name!r}: {state}>"

    @property
    def is_closed(self) -> bool:
        """Whether its block has ended: no statement runs any more."""
        return self._trouble is CLOSED

    # --- for subclasses that call the driver themselves -------------------------------------------

    def compile(self, sql: str, parameters: Any = None) -> tuple[str, Any]:
        """*sql* and its parameters as the driver takes them, which `connection()` returns.

        Raises `ParameterError`, `MultipleStatementsError` or `TransactionControlError`, as `execute` does.
        """
        statement = self._plan.statements[sql]
        return statement.text, statement.bind(parameters)

    def map_error(self, exc: Exception) -> BaseException:
        """*exc*, which the driver raised, as the error that `execute` would raise; any other as it is."""
        return self._connection.mapped(exc)

    # --- may it run -----------------------------------------------------------------------------

    def _refusal(self, token: object) -> SQLSpecError:
        """Why a call may not begin. *token*: what is inside the guard, if that is not the fault."""
        guard = self._connection.guard
        if self._trouble is CLOSED:
            return self._closed()
        if guard.ended is not None:
            return guard.refusal()
        if guard[HELD] is token:
            return self._aborted()
        return SessionInUseError(
            f"this session of {self._plan.name!r} is running a statement in another task or thread; "
            "give each its own provide_session()"
        )

    def _check_kept(self) -> None:
        """A call has returned; if its connection was given up meanwhile, its result is not to be trusted."""
        if self._connection.guard.ended is not None:
            raise self._connection.guard.refusal()

    def _closed(self) -> SessionClosedError:
        return SessionClosedError(
            f"this session of {self._plan.name!r} has ended; open another with provide_session()"
        )

    def _aborted(self) -> TransactionAbortedError:
        error = TransactionAbortedError(
            f"the database ended the transaction on {self._plan.name!r}, after an error or by a statement of "
            "its own; leave the begin() block or call rollback() before the next statement"
        )
        error.__cause__ = self._failure
        return error

    def _left_open(self) -> TransactionAbortedError:
        return TransactionAbortedError(
            f"the script began a transaction on {self._plan.name!r} and did not end it: it was rolled back. "
            "Write '; COMMIT' at its end"
        )

    def _ended_without(self, guard: CallGuard) -> SQLSpecError:
        """Why nothing was committed: the connection is gone, or belongs to the parent process."""
        return guard.refusal() if guard.ended is INHERITED else self._aborted()

    def _check_no_block(self, what: str) -> None:
        if self._blocks:
            msg = f"{what}() inside a begin() block; leave the block to end its transaction"
            raise TransactionControlError(msg)
        if self._unentered and self._trouble is None:
            msg = (
                f"begin() was called and its block not entered, so it began nothing for {what}() to end; "
                "write `with session.begin():`, or `async with`"
            )
            raise TransactionControlError(msg)

    def _check_transactions(self) -> None:
        if not self._plan.has_transactions:
            msg = (
                f"adapter {self._plan.adapter!r} has no transactions: begin(), execute_many() and load(), "
                "which are all or none, can not be"
            )
            raise NotSupportedError(msg)

    def _check_savepoints(self) -> None:
        if not self._plan.has_savepoints:
            msg = f"adapter {self._plan.adapter!r} has no savepoints: begin() can not be in a transaction"
            raise SavepointNotSupportedError(msg)

    # --- time limits ----------------------------------------------------------------------------

    def _seconds(self, query_timeout: float | None) -> float | None:
        """The time limit of a call that was given *query_timeout*; None: it has none."""
        return self._plan.query_timeout if query_timeout is None else limit_of(query_timeout)

    @property
    def _deadline(self) -> float | None:
        """When the driver has to give the call under way up."""
        return None if self._limit is None else self._limit.deadline

    # --- what has become of it ------------------------------------------------------------------

    def _failed(
        self,
        exc: BaseException,
        sql: Any,
        *,
        first: bool,
        given: Iterable[Any] = (),
        place: Callable[[int], Place] | None = None,
    ) -> BaseException:
        """Note what *exc* did to the transaction; returns what the caller shall see.

        *first*: the statement was to begin the transaction, so that nothing else was pending. *given*: its
        parameters, or those of each row. *place*: what a row or statement is called, of a call that has many.
        """
        error = self._judged(exc, sql, first=first)
        if isinstance(sql, str):
            error = self._advised(error, sql, given)
        if isinstance(error, (DatabaseError, ParameterError)):
            from .places import explain

            explain(error, exc, sql, self._plan.statements.dialect, place)
        return error

    def _judged(self, exc: BaseException, sql: object, *, first: bool) -> BaseException:
        if not isinstance(sql, str):
            return InvalidArgumentError(f"a statement is a str, not {type(sql).__name__}")
        # Nothing was sent, so the transaction is as it was.
        if isinstance(exc, UsageError):
            return self._not_sent(exc, first=first)
        error = self._connection.mapped(exc)
        if isinstance(error, (DeadlineExceeded, DisconnectedError)):
            # What the server did with the statement is not known, so the connection is not lent again.
            self._in_doubt = True
        if self._limit is not None:
            error = self._limit.judge(error)
        self._note_fault(error)
        if self._begun:
            status = self._status()
            # The driver sees no transaction: it did not begin, or the error ended it with nothing in it.
            if status is TransactionStatus.IDLE and first:
                self._ended()  # BEGIN itself failed, or the one statement took its transaction along
            elif status is not TransactionStatus.ACTIVE or self._connection.is_spoiled:
                self._give_up(error)
        return error

    def _advised(self, error: E, sql: str, given: Iterable[Any]) -> E:
        """With a word for whoever took another mark for a placeholder, or one placeholder for many."""
        is_misfit = isinstance(error, ParameterError)
        if not (is_misfit or isinstance(error, StatementError)):
            return error
        # Where the number of parameters fits, the server meets the marks that were put there.
        is_refused = (
            isinstance(error, StatementError) and error.sqlstate == SYNTAX_ERROR and '"$' in str(error)
        )
        from sqlspec.sql.advice import advise

        if advice := advise(self._plan.statements, sql, given, may_be_operator=is_misfit or is_refused):
            error.args = (f"{str(error).rstrip('.')}; {advice}",)
        return error

    def _note_fault(self, error: BaseException | None) -> None:
        if isinstance(error, ReadOnlyError):
            if not self._plan.transaction.read_only:
                self._server_fault = REFUSED
        elif self._in_doubt and isinstance(error, (DeadlineExceeded, QueryTimeoutError)):
            self._server_fault = SILENT

    def _status(self) -> TransactionStatus:
        """The driver's view; one that can not be told must not hide the error that is being looked at."""
        try:
            return self._connection.transaction_status
        except Exception as exc:  # noqa: BLE001 - judged there
            return self._unknown_status(exc)

    @staticmethod
    def _unknown_status(exc: Exception) -> TransactionStatus:
        if is_interruption(exc):
            raise exc
        return TransactionStatus.UNKNOWN

    def _not_sent(self, exc: UsageError, *, first: bool) -> UsageError:
        if self._begun and first and self._status() is TransactionStatus.IDLE:
            self._ended()
        return exc

    def _give_up(self, error: BaseException) -> None:
        self._trouble = ABORTED
        if self._failure is None:
            self._failure = error

    def _ended(self) -> None:
        """No transaction is open: the next statement begins another."""
        self._begun, self._failure, self._trouble = False, None, None
        self._ready = self._plan.starts_ready
        self._connection.is_spoiled = False

    def _recovered(self) -> None:
        """A savepoint was rolled back to, and what failed since then is undone, if a transaction is open."""
        status = self._status()
        self._connection.is_spoiled = False
        if status is not TransactionStatus.IDLE and status is not TransactionStatus.ABORTED:
            self._trouble = self._failure = None

    def _vanished(self, status: TransactionStatus) -> bool:
        """The transaction that should be open is not: it ended behind the session's back."""
        if status is IDLE or status is BROKEN:
            ended = TransactionAbortedError("the database ended the transaction by itself")
            self._give_up(self._connection.abort_error or ended)
        return self._trouble is ABORTED

    def _judge(self, outcome: Outcome) -> BaseException | None:
        """The error that the ending of a transaction which should have been committed leaves."""
        if outcome.committed:
            return None
        if outcome.committed is False:
            self._note_fault(outcome.error)  # MySQL refuses a COMMIT for that reason, too
            return outcome.error
        if isinstance(outcome.error, CommitOutcomeUnknownError):
            return outcome.error
        error = CommitOutcomeUnknownError(
            f"COMMIT was sent to {self._plan.name!r} and not answered: the work is stored or it is not. "
            "Look before you run it again."
        )
        error.__cause__ = outcome.error
        return error

    @staticmethod
    def _note_outcome(cancelled: BaseException | None, outcome: Outcome | None) -> BaseException | None:
        """A cancellation that came during the end of a transaction, with a note of what became of that.

        *outcome*: None if no transaction was open.
        """
        if cancelled is not None and outcome is not None:
            word = {
                True: "committed",
                False: "not committed",
                None: "possibly committed: COMMIT was not answered",
            }
            cancelled.add_note(f"the transaction was {word[outcome.committed]}")
        return cancelled

    @staticmethod
    def _clean_up_deadline() -> float:
        return time.monotonic() + CLEAN_UP_TIMEOUT

    # --- observing ------------------------------------------------------------------------------

    def _ending(self, *, commit: bool, error: BaseException | None = None) -> Ending:
        return Ending(self._plan.reporter if self._begun else None, commit=commit, error=error)

    def _report_lost(self) -> None:
        """Nothing more is sent on this connection: what was open on it is over, and the server undoes it."""
        for stream in self._streams or ():
            stream._observed.end()
        with self._ending(commit=False, error=self._aborted()):
            pass
