# ruff: noqa: S101 - assertions are the point
"""What an adapter says of itself, without a database."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.plugin import Capability, PooledConnection
from sqlspec_testkit.adapter import AdapterTests
from sqlspec_testkit.sides import check_side

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from pathlib import Path

__all__ = ("AdapterContract", "ConnectionContract")

IMPORTED = """
import sys
from sqlspec import SQLSpec
plugins = SQLSpec().plugins
driver = plugins.adapter(sys.argv[1]).info.driver
plugins.config_type(sys.argv[1])
sys.exit(driver in sys.modules)
"""


class Kept:
    """`sqlspec.plugin.Resources` for the time of one test."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Any, Callable[[Any], object]]] = {}

    def get(self, key: str, make: Callable[[], Any], close: Callable[[Any], object]) -> Any:
        """The thing under *key*, made by the first who asks."""
        if key not in self._kept:
            self._kept[key] = (make(), close)
        return self._kept[key][0]

    def close(self) -> None:
        """End all of them, the last made first."""
        for thing, close in reversed(self._kept.values()):
            close(thing)


def _speaks_sql(connection: object) -> bool:
    return hasattr(connection, "execute")


def _check_apart(one: Any, two: Any) -> None:
    assert one is not two
    # Without transactions, what the driver has may be for all.
    assert one.raw is not two.raw or not _speaks_sql(one)


class ConnectionContract(AdapterTests):
    """What connections say of themselves is true. Part of `AdapterContract`."""

    def test_a_look_at_a_connection_never_raises(self, tmp_path: Path) -> None:
        """`is_usable()`: the pool asks it without a net, before it lends. Dropped or closed, it says no."""
        registry, kept = self.make_registry(), Kept()
        config = self.make_config(tmp_path)
        check_side(registry.plugins.adapter(config.adapter).info)
        create = registry.plugins.hook("sqlspec_create_connection", config.adapter)
        assert create is not None, "SYNC is declared: sqlspec_create_connection makes the connections"

        try:
            dropped, closed = create(config, kept), create(config, kept)
            assert [one.is_usable() for one in (dropped, closed)] == [True, True], "fresh"
            for one in (dropped, closed):
                one.ping(None)
            assert [one.is_usable() for one in (dropped, closed)] == [True, True], "used"
            dropped.drop()
            closed.disconnect()
            assert [one.is_usable() for one in (dropped, closed)] == [False, False], "dropped, closed"
            for one in (dropped, closed):  # once more, in either way
                one.drop()
                one.disconnect()
            assert [one.is_usable() for one in (dropped, closed)] == [False, False], "both"
        finally:
            kept.close()

    def test_a_look_at_a_connection_never_raises_under_async(self, tmp_path: Path) -> None:
        """The same for the async side; a sync driver's is core's own bridge, found through the pool."""
        asyncio.run(self._look(tmp_path))

    def test_an_interrupt_of_nothing_stops_nothing(self, tmp_path: Path) -> None:
        """It comes late now and then: the next statement is not what it was meant for."""
        with self._connections(tmp_path) as (one, _):
            one.interrupt(for_good=False)
            one.ping(None)

            assert one.is_usable()

    def test_a_connection_may_be_closed_twice(self, tmp_path: Path) -> None:
        """`close()` frees everything, and the second time there is nothing to free."""
        with self._connections(tmp_path) as (one, _):
            one.close()
            one.close()

    def test_a_ping_of_a_closed_connection_raises(self, tmp_path: Path) -> None:
        """`ping()` asks, and does not guess. Without SQL there may be nobody to ask."""
        with self._connections(tmp_path) as (one, _):
            one.close()
            if not _speaks_sql(one):
                pytest.skip("the connection speaks no SQL")

            with pytest.raises(Exception):  # noqa: B017, PT011 - the driver's own
                one.ping(None)

    def test_each_connection_is_another(self, tmp_path: Path) -> None:
        """Two sessions never share one: the hook makes a new one each time."""
        with self._connections(tmp_path) as (one, two):
            _check_apart(one, two)

    def test_foreign_exceptions_are_left_alone(self, tmp_path: Path) -> None:
        """`map_error()` is about the driver's own; the application's are passed on as they are."""

        class Foreign(Exception):  # noqa: N818 - the application's own
            """What rows may raise while they are read."""

        with self._connections(tmp_path) as (one, _):
            assert one.map_error(Foreign("connection closed")) is None

    @contextmanager
    def _connections(self, tmp_path: Path) -> Generator[tuple[Any, Any], None, None]:
        """Two connections, made by the hook."""
        registry, kept = self.make_registry(), Kept()
        config = self.make_config(tmp_path)
        check_side(registry.plugins.adapter(config.adapter).info)
        create = registry.plugins.hook("sqlspec_create_connection", config.adapter)
        assert create is not None, "SYNC is declared: sqlspec_create_connection makes the connections"
        made = []
        try:
            for _ in range(2):
                one = create(config, kept)
                assert isinstance(one, PooledConnection), f"the hook returned a {type(one).__name__}"
                made.append(one)
            yield made[0], made[1]
        finally:
            for one in made:
                one.disconnect()
            kept.close()

    def test_an_interrupt_of_nothing_stops_nothing_under_async(self, tmp_path: Path) -> None:
        """The same for the async side. What a request to stop sends has arrived before the next statement."""

        async def interrupt(one: Any) -> None:
            request = one.interrupt(for_good=False)
            for _ in range(500):
                if request is None or request.done():
                    break
                await asyncio.sleep(0.01)
            else:
                pytest.fail("the future that interrupt() returned was not done within five seconds")
            await one.ping(None)
            assert one.is_usable()

        asyncio.run(self._with_async_connection(tmp_path, interrupt))

    def test_a_closed_connection_is_closed_under_async(self, tmp_path: Path) -> None:
        """Once more it has nothing to free, and it answers no ping."""

        async def close(one: Any) -> None:
            await one.close()
            await one.close()
            if not _speaks_sql(one):
                return
            with pytest.raises(Exception):  # noqa: B017, PT011 - the driver's own
                await one.ping(None)

        asyncio.run(self._with_async_connection(tmp_path, close))

    async def _with_async_connection(self, tmp_path: Path, use: Callable[[Any], Awaitable[None]]) -> None:
        async with self._async_connections(tmp_path) as (one, two):
            _check_apart(one, two)
            await use(one)

    async def _look(self, tmp_path: Path) -> None:
        async with self._async_connections(tmp_path) as (dropped, closed):
            assert [one.is_usable() for one in (dropped, closed)] == [True, True], "fresh"
            for one in (dropped, closed):
                await one.ping(None)
            assert [one.is_usable() for one in (dropped, closed)] == [True, True], "used"
            dropped.drop()
            await closed.disconnect()
            assert [one.is_usable() for one in (dropped, closed)] == [False, False], "dropped, closed"
            for one in (dropped, closed):
                one.drop()
                await one.disconnect()
            assert [one.is_usable() for one in (dropped, closed)] == [False, False], "both"

    @asynccontextmanager
    async def _async_connections(self, tmp_path: Path) -> AsyncGenerator[tuple[Any, Any], None]:
        """Two connections of a pool: a sync driver's have core's bridge around them there."""
        async with self.make_registry() as registry:
            registry.register_config(self.make_config(tmp_path), "looked at")
            pool: Any = registry._table.find("looked at").open_async_pool()  # noqa: SLF001 - the only place that has the bridge
            leases = [await pool.acquire(), await pool.acquire()]
            try:
                yield leases[0].connection, leases[1].connection
            finally:
                for lease in leases:
                    await pool.release(lease, False)  # noqa: FBT003 - an outcome, by position


