"""A close that is cancelled closes nevertheless: nothing is left open at the server."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from sqlspec.errors import ConfigClosedError

from .awaits import MOMENTS, run_cancelled
from .scenes import Scene


class Wide(Scene):
    """Three idle connections and one that is lent."""

    size = 4


async def _lend(scene: Scene, number: int) -> list[object]:
    return [await scene.pool.acquire() for _ in range(number)]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_g21_a_close_that_is_cancelled_leaves_nothing_open(moment: str) -> None:
    """At each good-bye in turn: the others are dropped without one, and the lent one when it returns."""
    points = 0
    for number in count(1):
        scene = Wide()
        lent, *idle = await _lend(scene, 4)
        for lease in idle:
            await scene.pool.release(lease, True)  # type: ignore[arg-type]

        ran = await run_cancelled(scene.spec.aclose(), number, moment=moment)

        assert isinstance(ran.error, asyncio.CancelledError) == bool(ran.cancelled)
        assert len(scene.script.server.open) == 1, f"cancelled at {number}"
        await scene.pool.release(lent, True)  # type: ignore[arg-type]
        assert scene.script.server.open == []
        assert scene.pool.stats().size == 0
        assert scene.script.server.violations == []
        with pytest.raises(ConfigClosedError):
            await scene.work()
        await scene.spec.aclose()
        if not ran.cancelled:
            break
        points = number

    assert points >= 6
