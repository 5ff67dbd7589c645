"""A health application behind a real server: mounted in Starlette under uvicorn, or alone under wsgiref's."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sqlspec.integrations import asgi, wsgi

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlspec import SQLSpec

    from .sites import SideName

__all__ = ("serve_asgi", "serve_wsgi", "served")

HOST = "127.0.0.1"
PATIENCE = 30.0


@contextmanager
def served(side: SideName, spec: SQLSpec, **options: Any) -> Generator[str]:
    """Its URL, inside of the block; afterwards the registry is closed."""
    if side == "asgi":

        @asynccontextmanager
        async def lifespan(_: object) -> AsyncGenerator[None]:
            yield
            await spec.aclose()

        health = asgi.health_app(spec, **options)
        with serve_asgi(Starlette(routes=[Mount("/health", health)], lifespan=lifespan)) as url:
            yield f"{url}/health"
    else:
        with serve_wsgi(wsgi.health_app(spec, **options)) as url:
            yield url
        spec.close()


@contextmanager
def serve_asgi(app: Any, *, lifespan: Any = "on") -> Generator[str]:
    """By uvicorn, in a thread with an event loop."""
    config = uvicorn.Config(app, host=HOST, port=0, ws="none", lifespan=lifespan, log_config=None)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="uvicorn")
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    """A thread for each request, and all have ended when the server has."""

    daemon_threads = False
    request_queue_size = 128


class _SilentHandler(WSGIRequestHandler):
    """Prints nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        """Nothing."""


@contextmanager
def serve_wsgi(app: Any) -> Generator[str]:
    """By wsgiref, with a thread for each request."""
    with make_server(HOST, 0, app, server_class=_ThreadingServer, handler_class=_SilentHandler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="wsgiref")
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(PATIENCE)
