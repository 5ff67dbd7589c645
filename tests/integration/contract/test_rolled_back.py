"""`override(…, rollback=True)`: whatever an application does inside of the block is undone at its end."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import (
    ConfigClosedError,
    NotSupportedError,
    ReadOnlyError,
    SavepointNotSupportedError,
    SessionClosedError,
    SQLSpecError,
    StatementError,
    TransactionAbortedError,
    TransactionControlError,
    UniqueViolationError,
)

from .databases import ASYNCMY, DUCKDB, PSYCOPG, SQLITE
from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlspec import SQLSpec

UNDOES = [side for side in SIDES if side.database is not DUCKDB]
INSERT = "INSERT INTO item VALUES (?)"


@pytest.fixture(params=UNDOES, ids=[side.name for side in UNDOES])
def side(request: pytest.FixtureRequest) -> Any:
    """Each adapter that has savepoints, in tasks and in threads."""
    return request.param


@pytest.fixture
async def undone(side: Side, spec: SQLSpec) -> AsyncIterator[SQLSpec]:
    """Inside of the block; in the end nothing is left in the table."""
    async with spec.override("db", rollback=True):
        yield spec
    assert await stored(side, spec) == []


async def stored(side: Side, spec: SQLSpec) -> list[Any]:
    """What another session sees."""
    async with side.session(spec) as session:
        return (await session.execute("SELECT id FROM item ORDER BY id")).scalars()  # type: ignore[no-any-return]


async def add(side: Side, spec: SQLSpec, number: int, **options: Any) -> None:
    """A session of its own, which commits."""
    async with side.session(spec, **options) as session:
        await session.execute(INSERT, (number,))


# --- what is undone -----------------------------------------------------------------------------------


async def test_what_sessions_commit_is_undone(side: Side, undone: SQLSpec) -> None:
    """Later ones see what earlier ones did; with autocommit, too."""
    await add(side, undone, 1)
    await add(side, undone, 2, autocommit=True)
    async with side.session(undone) as session:
        await session.execute(INSERT, (3,))
        await session.commit()
        await session.execute(INSERT, (4,))
        await session.rollback()
        await session.execute_many(INSERT, [(5,), (6,)])
        await session.load("item", [(7,)], ["id"])

    assert await stored(side, undone) == [1, 2, 3, 5, 6, 7]


async def test_bulk_calls_of_autocommit_sessions_are_undone(side: Side, undone: SQLSpec) -> None:
    """They begin transactions of their own."""
    async with side.session(undone, autocommit=True) as session:
        await session.execute_many(INSERT, [(1,), (2,)])
        await session.load("item", [(3,)], ["id"])
        async with session.begin():
            await session.execute(INSERT, (4,))

    assert await stored(side, undone) == [1, 2, 3, 4]


async def test_scripts_are_undone(side: Side, undone: SQLSpec) -> None:
    """Also those that bring a BEGIN and a COMMIT of their own."""
    async with side.session(undone) as session:
        await session.execute_script("INSERT INTO item VALUES (1); INSERT INTO item VALUES (2)")
    async with side.session(undone, autocommit=True) as session:
        await session.execute_script(
            "INSERT INTO item VALUES (3); BEGIN; INSERT INTO item VALUES (4); COMMIT;"
            "BEGIN; INSERT INTO item VALUES (5); ROLLBACK; INSERT INTO item VALUES (6)"
        )

    assert await stored(side, undone) == [1, 2, 3, 4, 6]


async def test_a_script_that_is_left_open_is_told(side: Side, undone: SQLSpec) -> None:
    """As outside of the block."""
    async with side.session(undone, autocommit=True) as session:
        with pytest.raises(TransactionAbortedError, match="did not end it"):
            await session.execute_script("INSERT INTO item VALUES (1); BEGIN; INSERT INTO item VALUES (2)")
        await session.execute(INSERT, (3,))

    assert await stored(side, undone) == [1, 3]


async def test_control_that_is_no_savepoint_is_refused(side: Side, undone: SQLSpec) -> None:
    """By name, before anything of the script has run."""
    async with side.session(undone, autocommit=True) as session:
        with pytest.raises(TransactionControlError, match="SET TRANSACTION in a script"):
            await session.execute_script("INSERT INTO item VALUES (1); SET TRANSACTION READ ONLY")

    assert await stored(side, undone) == []


async def test_an_exception_undoes_its_session_alone(side: Side, undone: SQLSpec) -> None:
    """As outside of the block."""
    await add(side, undone, 1)
    with pytest.raises(KeyError):
        async with side.session(undone) as session:
            await session.execute(INSERT, (2,))
            raise KeyError

    assert await stored(side, undone) == [1]


async def test_a_failed_statement_costs_its_session_alone(side: Side, undone: SQLSpec) -> None:
    """In PostgreSQL it aborts the whole transaction, if nothing rolls back to a savepoint."""
    await add(side, undone, 1)
    with pytest.raises(StatementError):
        async with side.session(undone) as session:
            await session.execute(INSERT, (2,))
            await session.execute("SELECT no_such_column FROM item")
    async with side.session(undone, autocommit=True) as session:
        for _ in range(2):
            with pytest.raises(StatementError):
                await session.execute("SELECT no_such_column FROM item")
        await session.execute(INSERT, (3,))
    async with side.session(undone) as session:
        with pytest.raises(StatementError):
            async with session.begin():
                await session.execute("SELECT no_such_column FROM item")
        await session.execute(INSERT, (4,))

    assert await stored(side, undone) == [1, 3, 4]


async def test_a_constraint_that_is_violated_says_so(side: Side, undone: SQLSpec) -> None:
    """The block of the session ends as ever."""
    if side.database is not ASYNCMY:  # there no index is made in the block
        async with side.session(undone) as session:
            await session.execute("CREATE UNIQUE INDEX once ON item (id)")
        await add(side, undone, 1)
        with pytest.raises(UniqueViolationError):
            await add(side, undone, 1)
        async with side.session(undone, autocommit=True) as session:
            with pytest.raises(UniqueViolationError):
                await session.execute_many(INSERT, [(2,), (1,)])

        assert await stored(side, undone) == [1]


async def test_tables_are_undone_or_refused(side: Side, undone: SQLSpec) -> None:
    """MySQL commits for them; there the statement is refused by name, and nothing is lost."""
    await add(side, undone, 1)
    async with side.session(undone) as session:
        if side.database is ASYNCMY:
            with pytest.raises(NotSupportedError, match="CREATE makes this database commit"):
                await session.execute("CREATE TABLE other (id INTEGER)")
            with pytest.raises(NotSupportedError, match="TRUNCATE"):
                await session.execute("/* all */ truncate item")
            await session.execute("CREATE TEMPORARY TABLE other (id INTEGER)")
        else:
            await session.execute("CREATE TABLE other (id INTEGER)")

    assert await stored(side, undone) == [1]


async def test_the_drivers_connection_is_refused(side: Side, undone: SQLSpec) -> None:
    """What is committed on it could not be undone."""
    await add(side, undone, 1)
    block: Any = undone.provide_connection("db")
    with pytest.raises(NotSupportedError, match=r"rollback=True"):
        if side.in_tasks:
            await block.__aenter__()
        else:
            block.__enter__()
    async with side.session(undone) as session:
        with pytest.raises(NotSupportedError, match=r"rollback=True"):
            await session.connection()

    assert await stored(side, undone) == [1]


async def test_read_only_sessions_write_nothing(side: Side, undone: SQLSpec) -> None:
    """Although the transaction around them may."""
    for options in ({}, {"autocommit": True}):
        with pytest.raises(ReadOnlyError):
            await add(side, undone, 1, read_only=True, **options)
        async with side.session(undone, read_only=True, **options) as session:
            assert (await session.execute("SELECT count(*) FROM item")).scalar() == 0
    await add(side, undone, 2)

    assert await stored(side, undone) == [2]


async def test_streams_are_read(side: Side, undone: SQLSpec) -> None:
    """In a transaction and with autocommit; one that fails costs its session alone."""
    async with side.session(undone) as session:
        await session.execute_many(INSERT, [(number,) for number in range(10)])
    for options in ({}, {"autocommit": True}):
        async with side.session(undone, **options) as session:
            stream = session.stream("SELECT id FROM item ORDER BY id", batch_size=3)
            found = [(await anext(stream))["id"] for _ in range(5)]
            await session.execute(INSERT, (100,))
            found += [row["id"] async for row in stream]
            assert found[:10] == list(range(10))
        async with side.session(undone, **options) as session:
            stream = session.stream("SELECT id FROM item ORDER BY id", batch_size=3)
            assert (await anext(stream))["id"] == 0
        with pytest.raises(StatementError):
            async with side.session(undone, **options) as session:
                await anext(session.stream("SELECT no_such_column FROM item"))

    assert await stored(side, undone) == [*range(10), 100, 100]


# --- time and cancellation ------------------------------------------------------------------------------


async def test_a_time_limit_costs_its_session_alone(side: Side, undone: SQLSpec) -> None:
    """The statement is stopped."""
    await add(side, undone, 1)
    with pytest.raises(SQLSpecError):
        async with side.session(undone) as session:
            await session.execute(side.database.slow(20), query_timeout=0.2)

    assert await stored(side, undone) == [1]


async def test_a_cancelled_task_costs_its_session_alone(side: Side, undone: SQLSpec) -> None:
    """Its statement is stopped, and undone."""
    if not side.in_tasks:
        return
    await add(side, undone, 1)

    async def slow() -> None:
        async with side.session(undone) as session:
            await session.execute(INSERT, (2,))
            await session.execute(side.database.slow(20))

    task = asyncio.ensure_future(slow())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await stored(side, undone) == [1]


# --- several sessions -----------------------------------------------------------------------------------


async def test_a_session_within_another(side: Side, undone: SQLSpec) -> None:
    """It sees what the outer one did, and both are kept."""
    async with side.session(undone) as outer:
        await outer.execute(INSERT, (1,))
        async with side.session(undone) as inner:
            await inner.execute(INSERT, (2,))
            assert (await inner.execute("SELECT count(*) FROM item")).scalar() == 2
        with pytest.raises(KeyError):
            async with side.session(undone) as inner:
                await inner.execute(INSERT, (3,))
                raise KeyError
        await outer.execute(INSERT, (4,))

    assert await stored(side, undone) == [1, 2, 4]


async def test_sessions_at_the_same_time(side: Side, undone: SQLSpec) -> None:
    """They take turns, and may end in any order."""
    await asyncio.gather(*(add(side, undone, number) for number in range(20)))
    async with side.session(undone) as later:
        await later.execute("SELECT 1")
        async with side.session(undone) as first:
            await first.execute(INSERT, (100,))
            await later.execute(INSERT, (101,))
            await first.commit()
            await later.commit()
            await first.execute(INSERT, (102,))

    assert await stored(side, undone) == [*range(20), 100, 101, 102]


async def test_one_that_commits_first_is_kept(side: Side, undone: SQLSpec) -> None:
    """Although it began first, and its savepoint is below the other's."""
    async with side.session(undone) as second:
        async with side.session(undone) as first:
            await first.execute(INSERT, (1,))
            await second.execute(INSERT, (2,))
        await second.execute(INSERT, (3,))

    assert await stored(side, undone) == [1, 2, 3]


