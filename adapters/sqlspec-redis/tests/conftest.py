"""A database of each test's own."""

from __future__ import annotations

import pytest

from sqlspec_redis import RedisConfig


@pytest.fixture
def config(redis_url: str) -> RedisConfig:
    """How to reach an empty database of this test's own."""
    return RedisConfig(url=redis_url)
