"""Pings, and what only an event loop can do: stop an attempt to connect, and end soon after."""

from __future__ import annotations

import asyncio
import time

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, DeadlineExceeded
from sqlspec_testkit.scripted import Script, ScriptedConfig
from tests.pool.life.own import OwnPools
from tests.pool.life.scene import new_spec


async def test_an_attempt_to_connect_ends_with_the_limit() -> None:
    """Long before `connect_timeout`; nothing is left of it."""
    script = Script(clock=time.monotonic)
    async with new_spec(script, connect_timeout=30.0) as spec:
        script.next("connect").hang()

        with pytest.raises(DeadlineExceeded, match="no sign of life"):
            await spec.aping("db", timeout=0.05)

        assert spec.stats("db").size == 0
        assert await spec.aping("db", timeout=5.0) < 5.0


def test_a_ping_without_the_pool_leaves_nothing_behind(script: Script) -> None:
    """Its connection is closed with a message to the server before the loop ends."""
    with new_spec(script) as spec:
        for _ in range(3):
            asyncio.run(spec.aping("db", pooled=False))

        assert [backend.ended for backend in script.server.made] == ["closed"] * 3
        assert spec.stats("db").opened == 0


def test_a_ping_without_the_pool_that_failed_leaves_nothing_behind(script: Script) -> None:
    """Its connection is dropped."""
    with new_spec(script) as spec:
        script.next("ping").fail()
        with pytest.raises(Exception, match="script"):
            asyncio.run(spec.aping("db", pooled=False))

        assert script.server.open == []


async def test_a_ping_without_the_pool_needs_no_free_connection(script: Script) -> None:
    """It opens one of its own."""
    async with new_spec(script, pool_size=1) as spec, spec.provide_session("db"):
        assert await spec.aping("db", timeout=5.0, pooled=False) < 5.0


async def test_a_pool_of_the_adapters_own_is_made_and_closed_for_such_a_ping(script: Script) -> None:
    """Whoever makes pools makes this one, too."""
    plugin = OwnPools(script)
    async with SQLSpec() as spec:
        spec.plugins.register(plugin)
        spec.register_config(ScriptedConfig(), "db")

        await spec.aping("db", pooled=False)

        (pool,) = plugin.made
        assert pool.calls == ["acquire None", "release True", "close None"]


async def test_a_ping_without_the_pool_is_refused_after_the_end(script: Script) -> None:
    """As any other use of the database."""
    spec = new_spec(script)
    await spec.aclose()

    with pytest.raises(ConfigClosedError):
        await spec.aping("db", pooled=False)

    assert len(script.server.made) == 0