async def test_one_that_rolls_back_last_undoes_its_own(side: Side, undone: SQLSpec) -> None:
    """The other, which began before and has committed, is kept."""
    async with side.session(undone) as first:
        await first.execute(INSERT, (1,))
        async with side.session(undone) as second:
            await second.execute(INSERT, (2,))
            await first.commit()
            await second.rollback()
        await first.execute(INSERT, (3,))
    with pytest.raises(KeyError):
        async with side.session(undone) as session:
            await session.execute(INSERT, (4,))
            raise KeyError

    assert await stored(side, undone) == [1, 3]


async def test_an_overlap_that_can_not_be_undone_fails_at_once(side: Side, spec: SQLSpec) -> None:
    """One rolls back, and its savepoint holds another's work: nothing runs any more."""
    with pytest.raises(TransactionAbortedError, match="two sessions overlapped"):
        async with spec.override("db", rollback=True):
            with pytest.raises(KeyError):
                async with side.session(spec) as first:
                    await first.execute(INSERT, (1,))
                    await add(side, spec, 2)
                    raise KeyError
            with pytest.raises(TransactionAbortedError, match="two sessions overlapped"):
                await add(side, spec, 3)

    assert await stored(side, spec) == []


async def test_reading_is_no_overlap(side: Side, undone: SQLSpec) -> None:
    """A session that only reads loses nothing when another rolls back."""
    with pytest.raises(KeyError):
        async with side.session(undone) as first:
            await first.execute(INSERT, (1,))
            assert await stored(side, undone) == [1]
            raise KeyError
    await add(side, undone, 2)

    assert await stored(side, undone) == [2]


