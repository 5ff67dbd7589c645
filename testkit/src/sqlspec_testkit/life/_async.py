# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PT012, S101 - assertions are the point, and what raises is the whole block
"""What a connection leaves to its next owner, and how connections end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DisconnectedError, QueryTimeoutError, StatementError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.pauses import async_pause
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import AsyncSession, SQLSpec
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("AsyncLife",)

OWNERS = 3
LIMIT = 0.3
"""Seconds that a statement may take."""
MOMENT = 0.3
"""Seconds until the end of a connection has come through to this process."""
PATIENCE = 5.0
"""Seconds after which it was not stopped: much more than any machine needs, and less than it takes."""


class AsyncLife(AsyncFixtures):
    """Nobody finds anything of the owner before; and what is closed is closed."""

    async def test_a_temporary_table_is_gone_for_the_next_owner(self, spec: SQLSpec) -> None:
        """It was the session's."""
        make = self.given("temporary")

        for _ in range(OWNERS):
            async with spec.provide_session(autocommit=True) as session:
                await session.execute(make)
                await session.execute("INSERT INTO sqlspec_kit_temporary (id) VALUES (1)")
        async with spec.provide_session(autocommit=True) as session:
            with pytest.raises(StatementError):
                await session.execute("SELECT id FROM sqlspec_kit_temporary")

    async def test_a_setting_is_gone_for_the_next_owner(self, spec: SQLSpec) -> None:
        """It has the value again that it has on a new connection."""
        change, show = self.given("setting")

        async with spec.provide_session(autocommit=True) as session:
            before = await session.execute(show).scalar()
            await session.execute(change)
            changed = await session.execute(show).scalar()
        found = []
        for _ in range(OWNERS):
            async with spec.provide_session(autocommit=True) as session:
                found.append(await session.execute(show).scalar())

        assert changed != before, "the statement changes nothing"
        assert found == [before] * OWNERS

    async def test_an_end_of_the_registry_ends_its_connections(self, spec: SQLSpec, tmp_path: Path) -> None:
        """The server says so: the only one that is left is the one that asks."""
        count = self.given("connections")
        other = self.make_registry()
        other.register_config(self.make_config(tmp_path), "other")

        async with other:
            async with other.provide_session(autocommit=True) as session:
                before = await session.execute(count).scalar()
            for _ in range(OWNERS):
                async with spec.provide_session(autocommit=True) as session:
                    await session.execute("SELECT 1")
            await spec.aclose()
            async with other.provide_session(autocommit=True) as session:
                after = await self._count(session, count)
        spec.open()

        assert before > 1, "the statement counts connections of this database"
        assert after == 1

    @staticmethod
    async def _count(session: AsyncSession, statement: str) -> int:
        """How many connections there are, when those have gone that are on their way."""
        end = time.monotonic() + PATIENCE
        while True:
            found = int(await session.execute(statement).scalar())
            if found == 1 or time.monotonic() > end:
                return found
            await async_pause(0.02)

    async def test_an_idle_connection_that_was_killed_is_not_lent(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """The next session has another, and its work is kept."""
        kill = self.given("kill")
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))

        await judge.run(kill)
        await async_pause(MOMENT)
        async with spec.provide_session() as session:
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [1, 2]

    async def test_a_connection_that_is_killed_in_use_says_so(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """As `DisconnectedError`, once; nothing is kept, and the next session is served."""
        kill = self.given("kill")

        with pytest.raises(DisconnectedError):
            async with spec.provide_session() as session:
                await session.execute(INSERT, (1, None))
                await judge.run(kill)
                await session.execute(INSERT, (2, None))
        async with spec.provide_session() as session:
            await session.execute(INSERT, (3, None))

        assert await judge.ids() == [3]

    @promised(Capability.INTERRUPT)
    async def test_a_time_limit_is_kept(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """INTERRUPT: the statement is stopped, and the session goes on after a rollback."""
        slow, started = self.given("slow"), time.monotonic()

        async with spec.provide_session() as session:
            with pytest.raises(QueryTimeoutError):
                await session.execute(slow, query_timeout=LIMIT)
            took = time.monotonic() - started
            await session.rollback()
            await session.execute(INSERT, (1, None))

        assert LIMIT <= took < LIMIT + PATIENCE
        assert await judge.ids() == [1]
