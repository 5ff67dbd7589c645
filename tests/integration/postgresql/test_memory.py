"""What a connection keeps of the statements that ran: few, and none of the long ones."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .sides import door_to

if TYPE_CHECKING:
    from .sides import Home, Side

MEMORY = Path("/proc/self/statm")
COUNT, LENGTH = 110, 400_000


def _resident() -> float:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(MEMORY.read_text("ascii").split()[1]) * 4096 / 1e6


async def _run(session: Any, way: str, statement: str) -> None:
    if way == "execute":
        await session.execute(f"SELECT ?::int, {statement}", (1,))
    elif way == "lists":
        await session.execute(f"SELECT ?::int[], {statement}", ([1],))
    elif way == "execute_many":
        await session.execute_many(f"SELECT ?::int, {statement}", [(1,), (2,)])
    elif way == "stream":
        assert [row async for row in session.stream(f"SELECT {statement} AS n")]
    else:
        await session.execute_script(f"SELECT {statement}")


@pytest.mark.skipif(not MEMORY.exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("way", ["execute", "lists", "execute_many", "stream", "execute_script"])
async def test_long_statements_are_not_kept(side: Side, home: Home, way: str) -> None:
    """44 MB of them leave nothing behind, while the pool lives."""
    async with door_to(side, home.url(), pool_size=1) as door:
        before = 0.0
        for number in range(-8, COUNT):
            if number == 0:
                before = _resident()
            async with door.session() as session:
                await _run(session, way, f"length('{'z' * (LENGTH + number)}')")

        assert _resident() - before < 18


async def test_short_statements_are_kept_in_a_number_that_does_not_grow(side: Side, home: Home) -> None:
    """Nor do the types that a list was given as, of which a statement may have many."""
    options = {"statement_cache_size": 5, "pool_size": 1}
    async with door_to(side, home.url(), **options) as door, door.session() as session:
        for number in range(40):
            for value in (number, float(number), 2**40):
                await session.execute(f"SELECT ?::int[], {number}, ?::float8", ([number], float(value)))

        kept = await session.execute("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql")

        assert kept.scalar() <= 12  # some are dropped a little later