# --- the block ------------------------------------------------------------------------------------------


async def test_a_session_that_outlives_the_block_is_refused(side: Side, spec: SQLSpec) -> None:
    """What it did is undone, and it learns so."""
    async with side.session(spec) as before:  # of the pool: it is not in the block
        with spec.override("db", rollback=True):
            block = side.session(spec)
            session = await block.__aenter__()
            await session.execute(INSERT, (1,))
        with pytest.raises((SessionClosedError, TransactionAbortedError, SQLSpecError)):
            await session.execute(INSERT, (2,))
        with pytest.raises(SQLSpecError):
            await block.__aexit__(None, None, None)
        assert (await before.execute("SELECT count(*) FROM item")).scalar() == 0


async def test_blocks_within_blocks(side: Side, spec: SQLSpec) -> None:
    """The inner one undoes its own, the outer one all."""
    async with spec.override("db", rollback=True):
        await add(side, spec, 1)
        async with spec.override("db", rollback=True):
            await add(side, spec, 2)
            assert await stored(side, spec) == [1, 2]
        assert await stored(side, spec) == [1]
        await add(side, spec, 3)

    assert await stored(side, spec) == []


async def test_a_block_without_a_session_opens_nothing(spec: SQLSpec) -> None:
    """Its connection is opened by the first session."""
    async with spec.override("db", rollback=True):
        assert spec.stats("db").size == 0


