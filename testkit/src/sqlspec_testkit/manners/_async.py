# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: PLR2004, PT012, S101 - assertions are the point, and what raises is the whole block
"""What a session refuses, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    DatabaseError,
    MultipleStatementsError,
    NotSupportedError,
    ParameterError,
    ReadOnlyError,
    SessionClosedError,
    TransactionControlError,
)
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._async import INSERT, AsyncFixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import AsyncSession, SQLSpec
    from sqlspec.plugin import AdapterInfo
    from sqlspec_testkit.fixtures._async import AsyncJudge

__all__ = ("AsyncManners",)

CONTROL = [
    "BEGIN",
    "begin transaction",
    "START TRANSACTION",
    "COMMIT",
    "commit work;",
    "/* well */ COMMIT",
    "-- well\nROLLBACK",
    "ROLLBACK TO SAVEPOINT one",
    "SAVEPOINT one",
    "RELEASE SAVEPOINT one",
]
"""Transaction control as it may be typed."""


class AsyncManners(AsyncFixtures):
    """Refusals come before anything is sent: the transaction goes on."""

    @pytest.mark.parametrize("statement", CONTROL)
    async def test_typed_transaction_control_is_refused(
        self, spec: SQLSpec, judge: AsyncJudge, statement: str
    ) -> None:
        """The transaction is as it was before: its work is neither committed nor undone."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError):
                await session.execute(statement)
            await judge.sees([])
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [1, 2]

    async def test_transaction_control_in_a_script_is_refused(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """None of the script runs."""
        script = "INSERT INTO sqlspec_kit (id) VALUES (2); COMMIT; INSERT INTO sqlspec_kit (id) VALUES (3)"

        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError):
                await session.execute_script(script)

        assert await judge.ids() == [1]

    async def test_a_script_is_part_of_the_transaction(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Its statements are committed with the rest."""
        script = "INSERT INTO sqlspec_kit (id) VALUES (1); INSERT INTO sqlspec_kit (id, note) VALUES (2, ';')"

        async with spec.provide_session() as session:
            await session.execute_script(script)
            await judge.sees([])

        assert await judge.ids() == [1, 2]

    async def test_stacked_statements_are_refused(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Neither of the two runs."""
        async with spec.provide_session() as session:
            with pytest.raises(MultipleStatementsError):
                await session.execute("DELETE FROM sqlspec_kit; INSERT INTO sqlspec_kit (id) VALUES (9)")
            await session.execute(INSERT, (1, None))

        assert await judge.ids() == [1]

    async def test_a_wrong_number_of_parameters_is_refused(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """The transaction goes on, also when it was the first statement."""
        misfits: list[Any] = [(), (1,), (1, None, 3), {"id": 1}]

        async with spec.provide_session() as session:
            for parameters in misfits:
                with pytest.raises(ParameterError):
                    await session.execute(INSERT, parameters)
            await session.execute(INSERT, (1, None))
            with pytest.raises(ParameterError, match="row 2"):
                await session.execute_many(INSERT, [(2, None), (3,)])

        assert await judge.ids() == [1]

    async def test_nothing_runs_after_the_end(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Its connection may serve somebody else by then."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            block = session.begin()
            rows = session.stream("SELECT id FROM sqlspec_kit")

        with pytest.raises(SessionClosedError):
            await session.execute(INSERT, (2, None))
        with pytest.raises(SessionClosedError):
            await session.execute_many(INSERT, [(2, None)])
        with pytest.raises(SessionClosedError):
            await session.execute_script("DELETE FROM sqlspec_kit")
        with pytest.raises(SessionClosedError):
            await session.load("sqlspec_kit", [(2,)], ("id",))
        for method in (session.connection, session.commit, session.rollback):
            with pytest.raises(SessionClosedError):
                await method()
        with pytest.raises(SessionClosedError):
            async with block:
                pass
        with pytest.raises(SessionClosedError):
            async for _ in rows:
                pass
        assert await judge.ids() == [1]

    async def test_a_session_that_failed_is_closed_too(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Whatever ended it."""
        ended: list[AsyncSession] = []

        with pytest.raises(ZeroDivisionError):
            async with spec.provide_session() as session:
                ended.append(session)
                await session.execute(INSERT, (1, None))
                raise ZeroDivisionError

        with pytest.raises(SessionClosedError):
            await ended[0].execute(INSERT, (2, None))
        assert await judge.ids() == []

    @promised(Capability.READ_ONLY)
    async def test_a_read_only_session_refuses_writes(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """With a typed error; it reads, and the next session writes."""
        for autocommit in (False, True):
            async with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                before = await session.execute("SELECT count(*) FROM sqlspec_kit").scalar()
            with pytest.raises(ReadOnlyError):
                async with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                    await session.execute(INSERT, (1, None))
            assert before == 0
        async with spec.provide_session() as session:
            await session.execute(INSERT, (2, None))

        assert await judge.ids() == [2]

    async def test_where_read_only_is_not_declared_it_is_refused(
        self, spec: SQLSpec, info: AdapterInfo
    ) -> None:
        """Rather than ignored."""
        if Capability.READ_ONLY in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has read-only sessions")

        with pytest.raises(NotSupportedError):
            async with spec.provide_session(read_only=True):
                pass

    async def test_where_isolation_is_not_declared_it_is_refused(
        self, spec: SQLSpec, info: AdapterInfo
    ) -> None:
        """Nobody gets another level than the one that was asked for."""
        if Capability.ISOLATION in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has levels of isolation")

        with pytest.raises(NotSupportedError):
            async with spec.provide_session(isolation="serializable"):
                pass

    async def test_the_raw_connection_is_in_the_transaction(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Asking for it begins one: what is done on it shares the session's fate."""
        async with spec.provide_session() as session:
            await session.connection()
            await session.execute(INSERT, (1, None))
            await judge.sees([])
            await session.rollback()

        assert await judge.ids() == []

    async def test_a_stream_leaves_the_session_free(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """Other statements run between its rows, and it sees each row once."""
        async with spec.provide_session() as session:
            await session.execute_many(INSERT, [(number, None) for number in range(100)])
            seen = []
            async for row in session.stream("SELECT id FROM sqlspec_kit ORDER BY id", batch_size=7):
                seen.append(row["id"])
                if row["id"] % 10 == 0:
                    await session.execute("SELECT count(*) FROM sqlspec_kit").scalar()

        assert seen == list(range(100))
        assert await judge.count() == 100

    async def test_a_stream_is_part_of_the_transaction(self, spec: SQLSpec, judge: AsyncJudge) -> None:
        """It sees what the session did, and commits nothing of it."""
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            seen = [row["id"] async for row in session.stream("SELECT id FROM sqlspec_kit")]
            await judge.sees([])
            await session.rollback()

        assert seen == [1]
        assert await judge.ids() == []

    async def test_a_stream_in_an_autocommit_session_leaves_no_transaction(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """Read to its end, it holds nothing: what comes after it is kept at once."""
        async with spec.provide_session(autocommit=True) as session:
            await session.execute(INSERT, (1, None))
            seen = [row["id"] async for row in session.stream("SELECT id FROM sqlspec_kit")]
            await session.execute(INSERT, (2, None))
            await judge.sees([1, 2])

        assert seen == [1]
        assert await judge.ids() == [1, 2]

    async def test_a_stream_takes_parameters(self, spec: SQLSpec) -> None:
        """As every statement, and as values, not as text."""
        select = "SELECT id FROM sqlspec_kit WHERE note = ? AND id > ? ORDER BY id"

        async with spec.provide_session() as session:
            await session.execute_many(INSERT, [(number, "it's ?") for number in range(5)])
            seen = [row["id"] async for row in session.stream(select, ("it's ?", 2))]

        assert seen == [3, 4]

    async def test_an_error_in_a_stream_is_raised(self, spec: SQLSpec) -> None:
        """Of row 50, for which the database has no value: a stream that ends early is complete."""
        overflow = "abs(CASE WHEN id = 50 THEN -9223372036854775807 - 1 ELSE id END)"

        async with spec.provide_session() as session:
            await session.execute_many(INSERT, [(number, None) for number in range(100)])
        with pytest.raises(DatabaseError):
            async with spec.provide_session() as session:
                async for _ in session.stream(f"SELECT {overflow} AS n FROM sqlspec_kit", batch_size=7):  # noqa: S608 - our own
                    pass

    async def test_a_stream_that_was_left_early_ends_with_its_session(
        self, spec: SQLSpec, judge: AsyncJudge
    ) -> None:
        """The work beside it is committed, and the connection serves on."""
        for number in range(3):
            async with spec.provide_session() as session:
                await session.execute(INSERT, (number * 100, None))
                async for _ in session.stream("SELECT id FROM sqlspec_kit", batch_size=1):
                    break
                await session.execute(INSERT, (number * 100 + 1, None))

        assert await judge.ids() == [0, 1, 100, 101, 200, 201]
