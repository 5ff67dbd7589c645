"""A server without a socket: what outcomes are judged by."""

from __future__ import annotations

import os
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from os import PathLike

    from sqlspec.plugin import Parameters

    from .backend import Backend

__all__ = ("Received", "Server")


class Received(NamedTuple):
    """One thing that reached the server."""

    connection: int
    """The number of the connection that it came by."""
    step: str
    statement: str = ""
    parameters: Parameters = None


class Server:
    """Rows, connections and a record of all that came, shared by all connections of a script.

    It takes no lock: every change of what is shared is one step of a list or a dict. So a signal finds no
    step half done, and a forked child no lock held.
    """

    def __init__(self, *, memory: int | None = None, shared: str | PathLike[str] | None = None) -> None:
        """*memory*: how many of the last records to keep; None keeps all.

        *shared*: a file for violations, so that those of a forked child are seen by its parent.
        """
        self.rows: list[int] = []
        """What was committed, in that order; a number inserted twice is there twice."""
        self.received: deque[Received] = deque(maxlen=memory)
        """All that reached the server, in that order."""
        self.made: deque[Backend] = deque(maxlen=memory)
        """Every connection that was ever accepted."""
        self.is_down = False
        """Whether connects are refused."""
        self.numbers = count(1)
        self.accepted: dict[int, Backend] = {}
        self._violations: list[str] = []
        self._shared = shared

    @property
    def open(self) -> list[Backend]:
        """The connections that are open, the oldest first. Each tells its `state`."""
        return [backend for backend in self.accepted.copy().values() if backend.ended is None]

    @property
    def violations(self) -> list[str]:
        """What no caller may ever do to a connection, and was done. Empty, or core has a bug."""
        if self._shared is None or not os.path.exists(self._shared):  # noqa: PTH110 - as given
            return list(self._violations)
        with open(self._shared, encoding="utf-8") as file:  # noqa: PTH123
            return file.read().splitlines()

    def blame(self, text: str) -> None:
        """Record a violation."""
        self._violations.append(text)
        if self._shared is not None:
            # One write in append mode, so that the lines of two processes do not mix.
            with open(self._shared, "ab", buffering=0) as file:  # noqa: PTH123
                file.write(f"{text}\n".encode())

    def count(self, step: str, statement: str = "") -> int:
        """How often a step reached the server; for `execute` perhaps only one statement."""
        records = self.received.copy()
        return sum(one.step == step and (not statement or one.statement == statement) for one in records)

    def kill(self, *backends: Backend, noticed: bool = False) -> None:
        """Break these connections, or all: open transactions are undone, and calls under way fail.

        *noticed*: the client's socket is readable, so that a look at it is enough. Else the next call fails.
        """
        for backend in backends or self.open:
            backend.is_readable = backend.is_readable or noticed
            backend.end("killed")
