"""An application for gunicorn, on the shop in the file that the environment names."""

from __future__ import annotations

import os

from flask import Flask, request

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.integrations.flask import SQLSpecExtension, current_session
from tests.integrations.shops import PLACE

spec = SQLSpec()
spec.register_config(SQLiteConfig(database=os.environ["SHOP"], pool_size=2), "shop")
database = SQLSpecExtension(spec=spec)


def create_app() -> Flask:
    """The factory."""
    app = Flask(__name__)
    database.init_app(app)

    @app.post("/orders/<int:number>")
    def place(number: int) -> tuple[str, int]:
        current_session.execute(PLACE, (number, request.args.get("customer")))
        return "placed", int(request.args.get("status", "201"))

    @app.get("/orders/<int:number>")
    def look_up(number: int) -> dict[str, int]:
        return current_session.execute("SELECT number FROM orders WHERE number = ?", (number,)).one()

    @app.get("/in-use")
    def count() -> dict[str, int]:
        return {"in_use": spec.stats("shop").in_use}

    return app
