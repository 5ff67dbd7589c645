"""Requests of a web application: what one did is stored if and only if it went well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException

from sqlspec import AsyncSession, Session, SQLSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .sides import Home, Side

REQUESTS = 200
AT_ONCE = 6
FAILING = {number: ("crash" if number % 8 else "refuse") for number in range(0, REQUESTS, 4)}


class EndpointError(Exception):
    """What the endpoint raises on purpose."""


def _end(number: int) -> int:
    if FAILING.get(number) == "crash":
        raise EndpointError
    if FAILING.get(number) == "refuse":
        raise HTTPException(status_code=409)
    return number


def _sync_app(spec: SQLSpec) -> FastAPI:
    """Everything sync, in FastAPI's threads."""

    def get_session() -> Iterator[Session]:
        with spec.provide_session("main") as session:
            yield session

    app = FastAPI()

    def order(number: int, session: Session = Depends(get_session)) -> int:  # noqa: B008 - FastAPI's way
        session.execute("INSERT INTO orders VALUES (?)", (number,))
        session.execute("INSERT INTO audit VALUES (:number)", {"number": number})
        return _end(number)

    app.post("/orders/{number}")(order)
    return app


def _async_app(spec: SQLSpec) -> FastAPI:
    """The same with an async session."""

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with spec.provide_session("main") as session:
            yield session

    app = FastAPI()

    async def order(number: int, session: AsyncSession = Depends(get_session)) -> int:  # noqa: B008
        await session.execute("INSERT INTO orders VALUES (?)", (number,))
        await session.execute("INSERT INTO audit VALUES (:number)", {"number": number})
        return _end(number)

    app.post("/orders/{number}")(order)
    return app


async def _send_all(app: FastAPI) -> list[int]:
    turn = asyncio.Semaphore(AT_ONCE)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:

        async def send(number: int) -> int:
            async with turn:
                return (await client.post(f"/orders/{number}")).status_code

        return list(await asyncio.gather(*map(send, range(REQUESTS))))


@pytest.mark.parametrize("pool_size", [10, 2])
async def test_no_request_loses_a_row_and_none_stores_one_wrongly(
    side: Side, home: Home, pool_size: int
) -> None:
    """150 of 200 are stored, in both tables; the 50 that failed left nothing."""
    home.sql("CREATE TABLE orders (number int); CREATE TABLE audit (number int)")
    async with SQLSpec() as spec:
        spec.register_config(side.config(home.url(), pool_size=pool_size), "main")

        statuses = await _send_all(_sync_app(spec) if side.is_sync else _async_app(spec))

        assert spec.stats("main").in_use == 0
        assert spec.stats("main").opened <= min(pool_size, AT_ONCE)
    expected = {"crash": 500, "refuse": 409}
    assert statuses == [expected.get(FAILING.get(number, ""), 200) for number in range(REQUESTS)]
    for table in ("orders", "audit"):
        query = (
            f"SELECT count(*), count(DISTINCT number), count(*) FILTER (WHERE number % 4 = 0) FROM {table}"
        )
        assert home.sql(query) == "150|150|0"
