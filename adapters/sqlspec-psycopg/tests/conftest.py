"""A database of each test's own."""

from __future__ import annotations

import pytest

from sqlspec_psycopg import PostgreSQLConfig


@pytest.fixture
def config(postgresql_url: str) -> PostgreSQLConfig:
    """How to reach a database of this test's own."""
    return PostgreSQLConfig(url=postgresql_url)
