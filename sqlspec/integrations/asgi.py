"""For ASGI servers, and for frameworks that mount ASGI applications: Starlette, FastAPI, Litestar, Quart."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlspec.errors import NotSupportedError

from .health.answers import Answer, page_of, readiness
from .health.metrics import metrics
from .health.probe import Probe
from .health.tasks import TaskPings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from sqlspec import SQLSpec

    # Scopes and messages are Any, because each server and each framework has types of its own for them.
    Receive: TypeAlias = Callable[[], Awaitable[Any]]
    Send: TypeAlias = Callable[[Any], Awaitable[None]]
    ASGIApp: TypeAlias = Callable[[Any, Receive, Send], Coroutine[Any, Any, None]]

__all__ = ("health_app",)


def health_app(spec: SQLSpec, *, databases: Iterable[str] | None = None, timeout: float = 2.0) -> ASGIApp:
    """An ASGI application with the pages `/live`, `/ready` and `/metrics`, to be mounted or served alone.

    `/ready` pings *databases*, by default all that are registered when it is asked: at the same time, for
    *timeout* seconds, by the pools of the event loop that serves it. It answers 503 if one of them fails.
    Raises `InvalidArgumentError`.
    """
    probe = Probe(spec, databases, timeout)
    pings = TaskPings(probe)

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                answer = await _answer(scope, pings)
                await _respond(answer, scope["method"], send)
            case "lifespan":
                await _run_lifespan(receive, send)
            case "websocket":
                await send({"type": "websocket.close"})  # before it was accepted: the server answers 403
            case kind:
                raise NotSupportedError(f"a health application does not speak {kind!r}, only HTTP")

    return app


async def _answer(scope: Any, pings: TaskPings) -> Answer:
    page = page_of(scope["method"], _path(scope))
    if page == "ready":
        return readiness(await pings.reports())
    if page == "metrics":
        # Collectors may do anything, and in multiprocess mode files are read.
        return await asyncio.to_thread(metrics, _accept(scope))
    return page


def _path(scope: Any) -> str:
    """Where we are mounted is left in the path by some frameworks, and taken out by others.

    What `root_path` holds before that, a proxy may have taken out.
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "").strip("/")
    parts = root.split("/") if root else []
    for start in range(len(parts)):
        mounted_at = "/" + "/".join(parts[start:])
        if path == mounted_at or path.startswith(mounted_at + "/"):
            return path.removeprefix(mounted_at)
    return path


def _accept(scope: Any) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"accept")


async def _respond(answer: Answer, method: str, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers()]
    with suppress(OSError):  # the client is gone
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content(method)})


async def _run_lifespan(receive: Receive, send: Send) -> None:
    """Nothing is opened at the start and nothing closed at the end: the registry is the application's."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
