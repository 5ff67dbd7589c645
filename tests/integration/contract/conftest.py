"""A database of each test's own, with a table `item` in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=SIDES, ids=[side.name for side in SIDES])
def side(request: pytest.FixtureRequest) -> Any:
    """Each adapter, in tasks and in threads."""
    return request.param


@pytest.fixture
async def spec(side: Side, request: pytest.FixtureRequest) -> AsyncIterator[SQLSpec]:
    """A registry with that database, and a pool of two: for the test, and for who looks at what is stored."""
    spec = SQLSpec()
    spec.register_config(side.database.config(request, pool_size=2), "db")
    async with side.session(spec) as session:
        await session.execute("CREATE TABLE item (id INTEGER)")
    yield spec
    if side.in_tasks:
        await spec.aclose()
    else:
        spec.close()
