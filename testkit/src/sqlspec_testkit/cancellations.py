# ruff: noqa: S101 - assertions are the point
"""Tasks that are cancelled while the driver works: during a statement, and during COMMIT."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import CommitOutcomeUnknownError, OperationalError
from sqlspec.plugin import hookimpl
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("Cancellations",)

PATIENCE = 5.0
"""Seconds after which a caller is taken for lost: less than the slow statement takes."""
LONGEST = 90.0
"""Seconds after which the slow statement has ended by itself."""
SAID = {
    "not committed": (False,),
    "rolled back": (False,),
    "possibly": (True, False),
    "may be": (True, False),
    "committed": (True,),
}
"""Words of a note, and whether the work is stored then. The first that are found count."""


class Ending:
    """An observer that tells when a transaction is about to end."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    @hookimpl
    def sqlspec_transaction_ending(self) -> None:
        """COMMIT is about to be sent."""
        self.began.set()


class Cancellations(AsyncFixtures):
    """Only for `async with`, and also for a driver that can not stop a statement."""

    @pytest.mark.parametrize("writes", [False, True], ids=["reading", "writing"])
    async def test_a_cancelled_statement_frees_its_caller(
        self, spec: SQLSpec, judge: AsyncJudge, writes: object
    ) -> None:
        """Soon, whether the driver stops it or not; nothing is kept, and the next session is served."""
        slow = self.given("slow")

        async def work() -> None:
            async with spec.provide_session() as session:
                if writes:
                    await session.execute(INSERT, (1, None))
                await session.execute(slow)

        started = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work(), 0.2)
        took = time.monotonic() - started
        async with spec.provide_session(autocommit=True) as session:
            answer = await session.execute("SELECT 1").scalar()
        await self._insert_when_free(spec)

        assert took < PATIENCE, "the caller waits for a statement that nobody wants"
        assert answer == 1
        assert await judge.ids() == [2]

    @staticmethod
    async def _insert_when_free(spec: SQLSpec) -> None:
        """A statement that goes on keeps its locks: without INTERRUPT, until it ends by itself."""
        end = time.monotonic() + LONGEST
        while True:
            try:
                async with spec.provide_session() as session:
                    await session.execute(INSERT, (2, None))
            except OperationalError:
                if time.monotonic() > end:
                    raise
            else:
                return
            await asyncio.sleep(0.1)

    @pytest.mark.parametrize("turns", range(5))
    async def test_cancellation_inside_commit_is_all_or_nothing_and_says_which(
        self, spec: SQLSpec, judge: AsyncJudge, turns: int
    ) -> None:
        """A cancellation that comes while COMMIT is under way has a note: stored, not stored, or unknown."""
        ending, raised = Ending(), list[BaseException]()
        spec.plugins.register(ending)

        async def pair() -> None:
            try:
                async with spec.provide_session() as session:
                    await session.execute(INSERT, (1, None))
                    await session.execute(INSERT, (2, None))
            except BaseException as exc:
                raised.append(exc)
                raise

        task = asyncio.create_task(pair())
        await asyncio.wait([task, asyncio.ensure_future(ending.began.wait())], return_when="FIRST_COMPLETED")
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)

        assert task.done(), "COMMIT keeps its cancelled caller"
        kept = await judge.ids()
        assert kept in ([], [1, 2])
        assert bool(kept) in (_said(raised[0]) if raised else (True,))


def _said(exc: BaseException) -> tuple[bool, ...]:
    """Whether the work may be stored, by what the end of a session said."""
    if isinstance(exc, CommitOutcomeUnknownError):
        return (True, False)
    notes = " ".join(getattr(exc, "__notes__", ()))
    found = next((stored for words, stored in SAID.items() if words in notes), None)
    assert found is not None, f"{type(exc).__name__} does not say what became of the transaction"
    return found
