"""The shop sells what it has, once; on the databases of its file, and on those of a profile."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from sqlspec_testkit.servers import PostgreSQLServer, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

LAMP = {"sku": "lamp", "name": "Lamp", "cents": 4900, "stock": 3}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQLServer]:
    """With a user for the shop."""
    with PostgreSQLServer() as server:
        server.sql("CREATE ROLE shop LOGIN PASSWORD 'pw'")
        yield server


@pytest.fixture
def servers(postgresql: PostgreSQLServer) -> Iterator[dict[str, str]]:
    """What the profile `postgresql` wants to know, with an empty database and an empty cache."""
    with RedisServer(needs_password=False) as cache:
        postgresql.sql("CREATE DATABASE shop OWNER shop")
        yield {
            "SHOP_PROFILE": "postgresql",
            "SHOP_HOST": "127.0.0.1",
            "SHOP_PORT": str(postgresql.port),
            "SHOP_PASSWORD": "pw",
            "SHOP_CACHE": cache.url(),
        }
        postgresql.sql("DROP DATABASE shop WITH (FORCE)")


@pytest.fixture(params=["", "postgresql", "cache is down"], ids=["embedded", "servers", "no cache"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """Served, with one product."""
    monkeypatch.setenv("SHOP_DIR", str(tmp_path))
    monkeypatch.delenv("SHOP_PROFILE", raising=False)
    if request.param:
        for name, value in request.getfixturevalue("servers").items():
            monkeypatch.setenv(name, value)
    if request.param == "cache is down":
        monkeypatch.setenv("SHOP_CACHE", "redis://127.0.0.1:1")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    monkeypatch.delitem(sys.modules, "app", raising=False)
    app: Any = import_module("app")
    with TestClient(app.app) as client:
        assert client.post("/products", json=LAMP).status_code == 201
        yield client
    monkeypatch.delitem(sys.modules, "app")


def test_a_product_is_found_and_none_is_a_404(shop: TestClient) -> None:
    """By its sku."""
    assert shop.get("/products/lamp").json() == LAMP
    assert shop.get("/products/sofa").status_code == 404


def test_the_same_product_twice_is_a_conflict(shop: TestClient) -> None:
    """And one without a price is not accepted."""
    assert shop.post("/products", json=LAMP).status_code == 409
    assert shop.post("/products", json={**LAMP, "sku": "gift", "cents": 0}).status_code == 422


def test_the_shop_sells_no_more_than_it_has(shop: TestClient) -> None:
    """To ten customers at once."""
    with ThreadPoolExecutor(10) as customers:
        answers = list(customers.map(lambda _: shop.post("/products/lamp/sales").status_code, range(10)))

    assert sorted(answers) == [201] * 3 + [409] * 7
    assert shop.get("/products/lamp").json()["stock"] == 0
    assert shop.get("/report").json() == [{"name": "Lamp", "sold": 3, "cents": 14700}]


def test_what_can_not_be_sold_is_refused(shop: TestClient) -> None:
    """No product, none of it, less than none, or more than any shop has."""
    assert shop.post("/products/sofa/sales").status_code == 404
    for quantity in (0, -1, 10**30, "three"):
        assert shop.post("/products/lamp/sales", params={"quantity": quantity}).status_code == 422
    assert shop.post("/products", json={**LAMP, "sku": "gold", "cents": 2**63}).status_code == 422

    assert shop.get("/products/lamp").json() == LAMP


def test_nothing_sold_is_an_empty_report(shop: TestClient) -> None:
    """And no error."""
    assert shop.get("/report").json() == []


def test_it_says_whether_it_is_ready(shop: TestClient) -> None:
    """With all that it needs, which the cache is not."""
    assert shop.get("/health/ready").status_code == 200
