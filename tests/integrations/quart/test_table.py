"""The decorator of the documentation keeps what every integration keeps, in Quart under uvicorn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from quart import Quart, Response, abort, redirect, request

from sqlspec.errors import SQLSpecError
from tests.integrations.pages import names_of
from tests.integrations.shops import PLACE
from tests.integrations.table import EndpointError, LoginNeededError, ServedTable, Shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlspec import AsyncSession


def finish(end: str) -> Any:
    """What a view does when it has written."""
    if end == "abort":
        abort(422)
    if end == "crash":
        raise EndpointError
    if end == "escape":
        raise LoginNeededError
    if end == "moved":
        return redirect("/elsewhere", 303)
    return Response(end, 409 if end == "refused" else 201)


class TestQuart(ServedTable):
    """Views in the event loop."""

    @pytest.fixture(autouse=True)
    def in_a_folder_of_its_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the page makes its database."""
        (tmp_path / "page").mkdir()
        monkeypatch.chdir(tmp_path / "page")

    def make_app(self, shop: Shop) -> Quart:
        """With views."""
        names = names_of("web-others.md", until="Django")
        names["spec"].close()
        names["spec"] = shop.spec
        with_session: Callable[[Any], Any] = names["with_session"]
        app = Quart(__name__)
        app.before_serving(shop.spec.aopen)
        app.after_serving(shop.spec.aclose)
        app.register_error_handler(SQLSpecError, names["answer"])

        @app.post("/orders/<int:number>")
        @with_session
        async def place(session: AsyncSession, number: int) -> Any:
            await session.execute(PLACE, (number, request.args.get("customer")))
            return finish(request.args["end"])

        @app.get("/found/<int:number>")
        @with_session
        async def look_up(session: AsyncSession, number: int) -> Any:
            return await session.execute("SELECT number FROM orders WHERE number = ?", (number,)).one()

        @app.get("/held")
        @with_session
        async def hold(session: AsyncSession) -> str:
            await session.execute("SELECT 1")
            await asyncio.to_thread(shop.gate.wait)
            return "held"

        @app.post("/unknown")
        @with_session
        async def write(session: AsyncSession) -> str:
            await session.execute("INSERT 1")
            return "written"

        @app.errorhandler(LoginNeededError)
        async def escape(_: LoginNeededError) -> Any:
            return redirect("/login", 303)

        return app
