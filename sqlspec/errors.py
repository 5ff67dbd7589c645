"""Every error this library raises.

    SQLSpecError
    ├── ConfigError                       what was registered, or asked for
    │   ├── ConfigNotFoundError           (LookupError)  .config_name .known
    │   ├── ConfigAlreadyRegisteredError  .config_name
    │   ├── ConfigClosedError             .config_name
    │   ├── AmbiguousConfigError          .names
    │   ├── InvalidConfigError            (ValueError)   .key
    │   ├── ConfigSourceError             (ExceptionGroup) .exceptions: all that is wrong with a source
    │   └── ConfigEntryError              .place .key    one of them: an option of a source
    │       └── ConfigFileError           .path .line .column
    ├── AdapterError                      plugins; .adapter .distribution
    │   ├── AdapterNotInstalledError      (ImportError)
    │   ├── AdapterBrokenError
    │   ├── AdapterConflictError
    │   ├── AdapterBlockedError
    │   ├── AdapterIncompatibleError
    │   └── AmbiguousSchemeError          .scheme .claimants
    ├── UsageError                        a call that can not be meant; nothing was sent
    │   ├── InvalidArgumentError          (TypeError)
    │   ├── ParameterError                (ValueError) number or type of a statement's parameters
    │   ├── MultipleStatementsError       two statements where one belongs
    │   ├── TransactionControlError       COMMIT and the like, typed as SQL
    │   ├── SessionClosedError
    │   ├── SessionInUseError
    │   └── NotSupportedError             (PEP 249's word) the adapter, or this version, can not do it
    │       ├── SyncNotSupportedError
    │       └── SavepointNotSupportedError
    ├── PoolError
    │   ├── PoolTimeoutError              (TimeoutError)
    │   ├── PoolFullError                 the queue is as long as `pool_max_waiting`
    │   └── PoolRetiredError              raised by pools of adapters; core asks the one that took its place
    ├── TransactionError
    │   ├── TransactionAbortedError       the server gave up the transaction; the first error is the cause
    │   └── CommitOutcomeUnknownError     COMMIT was sent and never answered
    ├── ResultError
    │   ├── NoRowError                    (LookupError)
    │   ├── MultipleRowsError
    │   └── MappingError                  a row does not fit its schema_type
    └── DatabaseError                     (PEP 249) what the server or driver said; .sqlstate .code .detail
        ├── StatementError                wrong SQL: syntax, unknown table, wrong type
        ├── IntegrityError                (PEP 249) .constraint .table .column
        │   ├── UniqueViolationError
        │   ├── ForeignKeyViolationError
        │   ├── NotNullViolationError
        │   └── CheckViolationError
        ├── ReadOnlyError                 a write in a read-only session or database
        ├── OperationalError              (PEP 249) the server's circumstances, not the statement
        │   ├── SerializationError        run the whole transaction again
        │   ├── DeadlockError             likewise
        │   ├── LockTimeoutError          somebody else holds the lock
        │   ├── QueryTimeoutError
        │   ├── QueryCancelledError
        │   └── DeadlineExceeded          (TimeoutError) raised by adapters, never retried
        └── ConnectError
            ├── AuthenticationError
            └── DisconnectedError         the connection is gone; the statement may have run

Facts are attributes; the text ends with the likely cause or the next thing to type. No text holds a
secret, a parameter or the value of a row: those that a server reports stand in `.detail` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike
    from typing import Self

__all__ = (
    "AdapterBlockedError",
    "AdapterBrokenError",
    "AdapterConflictError",
    "AdapterError",
    "AdapterIncompatibleError",
    "AdapterNotInstalledError",
    "AmbiguousConfigError",
    "AmbiguousSchemeError",
    "AuthenticationError",
    "CheckViolationError",
    "CommitOutcomeUnknownError",
    "ConfigAlreadyRegisteredError",
    "ConfigClosedError",
    "ConfigEntryError",
    "ConfigError",
    "ConfigFileError",
    "ConfigNotFoundError",
    "ConfigSourceError",
    "ConnectError",
    "DatabaseError",
    "DeadlineExceeded",
    "DeadlockError",
    "DisconnectedError",
    "ForeignKeyViolationError",
    "IntegrityError",
    "InvalidArgumentError",
    "InvalidConfigError",
    "LockTimeoutError",
    "MappingError",
    "MultipleRowsError",
    "MultipleStatementsError",
    "NoRowError",
    "NotNullViolationError",
    "NotSupportedError",
    "OperationalError",
    "ParameterError",
    "PoolError",
    "PoolFullError",
    "PoolRetiredError",
    "PoolTimeoutError",
    "QueryCancelledError",
    "QueryTimeoutError",
    "ReadOnlyError",
    "ResultError",
    "SQLSpecError",
    "SavepointNotSupportedError",
    "SerializationError",
    "SessionClosedError",
    "SessionInUseError",
    "StatementError",
    "SyncNotSupportedError",
    "TransactionAbortedError",
    "TransactionControlError",
    "TransactionError",
    "UniqueViolationError",
    "UsageError",
)


class SQLSpecError(Exception):
    """The root: whoever catches it catches everything this library raises on its own account."""


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "Known") -> str:
    """The hint that ends an error about an unknown word: its nearest spelling, or all there are."""
    from difflib import get_close_matches  # costs as much as all of this file, and only errors need it

    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"{otherwise}: {', '.join(names) or 'none'}."


# --- configs ------------------------------------------------------------------------------------


class ConfigError(SQLSpecError):
    """Something about the configs an application registers or asks for."""


class ConfigNotFoundError(ConfigError, LookupError):
    """No config is registered under this name or type."""

    def __init__(self, name: str, known: Iterable[str] = (), *, message: str | None = None) -> None:
        self.config_name, self.known = name, sorted(known)
        hint = did_you_mean(name, self.known, otherwise="Registered")
        super().__init__(message or f"no database named {name!r}. {hint}")


class ConfigAlreadyRegisteredError(ConfigError):
    """The name is taken."""

    def __init__(self, name: str, *, named_after_adapter: bool = False) -> None:
        self.config_name = name
        why = f"a database named {name!r} is registered already"
        fix = "pass override=True to replace it, or another name"
        if named_after_adapter:
            fix = f'pass name="…": a config without one is named after its adapter, {name!r}'
        super().__init__(f"{why}; {fix}")


class ConfigClosedError(ConfigError):
    """The registry was closed, or the config was unregistered while somebody waited for it."""

    def __init__(self, name: str, *, unregistered: bool = False) -> None:
        self.config_name = name
        if unregistered:
            text = f"database {name!r} was unregistered"
        else:
            text = f"database {name!r} is closed with its registry; call open() to use it again"
        super().__init__(text)


class AmbiguousConfigError(ConfigError):
    """More than one config fits, and none of them is the default."""

    def __init__(self, wanted: str, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(
            f"{wanted} fits {len(self.names)} databases: {', '.join(self.names)}. "
            "Ask by name, or choose one with set_default()."
        )


class InvalidConfigError(ConfigError, ValueError):
    """A config's field is unknown, missing, of the wrong type or out of range. Nothing was registered."""

    def __init__(self, message: str, *, key: str | None = None) -> None:
        self.key = key
        super().__init__(message)


