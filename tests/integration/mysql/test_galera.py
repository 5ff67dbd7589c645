"""A Galera cluster: a node that does not serve is left, and what becomes of a COMMIT is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ConnectError,
    DeadlockError,
    DisconnectedError,
    SQLSpecError,
)
from sqlspec_testkit.servers import MariaDBServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def node() -> Iterator[MariaDBServer]:
    """The first of a cluster."""
    with MariaDBServer(galera=True) as server:
        server.sql("CREATE DATABASE app; CREATE TABLE app.item (id int PRIMARY KEY, n int)")
        yield server


@pytest.fixture(scope="module")
def other_node(node: MariaDBServer) -> Iterator[MariaDBServer]:
    """The second one: without it the first has no majority."""
    with MariaDBServer(galera=node) as server:
        yield server


@pytest.fixture(autouse=True)
def ready(node: MariaDBServer) -> Iterator[None]:
    """It serves, and has one row."""
    node.sql("SET GLOBAL wsrep_reject_queries = NONE; REPLACE INTO app.item VALUES (1, 1)")
    node.sql("DELETE FROM app.item WHERE id <> 1")
    yield
    node.sql("SET GLOBAL wsrep_reject_queries = NONE")


@pytest.fixture
async def spec(node: MariaDBServer) -> AsyncIterator[SQLSpec]:
    """A registry with the first node."""
    async with SQLSpec() as spec:
        spec.register_config(
            AsyncMyConfig(url=node.url(database="app"), pool_size=3, pool_timeout=2, pool_pre_ping=False),
            "db",
        )
        yield spec


async def test_a_node_that_does_not_serve_is_left(spec: SQLSpec, node: MariaDBServer) -> None:
    """After one error: its siblings are not lent on, and no other connection is made to it."""
    async with spec.provide_session() as one, spec.provide_session() as other:
        await one.execute("SELECT 1")
        await other.execute("SELECT 1")
    node.sql("SET GLOBAL wsrep_reject_queries = ALL")

    with pytest.raises(DisconnectedError) as caught:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item VALUES (2, 2)")
    with pytest.raises(ConnectError) as refused:
        async with spec.provide_session() as session:
            await session.execute("SELECT 1")

    assert (caught.value.code, refused.value.code) == (1047, 1047)
    assert f"127.0.0.1:{node.port}" in str(refused.value)
    assert spec.stats("db").idle == 0
    node.sql("SET GLOBAL wsrep_reject_queries = NONE")
    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 1


async def test_a_ping_finds_a_node_that_does_not_serve(node: MariaDBServer) -> None:
    """So with `pool_pre_ping` no session meets it."""
    config = AsyncMyConfig(url=node.url(database="app"), pool_size=1, pool_timeout=2, pool_recycle=60)
    async with SQLSpec() as spec:
        spec.register_config(config, "db")
        await spec.aping("db")
        node.sql("SET GLOBAL wsrep_reject_queries = ALL")

        with pytest.raises(SQLSpecError) as caught:
            await spec.aping("db")

    assert getattr(caught.value, "code", None) == 1047


async def test_a_node_that_does_not_serve_is_no_host(node: MariaDBServer) -> None:
    """The next one is asked, whatever kind is asked for."""
    node.sql("SET GLOBAL wsrep_reject_queries = ALL")
    with MariaDBServer() as alone:
        for attrs in ("any", "read-write"):
            config = AsyncMyConfig(
                url=f"mysql://{alone.user}:{alone.password}@127.0.0.1:{node.port},127.0.0.1:{alone.port}",
                target_session_attrs=attrs,
            )
            async with config.provide_session() as session:
                assert await session.execute("SELECT @@port").scalar() == alone.port


async def test_a_commit_that_is_refused_like_this_is_in_doubt(spec: SQLSpec, node: MariaDBServer) -> None:
    """Nobody says that it was not stored before the refusal."""
    with pytest.raises(CommitOutcomeUnknownError) as caught:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item VALUES (2, 2)")
            node.sql("SET GLOBAL wsrep_reject_queries = ALL")

    assert isinstance(caught.value.__cause__, DisconnectedError)
    node.sql("SET GLOBAL wsrep_reject_queries = NONE")
    assert node.sql("SELECT count(*) FROM app.item").strip() == "1"


@pytest.mark.usefixtures("other_node")
async def test_who_loses_against_another_node_may_run_it_again(
    spec: SQLSpec, other_node: MariaDBServer
) -> None:
    """It is told at COMMIT, and is certain: nothing was stored."""
    with pytest.raises(DeadlockError) as caught:
        async with spec.provide_session() as session:
            await session.execute("UPDATE item SET n = 2 WHERE id = 1")
            other_node.sql("UPDATE app.item SET n = 3 WHERE id = 1; SELECT SLEEP(0.3)")

    assert caught.value.code == 1213
    async with spec.provide_session() as session:
        assert await session.execute("SELECT n FROM item").scalar() == 3


async def test_a_cluster_that_parts_during_a_commit_leaves_it_in_doubt(
    spec: SQLSpec, node: MariaDBServer, other_node: MariaDBServer
) -> None:
    """The node has lost its majority meanwhile, so the next session is not served."""
    with other_node.frozen():
        with pytest.raises(CommitOutcomeUnknownError) as caught:
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO item VALUES (2, 2)")
        with pytest.raises(SQLSpecError):
            async with spec.provide_session() as session:
                await session.execute("SELECT count(*) FROM item")

    assert getattr(caught.value.__cause__, "code", None) == 1180
    while node.sql("SHOW STATUS LIKE 'wsrep_ready'").split()[-1] != "ON":  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.1)
