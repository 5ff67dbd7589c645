"""After one call that was not answered, nobody waits for its time limit on a connection beside it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import CommitOutcomeUnknownError, ConnectError, QueryTimeoutError

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAR = [side for side in SIDES if side.database.url]


@pytest.fixture(params=FAR, ids=lambda side: side.name)
def side(request: pytest.FixtureRequest) -> Any:
    """Each adapter that uses a network."""
    return request.param


@pytest.fixture
def proxy(side: Side, request: pytest.FixtureRequest) -> Any:
    """A proxy before its server."""
    name = "mariadb" if side.database.name == "asyncmy" else "postgresql"
    server = request.getfixturevalue(f"{name}_server")
    with server.database() as database, server.proxy() as proxy:
        proxy.url = server.url(port=proxy.port, database=database)
        yield proxy


@pytest.fixture(params=[True, False], ids=["pre-ping", "no pre-ping"])
async def spec(side: Side, proxy: Any, request: pytest.FixtureRequest) -> AsyncIterator[SQLSpec]:
    """A database behind the proxy, with three connections."""
    spec = SQLSpec()
    config = side.database.config_type(
        url=proxy.url, pool_size=3, connect_timeout=0.5, commit_timeout=0.5, pool_pre_ping=request.param
    )
    spec.register_config(config, "db")
    async with side.session(spec) as one, side.session(spec) as two, side.session(spec) as three:
        await one.execute("CREATE TABLE item (id int)")
        await two.execute("SELECT 1")
        await three.execute("SELECT 1")
    yield spec
    await (spec.aclose() if side.in_tasks else asyncio.to_thread(spec.close))


async def test_after_a_statement_without_an_answer(side: Side, spec: SQLSpec, proxy: Any) -> None:
    """The next session connects anew, and learns at once that this is not possible either."""
    proxy.stall()
    with pytest.raises(QueryTimeoutError):
        async with side.session(spec) as session:
            await session.execute("SELECT 1", query_timeout=0.3)

    with pytest.raises(ConnectError):
        async with side.session(spec) as session:
            await session.execute("SELECT 1", query_timeout=0.3)

    proxy.calm()
    async with side.session(spec) as session:
        await session.execute("SELECT 1")
    assert spec.stats("db").opened == 4


async def test_after_a_commit_without_an_answer(side: Side, spec: SQLSpec, proxy: Any) -> None:
    """The same."""
    with pytest.raises(CommitOutcomeUnknownError):
        async with side.session(spec) as session:
            await session.execute("INSERT INTO item VALUES (1)")
            proxy.stall()

    with pytest.raises(ConnectError):
        async with side.session(spec) as session:
            await session.execute("SELECT 1", query_timeout=0.3)

    proxy.calm()
    async with side.session(spec) as session:
        await session.execute("SELECT 1")
    assert spec.stats("db").opened == 4
