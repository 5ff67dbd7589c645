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
    ├── FrameworkNotInstalledError        (ImportError)  .requirement
    ├── UsageError                        a wrong call; nothing was sent
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
    │   ├── NoRowError                    (IndexError)
    │   ├── MultipleRowsError
    │   └── MappingError                  a row does not fit its schema_type
    └── DatabaseError                     (PEP 249) what the server or driver said; .sqlstate .code .detail
        ├── StatementError                wrong SQL: syntax, unknown table, wrong type; not in a transaction
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

from ._config import (
    AdapterBlockedError,
    AdapterBrokenError,
    AdapterConflictError,
    AdapterError,
    AdapterIncompatibleError,
    AdapterNotInstalledError,
    AmbiguousConfigError,
    AmbiguousSchemeError,
    ConfigAlreadyRegisteredError,
    ConfigClosedError,
    ConfigEntryError,
    ConfigError,
    ConfigFileError,
    ConfigNotFoundError,
    ConfigSourceError,
    FrameworkNotInstalledError,
    InvalidConfigError,
    SQLSpecError,
)
from ._config import (
    did_you_mean as did_you_mean,  # core's own
)
from ._database import (
    AuthenticationError,
    CheckViolationError,
    CommitOutcomeUnknownError,
    ConnectError,
    DatabaseError,
    DeadlineExceeded,
    DeadlockError,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    InvalidArgumentError,
    LockTimeoutError,
    MappingError,
    MultipleRowsError,
    MultipleStatementsError,
    NoRowError,
    NotNullViolationError,
    NotSupportedError,
    OperationalError,
    ParameterError,
    PoolError,
    PoolFullError,
    PoolRetiredError,
    PoolTimeoutError,
    QueryCancelledError,
    QueryTimeoutError,
    ReadOnlyError,
    ResultError,
    SavepointNotSupportedError,
    SerializationError,
    SessionClosedError,
    SessionInUseError,
    StatementError,
    SyncNotSupportedError,
    TransactionAbortedError,
    TransactionControlError,
    TransactionError,
    UniqueViolationError,
    UsageError,
)

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
    "FrameworkNotInstalledError",
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

for _name in __all__:  # to those who meet them, errors come from here
    globals()[_name].__module__ = __name__
