"""Clients on plain sockets: each places an order, and at once looks for it; some vanish half-way."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from .orders import ending_of, is_vanishing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

__all__ = ("Answer", "Client", "Outcome", "ask", "run_load")

HOST = "127.0.0.1"
PATIENCE = 90.0
LONGEST_STAY = 0.6
"""Seconds after which one that vanishes has done so."""


class Answer(NamedTuple):
    """A response."""

    status: int
    body: bytes

    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)


@dataclass
class Outcome:
    """What one client has been told."""

    number: int
    status: int | None = None
    """None: it did not wait for the answer."""
    seen: int | None = None
    """The status when it looked for its order, in its next request."""


class Client:
    """One connection to the server, kept alive."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        return self

    async def __aexit__(self, *reason: object) -> None:
        self._writer.transport.abort()

    async def send(self, method: str, path: str) -> None:
        """A request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n"
        self._writer.write(head.encode("ascii"))
        await self._writer.drain()

    async def ask(self, method: str, path: str) -> Answer:
        """A request, and its response; an OSError or EOFError if none comes."""
        await self.send(method, path)
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        if "content-length" in headers:
            body = await self._reader.readexactly(int(headers["content-length"]))
        else:
            body = b"".join([chunk async for chunk in self._chunks()])
        return Answer(int(first.split()[1]), body)

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readline(), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()


async def ask(port: int, method: str, path: str) -> Answer:
    """A request on a connection of its own."""
    async with asyncio.timeout(PATIENCE), Client(port) as client:
        return await client.ask(method, path)


async def run_load(
    port: int, numbers: Iterable[int], *, at_once: int, before: Callable[[int], object] | None = None
) -> list[Outcome]:
    """What became of the orders of these numbers; *before* each one is told its number."""
    turn = asyncio.Semaphore(at_once)

    async def place(number: int) -> Outcome:
        async with turn, asyncio.timeout(PATIENCE):
            if before is not None:
                before(number)
            return await _place(port, number)

    return list(await asyncio.gather(*map(place, numbers)))


async def _place(port: int, number: int) -> Outcome:
    path = f"/orders/{number}"
    placing = f"{path}?ending={ending_of(number)}"
    async with Client(port) as client:
        if is_vanishing(number):
            await client.send("POST", placing)
            await asyncio.sleep(random.Random(number).uniform(0, LONGEST_STAY))
            return Outcome(number)
        outcome = Outcome(number, (await client.ask("POST", placing)).status)
        if number % 2:
            with suppress(EOFError, OSError):  # a server may close the connection of a request that crashed
                outcome.seen = (await client.ask("GET", path)).status
    if outcome.seen is None:  # by another connection, perhaps to another worker
        outcome.seen = (await ask(port, "GET", path)).status
    return outcome