class ConfigEntryError(ConfigError):
    """One thing that is wrong in a source of configs; says where, never what stood there."""

    def __init__(self, message: str, *, place: str, key: str | None = None) -> None:
        self.place, self.key = place, key
        told = f"{_shortened(key, _LONGEST_KEY)}: " if key else ""
        super().__init__(_shortened(f"{place}: {told}{message}", _LONGEST_ENTRY))


class ConfigFileError(ConfigEntryError):
    """One thing that is wrong in a configuration file, or the file itself."""

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str],
        line: int | None = None,
        column: int | None = None,
        key: str | None = None,
    ) -> None:
        self.path, self.line, self.column = path, line, column
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(message, place=place, key=key)


class ConfigSourceError(ExceptionGroup["ConfigEntryError"], ConfigError):
    """All that is wrong with a source of configs, at once; its text is a list. Nothing was registered.

    It is raised for one error as for many: `exceptions` holds them, each a `ConfigEntryError`.
    """

    def __new__(cls, errors: Sequence[ConfigEntryError]) -> Self:
        """The group of these errors, of which there is at least one."""
        return super().__new__(cls, _as_list(errors), errors)

    if TYPE_CHECKING:
        # What Python does anyway; checkers take the signature and the type from the parent class.
        def __init__(self, errors: Sequence[ConfigEntryError]) -> None: ...

        @property
        def exceptions(self) -> tuple[ConfigEntryError, ...]:
            """Each error."""
            raise NotImplementedError

    # What Python makes of a group is a count; the list is what the reader needs.
    def __str__(self) -> str:
        return self.message

    def derive(self, excs: Sequence[ConfigEntryError]) -> ConfigSourceError:  # type: ignore[override]
        """A part of the group, for `except*`."""
        return ConfigSourceError(excs)


_LONGEST_KEY = 200
_LONGEST_ENTRY = 1000
_LONGEST_LIST = 1900


def _as_list(errors: Sequence[ConfigEntryError]) -> str:
    """One error as it is, several in a list that ends before it is too long for a log."""
    if len(errors) == 1:
        return str(errors[0])
    lines = [f"{len(errors)} errors:"]
    size = 0
    for number, error in enumerate(errors):
        size += len(str(error).encode("utf-8", "replace")) + 3
        if size > _LONGEST_LIST:
            lines.append(f"… and {len(errors) - number} more")
            break
        lines.append(str(error))
    return "\n  ".join(lines)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# --- adapters -----------------------------------------------------------------------------------


class AdapterError(SQLSpecError):
    """An adapter that can not be used. Only who asks for it gets the error."""

    def __init__(self, message: str, *, adapter: str, distribution: str | None = None) -> None:
        self.adapter, self.distribution = adapter, distribution
        super().__init__(message)


class AdapterNotInstalledError(AdapterError, ImportError):
    """No installed distribution has this adapter; the text holds the command that installs it."""


class AdapterBrokenError(AdapterError):
    """The adapter's plugin raised when imported, or lacks what it promises; the cause is chained."""


class AdapterConflictError(AdapterError):
    """Two distributions claim one adapter name."""


class AdapterBlockedError(AdapterError):
    """The adapter is blocked, or not on the allow list."""


class AdapterIncompatibleError(AdapterError):
    """The adapter speaks an API level that this core does not."""


class AmbiguousSchemeError(AdapterError):
    """Several adapters claim a URL's scheme."""

    def __init__(self, scheme: str, claimants: Iterable[str]) -> None:
        self.scheme, self.claimants = scheme, sorted(claimants)
        exact = " or ".join(f"{scheme}+{name}://…" for name in self.claimants)
        super().__init__(f"{len(self.claimants)} adapters claim {scheme}://…; write {exact}", adapter=scheme)


# --- usage --------------------------------------------------------------------------------------


class UsageError(SQLSpecError):
    """A call that can not be meant. Nothing was sent to the database."""


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
    """COMMIT was sent and not answered: the work is stored, or it is not. Never retried for you."""


# --- results ------------------------------------------------------------------------------------


class ResultError(SQLSpecError):
    """The rows are not what was asked for."""


class NoRowError(ResultError, LookupError):
    """One row was asked for and none came."""


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
    """The statement is wrong: its syntax, a name in it, a type."""


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
