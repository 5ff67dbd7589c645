"""A database of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def config(mariadb_url: str) -> AsyncMyConfig:
    """An empty database, and a pool of one: what one session leaves behind, the next one meets."""
    return AsyncMyConfig(url=mariadb_url, pool_size=1)


@pytest.fixture
async def spec(config: AsyncMyConfig) -> AsyncIterator[SQLSpec]:
    """A registry with that database as `main`, in which there is a table `item`."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, note VARCHAR(200) UNIQUE)")
        yield spec
