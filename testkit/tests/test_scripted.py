"""The scripted driver where threads, tasks and processes meet: gates, aborts, overlap, forks, other loops."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError, SyncNotSupportedError
from sqlspec_testkit.scripted import (
    KINDS,
    AsyncOnlyPlugin,
    Clock,
    Gate,
    Script,
    ScriptedConfig,
    ScriptedError,
    ScriptedPlugin,
    Server,
    SyncOnlyPlugin,
    async_connect,
    connect,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@contextmanager
def thread(work: Callable[[], object]) -> Generator[list[BaseException | None]]:
    """Do *work* in a thread beside the block, which ends with it. Its error is in the list then, or None."""
    outcome = list[BaseException | None]()

    def run() -> None:
        try:
            work()
        except BaseException as exc:  # noqa: BLE001 - judged by the test
            outcome.append(exc)
        else:
            outcome.append(None)

    other = threading.Thread(target=run)
    other.start()
    yield outcome
    other.join(10)
    assert outcome


# Python 3.12 says so of every fork beside threads, and the test runner has some.
beside_threads = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


# --- gates ----------------------------------------------------------------------------------------


def test_a_gate_lets_threads_go_one_by_one() -> None:
    """In the order in which they came."""
    script = Script()
    gate = script.gate("execute")
    one, two = (connect(script, ScriptedConfig()) for _ in range(2))

    with thread(lambda: one.execute("INSERT 1", None, None)) as first:
        gate.arrival(1)
        with thread(lambda: two.execute("INSERT 2", None, None)) as second:
            gate.arrival(2)
            assert script.server.rows == []
            gate.release()
            gate.release()

    assert (first, second) == ([None], [None])
    assert sorted(script.server.rows) == [1, 2]
    assert gate.held == 0


async def test_a_gate_lets_tasks_go_one_by_one() -> None:
    """In the order in which they came."""
    script = Script()
    gate = script.gate("execute")
    connections = [await async_connect(script, ScriptedConfig()) for _ in range(3)]
    tasks = list[asyncio.Task[object]]()
    for number, connection in enumerate(connections):
        tasks.append(asyncio.create_task(connection.execute(f"INSERT {number}", None, None)))
        await gate.async_arrival(number + 1)

    gate.release()
    await tasks[0]
    assert script.server.rows == [0]
    gate.open()
    await asyncio.gather(*tasks)

    assert script.server.rows == [0, 1, 2]


async def test_who_is_cancelled_leaves_the_gate() -> None:
    """And takes nobody's pass along."""
    script = Script()
    gate = script.gate("ping")
    connection = await async_connect(script, ScriptedConfig())
    task = asyncio.create_task(connection.ping(None))
    await gate.async_arrival()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert gate.held == 0
    gate.release()  # for the next that comes
    await connection.ping(None)


def test_an_open_gate_holds_nobody_until_it_is_closed() -> None:
    """A pass given before is gone then, too."""
    script = Script(clock=Clock(jumps=True))
    gate = script.gate("ping")
    connection = connect(script, ScriptedConfig())

    gate.open()
    connection.ping(None)
    gate.close()

    with pytest.raises(TimeoutError):
        connection.ping(script.clock() + 1)


