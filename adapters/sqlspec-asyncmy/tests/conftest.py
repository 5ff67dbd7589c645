"""A server for the run, and a database of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_asyncmy import AsyncMyConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def config(mariadb_url: str) -> AsyncMyConfig:
    """An empty database."""
    return AsyncMyConfig(url=mariadb_url)


@pytest.fixture
async def spec(config: AsyncMyConfig) -> AsyncIterator[SQLSpec]:
    """A registry with that database, `main`."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        yield spec
