"""The lower step of the contract: a connection without SQL, in core's pool, for threads and for tasks."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any, ClassVar

import pytest

from sqlspec import DatabaseConfig, SQLSpec
from sqlspec.errors import DatabaseError, NotSupportedError, SessionClosedError, SQLSpecError
from sqlspec.plugin import AdapterInfo, AsyncPooledConnection, Capability, PooledConnection, hookimpl
from tests.plugin.sides import SIDES, lent


class BoxConfig(DatabaseConfig[dict[str, int], dict[str, int]], frozen=True, kw_only=True):
    """A dictionary of the process."""

    adapter: ClassVar[str] = "box"
    pool_size: int = 2


class Box(PooledConnection[dict[str, int]]):
    """Three methods, and one of the defaults replaced."""

    def __init__(self, raw: dict[str, int]) -> None:
        super().__init__(raw)
        self.ended: list[str] = []
        self.is_reset_good = True
        self.has_lost_server = False

    @property
    def is_broken(self) -> bool:
        """As the test says."""
        return self.has_lost_server

    def abandon(self) -> None:
        """In a forked child."""
        self.ended.append("abandon")

    def close(self) -> None:
        """The end."""
        self.ended.append("close")

    def interrupt(self, *, for_good: bool) -> None:
        """Nothing can be stopped here."""
        self.ended.append(f"interrupt {for_good}")
        raise RuntimeError

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """Its own error."""
        return DatabaseError("no such key") if isinstance(exc, KeyError) else None

    def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - the contract's
        """As the test says."""
        self.ended.append("reset")
        return self.is_reset_good


class AsyncBox(AsyncPooledConnection[dict[str, int]]):
    """The same for tasks."""

    def __init__(self, raw: dict[str, int]) -> None:
        super().__init__(raw)
        self.ended: list[str] = []
        self.is_reset_good = True
        self.has_lost_server = False

    @property
    def is_broken(self) -> bool:
        """As the test says."""
        return self.has_lost_server

    async def close(self) -> None:
        """The end."""
        self.ended.append("close")

    def interrupt(self, *, for_good: bool) -> None:
        """Frees everything at once."""
        self.ended.append(f"interrupt {for_good}")

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """Its own error."""
        return DatabaseError("no such key") if isinstance(exc, KeyError) else None

    async def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - the contract's
        """As the test says."""
        self.ended.append("reset")
        return self.is_reset_good


class BoxPlugin:
    """Connections of a sync driver alone."""

    ADAPTER = AdapterInfo(
        name="box", config_type=f"{__name__}:BoxConfig", capabilities=frozenset({Capability.SYNC})
    )

    def __init__(self) -> None:
        self.made: list[Any] = []

    @hookimpl
    def sqlspec_create_connection(self) -> Box:
        """One more."""
        self.made.append(Box({}))
        return self.made[-1]  # type: ignore[no-any-return]


class BothBoxesPlugin(BoxPlugin):
    """Connections for both sides."""

    @hookimpl
    async def sqlspec_create_async_connection(self) -> AsyncBox:
        """One more."""
        self.made.append(AsyncBox({}))
        return self.made[-1]  # type: ignore[no-any-return]


def registry(side: str, **options: Any) -> tuple[SQLSpec, BoxPlugin]:
    """A registry with a database of boxes, and its adapter."""
    spec, plugin = SQLSpec(), BoxPlugin() if side == "bridged" else BothBoxesPlugin()
    spec.plugins.register(plugin)
    spec.register_config(BoxConfig(**options), "db")
    return spec, plugin


@pytest.mark.parametrize("side", SIDES)
async def test_it_is_lent_reset_and_lent_again(side: str) -> None:
    """One connection for one user after another."""
    spec, plugin = registry(side)

    async with spec:
        for number in range(3):
            async with lent(spec.provide_connection("db"), side) as raw:
                raw["n"] = number

        (box,) = plugin.made
        assert box.raw == {"n": 2}
        assert box.ended == ["reset"] * 3
    assert box.ended[3:] in (["close"], ["interrupt True"])


@pytest.mark.parametrize("side", SIDES)
async def test_one_that_can_not_be_reset_is_not_lent_again(side: str) -> None:
    """The next user gets another."""
    spec, plugin = registry(side)

    async with spec:
        async with lent(spec.provide_connection("db"), side):
            plugin.made[0].is_reset_good = False
        async with lent(spec.provide_connection("db"), side):
            pass

    assert len(plugin.made) == 2
    assert "close" in plugin.made[0].ended or "interrupt True" in plugin.made[0].ended


@pytest.mark.parametrize("side", ["sync", "async"])
async def test_it_finds_a_second_connection_in_its_pool(side: str) -> None:
    """For a use that needs one; the pool counts both."""
    spec, plugin = registry(side)

    async with spec:
        async with lent(spec.provide_connection("db"), side):
            pool = plugin.made[0].pool()
            lease = pool.acquire() if side == "sync" else await pool.acquire()

            assert lease.connection is plugin.made[1]
            assert spec.stats("db").in_use == 2
            released = pool.release(lease, True)
            if side == "async":
                await released
        assert (spec.stats("db").in_use, spec.stats("db").idle) == (0, 2)


async def test_where_there_is_no_pool_of_its_kind_it_finds_none() -> None:
    """Alone, or with a pool for tasks over connections that work in threads."""
    spec, plugin = registry("bridged")

    async with spec, lent(spec.provide_connection("db"), "bridged"):
        assert plugin.made[0].pool() is None
    assert Box({}).pool() is None


@pytest.mark.parametrize("side", ["sync", "async"])
async def test_one_that_lost_its_server_takes_the_trust_in_its_siblings_along(side: str) -> None:
    """They are replaced when they would be lent, because they were opened before."""
    spec, plugin = registry(side)

    async with spec:
        async with lent(spec.provide_connection("db"), side), lent(spec.provide_connection("db"), side):
            plugin.made[0].is_reset_good = False
            plugin.made[0].has_lost_server = True
        async with lent(spec.provide_connection("db"), side):
            pass

        assert len(plugin.made) == 3
        assert (spec.stats("db").unclean, spec.stats("db").aged) == (1, 1)


@pytest.mark.parametrize("side", SIDES)
async def test_it_has_no_session_of_cores(side: str) -> None:
    """With a transaction or without; the error says what there is instead."""
    spec, _ = registry(side)

    async with spec:
        with pytest.raises(NotSupportedError, match="autocommit=True"):
            async with lent(spec.provide_session("db"), side):
                pass
        for _ in range(2):
            with pytest.raises(NotSupportedError, match=r"use provide_connection\(\)"):
                async with lent(spec.provide_session("db", autocommit=True), side):
                    pass
        assert spec.stats("db").in_use == 0


@pytest.mark.parametrize("side", SIDES)
async def test_without_a_ping_of_its_own_it_can_not_be_pinged(side: str) -> None:
    """It is asked by `ping()` alone, and not by the pool."""
    spec, _ = registry(side)

    async with spec:
        with pytest.raises(NotSupportedError, match="can not be pinged"):
            spec.ping("db") if side == "sync" else await spec.aping("db")
        async with lent(spec.provide_connection("db"), side) as raw:
            assert raw == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded:DeprecationWarning"
)  # Python 3.12 on fork beside threads
def test_a_forked_child_never_touches_the_parents() -> None:
    """What the parent has borrowed is refused, and is told; the child's own block has another connection."""
    spec, plugin = registry("sync")
    with spec, spec.provide_connection("db"):
        child = os.fork()
        if child == 0:
            is_told = plugin.made[0].ended == ["abandon"]
            os._exit(0 if is_told and _is_refused(plugin.made[0]) and _lends(spec) else 1)
        _, status = os.waitpid(child, 0)

    assert status == 0


