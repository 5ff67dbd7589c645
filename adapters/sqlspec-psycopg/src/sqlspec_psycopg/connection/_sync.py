# Printed from _async.py by tools/print_sync.py; do not edit.
"""One psycopg connection under core's contract.

Statements of the application go through one cursor, which is used again and again; those of the session
itself go beside it, as plain messages. The driver is in autocommit mode throughout.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from psycopg.pq import ConnStatus

from sqlspec.plugin import Outcome, TransactionStatus
from sqlspec.plugin.network import watch_socket
from sqlspec_psycopg.cancellation import finish_if_idle, request_cancel
from sqlspec_psycopg.errors import interruption, map_error
from sqlspec_psycopg.messages import check_results, takes_no_writes
from sqlspec_psycopg.statements._sync import Statements

if TYPE_CHECKING:
    from concurrent.futures import Future

    from psycopg.pq.abc import PGresult

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import TransactionOptions
    from sqlspec.plugin.network import Host
    from sqlspec.plugin.postgresql import SchemaChanges
    from sqlspec_psycopg.config import PostgreSQLConfig
    from sqlspec_psycopg.raw._sync import BoundedConnection
    from sqlspec_psycopg.reset import Resets

__all__ = ("PsycopgConnection",)

GOOD = ConnStatus.OK
IDLE, ACTIVE = TransactionStatus.IDLE, TransactionStatus.ACTIVE  # slow to look up before Python 3.12
# By libpq's numbers: idle, busy, in a transaction, in a failed one, closed. What a close left open is undone.
STATUS = (IDLE, TransactionStatus.UNKNOWN, ACTIVE, TransactionStatus.ABORTED, IDLE)
COMMITTED_AND_RESET = Outcome(committed=True, reset_ok=True)
CLEAN_UP_TIMEOUT = 2.0


class PsycopgConnection(Statements):
    """See `sqlspec.plugin.Connection` for the contract."""

    def __init__(
        self, raw: BoundedConnection, config: PostgreSQLConfig, changes: SchemaChanges, host: Host
    ) -> None:
        super().__init__(raw, config, changes)
        self._host = host
        self._prepare_threshold = 5 if config.cached_statements and not config.pgbouncer else None
        self._prepared_max = config.cached_statements
        self._is_readable = watch_socket(raw.pgconn.socket)
        self._was_reader = takes_no_writes(raw.pgconn)

    def set_up(self, resets: Resets, deadline: float) -> None:
        """Finish the connect: our own settings of the driver, and what this server's reset consists of."""
        self._restore_driver()
        self._control.detect_reset(resets, deadline)

    def note_set_up(self) -> None:
        """A wrapper may have registered types and handlers."""
        self.raw.note_set_up()

    # --- transactions ---------------------------------------------------------------------------

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with its options."""
        self._control.begin(options, deadline)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        if options.read_only:
            if self._behind_pgbouncer:
                raise self.unsupported("be read-only in autocommit mode behind PgBouncer")
            self._control.set_read_only(deadline)

    def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        self._control.commit(b"COMMIT", deadline)

    def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        self._control.rollback(deadline)

    def savepoint(self, name: str, deadline: float | None) -> None:
        """Set a savepoint."""
        self._control.run(f"SAVEPOINT {name}".encode(), deadline)

    def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what happened since the savepoint and forget it."""
        self._control.run(f"RELEASE {name}".encode(), deadline)

    def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what happened since the savepoint and forget it, in one message."""
        self._control.run(f"ROLLBACK TO {name};RELEASE {name}".encode(), deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """As libpq has it from each answer of the server."""
        return STATUS[self._pgconn.transaction_status]

    # --- the end --------------------------------------------------------------------------------

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT and the reset in one message, whose results are looked at one by one."""
        if not commit:
            return super().finish(commit, reset, deadline)
        results: list[PGresult] = []
        error: SQLSpecError | None = None
        try:
            self._control.send_commit(results, deadline, reset=reset)
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
        outcome = self._control.outcome(results, error)
        if outcome.committed:
            is_clean = error is None and (not reset or self._note_reset(results))
            return COMMITTED_AND_RESET if is_clean else Outcome(committed=True, reset_ok=False)
        if outcome.committed is None:
            return outcome
        is_clean = self._is_cleaned(reset, time.monotonic() + CLEAN_UP_TIMEOUT)
        return Outcome(committed=False, reset_ok=is_clean, error=outcome.error)

    def _note_reset(self, results: list[PGresult]) -> bool:
        return self._control.note_reset(results) and (not self.is_raw_lent or self._restore_driver())

    def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """ROLLBACK, if there is something to undo, and the reset, in one message."""
        is_clean = self._control.clean_up(deadline, reset=reset)
        return is_clean and (not self.is_raw_lent or self._restore_driver())

    def reset(self, deadline: float | None) -> bool:
        """Undo what an owner changed besides data."""
        return self.clean_up(True, deadline)  # noqa: FBT003 - the contract's

    def _restore_driver(self) -> bool:
        if not self.raw.restore():
            return False
        self.raw.prepare_threshold, self.raw.prepared_max = self._prepare_threshold, self._prepared_max
        self._cursor, self.is_raw_lent = None, False
        return True

    # --- care -----------------------------------------------------------------------------------

    def ping(self, deadline: float | None) -> None:
        """Ask the server to answer."""
        check_results(self._query(b"SELECT 1", deadline))

    def is_demoted(self, deadline: float | None) -> bool:
        """It takes no writes now, and did not say so when it was connected to, as PostgreSQL 14 does."""
        if self._was_reader:
            return False
        results = self._query(b"SHOW transaction_read_only", deadline)
        check_results(results)
        if results[0].get_value(0, 0) != b"on":
            return False
        self._host.leave()
        return True

    def note_silence(self) -> None:
        """Its host is asked last, if there are several."""
        self._host.leave()

    def is_pristine(self) -> bool:
        """Nothing was run since the last reset."""
        return not (self._control.is_used or self.is_raw_lent)

    def lend_raw(self, deadline: float | None) -> BoundedConnection:
        """From now on the application may change the driver's settings and register types."""
        self._control.has_prepared = True
        self._cursor = None
        return super().lend_raw(deadline)

    def interrupt(self, *, for_good: bool) -> Future[None] | None:
        """Ask the server to stop the running statement, or shut the socket down; returns at once."""
        if for_good:
            self.raw.shutdown_socket()
            finish_if_idle(self.raw)
        elif not self._control.is_sending:
            return request_cancel(self._pgconn)
        return None

    @property
    def fileno(self) -> int | None:
        """Our duplicate of the socket."""
        return self.raw.socket_fileno

    def is_usable(self) -> bool:
        """Open, to a host that is wanted, quiet while it was idle, and with our settings of the driver."""
        if not self._types.is_current:
            self._types.catch_up()
        if self._pgconn.status != GOOD or not self._host.is_wanted or self._is_readable():
            return False
        return not self.is_raw_lent or self.raw.is_unchanged

    def close(self) -> None:
        """Send the close message (Terminate); the server does not answer it."""
        self.raw.finish()

    def placeholders(self, count: int) -> list[str]:
        """As psycopg writes them."""
        return ["%s"] * count

    @staticmethod
    def interruption(exc: BaseException) -> BaseException | None:
        """Also where psycopg cut its traceback off."""
        return interruption(exc)

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLSTATE."""
        return map_error(exc)
