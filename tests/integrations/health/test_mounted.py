"""Mounted below another application, and what ASGI speaks besides HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import NotSupportedError
from sqlspec.integrations import asgi, wsgi

if TYPE_CHECKING:
    from sqlspec import SQLSpec

READY = {"/live": 200, "/live/": 200, "/ready": 200, "/metrics": 200, "/": 404, "/livery": 404}


@pytest.fixture(autouse=True)
def _database(spec: SQLSpec) -> None:
    spec.register_config(SQLiteConfig(), "main")


async def statuses(app: Any, prefix: str, root_path: str = "") -> dict[str, int]:
    """What each path below *prefix* is answered with."""
    transport = httpx2.ASGITransport(app, root_path=root_path)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return {path: (await client.get(prefix + path)).status_code for path in READY}


async def test_starlette_mounts_it(spec: SQLSpec) -> None:
    """Below any path."""
    app = Starlette(routes=[Mount("/internal", routes=[Mount("/health", asgi.health_app(spec))])])

    assert await statuses(app, "/internal/health") == READY


async def test_fastapi_mounts_it(spec: SQLSpec) -> None:
    """Its own pages and documents stay what they are."""
    app = FastAPI()
    app.mount("/health", asgi.health_app(spec))

    assert await statuses(app, "/health") == READY
    assert "/health" not in str(app.openapi())


@pytest.mark.parametrize(
    "prefix", ["/api/health", "/health"], ids=["the proxy keeps it", "the proxy cuts it off"]
)
async def test_a_server_behind_a_proxy_has_a_root_path(spec: SQLSpec, prefix: str) -> None:
    """Which may be in the path, or not."""
    app = Starlette(routes=[Mount("/health", asgi.health_app(spec))])

    assert await statuses(app, prefix, "/api") == READY


async def test_a_framework_may_cut_the_path_itself(spec: SQLSpec) -> None:
    """With `root_path` or without it, as Litestar does."""
    for root_path in ("/api/health", "/api/health/", ""):
        assert await statuses(asgi.health_app(spec), "", root_path) == READY


async def test_the_lifespan_of_a_server_is_answered(spec: SQLSpec) -> None:
    """Served alone. The registry stays open: who made it closes it."""
    with TestClient(asgi.health_app(spec)) as client:
        assert client.get("/ready").status_code == 200

    assert spec.ping("main") < 10


async def test_a_websocket_is_closed(spec: SQLSpec) -> None:
    """Before it was accepted."""
    app = Starlette(routes=[Mount("/health", asgi.health_app(spec))])
    client = TestClient(app)

    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/health/live"):
        pass


async def test_another_protocol_is_refused(spec: SQLSpec) -> None:
    """By an exception, as ASGI wants it; its name is told."""
    app = asgi.health_app(spec)

    with pytest.raises(NotSupportedError, match="'quic'"):
        await app({"type": "quic"}, _nothing, _nowhere)


async def test_a_client_that_is_gone_is_no_error(spec: SQLSpec) -> None:
    """Some servers raise when they are asked to send to it."""

    async def send(_: Any) -> None:
        raise BrokenPipeError

    scope = {"type": "http", "method": "GET", "path": "/live", "headers": []}
    await asgi.health_app(spec)(scope, _nothing, send)


async def _nothing() -> Any:
    raise AssertionError


async def _nowhere(_: Any) -> None:
    raise AssertionError


def test_werkzeug_mounts_it(spec: SQLSpec) -> None:
    """What its DispatcherMiddleware does, and Flask with it: the mount's path goes to SCRIPT_NAME."""
    health = wsgi.health_app(spec)

    def dispatcher(environ: dict[str, Any], start_response: Any) -> Any:
        script, path = environ.get("SCRIPT_NAME", ""), environ["PATH_INFO"]
        assert path.startswith("/health")
        environ |= {"SCRIPT_NAME": f"{script}/health", "PATH_INFO": path.removeprefix("/health")}
        return health(environ, start_response)

    transport = httpx2.WSGITransport(dispatcher, script_name="/api")
    with httpx2.Client(transport=transport, base_url="http://test") as client:
        assert {path: client.get(f"/health{path}").status_code for path in READY} == READY
