"""A pool of an adapter's own has six methods and may lend anything; the whole registry works with it."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import DatabaseConfig, SQLSpec
from sqlspec.errors import AdapterBrokenError, ConfigClosedError, NotSupportedError
from sqlspec.plugin import AdapterInfo, Capability, hookimpl
from tests.plugin.sides import lent

if TYPE_CHECKING:
    from collections.abc import Callable

SIDES = ("sync", "async")


class ShelfConfig(DatabaseConfig[str, str], frozen=True, kw_only=True):
    """Reaches nothing."""

    adapter: ClassVar[str] = "shelf"


class Shelf:
    """Lends words to threads."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.lent = 0

    def acquire(self, deadline: float | None = None) -> Any:  # noqa: ARG002 - the contract's
        """At once."""
        self.calls.append("acquire")
        self.lent += 1
        return SimpleNamespace(connection="word")

    def release(self, lease: Any, ok: bool) -> None:
        """Counted."""
        assert lease.connection == "word"
        self.lent -= 1
        self.calls.append(f"release {ok}")

    def retire(self) -> None:
        """The end."""
        self.calls.append("retire")

    def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - the contract's
        """The end."""
        self.calls.append("close")

    def abandon(self) -> None:
        """The end in a child."""
        self.calls.append("abandon")

    def stats(self) -> Any:
        """One count that core knows, and one that it does not."""
        return SimpleNamespace(in_use=self.lent, shelves=1)


class AsyncShelf(Shelf):
    """Lends words to tasks."""

    async def acquire(self, deadline: float | None = None) -> Any:
        """At once."""
        return super().acquire(deadline)

    async def release(self, lease: Any, ok: bool) -> None:  # type: ignore[override]
        """Counted."""
        super().release(lease, ok)

    async def close(self, deadline: float | None = None) -> None:  # type: ignore[override]
        """The end."""
        super().close(deadline)


class ShelfPlugin:
    """Pools, and neither connections nor sessions."""

    ADAPTER = AdapterInfo(
        name="shelf",
        config_type=f"{__name__}:ShelfConfig",
        capabilities=frozenset({Capability.SYNC, Capability.ASYNC}),
    )

    def __init__(self) -> None:
        self.shelves: list[Shelf] = []
        self.connect: Any = None

    @hookimpl
    def sqlspec_create_pool(self, connect: Callable[[], object]) -> Shelf:
        """For threads."""
        self.connect = connect
        self.shelves.append(Shelf())
        return self.shelves[-1]

    @hookimpl
    def sqlspec_create_async_pool(self) -> Shelf:
        """For tasks."""
        self.shelves.append(AsyncShelf())
        return self.shelves[-1]


class LoudPlugin(ShelfPlugin):
    """With sessions, too."""

    @hookimpl
    def sqlspec_create_session(self, connection: str) -> str:
        """What was lent, and louder."""
        return connection.upper()

    @hookimpl
    def sqlspec_create_async_session(self, connection: str) -> str:
        """The same for tasks."""
        return connection.upper()


@pytest.fixture
def plugin() -> LoudPlugin:
    """The adapter."""
    return LoudPlugin()


@pytest.fixture
def spec(plugin: ShelfPlugin) -> SQLSpec:
    """A registry with one such database."""
    return registry(plugin)


def registry(plugin: ShelfPlugin, **options: Any) -> SQLSpec:
    """A registry with one database of this adapter."""
    spec = SQLSpec()
    spec.plugins.register(plugin)
    spec.register_config(ShelfConfig(**options), "db")
    return spec


@pytest.mark.parametrize("side", SIDES)
async def test_what_it_lends_is_lent_as_it_is(side: str, spec: SQLSpec, plugin: LoudPlugin) -> None:
    """By `provide_connection`; its own session hook makes a session of it."""
    async with spec:
        async with lent(spec.provide_connection("db"), side) as raw:
            assert raw == "word"
        async with lent(spec.provide_session("db"), side) as session:
            assert session == "WORD"

    (shelf,) = plugin.shelves
    assert shelf.calls == ["acquire", "release True"] * 2 + ["close"]


@pytest.mark.parametrize("lends", ["provide_session", "provide_connection"])
@pytest.mark.parametrize("side", SIDES)
async def test_an_error_of_the_body_comes_out(
    side: str, lends: str, spec: SQLSpec, plugin: LoudPlugin
) -> None:
    """And what was lent goes back."""
    async with spec:
        with pytest.raises(ZeroDivisionError):
            async with lent(getattr(spec, lends)("db"), side):
                raise ZeroDivisionError

    assert plugin.shelves[0].calls[:2] == ["acquire", "release True"]


