"""Transactions that MySQL ends by itself, and how they begin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import pytest

from sqlspec.errors import (
    DeadlockError,
    LockTimeoutError,
    ReadOnlyError,
    StatementError,
    TransactionAbortedError,
)

if TYPE_CHECKING:
    from sqlspec import IsolationLevel, SQLSpec
    from sqlspec.adapters.mysql import AsyncMyConfig

INSERT = "INSERT INTO item VALUES (?, ?)"


@pytest.fixture
def two(spec: SQLSpec, config: AsyncMyConfig) -> SQLSpec:
    """Room for two sessions at a time."""
    spec.register_config(config.replace(pool_size=2), "main", override=True)
    return spec


async def ids(spec: SQLSpec) -> list[int]:
    """What is committed."""
    async with spec.provide_session("main") as session:
        return await session.execute("SELECT id FROM item ORDER BY id").scalars()


async def test_ddl_alone_is_no_error(spec: SQLSpec) -> None:
    """The server commits around it, but nothing was pending: what follows has a transaction of its own."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session() as session:
            await session.execute("SELECT count(*) FROM item").scalar()
            await session.execute("CREATE TABLE one (id INTEGER)")
            await session.execute("CREATE TABLE two (id INTEGER)")
            await session.execute("INSERT INTO one VALUES (1)")
            raise ZeroDivisionError
    async with spec.provide_session() as session:
        await session.execute_script("CREATE TABLE three (id INTEGER); DROP TABLE two; TRUNCATE TABLE three")
        rows = await session.execute("SELECT count(*) FROM one").scalar()

    assert rows == 0


async def test_g43_ddl_after_other_work_does_not_end_in_peace(spec: SQLSpec) -> None:
    """The server has committed that work: nothing runs after it, and the clean exit says so."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.execute("CREATE TABLE other (id INTEGER)")
            with pytest.raises(TransactionAbortedError, match="CREATE"):
                await session.execute(INSERT, (2, None))
            with pytest.raises(TransactionAbortedError):
                await session.execute_many(INSERT, [(3, None)])

    assert await ids(spec) == [1]


async def test_a_clean_exit_right_after_ddl_says_why_it_fails(spec: SQLSpec) -> None:
    """Nothing else ran that could have said it."""
    with pytest.raises(TransactionAbortedError) as caught:
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.execute("CREATE TABLE other (id INTEGER)")

    assert "CREATE" in str(caught.value.__cause__)
    assert await ids(spec) == [1]


async def test_ddl_that_fails_after_other_work_does_not_hide_the_commit(spec: SQLSpec) -> None:
    """An error tells nothing of the transaction: the server is asked."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            with pytest.raises(Exception, match="exists"):
                await session.execute("CREATE TABLE item (id INTEGER)")

    assert await ids(spec) == [1]


async def test_ddl_in_a_savepoint_does_not_end_in_peace(spec: SQLSpec) -> None:
    """The savepoint is gone with the transaction."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session() as session, session.begin(), session.begin():
            await session.execute("CREATE TABLE other (id INTEGER)")


async def test_after_ddl_rollback_heals(spec: SQLSpec) -> None:
    """The application has taken note."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))
        await session.execute("CREATE TABLE other (id INTEGER)")
        await session.rollback()
        await session.execute(INSERT, (2, None))

    assert await ids(spec) == [1, 2]


async def test_ddl_in_an_autocommit_session_is_no_error(spec: SQLSpec) -> None:
    """Nor does it begin a transaction."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute(INSERT, (1, None))
        await session.execute("CREATE TABLE other (id INTEGER)")
        await session.execute(INSERT, (2, None))
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                await session.execute(INSERT, (3, None))
                raise ZeroDivisionError
        await session.execute(INSERT, (4, None))
        assert await ids_elsewhere(session.execute("SELECT id FROM item ORDER BY id").scalars()) == [1, 2, 4]


async def ids_elsewhere(found: object) -> object:
    """An awaitable's result."""
    return await found  # type: ignore[misc]


async def test_g43_a_deadlock_leaves_nothing_of_the_session(two: SQLSpec) -> None:
    """The server rolls back the whole transaction: the rest of the session must not be committed alone."""
    await fill(two)
    locked = [asyncio.Event(), asyncio.Event()]

    async def work(mine: int, other: int) -> str:
        try:
            async with two.provide_session() as session:
                await session.execute(INSERT, (10 + mine, None))
                await session.execute("UPDATE item SET note = ? WHERE id = ?", (f"by {mine}", mine))
                locked[mine - 1].set()
                await locked[other - 1].wait()
                try:
                    await session.execute("UPDATE item SET note = ? WHERE id = ?", (f"by {mine} too", other))
                except DeadlockError:
                    with pytest.raises(TransactionAbortedError):
                        await session.execute(INSERT, (20 + mine, None))
        except TransactionAbortedError as exc:
            return "lost" if isinstance(exc.__cause__, DeadlockError) else "in vain"
        return "won"

    ended = await asyncio.gather(work(1, 2), work(2, 1))

    winner = ended.index("won") + 1
    assert sorted(ended) == ["lost", "won"]
    assert await ids(two) == [1, 2, 10 + winner]


