"""Which of several hosts serves."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from sqlspec import Secret
from sqlspec_asyncpg import AsyncpgConfig

if TYPE_CHECKING:
    from sqlspec_testkit.servers import PostgreSQL


async def test_the_next_host_serves_where_one_does_not(postgresql_server: PostgreSQL) -> None:
    """One that is down, and one that is silent: none uses up the time of the others."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = postgresql_server.address
        config = AsyncpgConfig(
            hosts=(("127.0.0.1", 1), silent.getsockname(), (address.host, address.port)),
            username=address.user,
            password=Secret(address.password),
            database=address.database,
            connect_timeout=3,
        )
        async with config.provide_session() as session:
            assert await session.execute("SELECT 1").scalar() == 1
