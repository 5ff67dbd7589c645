"""What a forked child still holds of its parent's pools: a block that is open, a pool, a loop."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import PoolRetiredError, SessionClosedError
from tests.pool.script import Driver, new_pool

from .child import in_child
from .test_forks import Scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def test_g18_a_lease_of_the_parent_ends_in_the_child_although_its_lock_was_held(tmp_path: Path) -> None:
    """By a thread of the parent's that would never let go."""
    scene = Scene(tmp_path / "violations")
    pool: Any = scene.spec._table.find("db").open_pool()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with pool._lock:
            held.set()
            done.wait(10)

    with ExitStack() as stack:
        session = stack.enter_context(scene.spec.provide_session("db"))
        session.execute("INSERT 1")
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)

        def work() -> Any:
            with pytest.raises(SessionClosedError, match="belongs to the parent process"):
                stack.close()
            return scene.spec.stats("db").size

        try:
            in_child(work)
        finally:
            done.set()
            thread.join(10)

    assert scene.server.rows == [1]
    scene.spec.close()


def test_g18_a_pool_that_was_inherited_lends_no_more() -> None:
    """Who holds on to it is told, and nothing that was on its shelf is counted, lent or touched."""
    driver = Driver()
    pool = new_pool(driver)
    pool.release(pool.acquire(), True)

    def work() -> Any:
        pool.abandon()
        with pytest.raises(PoolRetiredError):
            pool.acquire()
        pool.close()
        return pool.stats().size

    assert in_child(work) == 0
    assert driver.ends == [None]
    pool.close()


async def test_g18_closing_in_the_child_touches_no_pool_of_the_parents_loop(tmp_path: Path) -> None:
    """Neither from a thread nor from a loop of its own."""
    scene = Scene(tmp_path / "violations")
    await scene.ause()

    def work() -> Any:
        asyncio._set_running_loop(None)  # the parent's, by which this child was forked
        before = scene.spec.stats("db").size
        asyncio.run(scene.ause())
        scene.spec.close()
        return before

    assert in_child(work) == 0
    assert scene.server.violations == []
    assert [backend.ended for backend in scene.server.made] == [None]
    await scene.spec.aclose()
