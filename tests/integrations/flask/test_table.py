"""What every integration keeps, kept by Flask under a WSGI server with threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, redirect, request

from sqlspec.integrations.flask import SQLSpecExtension, current_session
from tests.integrations.health.served import serve_wsgi
from tests.integrations.shops import PLACE
from tests.integrations.table import EndpointError, LoginNeededError, ServedTable, Shop

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


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


class TestFlask(ServedTable):
    """Views in threads."""

    def serve(self, app: Flask) -> AbstractContextManager[str]:
        """With a thread for each request."""
        return serve_wsgi(app)

    def make_app(self, shop: Shop) -> Flask:
        """With views."""
        app = Flask(__name__)
        SQLSpecExtension(app, shop.spec)

        @app.post("/orders/<int:number>")
        def place(number: int) -> Any:
            current_session.execute(PLACE, (number, request.args.get("customer")))
            return finish(request.args["end"])

        @app.get("/found/<int:number>")
        def look_up(number: int) -> Any:
            return current_session.execute("SELECT number FROM orders WHERE number = ?", (number,)).one()

        @app.get("/held")
        def hold() -> str:
            current_session.execute("SELECT 1")
            shop.gate.wait()
            return "held"

        @app.post("/unknown")
        def write() -> str:
            current_session.execute("INSERT 1")
            return "written"

        @app.errorhandler(LoginNeededError)
        def escape(_: LoginNeededError) -> Any:
            return redirect("/login", 303)

        return app
