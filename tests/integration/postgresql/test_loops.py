"""Loops, threads and forks: connections are never used where they were not made."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from tests.pool.forks.child import in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .sides import Home, Side


@pytest.fixture
def spec(async_side: Side, home: Home) -> Iterator[SQLSpec]:
    """A registry that no loop was told of; nothing of it is left on the server."""
    with SQLSpec() as spec:
        spec.register_config(async_side.config(home.url(), pool_size=3), "main")
        yield spec
        spec.close()
    assert _left(home) == 0


def _left(home: Home) -> int:
    """Connections on the server, once those that were cut have gone."""
    count = -1
    for _ in range(200):
        if not (count := home.server.connections(database=home.name)):
            break
    return count


async def _backend(spec: SQLSpec) -> int:
    async with spec.provide_session("main") as session:
        return int((await session.execute("SELECT pg_backend_pid()")).scalar())


def test_g16_a_second_loop_has_a_pool_of_its_own(spec: SQLSpec) -> None:
    """The connection of the first is not touched: its driver would crash, or wait for ever."""
    first, second, third = (asyncio.run(_backend(spec)) for _ in range(3))

    assert len({first, second, third}) == 3


def test_g17_the_connections_of_a_closed_loop_are_closed(spec: SQLSpec, home: Home) -> None:
    """By the next use, or by the registry's end; without that loop, which is gone."""
    for _ in range(3):
        asyncio.run(_backend(spec))

    async def again() -> int:
        return await _backend(spec)

    asyncio.run(again())
    gc.collect()
    assert home.server.connections(database=home.name) <= 2
    spec.close()
    assert _left(home) == 0


def test_g16_loops_in_threads_do_not_meet(spec: SQLSpec) -> None:
    """Four at once, each with its own connections."""
    found: dict[int, set[int]] = {}
    barrier = threading.Barrier(4)

    async def work(number: int) -> None:
        barrier.wait(10)
        found[number] = {await _backend(spec) for _ in range(20)}

    threads = [threading.Thread(target=lambda n=n: asyncio.run(work(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [len(found[number]) for number in range(4)] == [1] * 4
    assert len(set.union(*found.values())) == 4


def test_g21_a_registry_is_closed_from_another_thread(spec: SQLSpec, home: Home) -> None:
    """While its loop runs, and connections are in use: in bounded time, and nothing is left."""
    ready, done = threading.Event(), threading.Event()

    async def hold() -> None:
        async with spec.provide_session("main") as session:
            await session.execute("SELECT 1")
            ready.set()
            await asyncio.to_thread(done.wait, 10)

    thread = threading.Thread(target=lambda: asyncio.run(hold()), daemon=True)
    thread.start()
    assert ready.wait(10)
    spec.close()
    done.set()
    thread.join(10)

    assert not thread.is_alive()
    assert _left(home) == 0


def test_g18_a_forked_child_has_connections_of_its_own(spec: SQLSpec) -> None:
    """The parent's go on, within a transaction even; the child neither reads nor closes them."""

    async def parent() -> tuple[int, int, int]:
        async with spec.provide_session("main") as session:
            before = (await session.execute("SELECT pg_backend_pid()")).scalar()
            child = await asyncio.to_thread(in_child, _in_a_child(spec))
            after = (await session.execute("SELECT pg_backend_pid()")).scalar()
            return before, child, after

    before, child, after = asyncio.run(parent())

    assert before == after != child


def _in_a_child(spec: SQLSpec) -> Callable[[], int]:
    def work() -> int:
        backend = asyncio.run(_backend(spec))
        spec.close()
        gc.collect()
        return backend

    return work
