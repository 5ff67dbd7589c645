"""A forked child never touches what it inherited, and works on with pools of its own."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin, Server

from .child import in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


class Scene:
    """A registry whose server notes every call that comes from another process than the connection's own."""

    def __init__(self, shared: Path) -> None:
        self.script = Script(server=Server(shared=shared))
        self.server = self.script.server
        self.spec = SQLSpec()
        self.spec.plugins.register(ScriptedPlugin(self.script))
        self.spec.register_config(ScriptedConfig(pool_size=2), "db")

    def use(self) -> list[int]:
        """A session: the pids of the connections made so far, of which it used the last."""
        with self.spec.provide_session("db") as session:
            session.execute("SELECT 1")
        return [backend.pid for backend in self.server.made]

    async def ause(self) -> list[int]:
        """The same in a loop."""
        async with self.spec.provide_session("db") as session:
            await session.execute("SELECT 1")
        return [backend.pid for backend in self.server.made]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Afterwards nothing was touched by a child, and the parent serves on."""
    scene = Scene(tmp_path / "violations")
    yield scene
    assert scene.server.violations == []
    assert set(scene.use()) == {os.getpid()}
    scene.spec.close()
    assert scene.server.open == []


def test_g18_a_child_makes_a_pool_of_its_own(scene: Scene) -> None:
    """The idle connection that it inherited is neither used nor closed, nor freed."""
    scene.use()

    def work() -> Any:
        pids = scene.use()
        scene.spec.close()
        scene.spec.open()
        gc.collect()
        return pids[-1] == os.getpid(), len(pids), scene.spec.stats("db").opened

    assert in_child(work) == [True, 2, 0]
    assert len(scene.server.open) == 1


def test_g18_a_lease_of_the_parent_ends_in_the_child_without_a_word(scene: Scene) -> None:
    """It leaves the block that it was forked in; the parent's transaction is untouched."""
    with ExitStack() as stack:
        session = stack.enter_context(scene.spec.provide_session("db"))
        session.execute("INSERT 1")

        def work() -> Any:
            with scene.spec.provide_session("db") as own:
                own.execute("INSERT 2")
            return scene.server.rows, scene.spec.stats("db").in_use

        assert in_child(work) == [[2], 0]

    assert scene.server.rows == [1]


def test_g18_leases_and_idle_connections_are_forgotten_together(scene: Scene) -> None:
    """Both slots of the parent are taken, one by a lease; the child has two of its own."""
    with scene.spec.provide_connection("db"), scene.spec.provide_connection("db"):
        pass
    with scene.spec.provide_connection("db"):

        def work() -> Any:
            with scene.spec.provide_connection("db") as one, scene.spec.provide_connection("db") as two:
                return one.pid == two.pid == os.getpid()

        assert in_child(work) is True
        assert scene.spec.stats("db").in_use == 1


def test_g18_a_childs_child_forgets_too(scene: Scene) -> None:
    """Each process has its own."""
    scene.use()

    def grandchild() -> Any:
        return scene.use()[-1] == os.getpid()

    def child() -> Any:
        return scene.use()[-1] == os.getpid() and in_child(grandchild)

    assert in_child(child) is True


class Faulty:
    """An observer that raises, which is counted under a lock."""

    @hookimpl
    def sqlspec_pool_opened(self, name: str) -> None:
        """A pool was made."""
        raise ValueError(name)


LOCKS: dict[str, Callable[[Scene], Any]] = {
    "pool": lambda scene: scene.spec._table.find("db").pool._lock,  # type: ignore[union-attr]
    "database": lambda scene: scene.spec._table.find("db")._lock,
    "resources": lambda scene: scene.spec._table.find("db").resources._lock,
    "registry": lambda scene: scene.spec._table.lock,
    "plugins": lambda scene: scene.spec.plugins._lock,
    "observers": lambda scene: scene.spec.plugins.failures._lock,
}


@pytest.mark.parametrize("which", LOCKS)
def test_g18_a_lock_that_another_thread_holds_is_not_inherited(scene: Scene, which: str) -> None:
    """That thread does not exist in the child, and would never let go."""
    scene.spec.plugins.register(Faulty())
    scene.use()
    lock, held, done = LOCKS[which](scene), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)

    def work() -> Any:
        scene.spec.register_config(ScriptedConfig(), "another")
        with scene.spec.provide_session("another") as session:
            session.execute("SELECT 1")
        pids = scene.use()
        scene.spec.stats()
        scene.spec.close()
        return pids[-1] == os.getpid()

    try:
        assert in_child(work) is True
    finally:
        done.set()
        thread.join(10)


def test_g18_threads_of_the_parent_go_on_while_it_forks(scene: Scene) -> None:
    """Twenty children, beside two threads that never stop borrowing."""
    stop = threading.Event()

    def borrow() -> None:
        while not stop.is_set():
            scene.use()

    threads = [threading.Thread(target=borrow) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert in_child(lambda: scene.use()[-1] == os.getpid()) is True
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


async def test_g18_pools_of_the_parents_loop_are_forgotten(tmp_path: Path) -> None:
    """The child runs a loop of its own; the parent's goes on."""
    scene = Scene(tmp_path / "violations")
    await scene.ause()

    def work() -> Any:
        asyncio._set_running_loop(None)  # the parent's, by which this child was forked
        return asyncio.run(scene.ause())[-1] == os.getpid()

    async with scene.spec.provide_session("db") as session:
        await session.execute("INSERT 1")
        assert in_child(work) is True

    assert scene.server.rows == [1]
    assert set(await scene.ause()) == {os.getpid()}
    await scene.spec.aclose()
    assert scene.server.violations == []


def _in_process(scene: Scene, answers: Any) -> None:
    answers.put(scene.use()[-1] == os.getpid())


def test_g18_multiprocessing_forks_like_everybody(scene: Scene) -> None:
    """A process that was started by fork, with the registry as its argument."""
    scene.use()
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_in_process, args=(scene, answers))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    process.join(10)

    assert process.exitcode == 0
    assert answers.get() is True
