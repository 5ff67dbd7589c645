"""What is the same for all sessions of one kind, decided before the first of them opens."""

from __future__ import annotations

import sys
from math import inf
from typing import TYPE_CHECKING, Any

from sqlspec.errors import InvalidArgumentError, NotSupportedError
from sqlspec.plugin.contract import SessionOptions, TransactionOptions
from sqlspec.plugin.info import Capability
from sqlspec.sql import DIALECTS, Dialect, statements_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config import DatabaseConfig
    from sqlspec.loading.reporter import Reporter
    from sqlspec.plugin.info import AdapterInfo
    from sqlspec.sql import Statements

__all__ = ("ISOLATION_LEVELS", "SessionPlan", "limit_of", "plan_session", "statements_of")

ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "serializable")
"""The isolation levels of SQL-92, in lower case."""
LARGEST = sys.float_info.max


class SessionPlan:
    """How sessions of one config and one set of options behave. Immutable, shared by all of them."""

    __slots__ = (
        "adapter",
        "autocommit",
        "commit_timeout",
        "has_savepoints",
        "has_transactions",
        "keeps_state",
        "name",
        "query_timeout",
        "reporter",
        "starts_ready",
        "statements",
        "transaction",
    )

    def __init__(
        self,
        *,
        name: str,
        adapter: str,
        statements: Statements,
        transaction: TransactionOptions,
        autocommit: bool,
        keeps_state: bool,
        commit_timeout: float,
        query_timeout: float | None,
        has_savepoints: bool,
        has_transactions: bool,
        reporter: Reporter | None,
    ) -> None:
        self.name, self.adapter, self.statements = name, adapter, statements
        self.transaction, self.autocommit = transaction, autocommit
        self.keeps_state, self.commit_timeout = keeps_state, commit_timeout
        self.query_timeout = query_timeout
        self.has_savepoints, self.has_transactions = has_savepoints, has_transactions
        self.reporter = reporter
        """Whom the sessions tell what they do; None: nobody wants to know."""
        # An autocommit session with options has something to set before its first statement.
        self.starts_ready = autocommit and transaction == TransactionOptions()


def plan_session(
    info: AdapterInfo,
    config: DatabaseConfig[Any, Any, Any, Any],
    options: SessionOptions,
    *,
    name: str,
    report_to: Callable[[Statements], Reporter | None],
) -> SessionPlan:
    """What *config* and the *options* of one call ask for. Raises for what can not be."""
    transaction = TransactionOptions(
        read_only=config.read_only if options.read_only is None else options.read_only,
        isolation=_checked_isolation(options.isolation, info),
    )
    if config.read_only and options.read_only is False:
        msg = f"the config of {name!r} is read-only; register another to write"
        raise InvalidArgumentError(msg)
    autocommit = config.autocommit if options.autocommit is None else options.autocommit
    if autocommit and transaction.isolation is not None:
        msg = "isolation= is about transactions, and an autocommit session has none; pass autocommit=False"
        raise InvalidArgumentError(msg)
    has_transactions = Capability.TRANSACTIONS in info.capabilities
    if not (autocommit or has_transactions):
        msg = f"adapter {info.name!r} has no transactions; pass autocommit=True, or set it in the config"
        raise NotSupportedError(msg)
    if transaction.read_only and Capability.READ_ONLY not in info.capabilities:
        msg = f"adapter {info.name!r} has no read-only sessions"
        raise NotSupportedError(msg)
    statements = statements_of(info)
    return SessionPlan(
        name=name,
        adapter=info.name,
        statements=statements,
        transaction=transaction,
        autocommit=autocommit,
        keeps_state=config.reset == "rollback",
        commit_timeout=config.commit_timeout,
        query_timeout=(
            config.query_timeout if options.query_timeout is None else limit_of(options.query_timeout)
        ),
        has_savepoints=Capability.SAVEPOINTS in info.capabilities,
        has_transactions=has_transactions,
        reporter=report_to(statements),
    )


def limit_of(query_timeout: Any) -> float | None:
    """*query_timeout* as a call gave it; None for infinity, which is no limit. Raises for what is none."""
    is_number = isinstance(query_timeout, (int, float)) and not isinstance(query_timeout, bool)
    if not (is_number and query_timeout > 0 and (query_timeout <= LARGEST or query_timeout == inf)):
        msg = "query_timeout is a number of seconds above 0; math.inf for no limit"
        raise InvalidArgumentError(msg)
    return None if query_timeout == inf else float(query_timeout)


def statements_of(info: AdapterInfo) -> Statements:
    """The compiled statements of an adapter's dialect and paramstyle."""
    dialect = info.dialect if isinstance(info.dialect, Dialect) else DIALECTS[info.dialect]
    return statements_for(dialect, info.paramstyle)


def _checked_isolation(level: str | None, info: AdapterInfo) -> str | None:
    if level is None:
        return None
    wanted = level.lower().replace("_", " ")
    if wanted not in ISOLATION_LEVELS:
        msg = f"unknown isolation level {level!r}; it is one of {', '.join(ISOLATION_LEVELS)}"
        raise InvalidArgumentError(msg)
    if Capability.ISOLATION not in info.capabilities:
        msg = f"adapter {info.name!r} has one isolation level; leave isolation= out"
        raise NotSupportedError(msg)
    return wanted
