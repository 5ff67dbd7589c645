# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters whose transactions are not what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import Outcome
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult, TransactionOptions
    from testkit.tests.judge.base import Deadline

commits = Rule("What a session did is committed at its clean end", "test_a_clean_exit_commits")
undoes = Rule("An exception undoes what the session did", "test_an_exception_rolls_back_and_is_the_one_seen")
after_read = Rule(
    "A session that ends with a read is committed", "test_a_session_that_ends_with_a_read_is_committed"
)
after_commit = Rule(
    "What comes after commit() is committed at the end",
    "test_what_comes_after_commit_is_committed_at_the_end",
)
separate = Rule("Each session has a transaction of its own", "test_work_of_one_session_is_not_in_the_next")
commit_now = Rule("commit() keeps the work at once", "test_commit_keeps_what_came_before_an_exception")
rollback_now = Rule(
    "rollback() undoes the work, and only that", "test_rollback_undoes_and_the_next_statement_begins_anew"
)
autocommit = Rule(
    "An autocommit session keeps each statement at once", "test_an_autocommit_session_keeps_each_statement"
)
autocommit_block = Rule(
    "A block in an autocommit session is a transaction",
    "test_in_an_autocommit_session_a_block_is_a_transaction",
)
block = Rule("A block that ends well is committed", "test_a_block_is_a_transaction_of_its_own")
raw = Rule("The raw connection is in the transaction", "test_the_raw_connection_is_in_the_transaction")
streams = Rule("A stream is read in the session's transaction", "test_a_stream_is_part_of_the_transaction")


@commits
class CommitsNothing(Good):
    """Trusts that the driver commits when a connection goes back."""

    def commit(self, deadline: Deadline) -> None:
        """Nothing to do, it thinks."""


@commits
class CommitsTooEarly(Good):
    """Every change at once: the driver's autocommit mode."""

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """Nothing to do, it thinks."""

    def commit(self, deadline: Deadline) -> None:
        """As little."""


@undoes
class CommitsAtEveryEnd(Good):
    """Whatever ends the session."""

    def clean_up(self, reset: bool, deadline: Deadline) -> bool:
        """Should roll back."""
        if self.raw.in_transaction:
            self.commit(deadline)
        return super().clean_up(reset, deadline)


@undoes
class BeginsTooLate(Good):
    """The first statement is not in the transaction."""

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: Deadline
    ) -> RawResult:
        """In the wrong order."""
        result = self.execute(statement, parameters, deadline)
        self.begin(options, deadline)
        return result


@separate
class ForgetsARollback(Good):
    """A flag that only a COMMIT takes back: after a rollback nothing is begun."""

    has_begun = False

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """If it is not, it thinks."""
        if not self.has_begun:
            super().begin(options, deadline)
        self.has_begun = True

    def commit(self, deadline: Deadline) -> None:
        """If there is one."""
        if self.raw.in_transaction:
            super().commit(deadline)
            self.has_begun = False


@block
class CommitsAtTheEndOnly(Good):
    """An early COMMIT waits for the last one."""

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """The last one resets, too."""
        if commit and not reset:
            return Outcome(committed=True, reset_ok=True)
        return super().finish(commit, reset, deadline)


@block
class RollsBackBlocks(Good):
    """COMMIT before the end of a session is a ROLLBACK."""

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """The last one resets, too."""
        outcome = super().finish(commit and reset, reset, deadline)
        return Outcome(committed=commit, reset_ok=outcome.reset_ok)


@rollback_now
class CommitsInRollback(Good):
    """rollback() that keeps the work; the end of a session is right."""

    def rollback(self, deadline: Deadline) -> None:
        """Should undo."""
        if self.raw.in_transaction:
            self._control.execute("COMMIT")

    def clean_up(self, reset: bool, deadline: Deadline) -> bool:
        """Right."""
        super().rollback(deadline)
        return super().clean_up(reset, deadline)


@rollback_now
class RaisesInRollback(Good):
    """Though the transaction is undone."""

    def rollback(self, deadline: Deadline) -> None:
        """Once more than there are transactions."""
        self._control.execute("ROLLBACK")
        self._control.execute("ROLLBACK")

    def clean_up(self, reset: bool, deadline: Deadline) -> bool:
        """Right."""
        super().rollback(deadline)
        return super().clean_up(reset, deadline)


@autocommit
class OpensTransactions(Good):
    """A change opens a transaction by itself, as sqlite3 does by default."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """BEGIN before an INSERT."""
        if statement.startswith("INSERT") and not self.raw.in_transaction:
            self._control.execute("BEGIN")
        return super().execute(statement, parameters, deadline)


@autocommit_block
class ChainsTransactions(Good):
    """COMMIT AND CHAIN: after a COMMIT the next transaction is open."""

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """If it is not."""
        if not self.raw.in_transaction:
            super().begin(options, deadline)

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """Unless the session ends."""
        outcome = super().finish(commit, reset, deadline)
        if commit and not reset:
            self._control.execute("BEGIN")
        return outcome


@after_read
class CommitsAfterChanges(Good):
    """A COMMIT is needed if the last statement has changed rows, it thinks."""

    has_changed = True

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Note it."""
        result = super().execute(statement, parameters, deadline)
        self.has_changed = not result.columns
        return result

    def commit(self, deadline: Deadline) -> None:
        """If it thinks so."""
        if self.has_changed:
            super().commit(deadline)


@after_commit
class CommitsOncePerOwner(Good):
    """The second COMMIT is not sent: it has been committed, it thinks."""

    is_committed = False

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """The last one resets, too."""
        was, self.is_committed = self.is_committed, commit and not reset
        if commit and was and self.raw.in_transaction:
            return Outcome(committed=True, reset_ok=super().finish(False, reset, deadline).reset_ok)
        return super().finish(commit, reset, deadline)


@raw
class CommitsBeforeItLendsRaw(Good):
    """To give the application a clean connection."""

    def lend_raw(self, deadline: Deadline) -> Any:
        """COMMIT."""
        if self.raw.in_transaction:
            self._control.execute("COMMIT")
        return super().lend_raw(deadline)


@streams
class CommitsBeforeAStream(Good):
    """So that a cursor may stay open."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """COMMIT and BEGIN."""
        if self.raw.in_transaction:
            self._control.execute("COMMIT")
            self._control.execute("BEGIN IMMEDIATE")
        return super().stream(statement, parameters, batch_size, deadline)


@commit_now
class BeginsNoSecondTransaction(Good):
    """After commit() each statement is kept at once."""

    is_committed = False

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """Once per owner."""
        if not self.is_committed:
            super().begin(options, deadline)

    def commit(self, deadline: Deadline) -> None:
        """If there is one."""
        if self.raw.in_transaction:
            super().commit(deadline)

    def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Outcome:
        """The last one resets, too."""
        self.is_committed = commit and not reset
        return super().finish(commit, reset, deadline)
