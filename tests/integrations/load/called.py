"""An application that is called as a server calls it, without one; and what others see meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi import FastAPI

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.integrations.fastapi import exception_handlers

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Server",)

Message: TypeAlias = dict[str, Any]


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

    def empty(self) -> None:
        """No rows any more, and nothing sent."""
        self.sent.clear()
        with closing(sqlite3.connect(self._path)) as raw:
            raw.execute("DELETE FROM item")
            raw.commit()

    async def post(self, path: str = "/") -> None:
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
