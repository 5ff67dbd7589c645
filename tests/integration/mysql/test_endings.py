"""The end of a session under faults: three outcomes of COMMIT, cancellations, and how much is sent."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import CommitOutcomeUnknownError, DisconnectedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import MariaDB

INSERT = "INSERT INTO item VALUES (?, ?)"
# In sleep() the server notices by itself that nobody listens.
BUSY = "SELECT count(*) FROM seq_1_to_9000000000 WHERE seq % 7 = 8"


@pytest.fixture
async def far(spec: SQLSpec, config: AsyncMyConfig, mariadb_proxy: FaultProxy) -> AsyncIterator[SQLSpec]:
    """The database behind a proxy, as `far`; `main` is the direct way."""
    spec.set_default("main")
    far = AsyncMyConfig(
        host=config.host,
        port=mariadb_proxy.port,
        username=config.username,
        password=config.password,
        database=config.database,
        pool_size=2,
    )
    spec.register_config(far, "far")
    yield spec
    mariadb_proxy.calm()


async def ids(spec: SQLSpec) -> list[int]:
    """What is committed, seen by the direct way."""
    async with spec.provide_session("main") as session:
        return await session.execute("SELECT id FROM item ORDER BY id").scalars()


async def test_g44_a_lost_reply_to_commit_is_never_success(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """Nor is it run again: the row is there once, and the connection is not lent any more."""
    trap = mariadb_proxy.swallow_replies_after(b"COMMIT", cut=True)
    with pytest.raises(CommitOutcomeUnknownError):
        async with far.provide_session("far") as session:
            await session.execute(INSERT, (1, None))

    assert trap.hits == 1
    assert await ids(far) == [1]
    async with far.provide_session("far") as session:
        await session.execute(INSERT, (2, None))
    assert await ids(far) == [1, 2]


async def test_g44_a_reply_to_commit_that_does_not_come(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """It is waited for as long as `commit_timeout` says."""
    far.register_config(far.get_config("far").replace(commit_timeout=0.5), "far", override=True)
    mariadb_proxy.swallow_replies_after(b"COMMIT")
    started = time.monotonic()

    with pytest.raises(CommitOutcomeUnknownError):
        async with far.provide_session("far") as session:
            await session.execute(INSERT, (1, None))

    assert 0.4 < time.monotonic() - started < 5
    assert await ids(far) == [1]


async def test_g14_only_the_reset_is_lost(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """COMMIT was answered: that is success, and the connection is dropped."""
    async with far.provide_session("far") as session:
        await session.execute(INSERT, (1, None))
        raw = await session.connection()  # after which COMMIT and reset go apart
        mariadb_proxy.swallow_replies_after(b"\x01\0\0\0\x1f", cut=True)

    assert not raw.connected
    assert await ids(far) == [1]


async def test_a_commit_that_takes_its_time_succeeds(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """It has `commit_timeout`, not the two seconds of the reset."""
    async with far.provide_session("far") as session:
        await session.execute(INSERT, (1, None))
        mariadb_proxy.delay(3.0)
    mariadb_proxy.calm()

    assert await ids(far) == [1]


async def test_a_cancellation_during_commit_waits_for_its_answer(
    far: SQLSpec, mariadb_proxy: FaultProxy
) -> None:
    """And says what has become of the work."""

    async def work() -> None:
        async with far.provide_session("far") as session:
            await session.execute(INSERT, (1, None))
            mariadb_proxy.delay(0.4)
            asyncio.get_running_loop().call_later(0.2, task.cancel)

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError) as caught:
        await task

    assert any("the transaction was committed" in note for note in caught.value.__notes__)
    assert await ids(far) == [1]


async def test_g02_a_cancelled_statement_on_a_dead_network_comes_back(
    far: SQLSpec, mariadb_proxy: FaultProxy
) -> None:
    """Within a second of its timeout, whatever the network does; nothing of it is kept."""
    async with far.provide_session("far") as session:
        await session.execute("SELECT 1").scalar()
    started = time.monotonic()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), far.provide_session("far") as session:
            await session.execute(INSERT, (1, None))
            mariadb_proxy.stall()
            await session.execute("SELECT 1")

    assert time.monotonic() - started < 2.5
    mariadb_proxy.calm()
    assert await ids(far) == []


async def test_g04_a_cancelled_statement_is_stopped_on_the_server(
    spec: SQLSpec, config: AsyncMyConfig, mariadb_server: MariaDB
) -> None:
    """By the time the cancellation is delivered: it holds no lock any more."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), spec.provide_session() as session:
            await session.execute(INSERT, (1, None))
            await session.execute(BUSY)

    query = (
        "SELECT count(*) FROM information_schema.processlist"
        f" WHERE info LIKE '%seq_1_to_9000000000 WHERE%' AND db = '{config.database}'"
    )
    deadline = time.monotonic() + 3
    while (found := await asyncio.to_thread(mariadb_server.sql, query)).strip() != "0":
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    assert await ids(spec) == []


