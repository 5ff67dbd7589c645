"""What others find in the database at the moment when the first byte of the response goes out."""

# No annotations as strings here: FastAPI could not find the registry of a test in them.
import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from sqlspec import AsyncSession, Session
from sqlspec.errors import SessionClosedError
from sqlspec.integrations.fastapi import session

from .called import Server

INSERT = "INSERT INTO item VALUES (1)"


async def test_the_work_of_a_sync_endpoint_is_stored_before_the_response_begins(server: Server) -> None:
    """Others see it."""

    def add(db: Annotated[Session, session(server.spec)]) -> None:
        db.execute(INSERT)
        assert server.count() == 0

    server.app.post("/")(add)
    await server.post()

    assert server.sent[0]["status"] == 200
    assert set(server.stored) == {1}


async def test_the_work_of_an_async_endpoint_is_stored_before_the_response_begins(server: Server) -> None:
    """Others see it."""

    async def add(db: Annotated[AsyncSession, session(server.spec)]) -> None:
        await db.execute(INSERT)
        assert server.count() == 0

    server.app.post("/")(add)
    await server.post()

    assert server.sent[0]["status"] == 200
    assert set(server.stored) == {1}


async def test_a_streamed_response_is_sent_while_it_is_made(server: Server) -> None:
    """The second chunk is made when the first has arrived; the session has ended before both."""
    after: list[type[BaseException]] = []

    async def add(db: Annotated[AsyncSession, session(server.spec)]) -> StreamingResponse:
        await db.execute(INSERT)

        async def chunks() -> AsyncIterator[str]:
            try:
                await db.execute("SELECT 1")
            except SessionClosedError as exc:
                after.append(type(exc))
            yield "first"
            async with asyncio.timeout(10):
                await server.first_chunk.wait()
            yield "second"

        return StreamingResponse(chunks())

    server.app.post("/", response_model=None)(add)
    await server.post()

    assert [message.get("body") for message in server.sent] == [None, b"first", b"second", b""]
    assert after == [SessionClosedError]
    assert set(server.stored) == {1}


async def test_background_tasks_run_when_the_session_has_ended(server: Server) -> None:
    """They find what it stored, and take a session of their own: its own is closed."""
    found: list[Any] = []

    async def background(db: AsyncSession) -> None:
        try:
            await db.execute("SELECT 1")
        except SessionClosedError as exc:
            found.append(type(exc))
        async with server.spec.provide_session("main") as own:
            found.append(await own.execute("SELECT count(*) FROM item").scalar())

    async def add(db: Annotated[AsyncSession, session(server.spec)], tasks: BackgroundTasks) -> None:
        await db.execute(INSERT)
        tasks.add_task(background, db)

    server.app.post("/")(add)
    await server.post()

    assert found == [SessionClosedError, 1]
    assert set(server.stored) == {1}


async def test_the_session_of_a_websocket_lasts_as_long_as_its_endpoint(server: Server) -> None:
    """What it did is stored when the endpoint returns, not message by message."""

    async def talk(socket: WebSocket, db: Annotated[AsyncSession, session(server.spec)]) -> None:
        await socket.accept()
        await db.execute(INSERT)
        await socket.send_text(await socket.receive_text())
        await socket.close()

    server.app.websocket("/")(talk)
    await server.talk("/", {"type": "websocket.receive", "text": "hello"})

    assert [message["type"] for message in server.sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert server.stored == [0, 0, 0]
    assert server.count() == 1


async def test_a_websocket_whose_client_goes_away_stores_nothing(server: Server) -> None:
    """Unless the endpoint takes that for a good end: the exception is what undoes it."""

    async def talk(socket: WebSocket, db: Annotated[AsyncSession, session(server.spec)]) -> None:
        await socket.accept()
        await db.execute(INSERT)
        await socket.receive_text()

    server.app.websocket("/")(talk)
    with pytest.raises(WebSocketDisconnect):
        await server.talk("/", {"type": "websocket.disconnect", "code": 1001})

    assert server.count() == 0
