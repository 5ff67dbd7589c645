# The source of test_own_pool_sync.py, which tools/print_sync.py prints from it.
"""An adapter's own pool stands where core's would: sessions, connections, overrides, counts and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, DisconnectedError
from sqlspec_testkit.scripted import ScriptedConfig
from tests.pool.life.own import OwnPools
from tests.pool.life.scene import async_ping

if TYPE_CHECKING:
    from sqlspec_testkit.scripted import Script


@pytest.fixture
def plugin(script: Script) -> OwnPools:
    """The scripted adapter with pools of its own."""
    return OwnPools(script)


@pytest.fixture
def spec(plugin: OwnPools) -> SQLSpec:
    """A registry with one such database."""
    spec = SQLSpec()
    spec.plugins.register(plugin)
    spec.register_config(ScriptedConfig(), "db")
    return spec


async def test_sessions_go_through_it(spec: SQLSpec, plugin: OwnPools, script: Script) -> None:
    """One pool for all of them."""
    async with spec:
        for number in range(3):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT ?", (number,))

    (pool,) = plugin.made
    assert pool.calls == ["acquire None", "release True"] * 3 + ["close None"]
    assert script.server.rows == [0, 1, 2]


async def test_a_session_that_fails_gives_its_connection_back_clean(
    spec: SQLSpec, plugin: OwnPools, script: Script
) -> None:
    """It was rolled back; whether one serves on is said by `ok`."""
    async with spec:
        with pytest.raises(ZeroDivisionError):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 1")
                raise ZeroDivisionError
        with pytest.raises(DisconnectedError):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 2")
                script.server.kill()
                await session.execute("INSERT 3")

    (pool,) = plugin.made
    assert pool.calls[1::2] == ["release True", "release False"]
    assert script.server.rows == []


async def test_connections_go_through_it(spec: SQLSpec, plugin: OwnPools, script: Script) -> None:
    """And are reset as core's are."""
    async with spec, spec.provide_connection("db") as raw:
        raw.run("SET x = 1")
        raw.run("INSERT 1")

    assert plugin.made[0].calls == ["acquire None", "release True", "close None"]
    assert script.server.count("reset") == 1


async def test_its_counts_are_read_as_far_as_they_go(spec: SQLSpec) -> None:
    """What it does not count is 0."""
    async with spec:
        async with spec.provide_session("db") as session:
            await session.execute("SELECT 1")

        stats = spec.stats("db")

        assert (stats.opened, stats.size, stats.waits) == (1, 0, 0)
        assert spec.stats() == {"db": stats}


async def test_an_override_retires_it_and_the_next_is_another(spec: SQLSpec, plugin: OwnPools) -> None:
    """Its leases come back to it."""
    async with spec, spec.provide_session("db") as session:
        await session.execute("SELECT 1")
        spec.register_config(ScriptedConfig(), "db", override=True)
        async with spec.provide_session("db") as other:
            await other.execute("SELECT 1")

    first, second = plugin.made
    assert "retire" in first.calls
    assert first.calls[-1] == "release True"
    assert second.calls == ["acquire None", "release True", "close None"]


async def test_after_close_it_is_made_anew(spec: SQLSpec, plugin: OwnPools) -> None:
    """A closed pool is not used again."""
    async with spec.provide_session("db"):
        pass
    await spec.aclose()
    with pytest.raises(ConfigClosedError):
        async with spec.provide_session("db"):
            pass

    spec.open()
    async with spec.provide_session("db"):
        pass
    await spec.aclose()

    assert [pool.calls[-1] for pool in plugin.made] == ["close None", "close None"]


async def test_a_pool_that_could_not_be_made_is_tried_again(spec: SQLSpec, plugin: OwnPools) -> None:
    """The failure is its caller's, and nobody else's."""
    plugin.failures = 1
    async with spec:
        with pytest.raises(ZeroDivisionError):
            async with spec.provide_session("db"):
                pass

        async with spec.provide_session("db") as session:
            assert await session.execute("SELECT 1").scalar() == 1


async def test_a_ping_goes_through_it(spec: SQLSpec, plugin: OwnPools, script: Script) -> None:
    """`spec.ping` needs nothing but the contract."""
    async with spec:
        await async_ping(spec)

    assert plugin.made[0].calls[:2] == ["acquire None", "release True"]
    assert script.server.count("ping") == 1
