"""A stand-in for Consul: the endpoints we ask, as documented, blocking queries included, with every fault.

It is a server on the loopback interface, in a thread of its own. Requests are counted and remembered.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

HOST = "127.0.0.1"


class Request(NamedTuple):
    """One that was asked."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


def instance(
    port: int, *, host: str = HOST, node: str = HOST, tags: tuple[str, ...] = (), **meta: str
) -> Any:
    """An entry of the health endpoint, with more in it than anybody needs."""
    return {
        "Node": {"ID": "40e4a748", "Node": "node1", "Address": node, "Datacenter": "dc1", "Meta": {}},
        "Service": {"ID": f"db{port}", "Address": host, "Port": port, "Tags": list(tags), "Meta": meta},
        "Checks": [{"CheckID": "serfHealth", "Status": "passing", "Output": "Agent alive and reachable"}],
    }


class ConsulStub:
    """`with ConsulStub() as consul`: services by name, and an index that grows with each change."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Request] = []
        self.index = 10
        self.services: dict[str, list[Any]] = {}
        self.token: str | None = None
        """What a request must have."""
        self.answer: Callable[[Request], Coroutine[Any, Any, bytes]] | None = None
        """Answers in place of the endpoint, if it is set: all bytes of an answer."""
        self.hangs = False
        """It does not hang up when it has answered."""
        self.held = 0
        """How many requests wait for a change."""
        self._changed = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="consul")
        self._clients: set[asyncio.Task[Any]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}"

    def put(self, service: str, *instances: Any, index: int | None = None) -> None:
        """Say this of a service from now on, and tell those who wait."""
        self._run(self._put(service, list(instances), index))

    def stop(self) -> None:
        """Go down: nobody listens, and all connections are cut."""
        self._run(self._stop())

    def start(self) -> None:
        """Come back, at the same address."""
        self._server = self._run(self._start())

    # --- parts ----------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _stop(self) -> None:
        self._server.close()
        for client in self._clients:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients)

    async def _put(self, service: str, instances: list[Any], index: int | None) -> None:
        self.services[service] = instances
        self.index = self.index + 1 if index is None else index
        self._changed.set()
        self._changed = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        gone = answer = None
        try:
            request = _parsed(await reader.readuntil(b"\r\n\r\n"))
            self.requests.append(request)
            # Who hangs up is no client any more.
            gone = asyncio.ensure_future(reader.read())
            answer = asyncio.ensure_future((self.answer or self._health)(request))
            await asyncio.wait((gone, answer), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                writer.write(answer.result())
                await writer.drain()
                if self.hangs:
                    await gone
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._clients.discard(task)
            for one in (gone, answer):
                if one is not None:
                    one.cancel()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _health(self, request: Request) -> bytes:
        if request.path == "/v1/catalog/services":
            return reply(
                "200 OK", json.dumps({name: [] for name in self.services}).encode(), index=self.index
            )
        service = unquote(request.path.removeprefix("/v1/health/service/"))
        if service == request.path or "passing" not in request.query:
            return reply("404 Not Found", b"")
        if self.token is not None and request.headers.get("x-consul-token") != self.token:
            return reply("403 Forbidden", b"Permission denied: token with AccessorID 'anonymous' lacks it")
        asked = int(request.query.get("index", "0"))
        wait = float(request.query.get("wait", "300000ms").removesuffix("ms")) / 1000
        if asked >= self.index and asked:
            self.held += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    while asked >= self.index:
                        # An index that goes back is told at once, as Consul does when a snapshot is restored.
                        before = self.index
                        await self._changed.wait()
                        if self.index < before:
                            break
            self.held -= 1
        found = self.services.get(service, [])
        tag = request.query.get("tag")
        found = [one for one in found if tag is None or tag in one["Service"]["Tags"]]
        return reply("200 OK", json.dumps(found).encode(), index=self.index)


def reply(status: str, body: bytes, *, index: int | None = None, length: int | None = None) -> bytes:
    """The bytes of an answer."""
    headers = [f"Content-Length: {len(body) if length is None else length}", "Content-Type: application/json"]
    if index is not None:
        headers += [f"X-Consul-Index: {index}", "X-Consul-KnownLeader: true", "X-Consul-LastContact: 0"]
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def _parsed(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    target = urlsplit(first.split(" ")[1])
    headers = dict(line.split(": ", 1) for line in lines)
    query = {key: values[0] for key, values in parse_qs(target.query).items()}
    return Request(target.path, query, {key.lower(): value for key, value in headers.items()})
