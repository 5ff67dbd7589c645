# The source of test_collected_sync.py, which tools/print_sync.py prints from it.
"""A lease dies inside the pool's locked sections: nothing deadlocks, and whoever waits is woken."""

from __future__ import annotations

import gc
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest

from sqlspec.concurrency.waiters import AsyncWaiter
from sqlspec.errors import ConnectError, PoolFullError, PoolTimeoutError
from sqlspec.pool.state import Lease
from tests.pool.collection.doom import CollectingLock, Doomed, collecting_at
from tests.pool.script import Clock, Driver, new_async_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore:a connection to 'fake' was dropped:ResourceWarning")


@pytest.fixture(autouse=True)
def _collected_by_hand() -> Iterator[None]:
    """The collector comes when it is called, and looks only at what is new."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


class Scene:
    """A full pool: one lease is held, two are doomed, and somebody waits."""

    def __init__(self) -> None:
        self.driver, self.clock = Driver(), Clock()
        self.pool = new_async_pool(
            self.driver, self.clock, pool_size=3, pool_min_size=1, pool_idle_timeout=10.0, pool_recycle=100.0
        )

    async def set(self, *, queue: bool) -> None:
        """Before it begins. Without a *queue* nobody waits."""
        self.held, *doomed = [await self.pool.acquire() for _ in range(3)]
        self.doomed = Doomed(doomed)
        self.waiter = AsyncWaiter(Lease(), self.clock.now)
        self.other = AsyncWaiter(Lease(), self.clock.now)
        if queue:
            assert self.pool.enqueue(self.waiter, self.clock.now) is None
            assert self.pool.enqueue(self.other, self.clock.now) is None

    def judge(self, *, queue: bool) -> None:
        """Afterwards: the dead were found, at once."""
        state = self.pool._state
        reclaimed = 2 - len(self.doomed)
        assert state.stats().reclaimed == reclaimed
        stats = self.pool.stats()
        assert stats.size == stats.idle + stats.in_use + stats.opening
        if queue and reclaimed:
            assert self.waiter.item is not None, "the waiter sleeps on"


async def look(scene: Scene) -> None:
    """Reading the counts."""
    scene.pool.stats()


async def expire(scene: Scene) -> None:
    """Somebody met a dead connection."""
    scene.pool.expire()


async def join(scene: Scene) -> None:
    """One more comes, and does not wait for long."""
    try:
        lease = await scene.pool.acquire(0.0)
    except PoolTimeoutError:
        return
    await scene.pool.release(lease, True)


async def leave(scene: Scene) -> None:
    """One who waited gives up."""
    scene.pool.leave(scene.other)


async def interrupted(scene: Scene) -> None:
    """One who waited is cancelled, served or not."""
    scene.pool.leave_early(scene.other)


async def give_back(scene: Scene) -> None:
    """A lease ends well."""
    await scene.pool.release(scene.held, True)


async def spoil(scene: Scene) -> None:
    """A lease ends badly."""
    await scene.pool.release(scene.held, False)


async def age(scene: Scene) -> None:
    """A lease ends well, but its pool has expired."""
    scene.pool._state.generation += 1
    await scene.pool.release(scene.held, True)


async def retire(scene: Scene) -> None:
    """Another pool took the place."""
    scene.pool.retire()


async def close(scene: Scene) -> None:
    """The end."""
    await scene.pool.close()


async def time_out(scene: Scene) -> None:
    """The words of the error are made under the lock."""
    scene.pool.timed_out(1.0)


async def refused(scene: Scene) -> None:
    """The queue is as long as it may be."""
    scene.pool._max_waiting = 2
    with suppress(PoolFullError, PoolTimeoutError):  # who found a dead lease was served
        await scene.pool.release(await scene.pool.acquire(0.0), True)


WITH_A_QUEUE = [
    look,
    expire,
    join,
    refused,
    leave,
    interrupted,
    give_back,
    spoil,
    age,
    retire,
    close,
    time_out,
]


async def borrow(scene: Scene) -> None:
    """From the shelf."""
    await scene.pool.release(scene.held, True)
    await scene.pool.release(await scene.pool.acquire(), True)


async def replace_dead(scene: Scene) -> None:
    """What lay on the shelf is dead."""
    await scene.pool.release(scene.held, True)
    scene.held.connection.raw.is_readable = True
    await scene.pool.release(await scene.pool.acquire(), True)


async def replace_aged(scene: Scene) -> None:
    """What lay on the shelf is old."""
    await scene.pool.release(scene.held, True)
    scene.clock.now += 200.0
    await scene.pool.release(await scene.pool.acquire(), True)


async def fail_to_open(scene: Scene) -> None:
    """And the next one connects."""
    await scene.pool.release(scene.held, False)
    scene.driver.next("connect").fail()
    with pytest.raises(ConnectError):
        await scene.pool.acquire()
    await scene.pool.release(await scene.pool.acquire(), True)


async def trim(scene: Scene) -> None:
    """Two lie on the shelf, and one is cold."""
    await scene.pool.release(scene.held, False)
    one, two = await scene.pool.acquire(), None
    scene.doomed.kill()
    two = await scene.pool.acquire()
    await scene.pool.release(one, True)
    scene.clock.now += 11.0
    await scene.pool.release(two, True)


async def warm_up(scene: Scene) -> None:
    """The minimum is open."""
    await scene.pool.release(scene.held, True)
    await scene.pool.warm_up()


WITHOUT_A_QUEUE = [borrow, replace_dead, replace_aged, fail_to_open, trim, warm_up]
EVERY = [*((act, True) for act in WITH_A_QUEUE), *((act, False) for act in WITHOUT_A_QUEUE)]
IDS = [act.__name__ for act, _ in EVERY]


@pytest.mark.parametrize(("act", "queue"), EVERY, ids=IDS)
async def test_g45_a_lease_dies_at_both_ends_of_a_locked_section(act: Any, queue: bool) -> None:
    """One when the lock was taken, one before it is let go."""
    scene = Scene()
    await scene.set(queue=queue)
    if act is borrow and scene.pool.is_confined:
        pytest.skip("one thread alone lends from the shelf without the lock")
    lock = CollectingLock(scene.doomed)
    scene.pool._lock = cast("Any", lock)

    await act(scene)

    assert lock.sections > 0
    assert len(scene.doomed) == 0
    scene.judge(queue=queue)


@pytest.mark.parametrize(("act", "queue"), EVERY, ids=IDS)
async def test_g45_a_lease_dies_at_any_step_of_a_locked_section(act: Any, queue: bool) -> None:
    """Each call that is made under the lock, in turn."""
    steps = 0
    for step in count(1):
        scene = Scene()
        await scene.set(queue=queue)
        with collecting_at(step, scene.pool, scene.doomed) as left:
            await act(scene)
        if left[0] > 0:
            break
        steps = step
        scene.judge(queue=queue)

    assert steps >= 3


async def test_g45_a_lease_dies_while_another_is_taken_back() -> None:
    """The finaliser's own section is a locked one too."""
    scene = Scene()
    await scene.set(queue=True)
    scene.pool._lock = cast("Any", CollectingLock(scene.doomed))

    scene.doomed.kill()

    assert len(scene.doomed) == 0
    scene.judge(queue=True)
    assert scene.other.item is not None


async def test_g45_the_pool_serves_on() -> None:
    """Forty leases in a row die unreturned; the next one finds room each time."""
    driver = Driver()
    pool = new_async_pool(driver, pool_size=2)

    for _ in range(40):
        Doomed([await pool.acquire(), await pool.acquire()])
        gc.collect()

    await pool.release(await pool.acquire(), True)
    assert pool.stats().reclaimed == 80
    assert len(driver.open()) == 1


async def test_g45_a_pool_that_nobody_uses_is_collected_with_its_leases() -> None:
    """Its finaliser finds no pool any more, and that is no error."""
    pool = new_async_pool(Driver())
    cell: list[Any] = [pool, await pool.acquire()]
    cell.append(cell)

    del pool, cell

    assert gc.collect() > 0
