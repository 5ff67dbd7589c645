"""The end of pools: from any thread or loop, while they are in use, twice, and in bounded time."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ConfigClosedError, PoolRetiredError
from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import Clock, ScriptedConfig
from tests.pool.life.scene import async_pool_of, is_whole, new_spec, pool_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlspec import SQLSpec
    from sqlspec.plugin import ConnectionEvent
    from sqlspec_testkit.scripted import Script


def in_thread(call: Callable[[], object]) -> None:
    """Somewhere else; what it raises is raised here."""
    errors = list[BaseException]()

    def run() -> None:
        try:
            call()
        except BaseException as exc:  # noqa: BLE001 - raised below
            errors.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    for error in errors:
        raise error


async def insert(spec: SQLSpec, number: int) -> None:
    """One session."""
    async with spec.provide_session("db") as session:
        await session.execute("INSERT ?", (number,))


class Witness:
    """Notes in which thread connections were dropped."""

    def __init__(self) -> None:
        self.discarded_in: list[int] = []

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """One."""
        if event.kind == "discarded":
            self.discarded_in.append(threading.get_ident())


# --- close ----------------------------------------------------------------------------------------


async def test_g21_closing_while_in_use_lets_sessions_end(script: Script) -> None:
    """Theirs are committed, and their connections closed then."""
    spec = new_spec(script)
    with spec.provide_session("db") as session:
        async with spec.provide_session("db") as other:
            session.execute("INSERT 1")
            await other.execute("INSERT 2")
            await spec.aclose()
            spec.close()
            with pytest.raises(ConfigClosedError):
                await insert(spec, 3)
            session.execute("INSERT 4")
            assert len(script.server.open) == 2

    assert sorted(script.server.rows) == [1, 2, 4]
    assert script.server.open == []
    assert is_whole(spec.stats("db"))


@pytest.mark.parametrize("how", ["thread", "loop in a thread", "the loop itself"])
async def test_g21_closing_from_anywhere_ends_the_pools_of_every_loop(script: Script, how: str) -> None:
    """In its own loop each: a transport is touched by no other thread."""
    spec, witness = new_spec(script), Witness()
    spec.plugins.register(witness)
    pool = async_pool_of(spec)
    lease = await pool.acquire()
    await pool.release(await pool.acquire(), True)
    with spec.provide_session("db") as session:
        session.execute("INSERT 1")
    ways: dict[str, Callable[[], object]] = {
        "thread": lambda: in_thread(spec.close),
        "loop in a thread": lambda: in_thread(lambda: asyncio.run(spec.aclose())),
        "the loop itself": spec.close,
    }

    for _ in range(2):
        ways[how]()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert witness.discarded_in == [threading.get_ident()]
    assert [backend.number for backend in script.server.open] == [lease.connection.raw.number]
    with pytest.raises(PoolRetiredError):
        await pool.acquire()
    await pool.release(lease, True)
    assert script.server.open == []


async def test_g21_who_waits_while_it_is_closed_is_told(script: Script) -> None:
    """Tasks and threads, at once."""
    spec = new_spec(script, pool_size=1)
    errors = list[BaseException]()

    def wait() -> None:
        try:
            with spec.provide_session("db"):
                pass
        except ConfigClosedError as exc:
            errors.append(exc)

    with spec.provide_session("db"):
        async with spec.provide_session("db"):
            task, thread = asyncio.create_task(insert(spec, 1)), threading.Thread(target=wait)
            thread.start()
            while spec.stats("db").waiting < 2:  # noqa: ASYNC110 - the pool has no event to wait for
                await asyncio.sleep(0)

            await spec.aclose()
            thread.join(10)
            with pytest.raises(ConfigClosedError):
                await task

    assert len(errors) == 1
    assert script.server.open == []


async def test_g21_who_waits_while_it_is_unregistered_is_told(script: Script) -> None:
    """A task, as a thread is."""
    async with new_spec(script, pool_size=1) as spec, spec.provide_session("db") as session:
        await session.execute("INSERT 1")
        task = asyncio.create_task(insert(spec, 2))
        while not spec.stats("db").waiting:  # noqa: ASYNC110
            await asyncio.sleep(0)

        spec.unregister_config("db")
        with pytest.raises(ConfigClosedError):
            await task

    assert script.server.rows == [1]
    assert script.server.open == []


async def test_g21_a_cancelled_close_leaves_nothing_open(script: Script) -> None:
    """Of any database; what it had no time to say good-bye to is dropped."""
    script.clock = Clock()
    spec = new_spec(script)
    spec.register_config(ScriptedConfig(), "other")
    for name in ("db", "other"):
        pool = spec._table.databases[name].open_async_pool()
        leases = [await pool.acquire() for _ in range(3)]
        for lease in leases:
            await pool.release(lease, True)
    hanging = script.every("close").hang()
    assert hanging.gate is not None

    task = asyncio.create_task(spec.aclose())
    await hanging.gate.async_arrival()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert script.server.open == []
    with pytest.raises(ConfigClosedError):
        await insert(spec, 1)


async def test_g22_a_cancelled_override_leaves_nothing_open(script: Script) -> None:
    """It was waiting for a session of its own to end."""
    async with new_spec(script) as spec:
        release = asyncio.Event()
        entered = asyncio.Event()

        async def use() -> None:
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 1")
                entered.set()
                await release.wait()

        async def override() -> None:
            async with spec.override("db", ScriptedConfig()):
                tasks.append(asyncio.create_task(use()))
                await entered.wait()
                pool = async_pool_of(spec)
                await pool.release(await pool.acquire(), True)

        tasks = list[asyncio.Task[None]]()
        task = asyncio.create_task(override())
        await entered.wait()
        while len(script.server.made) < 2 or spec.stats("db").size:  # noqa: ASYNC110
            await asyncio.sleep(0)

        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(script.server.open) == 1
        release.set()
        await tasks[0]

        assert script.server.open == []
        assert script.server.rows == [1]


# --- loops ----------------------------------------------------------------------------------------


def test_g16_each_loop_has_a_pool_of_its_own(script: Script) -> None:
    """One after another: the first loop's connections are dropped when the second comes."""
    spec = new_spec(script)

    for number in range(3):
        asyncio.run(insert(spec, number))
        assert len(script.server.open) == 1

    assert script.server.rows == [0, 1, 2]
    spec.close()
    assert script.server.open == []