async def fill(spec: SQLSpec) -> None:
    """Two rows."""
    async with spec.provide_session() as session:
        await session.execute_many(INSERT, [(1, "one"), (2, "two")])


async def test_a_lock_timeout_costs_the_statement_alone(two: SQLSpec) -> None:
    """As the server has it by default: the transaction goes on."""
    await fill(two)

    async with two.provide_session() as holder:
        await holder.execute("UPDATE item SET note = 'held' WHERE id = 1")
        async with two.provide_session() as session:
            await session.execute("SET innodb_lock_wait_timeout = 1")
            await session.execute(INSERT, (3, None))
            with pytest.raises(LockTimeoutError):
                await session.execute("UPDATE item SET note = 'mine' WHERE id = 1")
            await session.execute(INSERT, (4, None))

    assert await ids(two) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "level", ["read uncommitted", "read committed", "repeatable read", "serializable"], ids=str
)
async def test_isolation_is_the_sessions(two: SQLSpec, level: IsolationLevel) -> None:
    """What others commit meanwhile is seen, or not; and the next session has the server's default."""
    await fill(two)

    async with two.provide_session(isolation=level) as session:
        before = await session.execute("SELECT count(*) FROM item").scalar()
        async with two.provide_session() as other:
            if level != "serializable":  # which would wait for the reader
                await other.execute(INSERT, (3, None))
        after = await session.execute("SELECT count(*) FROM item").scalar()
    async with two.provide_session() as session:
        default = await session.execute("SELECT @@tx_isolation").scalar()

    assert after - before == (level in {"read uncommitted", "read committed"})
    assert default == "REPEATABLE-READ"


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_read_only_session_reads(spec: SQLSpec, autocommit: bool) -> None:
    """A write is a typed error, and so is DDL; the next session writes."""
    for statement in ("INSERT INTO item VALUES (1, NULL)", "CREATE TABLE other (id INTEGER)"):
        with pytest.raises(ReadOnlyError):
            async with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                assert await session.execute("SELECT count(*) FROM item").scalar() == 0
                await session.execute(statement)
    async with spec.provide_session() as session:
        await session.execute(INSERT, (2, None))

    assert await ids(spec) == [2]


@pytest.mark.parametrize("reset", ["full", "rollback"], ids=str)
async def test_a_read_only_config_only_reads(
    spec: SQLSpec, config: AsyncMyConfig, reset: Literal["full", "rollback"]
) -> None:
    """In sessions and on the driver's own object, the second borrower's too."""
    spec.register_config(config.replace(read_only=True, reset=reset), "reader")

    for _ in range(2):
        with pytest.raises(ReadOnlyError):
            async with spec.provide_session("reader") as session:
                await session.execute(INSERT, (1, None))
        with pytest.raises(Exception, match="1792"):
            async with spec.provide_connection("reader") as raw:
                await raw.query("INSERT INTO item VALUES (1, NULL)")

    assert await ids(spec) == []


async def test_lock_tables_and_transactions_do_not_mix(spec: SQLSpec) -> None:
    """It would end the transaction; in an autocommit session it works, and its locks end with that."""
    async with spec.provide_session() as session:
        for _ in range(2):
            with pytest.raises(StatementError, match="autocommit=True"):
                await session.execute("LOCK TABLES item READ")
            await session.execute("SELECT 1").scalar()
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("LOCK TABLES item READ")
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))

    assert await ids(spec) == [1]


async def test_rows_that_an_update_finds_count(spec: SQLSpec) -> None:
    """As everywhere else, and not only those that it changes; the key of an INSERT is told."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TABLE numbered (id INTEGER AUTO_INCREMENT PRIMARY KEY, n INTEGER)")
        first = await session.execute("INSERT INTO numbered (n) VALUES (7)")
        second = await session.execute("INSERT INTO numbered (n) VALUES (7)")
        same = await session.execute("UPDATE numbered SET n = 7")
        read = await session.execute("SELECT * FROM numbered")

    assert [result.lastrowid for result in (first, second, same, read)] == [1, 2, None, None]
    assert [result.rowcount for result in (first, second, same, read)] == [1, 1, 2, 2]


async def test_a_procedure_gives_its_first_result(spec: SQLSpec) -> None:
    """Whatever else it returns is read, so that the next statement gets its own answer."""
    async with spec.provide_connection("main") as raw:
        await raw.query(
            "CREATE PROCEDURE p() BEGIN SELECT 1 AS a; SELECT 2 AS b; INSERT INTO item VALUES (1, NULL); END"
        )

    async with spec.provide_session() as session:
        found = (await session.execute("CALL p()")).all()
        assert await session.execute("SELECT 7").scalar() == 7
        streamed = [row async for row in session.stream("SELECT 8 AS c")]

    assert (found, streamed) == ([{"a": 1}], [{"c": 8}])
    assert await ids(spec) == [1]
