# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters that can not be stopped, or that stop too much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlspec.errors import DisconnectedError, QueryCancelledError
from testkit.tests.judge.base import Good, InPlace
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult, TransactionOptions
    from testkit.tests.judge.base import Deadline

limit = Rule("A time limit is kept, and the session goes on", "test_a_time_limit_is_kept", "sync", "bridge")
cancelled = Rule("A cancellation stops the statement", "test_cancellation_stops_a_statement", "bridge")
cancelled_block = Rule("A task that is cancelled leaves nothing", "test_cancellation_rolls_back", "async")
whole = Rule(
    "A cancellation at any moment leaves whole transactions",
    "test_cancellation_at_any_moment_leaves_whole_transactions",
    "async",
)
interrupted = Rule(
    "A KeyboardInterrupt during statements rolls back",
    "test_a_keyboard_interrupt_during_statements_rolls_back",
    "sync",
)
stepwise = Rule(
    "A KeyboardInterrupt at any step of a statement rolls back",
    "test_a_keyboard_interrupt_at_every_step_of_a_statement_rolls_back",
    "sync",
)
idle_tasks = Rule(
    "An interrupt of nothing stops nothing, for tasks",
    "test_an_interrupt_of_nothing_stops_nothing_under_async",
    "async_contract",
)
idle = Rule("An interrupt of nothing stops nothing", "test_an_interrupt_of_nothing_stops_nothing", "contract")


@limit
class InterruptsNothing(Good):
    """And declares that it can."""

    def interrupt(self, *, for_good: bool) -> None:
        """Nothing."""


@limit
class InterruptsTheNextToo(Good):
    """The request to stop stays."""

    stops = 0

    def interrupt(self, *, for_good: bool) -> None:
        """Note it."""
        super().interrupt(for_good=for_good)
        self.stops += 1

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """And find the note."""
        if self.stops:
            self.stops = 0
            raise QueryCancelledError("stopped")
        return super().execute(statement, parameters, deadline)


@limit
class GivesUpWhenInterrupted(Good):
    """Whoever stops a statement has no connection any more."""

    has_been_stopped = False

    def interrupt(self, *, for_good: bool) -> None:
        """Note it."""
        super().interrupt(for_good=for_good)
        self.has_been_stopped = True

    def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: Deadline
    ) -> RawResult:
        """For good."""
        if self.has_been_stopped:
            raise DisconnectedError("stopped before")
        return super().begin_and_execute(options, statement, parameters, deadline)


@cancelled
class InterruptsNoTask(Good):
    """As above, for tasks."""

    def interrupt(self, *, for_good: bool) -> None:
        """Nothing."""


@interrupted
class TakesInterruptsForErrors(Good):
    """Whatever it is, the statement has failed."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """As an error of the database."""
        try:
            return super().execute(statement, parameters, deadline)
        except KeyboardInterrupt:
            raise QueryCancelledError("interrupted") from None


@stepwise
class CommitsWhenInterrupted(Good):
    """To lose nothing."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """COMMIT."""
        try:
            return super().execute(statement, parameters, deadline)
        except KeyboardInterrupt:
            if self.raw.in_transaction:
                self._control.execute("COMMIT")
            raise


@idle
class StopsTheNext(Good):
    """The request waits for a statement."""

    stops = 0

    def interrupt(self, *, for_good: bool) -> None:
        """Note it."""
        super().interrupt(for_good=for_good)
        self.stops = 1

    def ping(self, deadline: Deadline) -> None:
        """And find the note."""
        if self.stops:
            raise QueryCancelledError("stopped")


@idle
class RaisesWhenIdle(Good):
    """There is nothing to stop, it says."""

    def interrupt(self, *, for_good: bool) -> None:
        """As an error."""
        if self.guard.ended is None:
            raise RuntimeError("nothing to stop")


@whole
class SwallowsCancellations(InPlace):
    """A task that is cancelled goes on."""

    async def execute(self, statement: str, parameters: Any, deadline: Deadline) -> Any:
        """And does not see the statement."""
        try:
            return await super().execute(statement, parameters, deadline)
        except asyncio.CancelledError:
            return self.inner.execute("SELECT 1", None, deadline)


@cancelled_block
class CommitsWhenCancelled(InPlace):
    """To lose nothing."""

    async def finish(self, commit: bool, reset: bool, deadline: Deadline) -> Any:
        """Always."""
        task = asyncio.current_task()
        if self.inner.raw.in_transaction and task is not None and task.cancelling():
            self.inner.commit(deadline)
        return await super().finish(commit and self.inner.raw.in_transaction, reset, deadline)


@whole
class RunsOnInTheBackground(InPlace):
    """A task of its own does the work, and goes on when its caller is cancelled."""

    async def commit_later(self) -> None:
        """COMMIT in the background."""
        self.inner.raw.execute("COMMIT")

    async def execute(self, statement: str, parameters: Any, deadline: Deadline) -> Any:
        """COMMIT what is there, should the caller go."""
        try:
            return await super().execute(statement, parameters, deadline)
        except asyncio.CancelledError:
            if self.inner.raw.in_transaction:
                await self.commit_later()
            raise


@idle_tasks
class StopsTheNextForTasks(InPlace):
    """The request waits for a statement."""

    is_stopped = False

    def interrupt(self, *, for_good: bool) -> None:
        """Note it."""
        super().interrupt(for_good=for_good)
        self.is_stopped = not for_good

    async def ping(self, deadline: Deadline) -> None:
        """And find the note."""
        if self.is_stopped:
            raise QueryCancelledError("stopped")
        await super().ping(deadline)


@idle_tasks
class NeverArrives(InPlace):
    """The future of its request is never done."""

    def interrupt(self, *, for_good: bool) -> Any:
        """Not even if nothing is under way."""
        super().interrupt(for_good=for_good)
        return asyncio.get_running_loop().create_future()
