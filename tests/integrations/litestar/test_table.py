"""What every integration keeps, kept by Litestar under uvicorn."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypeAlias

from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from sqlspec import AsyncSession, Session
from sqlspec.integrations.litestar import SQLSpecPlugin
from tests.integrations.shops import PLACE
from tests.integrations.table import EndpointError, LoginNeededError, ServedTable, Shop

Asked: TypeAlias = Request[Any, Any, Any]
# An annotation is wanted since Litestar 2.23, where it is called NamedDependency.
Async: TypeAlias = Annotated[AsyncSession, "lent"]
Sync: TypeAlias = Annotated[Session, "lent"]


def finish(end: str) -> Any:
    """What a handler does when it has written."""
    if end == "abort":
        raise HTTPException(status_code=422)
    if end == "crash":
        raise EndpointError
    if end == "escape":
        raise LoginNeededError
    if end == "moved":
        return Redirect("/elsewhere", status_code=303)
    return Response(end, status_code=409 if end == "refused" else None)


def escape(_: Request[Any, Any, Any], __: LoginNeededError) -> Response[Any]:
    """To somewhere else."""
    return Redirect("/login", status_code=303)


class TestAsync(ServedTable):
    """Handlers in the event loop."""

    def make_app(self, shop: Shop) -> Litestar:
        """With handlers for tasks."""

        @post("/orders/{number:int}")
        async def place(request: Asked, database: Async) -> Any:
            await database.execute(
                PLACE, (request.path_params["number"], request.query_params.get("customer"))
            )
            return finish(request.query_params["end"])

        @get("/found/{number:int}")
        async def look_up(request: Asked, database: Async) -> Any:
            return await database.execute(
                "SELECT number FROM orders WHERE number = ?", (request.path_params["number"],)
            ).one()

        @get("/held")
        async def hold(database: Async) -> Any:
            await database.execute("SELECT 1")
            await asyncio.to_thread(shop.gate.wait)

        @post("/unknown")
        async def write(database: Async) -> None:
            await database.execute("INSERT 1")

        return Litestar(
            [place, look_up, hold, write],
            plugins=[SQLSpecPlugin(shop.spec, {"database": "shop"})],
            exception_handlers={LoginNeededError: escape},
            logging_config=None,
        )


class TestSync(ServedTable):
    """Handlers in threads."""

    def make_app(self, shop: Shop) -> Litestar:
        """With handlers for threads."""

        @post("/orders/{number:int}", sync_to_thread=True)
        def place(request: Asked, database: Sync) -> Any:
            database.execute(PLACE, (request.path_params["number"], request.query_params.get("customer")))
            return finish(request.query_params["end"])

        @get("/found/{number:int}", sync_to_thread=True)
        def look_up(request: Asked, database: Sync) -> Any:
            return database.execute(
                "SELECT number FROM orders WHERE number = ?", (request.path_params["number"],)
            ).one()

        @get("/held", sync_to_thread=True)
        def hold(database: Sync) -> Any:
            database.execute("SELECT 1")
            shop.gate.wait()

        @post("/unknown", sync_to_thread=True)
        def write(database: Sync) -> None:
            database.execute("INSERT 1")

        return Litestar(
            [place, look_up, hold, write],
            plugins=[SQLSpecPlugin(shop.spec, {"database": "shop"}, kind=Session)],
            exception_handlers={LoginNeededError: escape},
            logging_config=None,
        )
