"""The counts of a pool for tasks, which lends without a lock, as another thread sees them."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from tests.pool.life.scene import is_whole
from tests.pool.script import Driver, new_async_pool

TIMES = 20_000


@pytest.fixture(autouse=True)
def _impatient() -> object:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_no_connection_is_missing_while_it_is_on_its_way() -> None:
    """Between shelf and lease it is in neither; nobody sees that, and a counter never goes back."""
    is_over, wrong, looks = threading.Event(), [], 0

    async def lend() -> None:
        nonlocal looks
        pool = new_async_pool(Driver(), pool_size=1, pool_pre_ping=False)
        await pool.release(await pool.acquire(), True)

        def look() -> None:
            nonlocal looks
            while not is_over.is_set():
                stats = pool.stats()
                looks += 1
                if not is_whole(stats) or (stats.size, stats.reclaimed) != (1, 0):
                    wrong.append(stats)

        thread = threading.Thread(target=look)
        thread.start()
        for _ in range(TIMES):
            await pool.release(await pool.acquire(), True)
        is_over.set()
        thread.join()
        await pool.close()

    asyncio.run(lend())

    assert wrong == []
    assert looks > 10
