"""The end of a registry: newest first, past every error; and what nobody closed is closed at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError
from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("first", "second", "third")


class Observer:
    """Notes which pools are closed, in order."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    @hookimpl
    def sqlspec_pool_closed(self, name: str) -> None:
        """A pool was closed."""
        self.closed.append(name)


class Scene:
    """Three databases, each with one idle connection."""

    def __init__(self) -> None:
        self.script, self.observer = Script(), Observer()
        self.spec = SQLSpec()
        for plugin in (ScriptedPlugin(self.script), self.observer):
            self.spec.plugins.register(plugin)
        for name in NAMES:
            self.spec.register_config(ScriptedConfig(), name)

    def use(self) -> None:
        """Threads."""
        for name in NAMES:
            with self.spec.provide_session(name) as session:
                session.execute("SELECT 1")

    async def ause(self) -> None:
        """Tasks."""
        for name in NAMES:
            async with self.spec.provide_session(name) as session:
                await session.execute("SELECT 1")


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Afterwards nothing is open, and nothing is lent until it is opened again."""
    scene = Scene()
    yield scene
    assert scene.script.server.open == []
    for name in NAMES:
        with pytest.raises(ConfigClosedError), scene.spec.provide_session(name):
            pass
    scene.spec.open()
    scene.use()
    scene.spec.close()
    assert scene.script.server.violations == []


def closing(pool: Any, script: Script) -> Any:
    """A pool of an adapter's own that fails after it was closed."""
    close = pool.retire

    def fail(*_: object) -> None:
        close()
        script.calls.append("failed")
        raise OSError("the pool's own")

    return fail


def test_g21_the_newest_is_closed_first(scene: Scene) -> None:
    """What came later may stand on what was there before."""
    scene.use()

    scene.spec.close()
    scene.spec.close()

    assert scene.observer.closed == list(reversed(NAMES))


async def test_g21_the_newest_is_closed_first_by_tasks_too(scene: Scene) -> None:
    """The same order."""
    await scene.ause()

    await scene.spec.aclose()
    await scene.spec.aclose()

    assert scene.observer.closed == list(reversed(NAMES))


def test_g21_an_error_keeps_no_other_pool_open(scene: Scene) -> None:
    """Two of three fail: all are closed, and both errors are raised together."""
    scene.use()
    for name in NAMES[1:]:
        pool: Any = scene.spec._table.find(name).pool
        pool.close = closing(pool, scene.script)

    with pytest.raises(ExceptionGroup) as caught:
        scene.spec.close()

    assert [type(error) for error in caught.value.exceptions] == [OSError, OSError]
    assert scene.script.server.open == []


async def test_g21_an_error_keeps_no_other_pool_open_in_a_loop(scene: Scene) -> None:
    """The same by `aclose`."""
    await scene.ause()
    for name in NAMES[1:]:
        pool: Any = scene.spec._table.find(name).open_async_pool()
        fail = closing(pool, scene.script)

        async def close(*_: object, fail: Any = fail) -> None:
            fail()

        pool.close = close

    with pytest.raises(ExceptionGroup) as caught:
        await scene.spec.aclose()

    assert [type(error) for error in caught.value.exceptions] == [OSError, OSError]
    assert scene.script.server.open == []


def test_g17_connections_of_a_closed_loop_are_aborted_not_left_to_the_collector(scene: Scene) -> None:
    """Somebody may hold them still, a traceback for one."""
    kept: list[Any] = []

    async def use() -> None:
        await scene.ause()
        kept.extend(slot.connection for slot in scene.spec._table.find("first").open_async_pool()._state.idle)  # type: ignore[attr-defined]

    asyncio.run(use())
    asyncio.run(scene.ause())

    assert [connection.raw.ended for connection in kept] == ["aborted"]
    scene.spec.close()


@pytest.mark.parametrize("how", ["unregister", "replace"])
def test_g46_what_an_adapter_keeps_ends_with_its_registration(how: str) -> None:
    """At once, although a block that was written down earlier still knows the database."""
    scene, ended = Scene(), list[str]()
    block = scene.spec.provide_session("first")
    scene.spec._table.find("first").resources.get("memory", lambda: "kept", ended.append)

    scene.spec.close()
    assert ended == []
    scene.spec.open()
    if how == "unregister":
        scene.spec.unregister_config("first")
    else:
        scene.spec.register_config(ScriptedConfig(), "first", override=True)

    assert ended == ["kept"]
    del block
    scene.spec.close()
