"""What web applications are tested with: a database, orders in it, and a client that speaks ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import SQLSpec

TABLES = (
    "CREATE TABLE customers (number INTEGER PRIMARY KEY);"
    "CREATE TABLE orders (number INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers "
    "DEFERRABLE INITIALLY DEFERRED)"
)
PLACE = "INSERT INTO orders VALUES (?, ?)"
NOBODY = 404
"""A customer who is missing, which COMMIT finds out."""


def open_shop(spec: SQLSpec, folder: Path, **options: Any) -> SQLiteConfig:
    """Tables in a file, known as `shop`."""
    config = spec.register_config(SQLiteConfig(database=str(folder / "shop.db"), **options), "shop")
    with spec.provide_session(config) as session:
        session.execute_script(TABLES)
    return config


def orders(spec: SQLSpec) -> list[int]:
    """The numbers of the orders that are stored."""
    with spec.provide_session("shop") as session:
        return [row["number"] for row in session.execute("SELECT number FROM orders ORDER BY number")]


def client_of(app: Any) -> httpx2.AsyncClient:
    """Gets a 500 for what the application does not handle, as from a server."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://shop", timeout=30)