@pytest.mark.parametrize("side", SIDES)
async def test_without_a_session_hook_there_are_no_sessions(side: str) -> None:
    """The error says what there is instead, and what was lent for it goes back."""
    plugin = ShelfPlugin()
    spec = registry(plugin, autocommit=True)

    async with spec:
        with pytest.raises(NotSupportedError, match=r"use provide_connection\(\)"):
            async with lent(spec.provide_session("db"), side):
                pass

    assert plugin.shelves[0].calls[:2] == ["acquire", "release True"]


async def test_it_can_not_be_pinged(spec: SQLSpec, plugin: LoudPlugin) -> None:
    """Core knows nothing of what it lends, says so, and gives it back."""
    async with spec:
        with pytest.raises(NotSupportedError, match="can not be pinged"):
            spec.ping("db")
        with pytest.raises(NotSupportedError, match="can not be pinged"):
            await spec.aping("db")

    assert [shelf.calls[:2] for shelf in plugin.shelves] == [["acquire", "release True"]] * 2


async def test_it_is_warmed_up(plugin: LoudPlugin) -> None:
    """By borrowing what `pool_min_size` asks for, and giving it back."""
    spec = registry(plugin, pool_min_size=2)

    spec.open()
    await spec.aopen()

    for shelf in plugin.shelves:
        assert shelf.calls == ["acquire", "acquire", "release True", "release True"]
    await spec.aclose()


def test_its_statistics_are_read_as_far_as_core_knows_them(spec: SQLSpec) -> None:
    """What it does not count is 0."""
    with spec, spec.provide_connection("db"):
        stats = spec.stats("db")

        assert (stats.in_use, stats.idle) == (1, 0)
        assert spec.stats() == {"db": stats}


@pytest.mark.parametrize("side", SIDES)
async def test_it_is_overridden(side: str, spec: SQLSpec, plugin: LoudPlugin) -> None:
    """The pool of the replacement is retired when the block ends."""
    async with spec:
        async with lent(spec.override("db", ShelfConfig()), side), lent(spec.provide_session("db"), side):
            pass
        async with lent(spec.provide_session("db"), side) as session:
            assert session == "WORD"

        assert len(plugin.shelves) == 2
        assert plugin.shelves[0].calls == ["acquire", "release True", "retire" if side == "sync" else "close"]


@pytest.mark.parametrize("side", SIDES)
async def test_it_is_unregistered(side: str, spec: SQLSpec, plugin: LoudPlugin) -> None:
    """A lease that is out comes back to it."""
    async with spec, lent(spec.provide_session("db"), side):
        spec.unregister_config("db")

    assert plugin.shelves[0].calls == ["acquire", "retire", "release True"]


@pytest.mark.parametrize("side", SIDES)
async def test_a_closed_registry_lends_nothing_and_opens_again(
    side: str, spec: SQLSpec, plugin: LoudPlugin
) -> None:
    """With another pool."""
    for end in (spec.close, spec.aclose):
        async with lent(spec.provide_session("db"), side):
            pass
        ended = end()
        if ended is not None:
            await ended
        with pytest.raises(ConfigClosedError):
            async with lent(spec.provide_session("db"), side):
                pass
        spec.open()

    assert len(plugin.shelves) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded:DeprecationWarning"
)  # Python 3.12 on fork beside threads
def test_a_forked_child_abandons_it(spec: SQLSpec, plugin: LoudPlugin) -> None:
    """And makes another."""
    with spec, spec.provide_session("db"):
        child = os.fork()
        if child == 0:
            with spec.provide_session("db") as session:
                good = str(session) == "WORD" and plugin.shelves[0].calls == ["acquire", "abandon"]
            os._exit(0 if good and len(plugin.shelves) == 2 else 1)
        _, status = os.waitpid(child, 0)

        assert status == 0
        assert plugin.shelves[0].calls == ["acquire"]


def test_who_asks_its_adapter_for_a_connection_is_told(spec: SQLSpec, plugin: LoudPlugin) -> None:
    """It makes none; `connect` knows what users call the database."""
    with spec, spec.provide_session("db"):
        assert plugin.connect.label == "'db'"
        with pytest.raises(AdapterBrokenError, match="makes no connections"):
            plugin.connect()
