"""Two hundred requests on a pool of ten: who waits for a connection holds no thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from .client import ask
from .places import POOL_SIZE, SIDES, Side, make_place
from .servers import is_idle, served

if TYPE_CHECKING:
    from pathlib import Path

WAITING = 200
THREADS = 2 * POOL_SIZE + 4
"""For each connection one of its endpoint's or session's, and one that is about to end; few besides."""


def _is_full(worker: dict[str, Any]) -> bool:
    pool = worker["pools"]["shop"]
    return (pool["in_use"], pool["waiting"]) == (POOL_SIZE, WAITING)


@pytest.mark.parametrize(
    "side", [pytest.param(side, id=side.name) for side in SIDES if side.name in {"psycopg", "sqlite-async"}]
)
async def test_who_waits_holds_no_thread(side: Side, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Threads are as many as connections; all are answered when those are given back."""
    place = make_place(side, request)

    async with served("uvicorn", place.settings, tmp_path, workers=1) as site:
        asked = [asyncio.create_task(ask(site.port, "GET", "/hold")) for _ in range(POOL_SIZE + WAITING)]
        (full,) = await site.workers(until=_is_full)
        await ask(site.port, "POST", "/open")
        answers = await asyncio.gather(*asked)
        (idle,) = await site.workers(until=is_idle)

    assert {answer.status for answer in answers} == {200}
    assert max(full["threads"], idle["threads"]) <= THREADS
    assert site.raised() == set()
