"""Many clients at once, some of whom fail or vanish: what each was told is what is stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .client import run_load
from .judge import EXPECTED, UNKNOWN, judge
from .orders import Ending, ending_of
from .places import SIDES, Place, Side, make_place
from .servers import SERVERS, ServerName, is_idle, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

AT_ONCE = 100
ENDURING = 2_000
QUICK = 200

ON_A_CUT_LINE: Mapping[Ending, frozenset[int]] = {
    **EXPECTED,
    "well": EXPECTED["well"] | {UNKNOWN},
    "stream": EXPECTED["stream"] | {UNKNOWN},
    "commit": EXPECTED["well"] | {UNKNOWN},
}
"""The proxy loses the reply to a COMMIT, whosever it is; and the server kills a session before its COMMIT."""


def _is_quick(server: ServerName, side: Side) -> bool:
    return (server, side.name) in {("uvicorn", "sqlite"), ("gunicorn", "psycopg")}


CASES = [
    pytest.param(
        server,
        side,
        count,
        id=f"{server}, {side.name}, {count}",
        marks=[pytest.mark.storm] * (count == ENDURING),
    )
    for server in SERVERS
    for side in SIDES
    for count in (QUICK, ENDURING)
    if count == ENDURING or _is_quick(server, side)
]


def _trap(place: Place, spared: set[int]) -> Callable[[int], object] | None:
    """What is done before each order: for some the reply to the next COMMIT gets lost."""
    proxy = place.proxy
    if proxy is None:
        return None
    return lambda number: proxy.swallow_replies_after(b"COMMIT", cut=True) if number in spared else None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn forks, and this system does not")
@pytest.mark.parametrize(("server", "side", "count"), CASES)
async def test_no_client_is_lied_to(
    server: ServerName, side: Side, count: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Success is stored and seen at once, failure is not, and pools are left idle."""
    place = make_place(side, request)
    commits = [number for number in range(count) if ending_of(number) == "commit"]
    spared = set(commits[::2]) if place.proxy else set[int]()
    settings = {**place.settings, "spared": sorted(spared)}

    async with served(server, settings, tmp_path, workers=side.workers) as site:
        outcomes = await run_load(site.port, range(count), at_once=AT_ONCE, before=_trap(place, spared))
        workers = await site.workers(until=is_idle)

    expected = ON_A_CUT_LINE if place.proxy else EXPECTED
    orders, audits = place.run("SELECT id FROM orders"), place.run("SELECT id FROM audit")
    verdict = judge(outcomes, orders, audits, expected)
    assert verdict.faults == {}
    unknown = {outcome.number for outcome in outcomes if outcome.status == UNKNOWN}
    if place.proxy:
        assert unknown & orders
        assert unknown - orders
    assert len(unknown) <= (len(commits) if place.proxy else 0)
    for worker in workers:
        for pool in worker["pools"].values():
            assert pool["opened"] == pool["closed"] + pool["idle"]
            assert pool["reclaimed"] == 0
    assert site.raised() <= {"EndpointError"}
