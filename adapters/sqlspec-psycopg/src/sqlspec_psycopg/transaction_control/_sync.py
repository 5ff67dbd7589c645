# Printed from _async.py by tools/print_sync.py; do not edit.
"""The statements of a session itself: BEGIN, COMMIT, savepoints, the reset.

They go as plain messages beside psycopg's cursors, and every result is looked at: so the outcome of a COMMIT
is known exactly as the server reported it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from sqlspec.errors import DisconnectedError, SQLSpecError, TransactionAbortedError
from sqlspec.plugin import Outcome
from sqlspec_psycopg.deadlines import run
from sqlspec_psycopg.errors import error_of
from sqlspec_psycopg.messages import OK_STATUSES, check_results, send_query
from sqlspec_psycopg.reset import FORGET_PREPARED, GUARD, UNGUARD, begin

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

    from sqlspec.plugin import TransactionOptions
    from sqlspec_psycopg.notices import NoticeWatch
    from sqlspec_psycopg.reset import Phrases, Resets

__all__ = ("TransactionControl",)

GOOD = ConnStatus.OK
IDLE, BUSY = TransactionStatus.IDLE, TransactionStatus.ACTIVE
_STATUS_OF = attrgetter("status")


class TransactionControl:
    """Begins and ends the transactions of one connection, and knows what its reset has to undo."""

    def __init__(self, pgconn: PGconn, notices: NoticeWatch) -> None:
        self._pgconn, self._notices = pgconn, notices
        self.is_used = False
        """Something was run since the last reset."""
        self.has_prepared = False
        """SQL's own PREPARE was run, or may have been, since the last reset."""
        self.is_sending = False
        """A message is under way that must not be interrupted."""
        self._is_read_only = False

    def detect_reset(self, resets: Resets, deadline: float) -> None:
        """Find out what the reset of this server consists of; *resets* knows it for servers seen before."""
        is_standby = self._pgconn.parameter_status(b"in_hot_standby")
        server = self._pgconn.host, self._pgconn.port, is_standby
        phrases = resets.get(server)
        if phrases is None:
            phrases = resets.learn(server, self._allowed(resets.candidates, deadline))
        self.phrases: Phrases = phrases
        self._is_standby = is_standby == b"on"

    def _allowed(self, statements: tuple[bytes, ...], deadline: float) -> tuple[bytes, ...]:
        """Those of *statements* that the server runs for us: mostly all of them, found in one message."""
        if self._is_allowed(b";".join(statements), deadline):
            return statements
        return tuple([one for one in statements if self._is_allowed(one, deadline)])

    def _is_allowed(self, message: bytes, deadline: float) -> bool:
        return _are_ok(self.send(message, deadline))

    # --- transactions ---------------------------------------------------------------------------

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with its options."""
        self.is_used = True
        check_results(self.send(begin(options), deadline))

    def set_read_only(self, deadline: float | None) -> None:
        """Make an autocommit session read-only; the reset undoes it."""
        self.is_used = self._is_read_only = True
        check_results(self.send(GUARD, deadline))

    def run(self, message: bytes, deadline: float | None) -> None:
        """A savepoint's statement. Raises the server's error."""
        check_results(self.send(message, deadline))

    def commit(self, message: bytes, deadline: float | None) -> None:
        """COMMIT, as it was typed. Raises the server's error."""
        check_results(self.send(message, deadline))
        if self._notices.has_local_commit:
            raise self._notices.take_local_commit()

    def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        if self._pgconn.status == GOOD and self._pgconn.transaction_status != IDLE:
            check_results(self.send(b"ROLLBACK", deadline))

    # --- the end --------------------------------------------------------------------------------

    def send_commit(self, results: list[PGresult], deadline: float | None, *, reset: bool) -> None:
        """COMMIT and the reset in one message; each result is in *results* as soon as it is here."""
        message = self._reset_message(self.phrases.commit_and_reset) if reset else b"COMMIT"
        self._notices.has_local_commit = False
        self.is_sending = True
        try:
            run(send_query(self._pgconn, message, results), self._pgconn, deadline)
        finally:
            self.is_sending = False

    def outcome(self, results: list[PGresult], error: SQLSpecError | None) -> Outcome:
        """What became of a COMMIT, by the first result, which is its own."""
        if not results:
            return Outcome(
                committed=None, reset_ok=False, error=error or DisconnectedError("COMMIT was not answered")
            )
        first = results[0]
        if first.status == ExecStatus.COMMAND_OK:
            if self._notices.has_local_commit:
                return Outcome(committed=None, reset_ok=False, error=self._notices.take_local_commit())
            if first.command_status == b"COMMIT":
                return Outcome(committed=True, reset_ok=error is None)
            aborted = TransactionAbortedError("the database had given the transaction up; its work is undone")
            return Outcome(committed=False, reset_ok=False, error=aborted)
        # An error followed by the connection's end does not tell whether the COMMIT was done.
        committed = False if error is None and self._pgconn.status == GOOD else None
        return Outcome(committed=committed, reset_ok=False, error=error_of(first))

    def clean_up(self, deadline: float | None, *, reset: bool) -> bool:
        """ROLLBACK, if there is something to undo, and the reset, in one message."""
        status = self._pgconn.transaction_status
        if status == BUSY or self._pgconn.status != GOOD:
            return False
        if not reset:
            self.rollback(deadline)
            return self._set_writable(deadline)
        message = self.phrases.reset if status == IDLE else self.phrases.rollback_and_reset
        results = self.send(self._reset_message(message), deadline) if message else []
        return self.note_reset(results)

    def note_reset(self, results: list[PGresult]) -> bool:
        """Note that nothing is to be undone any more. False: a part of the reset was not done."""
        self._notices.has_local_commit = False  # of the reset itself
        if not _are_ok(results) or self._pgconn.transaction_status != IDLE:
            return False
        if self._is_standby and self._pgconn.parameter_status(b"in_hot_standby") != b"on":
            return False  # promoted: sessions can now change things that its reset does not undo
        self.is_used = self._is_read_only = self.has_prepared = False
        return True

    def _reset_message(self, message: bytes) -> bytes:
        return message + FORGET_PREPARED if self.has_prepared and self.phrases.reset else message

    def _set_writable(self, deadline: float | None) -> bool:
        if self._is_read_only:
            check_results(self.send(UNGUARD, deadline))
            self._is_read_only = False
        return True

    def send(self, message: bytes, deadline: float | None) -> list[PGresult]:
        """Send statements in one message that must not be interrupted, and return every result."""
        results: list[PGresult] = []
        self.is_sending = True
        try:
            run(send_query(self._pgconn, message, results), self._pgconn, deadline)
        finally:
            self.is_sending = False
        return results


def _are_ok(results: list[PGresult]) -> bool:
    return OK_STATUSES.issuperset(map(_STATUS_OF, results))
