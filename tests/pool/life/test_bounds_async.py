# The source of test_bounds_sync.py, which tools/print_sync.py prints from it.
"""How long each wait is, when nobody answers and nobody said otherwise. The script's clock measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import CommitOutcomeUnknownError, ConnectError, DisconnectedError
from sqlspec.pool import base
from tests.pool.life.scene import async_ping, async_pool_of, new_spec

if TYPE_CHECKING:
    from sqlspec_testkit.scripted import Script

AT_MOST = 0.2
"""Seconds that a wait may take longer than it says: adapters first, then core."""


class Watch:
    """Tells how much of the script's time has passed."""

    def __init__(self, script: Script) -> None:
        self._script, self._began = script, script.clock()

    def shows(self, seconds: float) -> bool:
        """Whether it is this much, or a moment more."""
        passed = self._script.clock() - self._began
        return seconds <= passed <= seconds + AT_MOST


@pytest.fixture(autouse=True)
def _all_have_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "UNCHECKED_WINDOW", 0.0)


async def test_g05_a_connect_has_ten_seconds(script: Script) -> None:
    """The handshake included."""
    async with new_spec(script) as spec:
        script.next("connect").hang()
        watch = Watch(script)

        with pytest.raises(ConnectError):
            async with spec.provide_session("db"):
                pass

        assert watch.shows(10.0)


async def test_g05_a_ping_has_two_seconds(script: Script) -> None:
    """Before a loan: it is nobody's error."""
    async with new_spec(script) as spec:
        pool = async_pool_of(spec)
        await pool.release(await pool.acquire(), True)
        script.next("ping").hang()
        watch = Watch(script)

        async with spec.provide_session("db") as session:
            assert await session.execute("SELECT 1").scalar() == 1

        assert watch.shows(2.0)


async def test_g05_a_ping_of_the_registry_has_two_seconds(script: Script) -> None:
    """There it is an error."""
    async with new_spec(script) as spec:
        script.next("ping").hang()
        watch = Watch(script)

        with pytest.raises((DisconnectedError, TimeoutError)):
            await async_ping(spec)

        assert watch.shows(2.0)


async def test_g05_a_reset_has_two_seconds(script: Script) -> None:
    """The work was committed: its connection is dropped, and nobody hears of it."""
    async with new_spec(script) as spec:
        script.next("reset").hang()
        watch = Watch(script)

        async with spec.provide_session("db", autocommit=True) as session:
            await session.execute("INSERT 1")

        assert watch.shows(2.0)
        assert script.server.rows == [1]


async def test_g05_a_commit_has_thirty_seconds(script: Script) -> None:
    """Then nobody knows."""
    async with new_spec(script) as spec:
        script.next("commit").lose_reply()
        watch = Watch(script)

        with pytest.raises(CommitOutcomeUnknownError):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 1")

        assert watch.shows(30.0)


async def test_g05_all_good_byes_have_ten_seconds(script: Script) -> None:
    """Together."""
    spec = new_spec(script)
    pool = async_pool_of(spec)
    for lease in [await pool.acquire() for _ in range(3)]:
        await pool.release(lease, True)
    script.every("close").hang()
    watch = Watch(script)

    await spec.aclose()

    assert watch.shows(10.0)


async def test_g05_good_byes_that_are_answered_late_have_ten_seconds_together(script: Script) -> None:
    """No other is begun after that: what is left is dropped."""
    spec = new_spec(script)
    pool = async_pool_of(spec)
    pool._clock = script.clock
    for lease in [await pool.acquire() for _ in range(5)]:
        await pool.release(lease, True)
    script.every("close").delay(4.0)

    await spec.aclose()

    assert sorted(str(backend.ended) for backend in script.server.made) == ["aborted"] * 2 + ["closed"] * 3


async def test_g05_a_connect_has_what_is_configured(script: Script) -> None:
    """And says the option's name."""
    async with new_spec(script, connect_timeout=3.0) as spec:
        script.next("connect").hang()
        watch = Watch(script)

        with pytest.raises(ConnectError, match="connect_timeout"):
            async with spec.provide_session("db"):
                pass

        assert watch.shows(3.0)


async def test_g05_a_commit_has_what_is_configured(script: Script) -> None:
    """Longer or shorter."""
    async with new_spec(script, commit_timeout=4.0) as spec:
        script.next("commit").lose_reply()
        watch = Watch(script)

        with pytest.raises(CommitOutcomeUnknownError):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 1")

        assert watch.shows(4.0)
