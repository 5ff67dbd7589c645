"""What is wrong with a call, a wait, a transaction or a result, and what a database says."""

from __future__ import annotations

from typing import ClassVar

from ._config import SQLSpecError

# --- usage --------------------------------------------------------------------------------------


class UsageError(SQLSpecError):
    """A wrong call. Nothing was sent to the database."""


class InvalidArgumentError(UsageError, TypeError):
    """An argument of the wrong kind."""


class ParameterError(UsageError, ValueError):
    """A statement's parameters are too many, too few, misnamed, or of a type the database can not take."""


class MultipleStatementsError(UsageError):
    """Two statements in one text; `execute_script` runs several."""


class TransactionControlError(UsageError):
    """Transaction control typed as SQL, or called where a block already decides it."""


class SessionClosedError(UsageError):
    """The session has ended; its connection may serve somebody else by now."""


class SessionInUseError(UsageError):
    """Another task or thread is using this session at this moment."""


class NotSupportedError(UsageError):
    """The adapter's database, or this version of the library, can not do this."""


class SyncNotSupportedError(NotSupportedError):
    """`with` on an adapter that is async only."""


class SavepointNotSupportedError(NotSupportedError):
    """A nested `begin()` on a database without savepoints."""


# --- pool and transactions ----------------------------------------------------------------------


class PoolError(SQLSpecError):
    """A pool could not serve."""


class PoolTimeoutError(PoolError, TimeoutError):
    """No connection became free in time. Chains the last connect error, if there was one."""


class PoolFullError(PoolError):
    """No connection is free, and `pool_max_waiting` callers wait for one already."""


class PoolRetiredError(PoolError):
    """The pool lends no more. Raised by pools of adapters; core asks the one that took its place."""


class TransactionError(SQLSpecError):
    """The transaction did not end as the block that held it."""


class TransactionAbortedError(TransactionError):
    """The transaction was given up behind the session's back; the first error is the cause.

    Every statement raises this until `rollback()`, or until the enclosing `begin()` block ends.
    """


class CommitOutcomeUnknownError(TransactionError):
    """COMMIT was sent and not answered: the work is stored, or it is not. Never retried for you.

    Or it was answered with a warning: stored where it was sent, and perhaps not on synchronous standbys.
    """


# --- results ------------------------------------------------------------------------------------


class ResultError(SQLSpecError):
    """The rows are not what was asked for."""


class NoRowError(ResultError, IndexError):
    """One row was asked for, and there is none."""


class MultipleRowsError(ResultError):
    """One row was asked for and several came."""


class MappingError(ResultError):
    """A row does not fit the requested type."""


# --- the database's own -------------------------------------------------------------------------


class DatabaseError(SQLSpecError):
    """What the server or the driver said. The driver's exception is chained where it holds no secret."""

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        code: int | str | None = None,
        detail: str | None = None,
    ) -> None:
        self.sqlstate, self.code, self.detail = sqlstate, code, detail
        super().__init__(message)


class StatementError(DatabaseError):
    """The statement is wrong: its syntax, a name in it, a type. Or it can not run in a transaction."""

    OUTSIDE_TRANSACTIONS: ClassVar[str] = (
        "run it with execute() in a session without transactions, provide_session(autocommit=True), and not "
        "in a begin() block"
    )
    """What to do about one that can not: the end of such a text, on all adapters."""


class IntegrityError(DatabaseError):
    """A constraint was violated."""

    constraint: str | None = None
    table: str | None = None
    column: str | None = None


class UniqueViolationError(IntegrityError):
    """Two rows with one key."""


class ForeignKeyViolationError(IntegrityError):
    """A row refers to one that is not there."""


class NotNullViolationError(IntegrityError):
    """NULL in a column that takes none."""


class CheckViolationError(IntegrityError):
    """A CHECK constraint said no."""


class ReadOnlyError(DatabaseError):
    """A write in a read-only session or database."""


class OperationalError(DatabaseError):
    """The server's circumstances, not the statement's text."""


class SerializationError(OperationalError):
    """Two transactions could not be put in order. Run the whole transaction again."""


class DeadlockError(OperationalError):
    """The server broke a deadlock by giving up this transaction. Run it again."""


class LockTimeoutError(OperationalError):
    """Somebody else held the lock for too long."""


class QueryTimeoutError(OperationalError):
    """The statement ran longer than it may."""


class QueryCancelledError(OperationalError):
    """The statement was interrupted."""


class DeadlineExceeded(OperationalError, TimeoutError):  # noqa: N818 - the field's word for it
    """The caller's deadline passed while the driver was at work."""


class ConnectError(DatabaseError):
    """No connection could be made."""


class AuthenticationError(ConnectError):
    """The server refused the credentials."""


class DisconnectedError(ConnectError):
    """The connection is gone. A statement in flight may have run; nothing is retried."""
