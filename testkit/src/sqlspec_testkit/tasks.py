# ruff: noqa: PLR2004, S101 - assertions are the point
"""What only tasks can do to a session: be cancelled, overlap, and await twice."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import SessionInUseError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("Tasks",)


class Tasks(AsyncFixtures):
    """Only for `async with`."""

    async def test_cancellation_rolls_back(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """A task that is cancelled in its block leaves nothing, and is cancelled."""
        entered = asyncio.Event()

        async def work() -> None:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert task.cancelled()
        assert await judge.ids() == []

    @promised(Capability.INTERRUPT, tried=False)
    async def test_cancellation_stops_a_statement(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Soon, with nothing kept; and the connection serves on."""
        slow = self.given("slow")

        async def work() -> None:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                await session.execute(slow)

        started = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work(), 0.2)

        assert time.monotonic() - started < 5
        async with spec.provide_session() as session:
            await session.execute(INSERT, (2, None))
        assert await judge.ids() == [2]

    async def test_cancellation_at_any_moment_leaves_whole_transactions(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """Both rows or none, whichever step it meets; and every connection comes home."""

        async def pair(number: int) -> None:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (2 * number, None))
                await session.execute(INSERT, (2 * number + 1, None))

        for number in range(40):
            task = asyncio.create_task(pair(number))
            for _ in range(number % 20):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

        kept = await judge.ids()
        assert {number ^ 1 for number in kept} == set(kept)
        assert spec.stats(spec.names[0]).in_use == 1  # the judge's

    async def test_overlap_is_refused_and_the_other_unaffected(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """The statement that was under way ends as it would have."""
        async with spec.provide_session() as session:
            outcomes: tuple[object, ...] = await asyncio.gather(
                session.execute(INSERT, (1, None)), session.execute(INSERT, (2, None)), return_exceptions=True
            )
            await session.execute(INSERT, (3, None))

        assert not isinstance(outcomes[0], BaseException)
        assert isinstance(outcomes[1], SessionInUseError)
        assert await judge.ids() == [1, 3]

    async def test_several_tasks_may_use_a_session_in_turn(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """`wait_for` and frameworks do: it is overlap that is refused."""
        async with spec.provide_session() as session:
            for number in range(3):
                await asyncio.create_task(_insert(session.execute(INSERT, (number, None))))

        assert await judge.ids() == [0, 1, 2]

    async def test_an_execution_runs_once(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Awaited again it gives the same result, and sends nothing."""
        async with spec.provide_session() as session:
            execution = session.execute(INSERT, (1, None))
            first = await execution
            again = await execution

        assert again is first
        assert await judge.ids() == [1]

    async def test_an_execution_that_failed_fails_again(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """With the same error, and without being sent."""
        async with spec.provide_session(autocommit=True) as session:
            await session.execute(INSERT, (1, None))
            execution = session.execute(INSERT, (1, None))
            with pytest.raises(Exception) as first:  # noqa: PT011 - whichever it is
                await execution
            await session.execute("DELETE FROM sqlspec_kit")
            with pytest.raises(Exception) as again:  # noqa: PT011
                await execution

        assert again.value is first.value
        assert await judge.ids() == []

    async def test_an_execution_that_is_dropped_warns(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """It has not run."""
        async with spec.provide_session() as session:
            with pytest.warns(RuntimeWarning, match="never awaited"):  # noqa: PT031 - until it is collected
                session.execute(INSERT, (1, None))
                gc.collect()

        assert await judge.ids() == []


async def _insert(execution: object) -> None:
    await execution  # type: ignore[misc]