def test_g17_after_run_and_aclose_nothing_is_open(script: Script) -> None:
    """Polite, for the loop still ran."""
    spec = new_spec(script)

    async def main() -> None:
        await insert(spec, 1)
        await spec.aclose()

    asyncio.run(main())

    assert script.server.open == []
    assert script.server.made[0].ended == "closed"


def test_g17_the_pool_of_a_closed_loop_is_closed_without_it(script: Script) -> None:
    """From a thread, or from another loop."""
    for is_async in (False, True):
        spec = new_spec(script)
        asyncio.run(insert(spec, 1))
        assert len(script.server.open) == 1

        if is_async:
            asyncio.run(spec.aclose())
        else:
            spec.close()

        assert script.server.open == []
        assert is_whole(spec.stats("db"))


def test_g16_loops_of_several_threads_do_not_meet(script: Script) -> None:
    """Each has its own pool, at the same time; the scripted driver blames whoever crosses over."""
    spec, barrier = new_spec(script, pool_size=2), threading.Barrier(4)

    async def work(start: int) -> None:
        barrier.wait(10)
        await asyncio.gather(*(insert(spec, number) for number in range(start, start + 20)))
        barrier.wait(10)

    threads = [threading.Thread(target=run, args=(work(20 * number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    spec.close()

    assert sorted(script.server.rows) == list(range(80))
    assert script.server.open == []


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a loop of this thread."""
    asyncio.run(coroutine)


async def test_g17_a_loop_that_closes_at_the_moment_of_a_hand_over_loses_nothing() -> None:
    """Whoever gives looks for the next in the queue."""
    from sqlspec.concurrency.waiters import AsyncWaiter
    from sqlspec.pool.state import Lease

    waiter = AsyncWaiter(Lease(), 0.0)

    class Closing:
        """A loop between two words."""

        def is_closed(self) -> bool:
            """Not yet."""
            return False

        def call_soon_threadsafe(self, _: object) -> None:
            """Now it is."""
            msg = "Event loop is closed"
            raise RuntimeError(msg)

    waiter._loop = Closing()  # type: ignore[assignment]
    gifts = list[bool]()
    in_thread(lambda: gifts.append(waiter.accept(object())))

    assert gifts == [False]


# --- closing beside threads ----------------------------------------------------------------------


def test_g21_close_and_open_beside_busy_threads(script: Script) -> None:
    """Sessions are served or refused with `ConfigClosedError`; afterwards nothing is open."""
    spec = new_spec(script, pool_size=3)
    stop, errors, done = threading.Event(), list[BaseException](), list[int]()

    def use(start: int) -> None:
        number = start
        while not stop.is_set():
            number += 1
            try:
                with spec.provide_session("db") as session:
                    session.execute("INSERT ?", (number,))
            except ConfigClosedError:
                continue
            except BaseException as exc:  # noqa: BLE001 - judged below
                errors.append(exc)
                return
            done.append(number)

    threads = [threading.Thread(target=use, args=(1_000_000 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        spec.open()
        pool_of(spec)
        spec.close()
    stop.set()
    for thread in threads:
        thread.join(10)
    spec.close()

    assert errors == []
    assert sorted(script.server.rows) == sorted(done)
    assert script.server.open == []
