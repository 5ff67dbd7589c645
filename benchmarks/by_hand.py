"""What is written without any library: a connection of sqlite3, and one thread for those who may not wait."""

from __future__ import annotations

import sqlite3
from asyncio import get_running_loop
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable

    Job = tuple[AbstractEventLoop, Future[Any], Callable[..., Any], tuple[Any, ...]]

SQL = "SELECT id, name, email FROM users WHERE id = ?"
KEY = 7


def connect(path: str) -> sqlite3.Connection:
    """A connection with the settings that our adapter makes: the comparison is about calls alone."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    raw.execute("PRAGMA journal_mode=wal").fetchall()
    raw.execute("PRAGMA synchronous=full")
    raw.execute("PRAGMA foreign_keys=on")
    return raw


def fill(raw: sqlite3.Connection) -> None:
    """A table of a thousand users."""
    raw.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT)")
    users = [(number, f"name {number}", f"{number}@example.org") for number in range(1000)]
    raw.executemany("INSERT INTO users VALUES (?, ?, ?)", users)


def select(raw: sqlite3.Connection) -> Any:
    """One user: the driver's two calls."""
    return raw.execute(SQL, (KEY,)).fetchone()


class Hop:
    """A thread that calls what it is told, and nothing more: no interrupt, no errors, no shutdown."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        Thread(target=self._work, daemon=True).start()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call it there; the future is of the running loop."""
        loop = get_running_loop()
        future: Future[Any] = loop.create_future()
        self._jobs.put((loop, future, function, arguments))
        return future

    def _work(self) -> None:
        while True:
            loop, future, function, arguments = self._jobs.get()
            loop.call_soon_threadsafe(future.set_result, function(*arguments))
