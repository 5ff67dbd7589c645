"""What others find in the database at the moment when the first byte of the response goes out."""

# No annotations as strings here: FastAPI could not find the registry of a test in them.
import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import pytest
from fastapi import BackgroundTasks, FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import SessionClosedError
from sqlspec.integrations.fastapi import exception_handlers, session

Message: TypeAlias = dict[str, Any]
INSERT = "INSERT INTO item VALUES (1)"


class Server:
    """Calls an application as a server does, and looks at the database whenever it sends a message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.spec = SQLSpec()
        self.spec.register_config(SQLiteConfig(database=str(path)), "main")
        self.app = FastAPI(exception_handlers=exception_handlers())
        self.sent: list[Message] = []
        self.stored: list[int] = []
        """How many rows others saw when each message was sent."""
        self.first_chunk = asyncio.Event()

    def count(self) -> int:
        """Rows, for somebody else."""
        with closing(sqlite3.connect(self._path)) as raw:
            found: int = raw.execute("SELECT count(*) FROM item").fetchone()[0]
        return found

    async def post(self, path: str) -> None:
        """A request, to the very end of what the application does for it."""
        body: Message = {"type": "http.request", "body": b"", "more_body": False}
        await self._call({"type": "http", "method": "POST"}, path, [body])

    async def talk(self, path: str, *messages: Message) -> None:
        """A WebSocket, on which the client says all that at once."""
        await self._call(
            {"type": "websocket", "subprotocols": []}, path, [{"type": "websocket.connect"}, *messages]
        )

    async def _call(self, scope: Message, path: str, incoming: list[Message]) -> None:
        coming = iter(incoming)

        async def receive() -> Message:
            message = next(coming, None)
            if message is None:
                await asyncio.Event().wait()  # the client stays and listens
                raise AssertionError
            return message

        async def send(message: Any) -> None:
            self.sent.append(message)
            self.stored.append(self.count())
            if message.get("body"):
                self.first_chunk.set()

        common = {
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
        }
        await self.app({"asgi": {"version": "3.0", "spec_version": "2.4"}, **common, **scope}, receive, send)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """An application with nothing in it, and a table without rows."""
    server = Server(tmp_path / "items.db")
    async with server.spec as spec:
        async with spec.provide_session("main") as session:
            await session.execute("CREATE TABLE item (id INTEGER)")
        yield server
        assert spec.stats("main").in_use == 0


async def test_the_work_of_a_sync_endpoint_is_stored_before_the_response_begins(server: Server) -> None:
    """Others see it."""

    def add(db: Annotated[Session, session(server.spec)]) -> None:
        db.execute(INSERT)
        assert server.count() == 0

    server.app.post("/")(add)
    await server.post("/")

    assert server.sent[0]["status"] == 200
    assert set(server.stored) == {1}


async def test_the_work_of_an_async_endpoint_is_stored_before_the_response_begins(server: Server) -> None:
    """Others see it."""

    async def add(db: Annotated[AsyncSession, session(server.spec)]) -> None:
        await db.execute(INSERT)
        assert server.count() == 0

    server.app.post("/")(add)
    await server.post("/")

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
    await server.post("/")

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
    await server.post("/")

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
