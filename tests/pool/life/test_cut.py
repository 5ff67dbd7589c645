"""A driver that heeds no deadline: core cuts what it waits for. Tasks only; nobody can interrupt a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.concurrency import deadlines
from sqlspec.database.blocks import _async as blocks
from sqlspec.errors import ConnectError, DisconnectedError
from sqlspec.pool import _async, base
from sqlspec.pool.state import NEVER
from sqlspec_testkit.scripted import Clock
from tests.pool.life.scene import async_pool_of, is_whole, new_spec

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.scripted import Script


@pytest.fixture(autouse=True)
def _short_times(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script.clock = Clock()  # it stands still: no deadline ever passes for the driver
    monkeypatch.setattr(deadlines, "ADAPTERS_FIRST", 0.0)
    monkeypatch.setattr(base, "UNCHECKED_WINDOW", 0.0)
    monkeypatch.setattr(base, "PING_TIMEOUT", 0.01)
    for name in ("PING_TIMEOUT", "CLOSE_TIMEOUT"):
        monkeypatch.setattr(_async, name, 0.01)
    monkeypatch.setattr(blocks, "CLEAN_UP_TIMEOUT", 0.01)


async def with_idle(spec: SQLSpec, count: int) -> None:
    """So many connections on the shelf."""
    pool = async_pool_of(spec)
    for lease in [await pool.acquire() for _ in range(count)]:
        await pool.release(lease, True)


async def test_g05_a_ping_is_cut_and_the_next_connection_serves(script: Script) -> None:
    """Without an error of the caller's."""
    async with new_spec(script) as spec:
        await with_idle(spec, 3)
        script.next("ping").hang()

        async with spec.provide_session("db") as session:
            assert await session.execute("SELECT 1").scalar() == 1

        assert script.server.made[2].ended == "aborted"
        assert spec.stats("db").dead == 1
        assert is_whole(spec.stats("db"))


async def test_g05_the_ping_of_the_registry_is_cut(script: Script) -> None:
    """It is an error there."""
    async with new_spec(script, pool_pre_ping=False) as spec:
        await with_idle(spec, 1)
        script.next("ping").hang()

        with pytest.raises(DisconnectedError):
            await spec.aping("db")

        assert script.server.open == []


async def test_g05_a_connect_is_cut(script: Script) -> None:
    """At `connect_timeout`."""
    async with new_spec(script, connect_timeout=0.01) as spec:
        script.next("connect").hang()

        with pytest.raises(ConnectError, match=r"connect_timeout=0\.01 s"):
            async with spec.provide_session("db"):
                pass

        assert spec.stats("db").size == 0


async def test_g05_a_good_bye_is_cut(script: Script) -> None:
    """The first; the others are not said."""
    spec = new_spec(script)
    await with_idle(spec, 3)
    script.every("close").hang()

    await spec.aclose()

    assert script.server.open == []
    assert script.count("close") == 1


async def test_g05_the_good_bye_of_an_old_one_is_cut_and_the_next_connection_serves(script: Script) -> None:
    """For a ping's time: who met it came for something else."""
    async with new_spec(script) as spec:
        await with_idle(spec, 1)
        async_pool_of(spec)._state.idle[0].expires = NEVER
        script.next("close").hang()

        async with spec.provide_session("db") as session:
            assert await session.execute("SELECT 1").scalar() == 1

        assert script.server.made[0].ended == "aborted"
        assert spec.stats("db").aged == 1


async def test_g05_the_good_bye_of_a_cold_one_is_cut(script: Script) -> None:
    """The session that came past has ended well."""
    async with new_spec(script, pool_idle_timeout=60.0) as spec:
        await with_idle(spec, 2)
        async_pool_of(spec)._state.idle[0].idle_since -= 120.0
        script.next("close").hang()

        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

        assert script.server.rows == [1]
        assert script.server.made[0].ended == "aborted"
        assert spec.stats("db").cold == 1


async def test_g02_the_reset_of_the_drivers_own_connection_is_cut(script: Script) -> None:
    """Nothing of it reaches the caller; the connection is dropped."""
    async with new_spec(script) as spec:
        script.next("reset").hang()

        async with spec.provide_connection("db") as raw:
            raw.run("INSERT 1")

        assert script.server.rows == [1]
        assert script.server.open == []
        assert spec.stats("db").unclean == 1
