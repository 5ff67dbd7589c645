"""Bulk calls that are cancelled: they end soon, nothing of them is stored, and the next session is served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from .sides import SIDES, Side

if TYPE_CHECKING:
    from sqlspec import SQLSpec

ROWS = [(number,) for number in range(400_000)]
"""Many seconds of work for PostgreSQL; the others are given less."""
HANG = 8.0
"""Seconds: more than any machine needs to give up, less than the work takes."""


@pytest.fixture(params=[side for side in SIDES if side.in_tasks], ids=lambda side: side.name)
def side(request: pytest.FixtureRequest) -> Any:
    """A thread can not be cancelled."""
    return request.param


@pytest.mark.parametrize("call", ["execute_many", "returning", "load", "execute_script"])
@pytest.mark.parametrize("moment", [0.0, 0.3])
async def test_a_bulk_call_that_is_cancelled_ends_soon(
    side: Side, spec: SQLSpec, call: str, moment: float
) -> None:
    """Wherever it was: preparing, sending or waiting."""
    rows = ROWS if side.database.name in {"asyncpg", "psycopg"} else ROWS[:20_000]

    noted: list[str] = []

    async def work() -> None:
        try:
            await call_it()
        except asyncio.CancelledError as exc:
            noted.extend(getattr(exc, "__notes__", ()))
            raise

    async def call_it() -> None:
        async with side.session(spec) as session:
            if call == "execute_many":
                await session.execute_many("INSERT INTO item VALUES (?)", rows)
            elif call == "returning":
                await session.execute_many("INSERT INTO item VALUES (?) RETURNING id", rows)
            elif call == "load":
                await session.load("item", rows, columns=("id",))
            else:
                await session.execute_script("INSERT INTO item VALUES (1);" * 20_000)

    task = asyncio.ensure_future(work())
    await asyncio.sleep(moment)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=HANG)

    assert done
    async with side.session(spec) as session:
        stored = await session.execute("SELECT count(*) FROM item").scalar()
    if not task.cancelled():
        assert stored > 0
        assert task.exception() is None
    elif stored:  # it met the COMMIT, and says so
        assert "the transaction was committed" in noted
    else:
        assert "the transaction was committed" not in noted
    assert spec.stats("db").in_use == 0
