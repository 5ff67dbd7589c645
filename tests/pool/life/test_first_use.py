"""Many come at once and nobody was there before: one pool is made, and what hinders it is said at once."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import AuthenticationError, ConnectError
from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import Clock
from tests.pool.life.scene import async_pool_of, is_whole, new_spec, pool_of, quick_switches

if TYPE_CHECKING:
    from sqlspec_testkit.scripted import Script

THREADS = 8


class Witness:
    """Counts the pools that are opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    @hookimpl
    def sqlspec_pool_opened(self, kind: str) -> None:
        """One more."""
        self.opened.append(kind)


def test_g15_threads_that_come_at_once_make_one_pool(script: Script) -> None:
    """Eight threads at a barrier, fifty times."""
    for _ in range(50):
        spec, witness, found = new_spec(script), Witness(), set[int]()
        spec.plugins.register(witness)
        barrier = threading.Barrier(THREADS)

        def use(spec: Any = spec, barrier: Any = barrier, found: Any = found) -> None:
            barrier.wait(10)
            with spec.provide_session("db") as session:
                session.execute("SELECT 1")
            found.add(id(pool_of(spec)))

        threads = [threading.Thread(target=use) for _ in range(THREADS)]
        with quick_switches():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)

        assert witness.opened == ["sync"]
        assert len(found) == 1
        assert is_whole(spec.stats("db"))
        assert (spec.stats("db").in_use, spec.stats("db").opening) == (0, 0)
        spec.close()


async def test_g15_tasks_that_come_at_once_make_one_pool(script: Script) -> None:
    """Every other one is cancelled, the very first among them."""
    script.suspend = True
    witness = Witness()
    async with new_spec(script, pool_size=3) as spec:
        spec.plugins.register(witness)

        async def use(number: int) -> int:
            async with spec.provide_session("db") as session:
                await session.execute("INSERT ?", (number,))
            return number

        tasks = [asyncio.create_task(use(number)) for number in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        assert outcomes[1::2] == list(range(1, 20, 2))
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
        assert script.server.rows == list(range(1, 20, 2))
        assert witness.opened == ["async"]
        assert is_whole(spec.stats("db"))


async def test_g15_a_creator_that_is_cancelled_leaves_the_opening_to_the_next(script: Script) -> None:
    """It hung; who waited behind it connects."""
    script.clock = Clock()  # stands still, so that nothing times out
    hanging = script.next("connect").hang()
    async with new_spec(script, pool_size=1) as spec:
        creator = asyncio.create_task(async_pool_of(spec).acquire())
        assert hanging.gate is not None
        await hanging.gate.async_arrival()
        waiter = asyncio.create_task(async_pool_of(spec).acquire())
        await asyncio.sleep(0)
        assert spec.stats("db").waiting == 1

        creator.cancel()
        lease = await waiter

        await async_pool_of(spec).release(lease, True)
        assert creator.cancelled()
        assert len(script.server.made) == 1


def test_g15_an_opening_that_failed_is_not_cached(script: Script) -> None:
    """Every caller of the outage is told at once, and none after it."""
    spec = new_spec(script, pool_timeout=30.0)
    script.server.is_down = True
    errors = list[BaseException]()
    started = time.monotonic()

    def use() -> None:
        try:
            with spec.provide_session("db") as session:
                session.execute("SELECT 1")
        except ConnectError as exc:
            errors.append(exc)

    threads = [threading.Thread(target=use) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(errors) == THREADS
    assert time.monotonic() - started < 5
    script.server.is_down = False
    use()
    assert len(errors) == THREADS
    assert spec.stats("db").size == 1
    spec.close()


async def test_g06_a_wrong_password_is_the_error_of_all_who_wait(script: Script) -> None:
    """They do not wait for a timeout to learn of it."""
    script.suspend = True
    script.every("connect").fail("authentication")
    async with new_spec(script, pool_size=1) as spec:

        async def use() -> None:
            async with spec.provide_session("db"):
                pass

        outcomes = await asyncio.gather(*(use() for _ in range(5)), return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [AuthenticationError] * 5
        assert (spec.stats("db").size, spec.stats("db").waiting, spec.stats("db").timeouts) == (0, 0, 0)


def test_warming_up_raises_what_hinders_it(script: Script) -> None:
    """What was opened before stays, whole."""
    spec = new_spec(script, pool_min_size=3)
    script.next("connect")  # one is served
    script.next("connect", 2).fail()

    with pytest.raises(ConnectError):
        spec.open()

    assert is_whole(spec.stats("db"))
    assert spec.stats("db").in_use == 0
    script.clear()
    spec.open()
    assert spec.stats("db").idle == 3
    spec.close()