async def test_tasks_and_threads_are_in_one_transaction(spec: SQLSpec, side: Side) -> None:
    """Where the adapter serves both."""
    if side.database not in {SQLITE, PSYCOPG}:
        return
    tasks = Side(side.database, in_tasks=True)
    threads = Side(side.database, in_tasks=False)
    async with spec.override("db", rollback=True):
        await add(tasks, spec, 1)
        await add(threads, spec, 2)
        assert await stored(tasks, spec) == await stored(threads, spec) == [1, 2]

    assert await stored(tasks, spec) == []


async def test_another_event_loop(spec: SQLSpec, side: Side) -> None:
    """An adapter that is async only has its connection in one loop; in another it fails at once, by name."""
    async with spec.override("db", rollback=True):
        await add(Side(side.database, in_tasks=True), spec, 1)
        elsewhere = asyncio.to_thread(asyncio.run, stored(Side(side.database, in_tasks=True), spec))
        if side.database.is_sync:
            assert await elsewhere == [1]
        else:
            with pytest.raises(NotSupportedError, match="belongs to an event loop that"):
                await elsewhere

    assert await stored(side, spec) == []


async def test_another_config(spec: SQLSpec, side: Side, request: pytest.FixtureRequest) -> None:
    """In the place of the one that is registered; and all that is done with it is undone."""
    other = side.database.config(request, pool_size=1)
    async with spec.override("db", other, rollback=True) as config:
        assert config is other
        await add(side, spec, 1)

    assert await stored(side, spec) == []


async def test_an_application_that_is_started_again(spec: SQLSpec, side: Side) -> None:
    """Within one block: what it did before it was closed is there, as it would be."""
    async with spec.override("db", rollback=True):
        await add(side, spec, 1)
        await (spec.aclose() if side.in_tasks else asyncio.to_thread(spec.close))
        with pytest.raises(ConfigClosedError):
            await add(side, spec, 2)
        await (spec.aopen() if side.in_tasks else asyncio.to_thread(spec.open))
        await add(side, spec, 3)
        assert await stored(side, spec) == [1, 3]

    assert await stored(side, spec) == []


async def test_a_name_that_is_given_away(spec: SQLSpec, side: Side, request: pytest.FixtureRequest) -> None:
    """To another config, inside of the block: what was done before is undone, and the block ends as ever."""
    async with spec.override("db", rollback=True):
        await add(side, spec, 1)
        spec.register_config(side.database.config(request, pool_size=1), "db", override=True)
        assert await stored(side, spec) == []

    assert await stored(side, spec) == []


def test_a_forked_child_is_not_in_the_block(tmp_path: Path) -> None:
    """The connection is its parent's: it is told so, and the parent goes on."""
    from sqlspec import SQLSpec

    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(tmp_path / "a.db")), "main")
        with spec.provide_session("main") as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        with spec.override("main", rollback=True):
            with spec.provide_session("main") as session:
                session.execute(INSERT, (1,))
            child = os.fork()
            if not child:
                try:
                    with spec.provide_session("main"):
                        os._exit(1)
                except SessionClosedError:
                    os._exit(0)
                finally:
                    os._exit(2)
            assert os.waitpid(child, 0)[1] == 0
            with spec.provide_session("main") as session:
                assert session.execute("SELECT count(*) FROM item").scalar() == 1


def test_without_savepoints_it_is_refused(tmp_path: Path) -> None:
    """DuckDB has none: the error says what to write instead."""
    from sqlspec import SQLSpec
    from sqlspec.adapters.duckdb import DuckDBConfig

    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(tmp_path / "a.duckdb")), "main")
        block = spec.override("main", rollback=True)
        with pytest.raises(SavepointNotSupportedError, match=r"spec\.override\('main', copy\)"):
            block.__enter__()
        with spec.provide_session("main") as session:  # and nothing was replaced
            session.execute("CREATE TABLE item (id INTEGER)")


def test_a_database_in_memory_is_the_one_that_is_meant() -> None:
    """And stays when the block has ended."""
    from sqlspec import SQLSpec

    with SQLSpec() as spec:
        config = spec.register_config(SQLiteConfig(database=":memory:"), "main")
        with spec.provide_session(config) as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        with spec.override("main", rollback=True), spec.provide_session(config) as session:
            session.execute(INSERT, (1,))
        with spec.provide_session(config) as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 0
