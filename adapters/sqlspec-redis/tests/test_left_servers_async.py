# The source of test_left_servers_sync.py, which tools/print_sync.py prints from it.
"""A server that can not do what it is asked for, because of what it is now, is left at once."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import ConnectError
from sqlspec_redis import RedisConfig
from sqlspec_testkit.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

NOWHERE = ("127.0.0.1", "1")
CODES: dict[str, tuple[tuple[str, ...], ...]] = {
    "READONLY": (("REPLICAOF", *NOWHERE),),
    "MASTERDOWN": (("CONFIG", "SET", "replica-serve-stale-data", "no"), ("REPLICAOF", *NOWHERE)),
    "NOREPLICAS": (("CONFIG", "SET", "min-replicas-to-write", "1"),),
}
"""What makes a server say so."""
UNDONE = (
    ("REPLICAOF", "NO", "ONE"),
    ("CONFIG", "SET", "replica-serve-stale-data", "yes"),
    ("CONFIG", "SET", "min-replicas-to-write", "0"),
)


@pytest.fixture(scope="module")
def server() -> Generator[RedisServer]:
    """A private one, which is demoted."""
    with RedisServer() as server:
        yield server


def promote(server: RedisServer) -> None:
    """It can do everything again."""
    for words in UNDONE:
        server.command(*words)


@pytest.fixture
async def spec(server: RedisServer) -> AsyncIterator[Any]:
    """With a pool in which two connections rest."""
    promote(server)
    async with SQLSpec() as spec:
        spec.register_config(RedisConfig(url=server.url(), pool_size=3, pool_pre_ping=False), "cache")
        async with spec.provide_session(RedisConfig) as one, spec.provide_session(RedisConfig) as other:
            await one.set("colour", "green")
            await other.ping()
        yield spec


@pytest.mark.parametrize("code", CODES)
async def test_a_server_that_says_so_is_left(server: RedisServer, spec: Any, code: str) -> None:
    """By the connection that was told, and by its sibling, which has met nothing yet."""
    for words in CODES[code]:
        server.command(*words)

    with pytest.raises(redis.ResponseError):
        async with spec.provide_session(RedisConfig) as cache:
            await cache.set("colour", "blue")

    promote(server)
    await check_left(spec)


async def test_a_replica_that_has_lost_its_master_is_told_from_other_refusals(
    server: RedisServer, spec: Any
) -> None:
    """It refuses to be connected to, too."""
    for words in CODES["MASTERDOWN"]:
        server.command(*words)

    with pytest.raises(ConnectError, match="lost its master"):
        async with (
            spec.provide_session(RedisConfig),
            spec.provide_session(RedisConfig),
            spec.provide_session(RedisConfig),
        ):
            pass


@pytest.mark.parametrize("code", ["READONLY", "NOREPLICAS"])
async def test_a_transaction_is_told_at_its_end(server: RedisServer, spec: Any, code: str) -> None:
    """EXEC says EXECABORT, and the reason after it."""
    with pytest.raises(redis.ResponseError):
        async with spec.provide_session(RedisConfig) as cache, cache.pipeline(transaction=False) as batch:
            await batch.execute_command("MULTI")
            batch.set("colour", "blue")
            await batch.execute()
            for words in CODES[code]:
                server.command(*words)
            await batch.execute_command("EXEC")
            await batch.execute()

    await check_left(spec)


async def check_left(spec: Any) -> None:
    """No connection is lent that was opened before."""
    assert spec.stats("cache").unclean == 1
    async with spec.provide_session(RedisConfig) as cache:
        assert await cache.client_id() > 0
    assert spec.stats("cache").aged == 1


async def test_a_node_without_its_cluster_is_left() -> None:
    """It answers CLUSTERDOWN."""
    with RedisServer(settings={"cluster-enabled": "yes"}) as server:
        async with SQLSpec() as spec:
            spec.register_config(RedisConfig(url=server.url(database=0), pool_size=1), "cache")

            with pytest.raises(redis.ResponseError, match="slot"):
                async with spec.provide_session(RedisConfig) as cache:
                    await cache.set("colour", "blue")

            assert spec.stats("cache").unclean == 1


async def test_a_server_that_loads_is_left() -> None:
    """A replica that takes over all data of another one; a name may lead elsewhere."""
    slow = {"key-load-delay": 100_000, "loading-process-events-interval-bytes": 1024}
    at_once = {"repl-diskless-sync-delay": 0}
    with RedisServer(settings=at_once) as other, RedisServer(settings=slow) as server:
        for number in range(20):
            other.command("SET", f"key {number}", token_hex(4000))
        server.command("CONFIG", "SET", "masterauth", other.password)
        async with SQLSpec() as spec:
            spec.register_config(RedisConfig(url=server.url(), pool_size=1, pool_timeout=0.1), "cache")
            async with spec.provide_session(RedisConfig) as cache:
                await cache.ping()
            server.command("REPLICAOF", "127.0.0.1", str(other.port))
            for _ in range(1000):
                if "loading:1" in server.command("INFO", "persistence"):
                    break

            with pytest.raises(redis.BusyLoadingError):
                async with spec.provide_session(RedisConfig) as cache:
                    await cache.get("colour")

            assert spec.stats("cache").unclean == 1
