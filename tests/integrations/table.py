"""What every framework's integration must keep, as tests to inherit from, through a real server.

The application of a subclass has these routes:

* `POST /orders/NUMBER?customer=…&end=…` writes an order, and ends by one of `ENDS`
* `GET /found/NUMBER` answers with the order, by `.one()`
* `GET /held` reads, and waits for `Shop.gate`
* `POST /unknown` runs `INSERT 1`

Each with a session of the database `shop`.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.integrations.health.served import serve_asgi
from tests.integrations.shops import NOBODY, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ("AT_ONCE", "EndpointError", "LoginNeededError", "ServedTable", "Shop")

AT_ONCE = 60
POOL_SIZE = 5
ENDS = {
    "placed": ({200, 201}, True),
    "moved": ({302, 303}, True),  # the endpoint returns a response
    "refused": ({409}, False),
    "abort": ({400, 422}, False),  # the endpoint raises what the framework answers
    "crash": ({500}, False),  # it raises EndpointError
    "escape": ({302, 303}, False),  # it raises LoginNeededError, which the application answers
}
"""How an endpoint ends: which statuses that may be, and whether its work is stored."""


class EndpointError(Exception):
    """What an endpoint raises on purpose."""


class LoginNeededError(Exception):
    """What the application redirects somewhere else."""


class Shop:
    """A database known as `shop`, and who asks the application on it."""

    def __init__(self) -> None:
        self.spec, self.gate = SQLSpec(), Event()
        self.client = httpx2.Client(timeout=60, limits=httpx2.Limits(max_connections=None))
        self.url = ""

    def ask(self, method: str, path: str, **query: Any) -> httpx2.Response:
        """One request."""
        return self.client.request(method, f"{self.url}{path}", params=query)

    def place(self, number: int = 7, end: str = "placed", **query: Any) -> httpx2.Response:
        """An order."""
        return self.ask("POST", f"/orders/{number}", end=end, **query)

    def orders(self) -> list[int]:
        """What is stored."""
        return orders(self.spec)


class ServedTable:
    """Success means stored, before the response begins; and nothing is lent in the end."""

    def make_app(self, shop: Shop) -> Any:
        """The application."""
        raise NotImplementedError

    def serve(self, app: Any) -> AbstractContextManager[str]:
        """By a server, in this process."""
        return serve_asgi(app)

    @contextmanager
    def opened(self, shop: Shop) -> Generator[Shop]:
        """The application, served; in the end all connections are idle."""
        with shop.client, self.serve(self.make_app(shop)) as shop.url:
            yield shop
            assert shop.spec.stats("shop").in_use == 0
        shop.spec.close()

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Iterator[Shop]:
        """On a file."""
        shop = Shop()
        open_shop(shop.spec, tmp_path, pool_size=POOL_SIZE, pool_timeout=30.0)
        with self.opened(shop):
            yield shop

    @pytest.fixture
    def busy_shop(self) -> Iterator[Shop]:
        """With one connection, for which nobody waits for long."""
        shop = Shop()
        shop.spec.register_config(SQLiteConfig(pool_size=1, pool_timeout=0.1), "shop")
        with self.opened(shop):
            yield shop

    @pytest.fixture
    def script(self) -> Script:
        """What the driver of `scripted_shop` does."""
        return Script()

    @pytest.fixture
    def scripted_shop(self, script: Script) -> Iterator[Shop]:
        """On a driver that does what a script says."""
        shop = Shop()
        shop.spec.plugins.register(ScriptedPlugin(script))
        shop.spec.register_config(ScriptedConfig(commit_timeout=0.2), "shop")
        with self.opened(shop):
            yield shop

    @pytest.mark.parametrize("end", ENDS)
    def test_the_status_says_what_is_stored(self, shop: Shop, end: str) -> None:
        """Returned or raised; an exception of the application's undoes the work, however it is answered."""
        statuses, is_stored = ENDS[end]

        assert shop.place(end=end).status_code in statuses

        assert shop.orders() == [7] * is_stored

    def test_who_was_told_finds_it(self, shop: Shop) -> None:
        """The next request reads what the one before it wrote, every time."""
        for number in range(1, 21):
            assert shop.place(number).status_code in {200, 201}
            assert shop.ask("GET", f"/found/{number}").json() == {"number": number}

    def test_a_commit_that_fails_is_an_error_and_stores_nothing(self, shop: Shop) -> None:
        """Every statement went well, and the endpoint has returned."""
        response = shop.place(customer=NOBODY)

        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"].startswith("It refers to something that does not exist")
        assert shop.orders() == []
        assert shop.place(end="placed").status_code in {200, 201}  # the connection is none the worse

    def test_an_unknown_outcome_has_a_status_of_its_own(self, scripted_shop: Shop, script: Script) -> None:
        """COMMIT reached the server, and its answer never came."""
        script.next("commit").lose_reply()

        response = scripted_shop.ask("POST", "/unknown")

        assert response.status_code == 504
        assert "retry-after" not in response.headers
        assert "not known" in response.json()["detail"]
        assert script.server.rows == [1]

    def test_errors_of_statements_are_answered_by_the_table(self, shop: Shop) -> None:
        """A number that is taken, and an order that does not exist."""
        shop.place(7)

        assert shop.place(7).status_code == 409
        assert shop.ask("GET", "/found/8").status_code == 404
        assert shop.orders() == [7]

    def test_an_exhausted_pool_is_busy_and_not_broken(self, busy_shop: Shop) -> None:
        """Whoever comes while all connections are lent is told to come again."""
        with ThreadPoolExecutor(1) as threads:
            held = threads.submit(busy_shop.ask, "GET", "/held")
            while busy_shop.spec.stats("shop").in_use == 0:
                assert not held.done()
                time.sleep(0.01)

            response = busy_shop.ask("GET", "/held")

            busy_shop.gate.set()
            assert held.result().status_code == 200
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert busy_shop.ask("GET", "/held").status_code == 200

    def test_sixty_at_once_are_served_by_a_pool_of_five(self, shop: Shop) -> None:
        """Those who wait keep nobody from giving a connection back."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(shop.place, range(AT_ONCE)))

        assert {answer.status_code for answer in answers} <= {200, 201}
        assert shop.orders() == list(range(AT_ONCE))
