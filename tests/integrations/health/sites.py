"""A health application, asked as by a server: by ASGI in the loop of the test, by WSGI in threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from wsgiref.validate import validator

import httpx2

from sqlspec.integrations import asgi, wsgi

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlspec import SQLSpec

__all__ = ("SIDES", "SideName", "Site")

SideName: TypeAlias = Literal["asgi", "wsgi"]
SIDES: tuple[SideName, ...] = ("asgi", "wsgi")
AT_ONCE = 60
"""Threads that a WSGI server has for its requests."""


class Site:
    """One application, mounted at the root."""

    def __init__(self, side: SideName, spec: SQLSpec, **options: Any) -> None:
        self.side: SideName = side
        self.spec = spec
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="server")
        self._asgi = asgi.health_app(spec, **options)
        self._wsgi = wsgi.health_app(spec, **options)

    async def ask(self, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """One request."""
        url = f"http://test{path}"
        if self.side == "asgi":
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self._asgi)) as client:
                return await client.request(method, url, headers=headers)

        def ask() -> httpx2.Response:
            # The validator knows what a server may rely on; it wants nothing of the content of HEAD.
            with httpx2.Client(transport=httpx2.WSGITransport(validator(self._wsgi))) as client:
                return client.request(method, url, headers=headers)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def ready(self) -> dict[str, Any]:
        """What `/ready` says; its status must say the same."""
        response = await self.ask("/ready")
        told: dict[str, Any] = response.json()
        assert response.status_code == (200 if told["status"] == "ready" else 503)
        return told

    async def report(self, name: str) -> dict[str, Any]:
        """What `/ready` says of one database."""
        found: dict[str, Any] = (await self.ready())["databases"][name]
        return found

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[None]:
        """A session that takes a connection from the pool that this side looks at."""
        if self.side == "asgi":
            async with self.spec.provide_session(name):
                yield
        else:
            with self.spec.provide_session(name):
                yield

    def close(self) -> None:
        """End the threads of the server."""
        self._threads.shutdown()
