"""Interrupted in the middle of a statement, from all sides."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from sqlspec import SQLSpec
from sqlspec.errors import DatabaseError
from sqlspec_psycopg import PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import PostgreSQLServer

SLEEP = "SELECT pg_sleep(20)"


@pytest.fixture
def spec(
    postgresql_url: str, postgresql_proxy: FaultProxy, postgresql_server: PostgreSQLServer
) -> Iterator[SQLSpec]:
    """The test's own database, through a proxy."""
    url = postgresql_url.replace(f":{postgresql_server.port}/", f":{postgresql_proxy.port}/")
    spec = SQLSpec()
    spec.register_config(PostgreSQLConfig(url=url, pool_size=2), "main")
    with spec:
        yield spec


def is_running(server: PostgreSQLServer, url: str) -> bool:
    """Whether the server is still at it, after a moment."""
    name = url.rpartition("/")[2]
    question = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state = 'active'"
    until = time.monotonic() + 2
    while (found := server.sql(question) != "0") and time.monotonic() < until:
        pass
    return found


async def answer(spec: SQLSpec) -> Any:
    """What the next session gets."""
    async with spec.provide_session() as session:
        return await session.execute("SELECT 'right'").scalar()


async def test_g04_a_cancelled_statement_stops_on_the_server(
    spec: SQLSpec, postgresql_server: PostgreSQLServer, postgresql_url: str
) -> None:
    """And its connection serves on."""

    async def sleep() -> None:
        async with spec.provide_session() as session:
            await session.execute(SLEEP)

    task = asyncio.create_task(sleep())
    await asyncio.sleep(0.3)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - started < 1
    assert not is_running(postgresql_server, postgresql_url)
    assert await answer(spec) == "right"
    assert spec.stats("main").idle == 1
    await spec.aclose()


async def test_g04_a_question_about_types_is_interrupted_like_its_statement(
    spec: SQLSpec, postgresql_server: PostgreSQLServer, postgresql_url: str
) -> None:
    """It waits for a lock as the statement would."""
    async with spec.provide_session() as other:
        await other.execute("CREATE TABLE kept (facts jsonb)")
        await other.commit()
        await other.execute("LOCK kept")
        started = time.monotonic()
        with anyio.move_on_after(0.3) as scope:
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO kept VALUES (?)", ([1],))
        assert scope.cancelled_caught
        assert time.monotonic() - started < 2
        assert not is_running(postgresql_server, postgresql_url)

    assert await answer(spec) == "right"
    await spec.aclose()


async def test_g04_also_in_a_scope_that_cancels_again_and_again(
    spec: SQLSpec, postgresql_server: PostgreSQLServer, postgresql_url: str
) -> None:
    """As anyio's do: the clean-up is out of its reach."""
    with anyio.move_on_after(0.3) as scope:
        async with spec.provide_session() as session:
            await session.execute(SLEEP)

    assert scope.cancelled_caught
    assert not is_running(postgresql_server, postgresql_url)
    assert await answer(spec) == "right"
    await spec.aclose()


@pytest.mark.parametrize("what", ["session", "connection"])
async def test_g02_a_stalled_network_does_not_hold_the_caller(
    spec: SQLSpec, postgresql_proxy: FaultProxy, what: str
) -> None:
    """One second at most; the connection is dropped."""

    async def sleep() -> None:
        if what == "session":
            async with spec.provide_session() as session:
                await session.execute(SLEEP)
        else:
            async with spec.provide_connection() as raw:
                await raw.execute(SLEEP)

    assert await answer(spec) == "right"
    task = asyncio.create_task(sleep())
    await asyncio.sleep(0.3)
    postgresql_proxy.stall()
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    took = time.monotonic() - started
    postgresql_proxy.resume()

    assert took < 1.2
    assert await answer(spec) == "right"
    await spec.aclose()


