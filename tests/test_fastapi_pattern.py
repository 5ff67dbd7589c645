"""A session from a FastAPI generator dependency: what a request did is stored if and only if it went well.

FastAPI enters and leaves a sync generator in different threads, throws the endpoint's exception into it, and
runs several requests at once. Each request here writes to two tables; a quarter of them then fails. What is
stored is counted by the driver alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.duckdb import DuckDBConfig
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

REQUESTS = 200
AT_ONCE = 6
FAILING = {number: ("crash" if number % 8 else "refuse") for number in range(0, REQUESTS, 4)}
"""Fifty requests; half end in an exception of the endpoint's own, half in an HTTPException."""
STORED = sorted(set(range(REQUESTS)) - FAILING.keys())


class EndpointError(Exception):
    """What the endpoint raises on purpose."""


class Watched:
    """The registry under load, and how many of its connections were ever lent at once."""

    def __init__(self, spec: SQLSpec) -> None:
        self.spec, self.most_lent = spec, 0

    def end(self, number: int) -> int:
        """The endpoint's last act: fail, or answer."""
        self.most_lent = max(self.most_lent, self.spec.stats("main").in_use)
        if FAILING.get(number) == "crash":
            raise EndpointError
        if FAILING.get(number) == "refuse":
            raise HTTPException(status_code=409)
        return number


def _sqlite(path: Path, pool_size: int) -> SQLiteConfig:
    return SQLiteConfig(database=str(path), pool_size=pool_size, busy_timeout=30)


def _duckdb(path: Path, pool_size: int) -> DuckDBConfig:
    return DuckDBConfig(database=str(path), pool_size=pool_size)


@pytest.fixture(
    params=[(_sqlite, 10), (_sqlite, 2), (_duckdb, 10), (_duckdb, 2)],
    ids=["sqlite, ten connections", "sqlite, two", "duckdb, ten connections", "duckdb, two"],
)
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLSpec]:
    """One file; with two connections the requests also wait for one another."""
    make, pool_size = request.param
    with SQLSpec() as registry:
        registry.register_config(make(tmp_path / "orders.db", pool_size), "main")
        with registry.provide_session("main") as session:
            session.execute_script(
                "CREATE TABLE orders (number INTEGER); CREATE TABLE audit (number INTEGER)"
            )
        yield registry
        assert registry.stats("main").in_use == 0


def _sync_app(watched: Watched) -> FastAPI:
    """The pattern as documented: everything sync, in FastAPI's threads."""

    def get_db_session() -> Iterator[Session]:
        with watched.spec.provide_session("main") as session:
            yield session

    app = FastAPI()

    def order(number: int, session: Session = Depends(get_db_session, scope="function")) -> int:  # noqa: B008
        session.execute("INSERT INTO orders VALUES (?)", (number,))
        session.execute("INSERT INTO audit VALUES (?)", (number,))
        return watched.end(number)

    app.post("/orders/{number}")(order)
    return app


def _mixed_app(watched: Watched) -> FastAPI:
    """A sync generator for an async endpoint: the session is made in one thread and used in others."""

    def get_db_session() -> Iterator[Session]:
        with watched.spec.provide_session("main") as session:
            yield session

    app = FastAPI()

    async def order(number: int, session: Session = Depends(get_db_session, scope="function")) -> int:  # noqa: B008
        for table in ("orders", "audit"):
            # A blocking write here would wait on the loop for a lock whose owner needs the loop to let go.
            await asyncio.to_thread(session.execute, f"INSERT INTO {table} VALUES (?)", (number,))
        return watched.end(number)

    app.post("/orders/{number}")(order)
    return app


def _async_app(watched: Watched) -> FastAPI:
    """The same with an async session."""

    async def get_db_session() -> AsyncIterator[AsyncSession]:
        async with watched.spec.provide_session("main") as session:
            yield session

    app = FastAPI()

    async def order(number: int, session: AsyncSession = Depends(get_db_session, scope="function")) -> int:  # noqa: B008
        await session.execute("INSERT INTO orders VALUES (?)", (number,))
        await session.execute("INSERT INTO audit VALUES (?)", (number,))
        return watched.end(number)

    app.post("/orders/{number}")(order)
    return app


async def _send_all(app: FastAPI) -> list[int]:
    """The status of every request, six of them under way at any time."""
    turn = asyncio.Semaphore(AT_ONCE)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:

        async def send(number: int) -> int:
            async with turn:
                return (await client.post(f"/orders/{number}")).status_code

        return list(await asyncio.gather(*map(send, range(REQUESTS))))


def _stored(config: SQLiteConfig | DuckDBConfig, table: str) -> list[Any]:
    connect: Callable[[str], Any] = sqlite3.connect if isinstance(config, SQLiteConfig) else duckdb.connect
    with closing(connect(config.database)) as raw:
        return [number for (number,) in raw.execute(f"SELECT number FROM {table} ORDER BY number").fetchall()]


@pytest.mark.parametrize("app_of", [_sync_app, _mixed_app, _async_app])
async def test_no_request_loses_a_row_and_none_stores_one_wrongly(
    spec: SQLSpec, app_of: Callable[[Watched], FastAPI]
) -> None:
    """150 of 200 are stored, in both tables; the 50 that failed left nothing."""
    watched = Watched(spec)

    statuses = await _send_all(app_of(watched))

    expected = {"crash": 500, "refuse": 409}
    assert statuses == [expected.get(FAILING.get(number, ""), 200) for number in range(REQUESTS)]
    assert 1 < watched.most_lent <= AT_ONCE
    assert len(STORED) == 150
    config = spec.get_config("main")
    assert isinstance(config, (SQLiteConfig, DuckDBConfig))
    await spec.aclose()
    assert _stored(config, "orders") == STORED
    assert _stored(config, "audit") == STORED


@pytest.mark.parametrize("app_of", [_sync_app, _mixed_app, _async_app])
async def test_a_commit_that_fails_is_not_answered_with_success(
    tmp_path: Path, app_of: Callable[[Watched], FastAPI]
) -> None:
    """Every statement went well, and COMMIT refuses: the client must hear of it."""
    with SQLSpec() as registry:
        registry.register_config(_sqlite(tmp_path / "orders.db", 2), "main")
        with registry.provide_session("main") as session:
            session.execute_script(
                "CREATE TABLE orders (number INTEGER PRIMARY KEY);"
                "CREATE TABLE audit (number INTEGER REFERENCES customers DEFERRABLE INITIALLY DEFERRED);"
                "CREATE TABLE customers (number INTEGER PRIMARY KEY)"
            )

        transport = httpx2.ASGITransport(app=app_of(Watched(registry)), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.post("/orders/1")

        assert response.status_code == 500
        with registry.provide_session("main") as session:
            assert session.execute("SELECT count(*) FROM orders").scalar() == 0


def test_the_page_for_beginners_says_what_a_bare_generator_needs() -> None:
    """It shows the integration; a generator must be ended before the answer, as those above are."""
    page = (Path(__file__).parents[1] / "docs" / "getting-started.md").read_text("utf-8")

    assert 'declared with `scope="function"`' in page.replace("\n", " ")