def _is_refused(box: Box) -> bool:
    try:
        box.check(None)
    except SessionClosedError:
        return True
    return False


def _lends(spec: SQLSpec) -> bool:
    with spec.provide_connection("db") as raw:
        return bool(raw == {})


async def test_a_call_that_can_not_be_stopped_does_not_hide_the_cancellation() -> None:
    """`interrupt` may fail: the task waits for the thread, and is cancelled."""
    go_on, entered = threading.Event(), threading.Event()

    class Slow(Box):
        def lend_raw(self, deadline: float | None) -> dict[str, int]:
            entered.set()
            go_on.wait(0.3)
            return super().lend_raw(deadline)

    class SlowPlugin(BoxPlugin):
        @hookimpl
        def sqlspec_create_connection(self) -> Box:
            self.made.append(Slow({}))
            return self.made[-1]  # type: ignore[no-any-return]

    spec, plugin = SQLSpec(), SlowPlugin()
    spec.plugins.register(plugin)
    spec.register_config(BoxConfig(), "db")

    async def use() -> None:
        async with spec.provide_connection("db"):
            pass

    async with spec:
        task = asyncio.create_task(use())
        await asyncio.to_thread(entered.wait, 10)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert time.monotonic() - started < 2
    assert "interrupt False" in plugin.made[0].ended
