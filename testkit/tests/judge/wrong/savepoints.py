# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters whose savepoints are not what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from testkit.tests.judge.base import Deadline

savepoint = Rule(
    "A savepoint is undone, and the rest is kept", "test_a_savepoint_is_undone_and_the_rest_kept"
)
pending = Rule(
    "A savepoint that ends well is not committed",
    "test_a_savepoint_is_not_visible_before_the_transaction_ends",
)
nested = Rule("Savepoints nest", "test_blocks_nest")
outer = Rule(
    "An outer savepoint undoes what inner ones kept",
    "test_an_outer_savepoint_undoes_inner_ones_that_were_kept",
)
outer_after_undone = Rule(
    "An outer savepoint undoes what came before an inner one that was undone",
    "test_an_outer_savepoint_undoes_what_came_before_an_inner_one_that_was_undone",
)


@savepoint
class KeepsUndoneSavepoints(Good):
    """What was to be undone is released."""

    def rollback_to_savepoint(self, name: str, deadline: Deadline) -> None:
        """RELEASE alone."""
        self.release_savepoint(name, deadline)


@savepoint
class UndoesTheWholeTransaction(Good):
    """For want of a savepoint."""

    def savepoint(self, name: str, deadline: Deadline) -> None:
        """Set none."""

    def release_savepoint(self, name: str, deadline: Deadline) -> None:
        """None was set."""

    def rollback_to_savepoint(self, name: str, deadline: Deadline) -> None:
        """Everything, and begin anew."""
        self._control.execute("ROLLBACK")
        self._control.execute("BEGIN")


@pending
class CommitsSavepoints(Good):
    """The end of a savepoint commits."""

    def release_savepoint(self, name: str, deadline: Deadline) -> None:
        """And begins anew."""
        self._control.execute("COMMIT")
        self._control.execute("BEGIN IMMEDIATE")


@nested
class UndoesToTheFirstSavepoint(Good):
    """It remembers one savepoint only."""

    first: str | None = None

    def savepoint(self, name: str, deadline: Deadline) -> None:
        """The first is the one."""
        if self.first is None:
            self.first = name
            super().savepoint(name, deadline)

    def release_savepoint(self, name: str, deadline: Deadline) -> None:
        """Of the first."""
        if name == self.first:
            self.first = None
            super().release_savepoint(name, deadline)

    def rollback_to_savepoint(self, name: str, deadline: Deadline) -> None:
        """Always to the first."""
        self._control.execute(f"ROLLBACK TO {self.first}")
        if name == self.first:
            self.release_savepoint(name, deadline)


@outer
class ForgetsInnerSavepoints(Good):
    """What was released is out of reach: an outer savepoint is moved to behind it."""

    names: tuple[str, ...] = ()

    def savepoint(self, name: str, deadline: Deadline) -> None:
        """Note it."""
        self.names = (*self.names, name)
        super().savepoint(name, deadline)

    def release_savepoint(self, name: str, deadline: Deadline) -> None:
        """Set the outer one again."""
        super().release_savepoint(name, deadline)
        self.names = self.names[: self.names.index(name)]
        if self.names:
            super().savepoint(self.names[-1], deadline)

    def rollback_to_savepoint(self, name: str, deadline: Deadline) -> None:
        """Note it."""
        super().rollback_to_savepoint(name, deadline)
        self.names = self.names[: self.names.index(name)]


@outer_after_undone
class NamesAllSavepointsAlike(Good):
    """And does not forget one that was undone, so that the outer one is hidden by it."""

    def savepoint(self, name: str, deadline: Deadline) -> None:
        """One name for all."""
        super().savepoint("sp", deadline)

    def release_savepoint(self, name: str, deadline: Deadline) -> None:
        """The last of that name."""
        super().release_savepoint("sp", deadline)

    def rollback_to_savepoint(self, name: str, deadline: Deadline) -> None:
        """Without a RELEASE."""
        self._control.execute("ROLLBACK TO sp")