async def test_g01_600_random_cancellations_and_no_wrong_row(
    spec: SQLSpec, postgresql_proxy: FaultProxy
) -> None:
    """Every question gets its own answer."""
    postgresql_proxy.delay(0.002)
    wrong = []

    async def ask(number: int) -> None:
        async with spec.provide_session() as session:
            if await session.execute("SELECT ?::int", (number,)).scalar() != number:
                wrong.append(number)

    for number in range(0, 600, 10):
        tasks = [asyncio.create_task(ask(number + extra)) for extra in range(10)]
        for place, task in enumerate(tasks):
            await asyncio.sleep(((number + place) * 7 % 11) / 4000)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert not wrong
    assert spec.stats("main").in_use == 0
    await spec.aclose()


async def test_execute_many_and_load_may_be_cancelled(spec: SQLSpec) -> None:
    """In the middle of a pipeline, and of a COPY."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("CREATE TABLE many (id int, note text)")
    rows = [(number, "x" * 500) for number in range(5000)]

    async def write(step: int) -> None:
        async with spec.provide_session() as session:
            if step % 2:
                await session.execute_many("INSERT INTO many VALUES (?, ?)", rows)
            else:
                await session.load("many", rows, ["id", "note"])
            raise ZeroDivisionError

    for step in range(12):
        task = asyncio.create_task(write(step))
        await asyncio.sleep(0.005 * step)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, ZeroDivisionError)):
            await task

    assert await answer(spec) == "right"
    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM many").scalar() == 0
    await spec.aclose()


class Enough(Exception):  # noqa: N818 - as Celery's soft time limit
    """What a signal handler raises."""


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Enough])
@pytest.mark.parametrize("stalled", [False, True], ids=["alive", "stalled"])
def test_g03_a_signal_stops_a_statement(
    spec: SQLSpec, postgresql_proxy: FaultProxy, kind: type[BaseException], stalled: bool
) -> None:
    """In bounded time, and the exception is the one that is seen."""

    def interrupt(*_: object) -> None:
        raise kind

    started = 0.0
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(kind), spec.provide_session() as session:
            session.execute("SELECT 1")
            if stalled:
                postgresql_proxy.stall()
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            started = time.monotonic()
            session.execute(SLEEP)
    finally:
        took = time.monotonic() - started
        signal.signal(signal.SIGALRM, before)
        postgresql_proxy.resume()

    assert took < 1.6
    with spec.provide_session() as session:
        assert session.execute("SELECT 'right'").scalar() == "right"


def test_a_signal_stops_a_statement_before_celery_kills_its_process(spec: SQLSpec) -> None:
    """Celery sends SIGKILL a tenth of a second after SIGTERM; the best of several, as machines are busy."""

    def interrupt(*_: object) -> None:
        raise SystemExit

    def seconds() -> float:
        started = 0.0
        with pytest.raises(SystemExit), spec.provide_session() as session:
            session.execute("SELECT 1")
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            started = time.monotonic()
            session.execute(SLEEP)
        return time.monotonic() - started - 0.2

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        assert min(seconds() for _ in range(6)) < 0.09
    finally:
        signal.signal(signal.SIGALRM, before)


def test_g02_abort_from_another_thread_wakes_the_caller(spec: SQLSpec) -> None:
    """Whatever the server does."""
    started, timers = 0.0, list[threading.Timer]()
    with pytest.raises(DatabaseError), spec.provide_session() as session:
        session.execute("SELECT 1")
        timers.append(threading.Timer(0.3, session._connection.drop))
        timers[0].start()
        started = time.monotonic()
        session.execute(SLEEP)
    timers[0].join()

    assert time.monotonic() - started < 2
    with spec.provide_session() as session:
        assert session.execute("SELECT 'right'").scalar() == "right"
    assert spec.stats("main").in_use == 0


def test_interrupt_stops_the_statement_alone(spec: SQLSpec) -> None:
    """From another thread; the connection stays."""
    with spec.provide_session(autocommit=True) as session:
        timer = threading.Timer(0.3, lambda: session._connection.interrupt(for_good=False))
        timer.start()
        with pytest.raises(DatabaseError) as caught:
            session.execute(SLEEP)
        timer.join()

        assert caught.value.sqlstate == "57014"
        assert session.execute("SELECT 'right'").scalar() == "right"
