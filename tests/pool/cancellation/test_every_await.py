"""A task that is cancelled at any await of acquire, use and release, once or twice, leaves all whole."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from .awaits import MOMENTS, Ran, run_cancelled
from .scenes import SCENES, Scene

scenes = pytest.mark.parametrize("kind", SCENES, ids=[kind.__name__ for kind in SCENES])
moments = pytest.mark.parametrize("moment", MOMENTS)


async def play(kind: type[Scene], *at: int, moment: str) -> Ran:
    """One run of the scene, cancelled at these points, and judged."""
    scene = kind()
    await scene.prepare()
    ran = await run_cancelled(scene.work(), *at, moment=moment)
    where = f"cancelled {moment} at {at} of {ran.points}: {ran.error!r} {ran.note}"
    try:
        if ran.cancelled:
            assert isinstance(ran.error, asyncio.CancelledError)
        await scene.judge(ran)
    except AssertionError as exc:
        exc.add_note(where)
        raise
    return ran


@scenes
@moments
async def test_g03_cancelled_at_every_await(kind: type[Scene], moment: str) -> None:
    """Each in turn, until there is none left."""
    points = 0
    for number in count(1):
        ran = await play(kind, number, moment=moment)
        if not ran.cancelled:
            break
        points = number

    assert points >= kind.least


@scenes
@moments
async def test_g03_cancelled_again_while_cleaning_up(kind: type[Scene], moment: str) -> None:
    """Every pair of awaits: the second is one of those that the first cancellation led to."""
    pairs = 0
    for first in count(1):
        ran = None
        for second in count(first + 1):
            ran = await play(kind, first, second, moment=moment)
            if ran.cancelled < 2:
                break
            pairs += 1
        if ran is None or not ran.cancelled:
            break

    assert pairs >= kind.pairs
