"""A pool for threads, waited for by tasks: no thread is taken before there is a connection for it."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, ConnectError, InvalidArgumentError, PoolTimeoutError
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def script() -> Iterator[Script]:
    """A server without complaints."""
    script = Script()
    yield script
    assert script.server.violations == []


@pytest.fixture
def spec(script: Script) -> Iterator[SQLSpec]:
    """A database with one connection, whose sessions run in threads."""
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(pool_size=1), "db")
        yield spec


def use(block: Any, statement: str = "SELECT") -> Any:
    """What a thread does with a block."""
    with block as session:
        return session.execute(statement).all()


async def test_two_hundred_tasks_wait_without_a_thread_each(spec: SQLSpec) -> None:
    """And are served in the order in which they came."""
    served: list[int] = []
    highest = 0

    async def work(number: int) -> None:
        nonlocal highest
        block = spec.provide_session("db")
        await block.reserve()
        served.append(number)
        await asyncio.to_thread(use, block)
        highest = max(highest, threading.active_count())

    before = threading.active_count()
    await asyncio.gather(*map(work, range(200)))

    assert served == list(range(200))
    assert highest - before <= 3
    assert spec.stats("db").idle == spec.stats("db").opened == 1


async def test_threads_and_tasks_are_one_queue(spec: SQLSpec) -> None:
    """A thread that came before a task is served before it."""
    order: list[str] = []

    def hold() -> None:
        with spec.provide_session("db"):
            order.append("thread")

    with spec.provide_session("db"):
        thread = threading.Thread(target=hold)
        thread.start()
        while not spec.stats("db").waiting:  # noqa: ASYNC110 - the pool has no event to wait for
            await asyncio.sleep(0.001)
        block = spec.provide_session("db")
        reserving = asyncio.ensure_future(block.reserve())
        await asyncio.sleep(0.01)
        assert not reserving.done()
    await reserving
    order.append("task")
    thread.join(5)

    assert order == ["thread", "task"]
    assert use(block) == []


async def test_g05_the_wait_is_bounded(script: Script) -> None:
    """`pool_timeout`, and the error that names the pool."""
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.02), "db")
        waited = r"'db' became free in .*pool_size=1, 1 in use"
        with spec.provide_session("db"), pytest.raises(PoolTimeoutError, match=waited):
            await spec.provide_session("db").reserve()

        assert (spec.stats("db").timeouts, spec.stats("db").waiting) == (1, 0)


@pytest.mark.filterwarnings("ignore:a connection to 'db' was dropped:ResourceWarning")
async def test_a_cancelled_wait_swallows_no_connection(spec: SQLSpec) -> None:
    """Whether or not it was served at that moment."""
    for pause in (0, 1, 2):
        with spec.provide_session("db"):
            waiting = asyncio.ensure_future(spec.provide_session("db").reserve())
            await asyncio.sleep(0.005)
        for _ in range(pause):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        del waiting
        gc.collect()

        assert use(spec.provide_session("db")) == []
        assert (spec.stats("db").in_use, spec.stats("db").opening) == (0, 0)


@pytest.mark.parametrize("is_warm", [False, True])
async def test_what_was_reserved_can_be_cancelled(spec: SQLSpec, is_warm: bool) -> None:
    """It goes to the next, with a connection in it or without; twice is once."""
    if is_warm:
        use(spec.provide_session("db"))
    block = spec.provide_session("db")
    await block.reserve()

    block.cancel_reservation()
    block.cancel_reservation()

    assert (spec.stats("db").in_use, spec.stats("db").opening) == (0, 0)
    assert use(block) == []


async def test_a_block_that_is_dropped_with_its_reservation_gives_it_back(spec: SQLSpec) -> None:
    """With a warning, as any lease that was lost."""
    use(spec.provide_session("db"))
    blocks = [spec.provide_session("db")]
    await blocks[0].reserve()

    with pytest.warns(ResourceWarning, match="dropped without being returned"):
        blocks.clear()

    assert use(spec.provide_session("db")) == []


async def test_a_block_is_reserved_once(spec: SQLSpec) -> None:
    """A second time, or a second entry, is a mistake of the caller's."""
    block = spec.provide_session("db")
    await block.reserve()
    with pytest.raises(InvalidArgumentError, match="entered already"):
        await block.reserve()
    with block, pytest.raises(InvalidArgumentError, match="entered already"):
        block.__enter__()


async def test_a_failed_connect_shows_when_the_block_is_entered(spec: SQLSpec, script: Script) -> None:
    """Not before: connecting is work for the thread."""
    block = spec.provide_session("db")
    await block.reserve()
    script.next("connect").fail("refused")

    with pytest.raises(ConnectError):
        await asyncio.to_thread(use, block)

    assert (spec.stats("db").size, spec.stats("db").in_use) == (0, 0)
    assert use(spec.provide_session("db")) == []


async def test_g22_who_waits_during_an_override_gets_the_new_database(spec: SQLSpec) -> None:
    """And who waits for a database that is unregistered learns so."""
    with spec.provide_session("db"):
        waiting = spec.provide_session("db")
        reserving = asyncio.ensure_future(waiting.reserve())
        await asyncio.sleep(0.005)
        spec.register_config(ScriptedConfig(pool_size=1), "db", override=True)
        await reserving
        assert await asyncio.to_thread(use, waiting) == []

        with spec.provide_session("db"):
            late = asyncio.ensure_future(spec.provide_session("db").reserve())
            await asyncio.sleep(0.005)
            spec.unregister_config("db")
            with pytest.raises(ConfigClosedError):
                await late


async def test_drivers_connections_are_reserved_likewise(spec: SQLSpec) -> None:
    """`provide_connection` has the same two methods."""
    block = spec.provide_connection("db")
    await block.reserve()
    assert spec.stats("db").opening == 1

    with block as raw:
        assert raw is not None

    assert spec.stats("db").idle == 1


async def test_threads_that_all_wait_are_told_that_none_is_left_to_give_back(spec: SQLSpec) -> None:
    """A loop that hands blocks to few threads, as web frameworks do with dependencies: nobody can end one."""
    spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.2), "db", override=True)
    held = spec.provide_session("db")
    held.__enter__()

    with ThreadPoolExecutor(4, thread_name_prefix="web") as threads:
        asked = [threads.submit(use, spec.provide_session("db")) for _ in range(4)]
        said = [str(one.exception()) for one in asked]

    assert all("All 4 threads of this thread pool wait for a connection" in text for text in said), said
    held.__exit__(None, None, None)


async def test_threads_of_which_one_holds_a_connection_are_not_told_so(spec: SQLSpec) -> None:
    """The one that holds it is of their kind, and will give it back."""
    spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.2), "db", override=True)
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with spec.provide_session("db"):
            is_held.set()
            may_end.wait(10)

    with ThreadPoolExecutor(4, thread_name_prefix="web") as threads:
        holding = threads.submit(hold)
        assert is_held.wait(10)
        asked = [threads.submit(use, spec.provide_session("db")) for _ in range(3)]
        said = [str(one.exception()) for one in asked]
        may_end.set()
        holding.result()

    assert all("Raise pool_size" in text for text in said), said
