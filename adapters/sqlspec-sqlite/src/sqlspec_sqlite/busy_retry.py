"""Waiting for the locks of other connections, in steps that an interrupt and a deadline can end.

SQLite waits for locks inside one C call, and an interrupt does not end that wait. So it is configured to wait
only a moment, and what found the database busy is tried again, until the time is over, the caller has gone,
or the wait can not succeed. Nothing is repeated that had any effect: SQLite undoes a statement that it gives
up.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from sqlspec.errors import (
    DeadlineExceeded,
    DisconnectedError,
    LockTimeoutError,
    QueryCancelledError,
    SerializationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import SQLiteConfig

__all__ = ("BUSY_SLICE", "BusyRetry", "is_busy", "is_stale_snapshot", "is_unknown", "lock_timeout")

BUSY_SLICE = 0.1
"""Seconds that SQLite waits for a lock in one call."""
PROGRESS_STEPS = 10_000
"""Instructions of its virtual machine that SQLite runs between two checks of the deadline."""

T = TypeVar("T")


def is_busy(exc: sqlite3.Error) -> bool:
    """Another connection holds the lock, and waiting may help."""
    code = getattr(exc, "sqlite_errorcode", 0)
    # A reader's snapshot that is too old to write on stays too old, however long one waits.
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and not is_stale_snapshot(exc)


def is_stale_snapshot(exc: sqlite3.Error) -> bool:
    """The transaction has read data that another one has changed since, so it can not write any more."""
    return getattr(exc, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY_SNAPSHOT


def is_unknown(exc: sqlite3.Error) -> bool:
    """A table or the like does not exist, by a schema that may be an old one.

    While another connection keeps it from reading, SQLite goes by the schema that it has, and says nothing.
    """
    return getattr(exc, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR and str(exc).startswith("no such ")


class BusyRetry:
    """Runs the calls of one connection, and waits while the database is busy."""

    def __init__(self, raw: sqlite3.Connection, config: SQLiteConfig) -> None:
        self._raw, self._busy_timeout = raw, config.busy_timeout
        self._is_deferred = config.transaction_mode == "deferred" and not config.read_only
        self.may_interrupt = False
        """A statement of the owner's is under way, and not BEGIN, COMMIT or ROLLBACK."""
        self.is_cancelled = False
        """The caller has gone: wait for no lock any more."""
        self.is_dropped = False
        """The connection was given up."""

    def run(self, attempt: Callable[[], T], deadline: float | None, *, is_ending: bool = False) -> T:
        """Call *attempt* until the database is not busy. *is_ending*: a COMMIT, which is not cancelled."""
        self.is_cancelled = False
        limit = time.monotonic() + self._busy_timeout
        until = limit if deadline is None else (deadline if is_ending else min(limit, deadline))
        while True:
            if self.is_dropped:
                msg = "the connection was dropped"
                raise DisconnectedError(msg)
            try:
                return self._call(attempt, deadline)
            except sqlite3.OperationalError as exc:
                self._check_may_retry(exc, until, deadline, is_ending=is_ending)
            time.sleep(0.001)  # some locks are refused immediately; this must not become a busy loop

    def wait_for_schema(self, deadline: float | None) -> None:
        """Read the schema as it is now. Raises `LockTimeoutError` if the database stays locked."""
        self.run(lambda: self._raw.execute("PRAGMA schema_version").fetchall(), deadline)

    def _call(self, attempt: Callable[[], T], deadline: float | None) -> T:
        if deadline is None or not self.may_interrupt:
            return attempt()
        # The class's own method: that of the watched connection would take ours for a change of the owner's.
        set_handler = sqlite3.Connection.set_progress_handler
        set_handler(self._raw, lambda: time.monotonic() > deadline, PROGRESS_STEPS)
        try:
            return attempt()
        finally:
            set_handler(self._raw, None, 0)

    def _check_may_retry(
        self, exc: sqlite3.OperationalError, until: float, deadline: float | None, *, is_ending: bool
    ) -> None:
        """Return to try again, or raise the error that the wait ends with."""
        now, busy = time.monotonic(), is_busy(exc)
        if is_stale_snapshot(exc) or (
            busy and self._is_deferred and self._raw.in_transaction and now > until
        ):
            raise _upgrade_failed() from exc
        if not busy:
            if deadline is not None and now > deadline:
                msg = "the statement was stopped at its deadline"
                raise DeadlineExceeded(msg) from exc
            raise exc
        if self.is_cancelled and not is_ending:
            msg = "the wait for another connection's lock was given up"
            raise QueryCancelledError(msg) from exc
        if now > until:
            raise lock_timeout(self._busy_timeout) from exc


def lock_timeout(busy_timeout: float) -> LockTimeoutError:
    """The error of a wait for another connection's lock."""
    return LockTimeoutError(
        f"the database is locked: another connection has been writing for more than the "
        f"{busy_timeout:g} s of busy_timeout. Shorten its transactions, or raise busy_timeout",
        code="SQLITE_BUSY",
    )


def _upgrade_failed() -> SerializationError:
    return SerializationError(
        "this transaction read before it wrote, and another one wrote in between; run it again, or use "
        'transaction_mode="immediate", which waits for its turn instead',
        code="SQLITE_BUSY_SNAPSHOT",
    )
