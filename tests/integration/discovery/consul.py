"""A stand-in for Consul: the endpoints we ask, as documented, blocking queries included, with every fault.

It is a server on the loopback interface, with a thread for each connection. Requests are remembered.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

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
        self.answer: Callable[[Request], bytes] | None = None
        """Answers in place of the endpoints, if it is set: all bytes of an answer."""
        self.hangs = False
        """It does not hang up when it has answered."""
        self.held = 0
        """How many requests wait for a change."""
        self.over = Event()
        """It goes down: nobody may wait any longer."""
        self._changed = Condition()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}"

    def put(self, service: str, *instances: Any, index: int | None = None) -> None:
        """Say this of a service from now on, and tell those who wait."""
        with self._changed:
            self.services[service] = list(instances)
            self.index = self.index + 1 if index is None else index
            self._changed.notify_all()

    def start(self) -> None:
        """Listen, at the same address as before."""
        self.over.clear()
        self._server = Server(self, self.port, self._tls)
        self.port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), name="consul")
        self._thread.start()

    def stop(self) -> None:
        """Go down: nobody listens, and all connections are cut."""
        if self.over.is_set():
            return
        self.over.set()
        with self._changed:
            self._changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.cut()
        self._server.server_close()  # waits for the threads of the connections

    def respond(self, request: Request) -> bytes:
        """All bytes of the answer, when it is time for it; none at the end."""
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request)
        if request.path == "/v1/catalog/services":
            return reply(
                "200 OK", json.dumps({name: [] for name in self.services}).encode(), index=self.index
            )
        service = unquote(request.path.removeprefix("/v1/health/service/"))
        if service == request.path or "passing" not in request.query:
            return reply("404 Not Found", b"")
        if self.token is not None and request.headers.get("x-consul-token") != self.token:
            return reply("403 Forbidden", b"Permission denied: token with AccessorID 'anonymous' lacks it")
        with self._changed:
            self._hold(request)
            tag = request.query.get("tag")
            found = self.services.get(service, [])
            found = [one for one in found if tag is None or tag in one["Service"]["Tags"]]
            return (
                b"" if self.over.is_set() else reply("200 OK", json.dumps(found).encode(), index=self.index)
            )

    def _hold(self, request: Request) -> None:
        """Wait for a newer index than the one of the request, as long as it says."""
        asked = int(request.query.get("index", "0"))
        wait = float(request.query.get("wait", "300000ms").removesuffix("ms")) / 1000
        before = self.index
        if 0 < asked >= before:
            self.held += 1
            # An index that goes back is told at once, as when a snapshot is restored.
            self._changed.wait_for(
                lambda: self.index > asked or self.index < before or self.over.is_set(), wait
            )
            self.held -= 1


class Server(ThreadingTCPServer):
    """Connections, each in a thread of its own."""

    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, consul: ConsulStub, port: int, tls: ssl.SSLContext | None) -> None:
        self.consul, self._tls = consul, tls
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection; its handshake is its own thread's affair."""
        accepted, address = super().get_request()
        if self._tls is not None:
            accepted = self._tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        self._open.add(accepted)
        return accepted, address

    def close_request(self, request: Any) -> None:
        """It is over."""
        self._open.discard(request)
        super().close_request(request)

    def cut(self) -> None:
        """Hang up on everybody."""
        for one in self._open.copy():
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up: that is what they do."""


class Handler(StreamRequestHandler):
    """One request of one connection."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride] # no other makes handlers

    def handle(self) -> None:
        """Read it, answer it, and hang up."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        self.wfile.write(self.server.consul.respond(_parsed(head)))
        if self.server.consul.hangs:
            self.rfile.read()


def reply(status: str, body: bytes, *, index: int | None = None, length: int | None = None) -> bytes:
    """The bytes of an answer."""
    headers = [
        f"Content-Length: {len(body) if length is None else length}",
        "Content-Type: application/json",
        "Connection: close",
    ]
    if index is not None:
        headers += [f"X-Consul-Index: {index}", "X-Consul-KnownLeader: true", "X-Consul-LastContact: 0"]
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def _parsed(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    target = urlsplit(first.split(" ")[1])
    headers = dict(line.split(": ", 1) for line in lines)
    query = {key: values[0] for key, values in parse_qs(target.query).items()}
    return Request(target.path, query, {key.lower(): value for key, value in headers.items()})
