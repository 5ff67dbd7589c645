# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters that do not see, or do not say, how a transaction has ended."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlspec.plugin import Connection, Outcome, TransactionStatus
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult, TransactionOptions
    from testkit.tests.judge.base import Deadline, Rows

ended = Rule(
    "Once a transaction has ended behind the session's back, no statement runs",
    "test_after_the_transaction_ended_no_statement_runs",
)
ended_block = Rule(
    "A block whose transaction has ended does not end in peace",
    "test_a_block_whose_transaction_ended_does_not_end_in_peace",
)
heals = Rule("After a transaction that ended, rollback() heals", "test_rollback_heals")
failed_commit = Rule(
    "A COMMIT that fails raises, and nothing is kept", "test_a_commit_that_fails_raises_and_keeps_nothing"
)
after_failed_commit = Rule(
    "After a COMMIT that failed the connection serves on",
    "test_after_a_commit_that_failed_the_connection_serves_on",
)


@ended
class SeesNoEnd(Good):
    """A transaction is open, whatever the driver says."""

    @property
    def transaction_status(self) -> TransactionStatus:
        """ACTIVE."""
        return TransactionStatus.ACTIVE


@ended
class RemembersItsBegin(Good):
    """The status is what it did itself, and not what the driver knows."""

    is_begun = False

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """Note it."""
        super().begin(options, deadline)
        self.is_begun = True

    def commit(self, deadline: Deadline) -> None:
        """Note it."""
        super().commit(deadline)
        self.is_begun = False

    def rollback(self, deadline: Deadline) -> None:
        """Note it."""
        super().rollback(deadline)
        self.is_begun = False

    @property
    def transaction_status(self) -> TransactionStatus:
        """By the note."""
        return TransactionStatus.ACTIVE if self.is_begun else TransactionStatus.IDLE


@ended
class BeginsAnewByItself(Good):
    """A transaction that an error has ended is followed by another."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """BEGIN after the error."""
        was_open = self.raw.in_transaction
        try:
            return super().execute(statement, parameters, deadline)
        finally:
            if was_open and not self.raw.in_transaction:
                self._control.execute("BEGIN IMMEDIATE")


@heals
class RaisesWithoutATransaction(Good):
    """ROLLBACK is sent, even if nothing is open."""

    def rollback(self, deadline: Deadline) -> None:
        """Without a look."""
        self._control.execute("ROLLBACK")

    @property
    def transaction_status(self) -> TransactionStatus:
        """In doubt it says so."""
        return TransactionStatus.ACTIVE if self.raw.in_transaction else TransactionStatus.UNKNOWN


@failed_commit
class SwallowsErrorsOfCommit(Good):
    """And rolls back."""

    def commit(self, deadline: Deadline) -> None:
        """In silence."""
        try:
            super().commit(deadline)
        except sqlite3.IntegrityError:
            self.rollback(deadline)


@failed_commit
class ClaimsToHaveCommitted(Good):
    """The outcome is always good."""

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """Without a look at what happened."""
        super().finish(commit, reset, deadline)
        return Outcome(committed=commit, reset_ok=True)


@after_failed_commit
class ForgetsToRollBackAFailedCommit(Good):
    """It thinks that nothing is open then, and says so."""

    has_failed = False

    def commit(self, deadline: Deadline) -> None:
        """Note the failure."""
        try:
            super().commit(deadline)
        except sqlite3.IntegrityError:
            self.has_failed = True
            raise

    def rollback(self, deadline: Deadline) -> None:
        """After a failure there is nothing to undo, it thinks."""
        if not self.has_failed:
            super().rollback(deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """As it thinks."""
        return TransactionStatus.IDLE if self.has_failed else super().transaction_status


@ended_block
class BeginsAnewInBlocks(Good):
    """The end of a block finds another transaction open, and commits it."""

    was_open = False

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """Note it."""
        super().begin(options, deadline)
        self.was_open = True

    def commit(self, deadline: Deadline) -> None:
        """Nothing open: nothing to commit."""
        if self.raw.in_transaction:
            super().commit(deadline)
        self.was_open = False

    def rollback(self, deadline: Deadline) -> None:
        """Note it."""
        super().rollback(deadline)
        self.was_open = False

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """As core does it."""
        return Connection.execute_many(self, statement, rows, deadline)

    @property
    def transaction_status(self) -> TransactionStatus:
        """By the note."""
        return TransactionStatus.ACTIVE if self.was_open else TransactionStatus.IDLE
