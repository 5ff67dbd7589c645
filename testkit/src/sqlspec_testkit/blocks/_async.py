# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: S101, PT012 - assertions are the point, and what raises is the whole block
"""Blocks of `begin()` in a session."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import SavepointNotSupportedError, TransactionControlError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import AsyncSession, SQLSpec
    from sqlspec.plugin import AdapterInfo
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("AsyncBlocks",)

DEEPEST = 5
"""How many blocks are inside each other."""


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class AsyncBlocks(AsyncFixtures):
    """A block outside of a transaction is one; inside it is a savepoint."""

    async def test_a_block_is_a_transaction_of_its_own(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Its clean end commits, before the session ends."""
        async with spec.provide_session() as session:
            async with session.begin():
                await session.execute(INSERT, (1, None))
                await judge.sees([])
            await judge.sees([1])

        assert await judge.ids() == [1]

    async def test_a_block_that_raises_is_undone(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """The session goes on, with a transaction of its own."""
        async with spec.provide_session() as session:
            with pytest.raises(Boom):
                async with session.begin():
                    await session.execute(INSERT, (1, None))
                    raise Boom
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [2]

    @promised(Capability.SAVEPOINTS)
    async def test_a_savepoint_is_undone_and_the_rest_kept(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """What was done before and after the block survives it."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                async with session.begin():
                    await session.execute(INSERT, (2, None))
                    raise Boom
            await session.execute(INSERT, (3, None))

        assert await judge.ids() == [1, 3]

    @promised(Capability.SAVEPOINTS)
    async def test_a_savepoint_is_not_visible_before_the_transaction_ends(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """Its clean end keeps the work for the transaction, which may still undo it."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            async with session.begin():
                await session.execute(INSERT, (2, None))
            await judge.sees([])
            await session.rollback()

        assert await judge.ids() == []

    @promised(Capability.SAVEPOINTS)
    async def test_blocks_nest(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """The inner one is undone, the middle one kept, and the outer one commits them."""
        async with spec.provide_session() as session, session.begin():
            await session.execute(INSERT, (1, None))
            async with session.begin():
                await session.execute(INSERT, (2, None))
                with pytest.raises(Boom):
                    async with session.begin():
                        await session.execute(INSERT, (3, None))
                        raise Boom
                await session.execute(INSERT, (4, None))

        assert await judge.ids() == [1, 2, 4]

    @promised(Capability.SAVEPOINTS)
    async def test_an_outer_block_undoes_inner_ones_that_were_kept(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """A savepoint is no commit."""
        async with spec.provide_session() as session:
            with pytest.raises(Boom):
                async with session.begin():
                    async with session.begin():
                        await session.execute(INSERT, (1, None))
                    raise Boom

        assert await judge.ids() == []

    @promised(Capability.SAVEPOINTS)
    @pytest.mark.parametrize("undone", range(1, DEEPEST + 1))
    async def test_each_level_has_a_savepoint_of_its_own(
        self, spec: SQLSpec, judge: AsyncJudge, undone: int
    ) -> None:
        """An error that is caught around one level undoes that and all inside it, and no other."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (0, None))
            with suppress(Boom):
                await self._descend(session, 1, undone)
            await session.execute(INSERT, (99, None))

        assert await judge.ids() == [*range(undone), 99]

    async def _descend(self, session: AsyncSession, level: int, undone: int) -> None:
        async with session.begin():
            await session.execute(INSERT, (level, None))
            if level == DEEPEST:
                raise Boom
            try:
                await self._descend(session, level + 1, undone)
            except Boom:
                if level >= undone:
                    raise

    @promised(Capability.SAVEPOINTS)
    async def test_an_outer_savepoint_undoes_inner_ones_that_were_kept(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """An inner one that ends well does not move it."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                async with session.begin():
                    await session.execute(INSERT, (2, None))
                    async with session.begin():
                        await session.execute(INSERT, (3, None))
                    raise Boom

        assert await judge.ids() == [1]

    @promised(Capability.SAVEPOINTS)
    async def test_an_outer_savepoint_undoes_what_came_before_an_inner_one_that_was_undone(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """An inner one that was undone is forgotten, and does not hide it."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                async with session.begin():
                    await session.execute(INSERT, (2, None))
                    with pytest.raises(ZeroDivisionError):
                        async with session.begin():
                            await session.execute(INSERT, (3, None))
                            raise ZeroDivisionError
                    raise Boom

        assert await judge.ids() == [1]

    async def test_without_savepoints_a_nested_block_is_refused(
        self, spec: SQLSpec, judge: AsyncJudge, info: AdapterInfo
    ) -> None:
        """Before anything is sent: the transaction goes on."""
        if Capability.SAVEPOINTS in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has savepoints")

        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(SavepointNotSupportedError):
                async with session.begin():
                    pass
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [1, 2]

    async def test_in_an_autocommit_session_a_block_is_a_transaction(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """One that raises is undone; statements outside of blocks are kept one by one."""
        async with spec.provide_session(autocommit=True) as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                async with session.begin():
                    await session.execute(INSERT, (2, None))
                    await judge.sees([1])
                    raise Boom
            async with session.begin():
                await session.execute(INSERT, (3, None))
            await session.execute(INSERT, (4, None))
            await judge.sees([1, 3, 4])

        assert await judge.ids() == [1, 3, 4]

    @pytest.mark.parametrize("method", ["commit", "rollback"])
    async def test_a_block_decides_alone_how_it_ends(
        self, spec: SQLSpec, judge: AsyncJudge, method: str
    ) -> None:
        """`commit()` and `rollback()` are refused inside; the work goes on."""
        async with spec.provide_session() as session, session.begin():
            await session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError, match="begin"):
                await getattr(session, method)()
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [1, 2]

    async def test_an_exception_through_all_blocks_undoes_everything(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """And is the one that the caller sees."""
        boom = Boom()

        with pytest.raises(Boom) as caught:
            async with spec.provide_session() as session, session.begin():
                await session.execute(INSERT, (1, None))
                raise boom

        assert caught.value is boom
        assert await judge.ids() == []
