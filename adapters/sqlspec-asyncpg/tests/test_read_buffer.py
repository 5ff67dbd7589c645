"""All connections of a loop read into one buffer: each gets its own bytes, and keeps little memory."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import tracemalloc
from typing import TYPE_CHECKING, Literal

import pytest
import uvloop

from sqlspec import SQLSpec
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_testkit.servers import PostgreSQLServer

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterator

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
ROWS = "SELECT n, repeat(md5((? + n)::text), ?) AS text FROM generate_series(1, ?) n"
LARGE = 8000
"""Repetitions: a row of 256 KB, four times the buffer."""
IDLE = 24 * 1024
"""Bytes that an idle connection may cost."""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def server(
    request: pytest.FixtureRequest, prepared_postgresql_server: PostgreSQLServer
) -> Iterator[PostgreSQLServer]:
    """With and without encryption."""
    settings = {"max_connections": "1020"}
    with PostgreSQLServer(copy_of=prepared_postgresql_server, tls=request.param, settings=settings) as server:
        yield server


async def mixed_rows(server: PostgreSQLServer, connections: int, rounds: int) -> None:
    """Every connection asks for rows of its own, small and large, while all others do."""
    async with SQLSpec() as spec:
        mode: Literal["require", "disable"] = "require" if server.authority is not None else "disable"
        config = AsyncpgConfig(
            url=server.url(), ssl_mode=mode, pool_size=connections, pool_timeout=120.0, connect_timeout=120.0
        )
        spec.register_config(config, "main")
        ready = asyncio.Barrier(connections)

        async def ask(number: int) -> None:
            async with spec.provide_session("main") as session:
                await ready.wait()
                for round_ in range(rounds):
                    times, count = ((1, 50), (LARGE, 2), (600, 5))[(number + round_) % 3]
                    rows = await session.execute(ROWS, (number * 1000, times, count)).all()
                    assert [row["n"] for row in rows] == [*range(1, count + 1)]
                    for row in rows:
                        assert row["text"] == _text(number * 1000 + row["n"]) * times

        await asyncio.gather(*(ask(number) for number in range(connections)))


def _text(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def run_in(new_loop: Callable[[], AbstractEventLoop], work: object) -> None:
    """In a loop of that kind."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work)  # type: ignore[arg-type] # a coroutine


@pytest.mark.parametrize("loop", LOOPS)
def test_each_connection_gets_its_own_bytes(server: PostgreSQLServer, loop: str) -> None:
    """Rows larger than the buffer, and many small ones, of forty connections at once."""
    run_in(LOOPS[loop], mixed_rows(server, 40, 6))


@pytest.mark.storm
@pytest.mark.parametrize("loop", LOOPS)
def test_a_thousand_connections_get_their_own_bytes(server: PostgreSQLServer, loop: str) -> None:
    """The same, of a thousand."""
    run_in(LOOPS[loop], mixed_rows(server, 1000, 3))


async def test_an_idle_connection_costs_little(url: str) -> None:
    """Of Python's memory; of which the driver itself has 10 KiB."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncpgConfig(url=url, pool_size=40), "main")

        async def use(count: int) -> None:
            ready = asyncio.Barrier(count)

            async def one() -> None:
                async with spec.provide_session("main") as session:
                    await session.execute("SELECT 1")
                    await ready.wait()

            await asyncio.gather(*(one() for _ in range(count)))

        tracemalloc.start()
        try:
            await use(10)
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            await use(40)
            gc.collect()
            after = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert spec.stats("main").idle == 40

    assert (after - before) / 30 < IDLE
