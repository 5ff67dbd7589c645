"""A server cancels a request whose client has gone away: at any moment, and whatever a thread is doing."""

# No annotations as strings here: FastAPI could not find the registry of a test in them.
import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import pytest
from anyio import CancelScope, to_thread

from sqlspec import AsyncSession, Session
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import SessionClosedError
from sqlspec.integrations.fastapi import session

from .called import Server

INSERT = "INSERT INTO item VALUES (?)"


def _routes(server: Server) -> None:
    async def in_task(db: Annotated[AsyncSession, session(server.spec)]) -> None:
        for number in (1, 2):
            await db.execute(INSERT, (number,))

    def in_thread(db: Annotated[Session, session(server.spec)]) -> None:
        for number in (1, 2):
            db.execute(INSERT, (number,))

    server.app.post("/task")(in_task)
    server.app.post("/thread")(in_thread)


async def _inside(scope: CancelScope, request: Coroutine[Any, Any, None]) -> None:
    with scope:
        await request


@pytest.mark.parametrize("path", ["/task", "/thread"])
@pytest.mark.parametrize("is_scope", [False, True], ids=["asyncio", "anyio"])
async def test_a_request_that_is_cancelled_is_stored_as_a_whole_or_not_at_all(
    server: Server, path: str, *, is_scope: bool
) -> None:
    """At a turn of the loop, then a later one, until it is over; who was told that it is stored finds it."""
    _routes(server)
    moment, stored, is_done = 0, 0, False
    while not is_done:
        moment = max(moment + 1, moment * 6 // 5)
        scope = CancelScope()
        task = asyncio.create_task(_inside(scope, server.post(path)))
        for _ in range(moment):
            await asyncio.sleep(0)
        is_done = task.done()
        (scope if is_scope else task).cancel()
        await asyncio.wait([task])

        assert task.cancelled() or task.exception() is None
        assert server.spec.stats("main").in_use == 0
        stored = server.count()
        assert stored in {0, 2}
        assert stored == 2 or not server.sent
        server.empty()
    assert moment > 5
    assert stored == 2


async def test_an_endpoint_in_a_thread_outlives_its_request_without_its_session(server: Server) -> None:
    """Nothing of it is stored, and the connection is not its own any more."""
    started, is_cancelled = threading.Event(), threading.Event()
    found: list[type[BaseException]] = []

    def add(db: Annotated[Session, session(server.spec)]) -> None:
        db.execute(INSERT, (1,))
        started.set()
        is_cancelled.wait()
        try:
            db.execute(INSERT, (2,))
        except SessionClosedError as exc:
            found.append(type(exc))

    server.app.post("/")(add)
    task = asyncio.create_task(server.post())
    await asyncio.to_thread(started.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.spec.stats("main").in_use == 0
    is_cancelled.set()
    async with asyncio.timeout(10):
        while not found:  # noqa: ASYNC110 - a thread says so
            await asyncio.sleep(0.01)

    assert found == [SessionClosedError]
    assert server.count() == 0


@pytest.mark.parametrize("path", ["/task", "/thread"])
async def test_a_request_that_waits_for_a_connection_may_be_cancelled(server: Server, path: str) -> None:
    """It leaves the queue, and the next one is served."""
    _routes(server)
    server.spec.register_config(server.spec.get_config("main").replace(pool_size=1), "main", override=True)
    async with AsyncExitStack() as lease:
        block = server.spec.provide_session("main")
        if path == "/task":
            await lease.enter_async_context(block)
        else:
            lease.enter_context(block)
        tasks = [asyncio.create_task(server.post(path)) for _ in range(2)]
        async with asyncio.timeout(10):
            while server.spec.stats("main").waiting < 2:  # noqa: ASYNC110 - the pool has no event for that
                await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        assert server.spec.stats("main").waiting == 1
    await tasks[1]

    assert server.count() == 2
    assert server.spec.stats("main").in_use == 0


@pytest.mark.parametrize("path", ["/task", "/thread"])
async def test_a_request_that_can_not_connect_leaves_its_place_to_others(
    server: Server, path: str, tmp_path: Path
) -> None:
    """Each is told so; none waits for what the one before has reserved."""
    _routes(server)
    nowhere = SQLiteConfig(database=str(tmp_path / "nowhere" / "items.db"), pool_size=1, pool_timeout=1.0)
    server.spec.register_config(nowhere, "main", override=True)

    for _ in range(3):
        await server.post(path)

    assert [message.get("status") for message in server.sent[::2]] == [503, 503, 503]
    assert server.spec.stats("main").timeouts == 0
    assert server.spec.stats("main").size == 0


async def test_a_request_whose_thread_can_not_start_leaves_its_place_to_others(server: Server) -> None:
    """The connection that was reserved for it is free."""
    _routes(server)
    config = server.spec.get_config("main").replace(pool_size=1, pool_timeout=1.0)
    server.spec.register_config(config, "main", override=True)

    async def run_sync(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match="thread"):
        patch.setattr(to_thread, "run_sync", run_sync)
        await server.post("/thread")
    await server.post("/thread")

    assert server.count() == 2
    assert server.spec.stats("main").timeouts == 0