async def test_g01_g28_random_cancellations_mix_no_answers_up(spec: SQLSpec, config: AsyncMyConfig) -> None:
    """Every row that comes back is the answer to its own question."""
    spec.register_config(config.replace(pool_size=5), "main", override=True)
    wrong: list[Any] = []

    async def ask(number: int) -> None:
        async with spec.provide_session("main") as session:
            found = await session.execute("SELECT ?, sleep(0.002)", (number,), schema_type=tuple).one()
            if found[0] != number:
                wrong.append((number, found))

    for turn in range(30):
        tasks = [asyncio.create_task(ask(turn * 100 + number)) for number in range(10)]
        await asyncio.sleep(0.0007 * (turn % 20))
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        failed = [task.exception() for task in tasks if not task.cancelled() and task.exception()]
        assert failed == []

    assert wrong == []
    assert spec.stats("main").in_use == 0


async def test_a_second_cancellation_does_not_harm(spec: SQLSpec) -> None:
    """It comes while the first one is being tidied up after."""
    task = asyncio.create_task(_sleeping(spec))
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await ids(spec) == []


async def _sleeping(spec: SQLSpec) -> None:
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))
        await session.execute("SELECT sleep(30)")


async def test_what_is_sent_for_a_session(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """BEGIN, the statement, COMMIT and the reset: no ping, no SHOW WARNINGS, no SET."""
    counts = []
    for autocommit, name in ((False, "far"), (True, "far")):
        for _ in range(2):
            mariadb_proxy.reset_counts()
            async with far.provide_session(name, autocommit=autocommit) as session:
                await session.execute("SELECT CAST('x' AS INTEGER)").scalar()  # a warning
        counts.append(mariadb_proxy.round_trips)

    assert counts == [4, 2]


async def test_how_often_a_session_waits(spec: SQLSpec) -> None:
    """Twice around a SELECT: BEGIN goes with it, and COMMIT with the reset. Three times around a write."""
    waits: list[int] = []
    for statement in ("SELECT 1", "INSERT INTO item VALUES (1, NULL)"):
        async with spec.provide_session() as session:
            raw = session._connection.raw
            written = watch_writes(raw)
            await session.execute(statement)
        waits.append(len(written))

    assert waits == [2, 3]


def watch_writes(raw: Any) -> list[bytes]:
    """What the driver hands to its transport from now on."""
    written: list[bytes] = []
    transport = raw._transport

    class Watched:
        """The transport, listened to."""

        def __getattr__(self, name: str) -> Any:
            return getattr(transport, name)

        def write(self, data: bytes) -> None:
            written.append(data)
            transport.write(data)

    raw._transport = Watched()
    return written


async def test_g10_nothing_is_sent_again(far: SQLSpec, mariadb_proxy: FaultProxy) -> None:
    """The reply to an INSERT is lost: it has run, once, and was never committed."""
    trap = mariadb_proxy.swallow_replies_after(b"INSERT INTO item", cut=True)
    with pytest.raises(DisconnectedError):
        async with far.provide_session("far", autocommit=True) as session:
            await session.execute(INSERT, (1, None))

    assert trap.hits == 1
    assert await ids(far) == [1]  # in autocommit: run, once


async def test_g03_the_bodys_exception_is_what_the_caller_sees(
    far: SQLSpec, mariadb_proxy: FaultProxy
) -> None:
    """Also when the rollback has nobody to talk to."""
    boom = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError) as caught:
        async with far.provide_session("far") as session:
            await session.execute(INSERT, (1, None))
            mariadb_proxy.cut()
            with suppress(DisconnectedError):
                await session.execute("SELECT 1")
            raise boom

    assert caught.value is boom
    assert await ids(far) == []