async def test_an_arrival_that_does_not_come_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten seconds; here at once."""
    monkeypatch.setattr("sqlspec_testkit.scripted.gate.PATIENCE", 0.01)

    with pytest.raises(TimeoutError, match="0 calls are held, not 2"):
        Gate().arrival(2)
    with pytest.raises(TimeoutError, match="0 calls are held, not 1"):
        await Gate().async_arrival()


# --- aborts and clocks ----------------------------------------------------------------------------


def test_an_abort_wakes_a_thread() -> None:
    """From another one."""
    script = Script()
    gate = script.gate("execute")
    connection = connect(script, ScriptedConfig())

    with thread(lambda: connection.execute("INSERT 1", None, None)) as outcome:
        gate.arrival()
        connection.drop()

    (error,) = outcome
    assert isinstance(error, ScriptedError)
    assert error.kind == "disconnect"
    assert script.server.open == []


async def test_an_abort_from_a_thread_wakes_a_task() -> None:
    """Whatever the loop is doing."""
    script = Script()
    gate = script.gate("execute")
    connection = await async_connect(script, ScriptedConfig())
    task = asyncio.create_task(connection.execute("INSERT 1", None, None))
    await gate.async_arrival()

    await asyncio.to_thread(connection.drop)

    with pytest.raises(ScriptedError, match="disconnect"):
        await task


async def test_a_call_is_aborted_between_its_answer_and_its_caller() -> None:
    """Done on the server, and an error for the caller."""
    script = Script(suspend=True)
    connection = await async_connect(script, ScriptedConfig())
    script.at_await(2, connection.drop)

    with pytest.raises(ScriptedError, match="disconnect"):
        await connection.execute("INSERT 1", None, None)

    assert script.server.rows == [1]


def test_a_clock_wakes_threads_at_their_deadline() -> None:
    """When another moves it."""
    clock = Clock()
    script = Script(clock=clock)
    gate = script.gate("execute")
    connection = connect(script, ScriptedConfig())

    with thread(lambda: connection.execute("INSERT 1", None, clock() + 30)) as outcome:
        gate.arrival()
        clock.advance(29)
        assert gate.held == 1
        clock.advance(1)

    assert isinstance(outcome[0], TimeoutError)
    assert script.server.rows == []


# --- violations -----------------------------------------------------------------------------------


def test_use_by_two_threads_at_once_is_a_violation() -> None:
    """And an error of the second alone."""
    script = Script()
    gate = script.gate("execute")
    connection = connect(script, ScriptedConfig())

    with thread(lambda: connection.execute("INSERT 1", None, None)) as outcome:
        gate.arrival()
        with pytest.raises(ScriptedError, match="in-use"):
            connection.ping(None)
        connection.is_usable()
        gate.release()

    assert outcome == [None]
    assert script.server.violations == [
        "connection 1 was used by two at once: ping",
        "connection 1 was lent while a call is under way",
    ]


async def test_use_by_two_tasks_at_once_is_a_violation() -> None:
    """Likewise; afterwards it serves on."""
    script = Script(suspend=True)
    connection = await async_connect(script, ScriptedConfig())

    outcomes = await asyncio.gather(connection.ping(None), connection.ping(None), return_exceptions=True)
    await connection.ping(None)

    assert [getattr(outcome, "kind", None) for outcome in outcomes] == [None, "in-use"]
    assert script.server.violations == ["connection 1 was used by two at once: ping"]


def test_use_in_another_loop_is_a_violation() -> None:
    """Drivers crash there."""
    script = Script()
    connection = asyncio.run(async_connect(script, ScriptedConfig()))

    asyncio.run(connection.ping(None))

    assert script.server.violations == [
        "connection 1 was used in another event loop than it was made in: ping"
    ]


@beside_threads
@pytest.mark.parametrize("touch", ["ping", "is_usable", "interrupt", "close"])
def test_a_forked_child_that_touches_a_connection_is_seen(tmp_path: Path, touch: str) -> None:
    """By the parent: the violations are in a file."""
    script = Script(server=Server(shared=tmp_path / "violations"))
    connections = [connect(script, ScriptedConfig())]

    child = os.fork()
    if not child:
        try:
            if touch == "interrupt":
                connections[0].interrupt(for_good=True)
            else:
                getattr(connections[0], touch)(*([None] if touch == "ping" else []))
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    (violation,) = script.server.violations
    assert violation.startswith("connection 1 was touched by a forked child: ")
    assert script.server.open == [connections[0].raw]


@beside_threads
@pytest.mark.parametrize("touch", ["drop", "disconnect", "free"])
def test_core_touches_no_connection_in_a_forked_child(tmp_path: Path, touch: str) -> None:
    """Not to drop it, not to close it, and not when nobody holds it any more."""
    script = Script(server=Server(shared=tmp_path / "violations"))
    connections = [connect(script, ScriptedConfig())]

    child = os.fork()
    if not child:
        try:
            if touch == "free":
                connections.clear()
            else:
                getattr(connections[0], touch)()
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert script.server.violations == []
    assert script.server.open == [connections[0].raw]


@beside_threads
def test_a_forked_child_with_a_connection_of_its_own_is_fine(tmp_path: Path) -> None:
    """Core makes a new pool there."""
    script = Script(server=Server(shared=tmp_path / "violations"))
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(), "db")
    status = -1
    with spec, spec.provide_session("db") as session:
        session.execute("INSERT 1")

        child = os.fork()
        if not child:
            try:
                with spec.provide_session("db") as mine:
                    mine.execute("INSERT 2")
                os._exit(0 if script.server.rows == [2] else 1)
            finally:
                os._exit(2)
        status = os.waitpid(child, 0)[1]

    assert status == 0
    assert script.server.violations == []
    assert script.server.rows == [1]


# --- adapters -------------------------------------------------------------------------------------


async def test_a_sync_driver_serves_tasks_in_worker_threads() -> None:
    """Core's bridge, and the script behind it."""
    script, spec = Script(), SQLSpec()
    spec.plugins.register(SyncOnlyPlugin(script))
    spec.register_config(ScriptedConfig())

    async with spec, spec.provide_session() as session:
        await session.execute("INSERT 1")

    assert script.server.rows == [1]
    assert script.server.violations == []


async def test_an_async_driver_alone_refuses_with() -> None:
    """And serves `async with`."""
    script, spec = Script(), SQLSpec()
    spec.plugins.register(AsyncOnlyPlugin(script))
    spec.register_config(ScriptedConfig())

    async with spec:
        with pytest.raises(SyncNotSupportedError), spec.provide_session():
            pass
        async with spec.provide_session() as session:
            await session.execute("INSERT 1")

    assert script.server.rows == [1]


# --- what is not a script -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda script: script.next("comit"), "no step is named 'comit'. Did you mean 'commit'"),
        (lambda script: script.every("ping").fail("deadlok"), "no kind of error is named 'deadlok'. Did you"),
        (lambda script: script.gate("ping", statement="SELECT"), "only execute has a statement, not ping"),
        (lambda script: script.next("ping").fail().half_done(), "already that its calls are refused"),
        (lambda script: script.at_await(0, print), "numbered from 1, not 0"),
    ],
    ids=["step", "kind", "statement", "ending", "await"],
)
def test_a_word_that_can_not_be_meant_is_an_error(write: Callable[[Script], object], text: str) -> None:
    """At once, where it is written."""
    with pytest.raises(InvalidArgumentError, match=text):
        write(Script())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_mapped(kind: str) -> None:
    """To one error of core's, which says its kind."""
    connection = connect(Script(), ScriptedConfig())

    error = connection.map_error(ScriptedError(kind))

    assert type(error) is KINDS[kind]
    assert str(error) == f"scripted: {kind}"
    assert connection.map_error(ZeroDivisionError()) is None
