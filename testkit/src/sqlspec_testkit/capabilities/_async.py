# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PLR2004, PT012, S101 - assertions are the point, and what raises is the whole block
"""What an adapter declares is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DatabaseError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.memory import python_peak
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import IsolationLevel, SQLSpec

__all__ = ("AsyncCapabilities",)

COUNT = "SELECT count(*) FROM sqlspec_kit"
MILLION = "SELECT a.id FROM sqlspec_kit a, sqlspec_kit b, sqlspec_kit c"
"""As many rows, where the table has a hundred."""
LITTLE = 10 * 2**20
"""Bytes. A million rows as Python tuples take five times as much."""


class AsyncCapabilities(AsyncFixtures):
    """One test for each capability that no other part of the kit is about."""

    @promised(Capability.TRANSACTIONAL_DDL)
    async def test_a_table_is_rolled_back_with_the_rest(self, spec: SQLSpec) -> None:
        """TRANSACTIONAL_DDL: a session that fails leaves none of the tables that it made."""
        with pytest.raises(ZeroDivisionError):
            async with spec.provide_session() as session:
                await session.execute("CREATE TABLE sqlspec_kit_made (id INTEGER)")
                raise ZeroDivisionError

        async with spec.provide_session(autocommit=True) as session:
            try:
                with pytest.raises(DatabaseError):
                    await session.execute("SELECT id FROM sqlspec_kit_made")
            finally:
                await session.execute("DROP TABLE IF EXISTS sqlspec_kit_made")

    @pytest.mark.parametrize(("level", "later"), [("read committed", 1), ("repeatable read", 0)])
    @promised(Capability.ISOLATION)
    async def test_a_transaction_has_its_isolation_level(
        self, spec: SQLSpec, level: IsolationLevel, later: int
    ) -> None:
        """ISOLATION: it sees what others commit meanwhile, or goes on to see what it saw."""
        async with spec.provide_session(isolation=level) as session:
            first = await session.execute(COUNT).scalar()
            async with spec.provide_session() as other:
                await other.execute(INSERT, (1, None))
            second = await session.execute(COUNT).scalar()

        assert (first, second) == (0, later)

    @promised(Capability.STREAM)
    async def test_a_stream_holds_a_few_rows_at_a_time(self, spec: SQLSpec) -> None:
        """STREAM: the first of a million rows come without the rest."""
        await self._fill(spec)
        seen = 0

        async with spec.provide_session() as session:
            with python_peak() as peak:
                rows = session.stream(MILLION, batch_size=100)
                async for _ in rows:
                    seen += 1
                    if seen == 250:
                        break
                assert peak() < LITTLE
            await rows.close()

    @promised(Capability.ARROW)
    async def test_a_table_of_arrow_is_not_made_of_python_objects(self, spec: SQLSpec) -> None:
        """ARROW: a million rows go from the driver to pyarrow as they are."""
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        await self._fill(spec)

        async with spec.provide_session() as session:
            await session.execute(COUNT).arrow()  # what is imported for it counts for nothing
            with python_peak() as peak:
                table = await session.execute(MILLION).arrow()
                assert peak() < LITTLE

        assert table.num_rows == 1_000_000

    @promised(Capability.LASTROWID)
    async def test_the_key_of_a_new_row_is_told(self, spec: SQLSpec) -> None:
        """LASTROWID: `lastrowid` is the key that the database made."""
        create = f"CREATE TABLE sqlspec_kit_keys (id {self.given('generated_key')}, note VARCHAR(40))"
        insert = "INSERT INTO sqlspec_kit_keys (note) VALUES (?)"

        async with spec.provide_session(autocommit=True) as session:
            await session.execute(create)
            try:
                first = await session.execute(insert, ("one",))
                second = await session.execute(insert, ("two",))
                stored = await session.execute("SELECT id FROM sqlspec_kit_keys ORDER BY note").scalars()
            finally:
                await session.execute("DROP TABLE sqlspec_kit_keys")

        assert [first.lastrowid, second.lastrowid] == stored

    @staticmethod
    async def _fill(spec: SQLSpec) -> None:
        async with spec.provide_session() as session:
            await session.execute_many(INSERT, [(number, None) for number in range(100)])