class AdapterContract(ConnectionContract):
    """An adapter is data and a thin plugin module, and its connections keep their word."""

    def test_it_speaks_an_api_level_that_core_knows(self, tmp_path: Path) -> None:
        """And declares on which side it works."""
        info = self.make_registry().plugins.adapter(self.make_config(tmp_path).adapter).info

        # That it was loaded says that core speaks its API level.
        assert info.capabilities & {Capability.SYNC, Capability.ASYNC}
        assert info.driver, "AdapterInfo.driver is the driver's import name"

    def test_its_config_is_the_one_that_it_declares(self, tmp_path: Path) -> None:
        """So that a URL and a mapping lead to the same class."""
        config = self.make_config(tmp_path)

        declared = self.make_registry().plugins.config_type(config.adapter)

        assert isinstance(config, declared)

    def test_its_metadata_names_the_config_that_it_declares(self, tmp_path: Path) -> None:
        """The entry point in `sqlspec.configs`, which listings read without an import, if there is one."""
        name = self.make_config(tmp_path).adapter
        said = {row.name: row.config_type for row in SQLSpec().plugins if row.kind == "adapter"}
        registry = self.make_registry()

        declared = registry.plugins.adapter(name).info.config_type

        assert said.get(name) in {None, declared}

    def test_its_plugin_imports_no_driver(self, tmp_path: Path) -> None:
        """Plugin and config are loaded to be listed; the driver only to connect."""
        name = self.make_config(tmp_path).adapter

        done = subprocess.run([sys.executable, "-c", IMPORTED, name], check=False)  # noqa: S603 - our own text

        assert done.returncode == 0
