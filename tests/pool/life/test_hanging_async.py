# The source of test_hanging_sync.py, which tools/print_sync.py prints from it.
"""A server that accepts everything and answers nothing: what waits for it is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError
from sqlspec.pool import base
from tests.pool.life.scene import async_pool_of, is_whole, new_spec

if TYPE_CHECKING:
    from sqlspec_testkit.scripted import Script


@pytest.fixture(autouse=True)
def _all_have_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "UNCHECKED_WINDOW", 0.0)


async def test_a_ping_that_hangs_ends_at_its_deadline_and_the_next_serves(script: Script) -> None:
    """The others that rested are not asked any more: they would hang as well."""
    async with new_spec(script) as spec:
        pool = async_pool_of(spec)
        for lease in [await pool.acquire() for _ in range(5)]:
            await pool.release(lease, True)
        script.every("ping").hang()

        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

        assert script.server.rows == [1]
        assert script.count("ping") == 1
        assert len(script.server.open) == 1  # the new one; its elders were turned away on the way to it
        assert spec.stats("db").dead == 1


async def test_the_siblings_of_a_dead_connection_get_no_good_bye(script: Script) -> None:
    """It would wait for the same server, once for each."""
    async with new_spec(script) as spec:
        pool = async_pool_of(spec)
        leases = [await pool.acquire() for _ in range(5)]
        for lease in leases:
            await pool.release(lease, True)
        script.next("ping").hang()
        close = script.every("close").hang()

        async with spec.provide_session("db") as one, spec.provide_session("db") as other:
            assert await one.execute("SELECT 1").scalar() == 1
            assert await other.execute("SELECT 2").scalar() == 2

        assert script.count("close") == 0
        assert is_whole(spec.stats("db"))
        assert close.gate is not None
        close.gate.open()


async def test_a_connect_that_hangs_ends_at_connect_timeout(script: Script) -> None:
    """Its room is free again."""
    async with new_spec(script, pool_size=1) as spec:
        script.next("connect").hang()

        with pytest.raises(ConnectError, match="connect_timeout"):
            async with spec.provide_session("db"):
                pass

        assert spec.stats("db").size == 0
        async with spec.provide_session("db") as session:
            assert await session.execute("SELECT 1").scalar() == 1


async def test_closing_is_bounded_for_all_together(script: Script) -> None:
    """Good-byes that are not answered: the first costs its time, the rest are dropped."""
    spec = new_spec(script)
    pool = async_pool_of(spec)
    leases = [await pool.acquire() for _ in range(5)]
    for lease in leases:
        await pool.release(lease, True)
    script.every("close").hang()
    before = script.clock()

    await spec.aclose()

    assert script.server.open == []
    assert script.clock() - before <= 10.1
    assert spec.stats("db").size == 0
