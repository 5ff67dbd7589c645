"""What a request did is stored if and only if its status says so, before the response begins."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.integrations.fastapi import SessionRoute, session
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.integrations.shops import NOBODY, PLACE, client_of, orders


class EndpointError(Exception):
    """What an endpoint raises on purpose."""


def place_orders(app: FastAPI, spec: SQLSpec, kind: Any, end: Callable[..., Any], **options: Any) -> None:
    """`POST /orders/7?customer=…` writes, and then does what *end* says, with the response to fill in."""
    lent = session(spec, "shop", **options)
    if kind is Session:

        def place(
            number: int,
            database: Annotated[Session, lent],
            response: Response,
            customer: int | None = None,
        ) -> Any:
            database.execute(PLACE, (number, customer))
            return end(response)

        app.post("/orders/{number}", response_model=None)(place)
    else:

        async def place_async(
            number: int,
            database: Annotated[AsyncSession, lent],
            response: Response,
            customer: int | None = None,
        ) -> Any:
            await database.execute(PLACE, (number, customer))
            return end(response)

        app.post("/orders/{number}", response_model=None)(place_async)


def answer(_: Response) -> str:
    """All went well."""
    return "placed"


def choose(status: int) -> Callable[[Response], str]:
    """The status is chosen, and FastAPI makes the response."""

    def end(response: Response) -> str:
        response.status_code = status
        return "refused"

    return end


def give(status: int) -> Callable[[Response], Response]:
    """The endpoint makes the response."""

    def end(_: Response) -> Response:
        return JSONResponse({}, status)

    return end


def refuse(status: int) -> Callable[[Response], Any]:
    """As FastAPI's users do."""

    def end(_: Response) -> Any:
        raise HTTPException(status)

    return end


def crash(_: Response) -> Any:
    """A fault in the application."""
    raise EndpointError


async def test_the_status_of_a_route_counts_where_no_other_is_chosen(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """As its decorator gives it."""

    async def place(
        number: int, database: Annotated[AsyncSession, session(spec, "shop")], response: Response
    ) -> None:
        await database.execute(PLACE, (number, None))
        if number == 2:
            response.status_code = 201

    app.post("/{number}", status_code=409)(place)

    assert (await client.post("/1")).status_code == 409
    assert (await client.post("/2")).status_code == 201
    assert orders(spec) == [2]


async def test_success_is_stored_before_the_response_begins(app: FastAPI, spec: SQLSpec, kind: Any) -> None:
    """Somebody else who looks at the database when the first byte comes sees it."""
    place_orders(app, spec, kind, answer)
    seen: list[Any] = []
    config: Any = spec.get_config("shop")

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def look(message: Any) -> None:
            if message["type"] == "http.response.start":
                with closing(sqlite3.connect(config.database)) as raw:
                    seen.extend(raw.execute("SELECT number FROM orders").fetchall())
            await send(message)

        await app(scope, receive, look)

    async with client_of(watched) as client:
        assert (await client.post("/orders/1")).status_code == 200

    assert seen == [(1,)]


@pytest.mark.parametrize(
    "case",
    [
        (answer, 200, [7]),
        (crash, 500, []),
        (refuse(422), 422, []),
        (refuse(303), 303, [7]),
        (choose(409), 409, []),
        (choose(201), 201, [7]),
    ],
)
async def test_the_status_says_what_is_stored(
    app: FastAPI,
    spec: SQLSpec,
    kind: Any,
    client: httpx2.AsyncClient,
    case: tuple[Any, int, list[int]],
) -> None:
    """Raised or chosen; an exception of another kind undoes the work."""
    end, status, stored = case
    place_orders(app, spec, kind, end)

    assert (await client.post("/orders/7")).status_code == status

    assert orders(spec) == stored


@pytest.mark.parametrize(("status", "stored"), [(409, []), (201, [7]), (503, [])])
async def test_a_session_route_heeds_a_response_of_the_endpoints_own(
    spec: SQLSpec, kind: Any, status: int, stored: list[int]
) -> None:
    """Which no dependency can see."""
    app, router = FastAPI(), APIRouter(route_class=SessionRoute)
    place_orders(router, spec, kind, give(status))  # type: ignore[arg-type] # it has `post`, too
    app.include_router(router)

    async with client_of(app) as client:
        assert (await client.post("/orders/7")).status_code == status

    assert orders(spec) == stored


async def test_commit_on_says_which_statuses_are_stored(
    app: FastAPI, spec: SQLSpec, kind: Any, client: httpx2.AsyncClient
) -> None:
    """One switch, for those that keep a record of what they refuse."""
    place_orders(app, spec, kind, refuse(403), commit_on={200, 403})

    assert (await client.post("/orders/7")).status_code == 403

    assert orders(spec) == [7]


async def test_a_commit_that_fails_is_an_error_and_stores_nothing(
    app: FastAPI, spec: SQLSpec, kind: Any, client: httpx2.AsyncClient
) -> None:
    """Every statement went well, and the endpoint has returned."""
    place_orders(app, spec, kind, answer)

    response = await client.post(f"/orders/7?customer={NOBODY}")

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "It refers to something that does not exist, or is still referred to.",
    }
    assert orders(spec) == []


async def test_an_unknown_outcome_has_a_status_of_its_own(app: FastAPI, kind: Any) -> None:
    """COMMIT reached the server, and its answer never came."""
    script = Script()
    script.next("commit").lose_reply()
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(commit_timeout=0.2), "shop")
        lent = session(spec, "shop")

        async def write_async(database: Annotated[AsyncSession, lent]) -> None:
            await database.execute("INSERT 1")

        def write(database: Annotated[Session, lent]) -> None:
            database.execute("INSERT 1")

        app.post("/")(write if kind is Session else write_async)
        async with client_of(app) as client:
            response = await client.post("/")

    assert response.status_code == 504
    assert "retry-after" not in response.headers
    assert "not known" in response.json()["detail"]
    assert script.server.rows == [1]


async def test_a_response_that_can_not_be_made_undoes_the_work(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """What the endpoint returned does not fit its model: the client gets a 500."""

    async def place(database: Annotated[AsyncSession, session(spec, "shop")]) -> Any:
        await database.execute(PLACE, (7, None))
        return {"number": "seven"}

    app.post("/", response_model=dict[str, int])(place)

    assert (await client.post("/")).status_code == 500
    assert orders(spec) == []
