# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PT012, S101, TRY301 - assertions are the point, and what raises is the whole block
"""What ends a session, and what becomes of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("AsyncEndings",)


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class AsyncEndings(AsyncFixtures):
    """Clean exit, exceptions, and `commit` and `rollback` before the end."""

    @promised(Capability.TRANSACTIONS)
    async def test_a_clean_exit_commits(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Nothing is visible before the end of the block, all of it after."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, "one"))
            await session.execute(INSERT, (2, None))
            await judge.sees([])

        assert await judge.ids() == [1, 2]

    async def test_a_session_that_ends_with_a_read_is_committed(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """Whatever the last statement was."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.execute("SELECT count(*) FROM sqlspec_kit")

        assert await judge.ids() == [1]

    async def test_a_session_that_did_nothing_ends_in_peace(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """No statement, no transaction."""
        async with spec.provide_session():
            pass

        assert await judge.ids() == []

    @promised(Capability.TRANSACTIONS)
    async def test_an_exception_rolls_back_and_is_the_one_seen(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """The very object, with nothing chained to it."""
        boom = Boom()

        with pytest.raises(Boom) as caught:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                raise boom

        assert caught.value is boom
        assert (boom.__cause__, boom.__context__) == (None, None)
        assert await judge.ids() == []

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    async def test_an_interrupted_block_rolls_back(
        self, spec: SQLSpec, judge: AsyncJudge, kind: type[BaseException]
    ) -> None:
        """Also for exceptions that are no errors."""
        with pytest.raises(kind):
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                raise kind

        assert await judge.ids() == []

    async def test_a_generator_that_is_closed_rolls_back(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """What frameworks do with dependencies of a request that failed."""

        async def dependency() -> AsyncIterator[None]:
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                yield

        generator = dependency()
        async for _ in generator:
            break
        await generator.aclose()  # type: ignore[attr-defined] # a generator, as its body says

        assert await judge.ids() == []

    @promised(Capability.TRANSACTIONS)
    async def test_rollback_undoes_and_the_next_statement_begins_anew(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """What came before is gone, what comes after is kept."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.rollback()
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [2]

    async def test_commit_keeps_what_came_before_an_exception(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """What comes after it is undone."""
        with pytest.raises(Boom):
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                await session.commit()
                await judge.sees([1])
                await session.execute(INSERT, (2, None))
                raise Boom

        assert await judge.ids() == [1]

    async def test_what_comes_after_commit_is_committed_at_the_end(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """In a transaction of its own."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.commit()
            await session.execute(INSERT, (2, None))
            await judge.sees([1])

        assert await judge.ids() == [1, 2]

    async def test_commit_and_rollback_of_nothing_do_nothing(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Before the first statement, and twice in a row."""
        async with spec.provide_session() as session:
            await session.commit()
            await session.rollback()
            await session.execute(INSERT, (1, None))
            await session.commit()
            await session.commit()
            await session.rollback()

        assert await judge.ids() == [1]

    async def test_an_autocommit_session_keeps_each_statement(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """At once, and whatever ends the block."""
        with pytest.raises(Boom):
            async with spec.provide_session(autocommit=True) as session:
                await session.execute(INSERT, (1, None))
                await judge.sees([1])
                raise Boom

        assert await judge.ids() == [1]

    async def test_work_of_one_session_is_not_in_the_next(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Ten sessions on one connection, every other one failing: each keeps its own fate."""
        for number in range(10):
            try:
                async with spec.provide_session() as session:
                    await session.execute(INSERT, (number, None))
                    if number % 2:
                        raise Boom
            except Boom:
                pass

        assert await judge.ids() == [0, 2, 4, 6, 8]
