"""One database and one broker for all of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .workers import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.servers import PostgreSQL, Redis


@pytest.fixture(scope="module")
def shop(
    postgresql_server: PostgreSQL, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Nothing is in it."""
    with postgresql_server.database() as database, redis_server.database() as number:
        broker = redis_server.url(database=number)
        yield Shop(postgresql_server, database, broker, tmp_path_factory.mktemp("shop"))
